//! Manual pages: those of `perch` and each of its commands from the definition of its arguments, and those that are
//! written by hand (`crates/boot/man`), which go along as they are.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::Command;
use clap_mangen::Man;
use perch_tests::host::workspace_dir;
use roff::{Roff, bold, roman};

/// What stands at the foot of each page.
const SOURCE: &str = concat!("perch ", env!("CARGO_PKG_VERSION"));
/// What stands at its head.
const MANUAL: &str = "Persistence of live systems";
/// Where the hand-written pages are, below the workspace.
const WRITTEN: &str = "crates/boot/man";

/// Writes all pages into `dir`; `date` is the day they tell of, as `2026-11-20`.
///
/// # Errors
/// Those of reading and writing, each with its file.
pub fn write(dir: &Path, date: &str) -> Result<()> {
    let put = |name: &str, text: &str| {
        let file = dir.join(name);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    };
    for (name, text) in pages(date)? {
        put(&format!("{name}.1"), &text)?;
    }
    put("dynfilefs.1", &old_names(date))?;
    let written = workspace_dir().join(WRITTEN);
    let pages =
        fs::read_dir(&written).with_context(|| format!("cannot read {}", written.display()))?;
    for page in pages {
        let page = page?;
        let text = fs::read_to_string(page.path())
            .with_context(|| format!("cannot read {}", page.path().display()))?;
        put(&page.file_name().to_string_lossy(), &text)?;
    }
    Ok(())
}

/// Name and text of the page of each command, `perch` first.
fn pages(date: &str) -> Result<Vec<(String, String)>> {
    let mut pages = Vec::new();
    let mut open = vec![perch_cli::args::command()];
    while let Some(command) = open.pop() {
        let below = command
            .get_subcommands()
            .filter(|below| !below.is_hide_set());
        open.extend(below.cloned());
        pages.push((page_name(&command), page(&command, date)?));
    }
    Ok(pages)
}

/// `perch-dynfilefs-create`.
fn page_name(command: &Command) -> String {
    command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
        .to_owned()
}

fn page(command: &Command, date: &str) -> Result<String> {
    let name = page_name(command);
    let man = Man::new(command.clone())
        .title(name.to_uppercase())
        .date(date)
        .source(SOURCE)
        .manual(MANUAL);
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if command
        .get_arguments()
        .any(|argument| !argument.is_hide_set())
    {
        man.render_options_section(&mut text)?;
    }
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    let mut text = String::from_utf8(text).context("a manual page is not text")?;
    let after = command.get_after_long_help().or(command.get_after_help());
    if let Some(after) = after {
        text += &sections(&after.to_string());
    }
    text += &see_also(&name);
    Ok(text)
}

/// What help says behind the options, as sections: `Examples:` with indented lines below it, `Exit status: …`, and notes.
fn sections(text: &str) -> String {
    let (mut notes, mut rest) = (Roff::new(), Roff::new());
    let mut noted = false;
    for paragraph in text.split("\n\n") {
        if let Some(status) = paragraph.strip_prefix("Exit status: ") {
            rest.control("SH", ["EXIT STATUS"]);
            rest.text([roman(status.replace('\n', " "))]);
            continue;
        }
        match paragraph.split_once(":\n") {
            Some((heading, lines)) if lines.lines().all(|line| line.starts_with("  ")) => {
                let heading = if heading == "Example" {
                    "EXAMPLES"
                } else {
                    heading
                };
                rest.control("SH", [heading.to_uppercase().as_str()]);
                rest.control("EX", []);
                rest.text(
                    lines
                        .lines()
                        .map(|line| roman(format!("{}\n", line.trim())))
                        .collect::<Vec<_>>(),
                );
                rest.control("EE", []);
            }
            _ => {
                if noted {
                    notes.control("PP", []);
                } else {
                    notes.control("SH", ["NOTES"]);
                }
                noted = true;
                notes.text([roman(paragraph.replace('\n', " "))]);
            }
        }
    }
    notes.to_roff() + &rest.to_roff()
}

/// The page above, and those about the boot.
fn see_also(name: &str) -> String {
    let mut others: Vec<(&str, &str)> = Vec::new();
    others.extend(name.rsplit_once('-').map(|(above, _)| (above, "1")));
    others.extend([("perch.conf", "5"), ("perch-boot-parameters", "7")]);
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    let last = others.len() - 1;
    for (at, (page, section)) in others.into_iter().enumerate() {
        let end = if at == last { "" } else { "," };
        roff.text([bold(page), roman(format!("({section}){end}"))]);
    }
    roff.to_roff()
}

/// The page of the names of the existing program, around its help.
fn old_names(date: &str) -> String {
    let mut roff = Roff::new();
    roff.control("TH", ["DYNFILEFS", "1", date, SOURCE, MANUAL]);
    roff.control("SH", ["NAME"]);
    roff.text([roman(
        "dynfilefs, mount.dynfilefs - serve the disk in an expandable container",
    )]);
    roff.control("SH", ["DESCRIPTION"]);
    roff.control("EX", []);
    roff.text([roman(perch_cli::OLD_NAMES_HELP)]);
    roff.control("EE", []);
    roff.to_roff() + &see_also("perch-dynfilefs-mount")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_that_man_reads_without_a_complaint() {
        perch_tests::host::packages::ensure(&["groff-base"]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "2026-11-20").unwrap();
        let mut names: Vec<String> = Vec::new();
        for page in fs::read_dir(dir.path()).unwrap() {
            let page = page.unwrap();
            names.push(page.file_name().into_string().unwrap());
            let groff = perch_tests::host::command("groff")
                .args(["-ww", "-z", "-man", "-Tutf8", "-K", "utf8"])
                .arg(page.path())
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&groff.stderr);
            assert!(
                groff.status.success() && said.is_empty(),
                "{:?}: {said}",
                page.path()
            );
        }
        for wanted in [
            "perch.1",
            "perch-dynfilefs.1",
            "perch-dynfilefs-create.1",
            "dynfilefs.1",
            "perch-boot-parameters.7",
            "perch.conf.5",
        ] {
            assert!(
                names.iter().any(|name| name == wanted),
                "{wanted} of {names:?}"
            );
        }
    }

    #[test]
    fn what_stands_behind_the_options_becomes_sections() {
        let text = sections(
            "One\nline.\n\nTwo.\n\nExamples:\n  perch a\n  perch b\n\nExit status: 0 done,\n1 not.",
        );
        let place = |words: &str| {
            text.find(words)
                .unwrap_or_else(|| panic!("{words}: {text}"))
        };
        let order = [
            "SH NOTES",
            "One line.",
            ".PP",
            "Two.",
            "SH EXAMPLES",
            ".EX",
            "perch a\nperch b",
            ".EE",
        ];
        for pair in order.windows(2) {
            assert!(place(pair[0]) < place(pair[1]), "{pair:?}: {text}");
        }
        assert!(
            place("SH \"EXIT STATUS\"") < place("0 done, 1 not."),
            "{text}"
        );
    }
}
