//! The content of the live medium: bundles, kernel, initial file system, boot menu; and the disk made of it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use perch_medium::menu::{self, Loader, Menu};
use perch_tests::host::kernel::Kernel;

use super::{disk, system};

/// Room on the data partition for sessions, in MiB.
const FREE_MIB: u64 = 512;
/// Seconds the menu waits; a demo that misses its own menu would resume, which the checks notice.
const MENU_TIMEOUT: u32 = 10;
/// Kernel parameters of every entry. The last console is the one systemd and perch talk to. A panic ends the emulator
/// at once, with its text on the console, instead of after the longest wait.
const OPTIONS: &str = "boot=live quiet panic=1 console=tty0 console=ttyS0,115200";

/// Makes the disk `image` from `kernel` and the initial file system `initrd`.
pub fn build(kernel: &Kernel, initrd: &Path, image: &Path, scratch: &Path) -> Result<()> {
    let tree = scratch.join("medium");
    let live = tree.join("minios");
    for dir in ["minios/boot", "minios/changes", "boot/grub"] {
        let dir = tree.join(dir);
        fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    }
    system::bundles(kernel, &live, scratch)?;
    for (from, to) in [
        (kernel.vmlinuz.as_path(), "vmlinuz"),
        (initrd, "initrd.img"),
    ] {
        fs::copy(from, live.join("boot").join(to))
            .with_context(|| format!("cannot copy {}", from.display()))?;
    }
    for file in menu::render(&boot_menu(), Loader::Grub)? {
        let path = tree.join(&file.path);
        fs::write(&path, &file.text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    disk::build(image, &tree, FREE_MIB, scratch)
}

/// What the boot menu offers.
fn boot_menu() -> Menu {
    Menu {
        title: "the perch demo".into(),
        options: OPTIONS.into(),
        timeout: Some(MENU_TIMEOUT),
        // The core image has no module that reads or writes such a file.
        remember_language: false,
        ..Menu::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entries_are_those_of_the_contract_in_their_order() {
        let files = menu::render(&boot_menu(), Loader::Grub).unwrap();
        let [file] = files.as_slice() else {
            panic!("{files:?}")
        };
        let menu = &file.text;
        let mut entries = Vec::new();
        let mut lines = menu.lines();
        while let Some(line) = lines.next() {
            if let Some(rest) = line.strip_prefix("menuentry \"$") {
                let (variable, _) = rest.split_once('"').unwrap();
                let set = format!("    set {variable}='");
                // Without a font and a choice: in English.
                let title = menu
                    .lines()
                    .find_map(|line| line.strip_prefix(&set))
                    .unwrap();
                entries.push((title.trim_end_matches('\''), lines.next().unwrap().trim()));
            }
        }
        let want = [
            ("Resume previous session", "perch_live perchdir=resume"),
            ("Start a new session", "perch_live perchdir=new"),
            ("Choose session during startup", "perch_live perchdir=ask"),
            ("Fresh start", "perch_live"),
            ("Copy to RAM", "perch_live toram"),
        ];
        assert_eq!(entries, want);
        assert!(
            menu.contains("set default=resume\n") && menu.contains("set timeout=10\n"),
            "{menu}"
        );
        assert!(
            menu.contains(&format!("linux /minios/boot/vmlinuz {OPTIONS} ")),
            "{menu}"
        );
    }
}
