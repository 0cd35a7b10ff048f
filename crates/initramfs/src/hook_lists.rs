//! The lists that the hooks of other initramfs programs go by (`initramfs-hook/modules`, `initramfs-hook/programs`) are
//! those of perch's own image, written down: this test makes them, with `PERCH_BLESS=1`, and compares them otherwise.

use std::fs;
use std::path::Path;

use crate::{programs, selection};

fn compare(file: &str, head: &str, lines: impl IntoIterator<Item = String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../initramfs-hook")
        .join(file);
    let made = "# Made by PERCH_BLESS=1 cargo test hook_lists, from what perch's own image has: not to be edited.\n";
    let mut want = format!("{head}{made}\n");
    for line in lines {
        want += &line;
        want.push('\n');
    }
    if std::env::var_os("PERCH_BLESS").is_some() {
        fs::write(&path, &want).unwrap();
    }
    let got = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        got == want,
        "{} is not what perch's own image has; PERCH_BLESS=1 cargo test hook_lists makes it",
        path.display()
    );
}

#[test]
fn the_modules_are_those_of_our_own_image() {
    let head = "\
# Kernel modules for an initramfs with perch: enough to find the medium on nearly all machines, to read what is on it, and a
# keyboard for questions. * stands for any letters; !name is matched by a pattern and not wanted. A name that the kernel does
# not have is passed over.
";
    let named = selection::MOST.iter().copied().flatten().copied();
    let hidden = selection::HIDDEN
        .iter()
        .flat_map(|(_, wants)| wants.iter().copied());
    let mut names: Vec<String> = Vec::new();
    for name in named.chain(hidden) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names.extend(selection::NEVER.iter().map(|name| format!("!{name}")));
    compare("modules", head, names);
}

#[test]
fn the_programs_are_those_of_our_own_image() {
    let head = "\
# Programs of others that perch runs where they are there, by the package they come from, with files that they read.
";
    let lines = programs::MOST.iter().map(|(set, names, files)| {
        let words = std::iter::once(set).chain(*names).chain(*files);
        words.copied().collect::<Vec<_>>().join(" ")
    });
    compare("programs", head, lines);
}
