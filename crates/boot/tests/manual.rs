//! The manual pages are written by hand; what they name is compared with what the programs know.

use std::collections::BTreeSet;

use perch_core::cmdline::PARAMETERS;
use perch_core::settings::{KEYS, Settings};

/// The names in the tagged paragraphs (`.TP`, `.TQ`; groff_man(7)) of `section`, but for those of lists inside of one.
fn headings<'a>(page: &'a str, section: &str) -> Vec<&'a str> {
    let (mut inside, mut depth, mut tagged) = (false, 0, false);
    let mut found = Vec::new();
    for line in page.lines() {
        if let Some(name) = line.strip_prefix(".SH ") {
            inside = name == section;
        }
        match line {
            ".RS" => depth += 1,
            ".RE" => depth -= 1,
            _ => {}
        }
        if tagged && inside && depth == 0 {
            // `.BI name= VALUE`, `.BR name ", " name=full`.
            let words = line.split_whitespace().skip(1);
            let names = words.map(|word| word.split('=').next().unwrap_or_default());
            found.extend(
                names
                    .filter(|name| name.starts_with(char::is_alphabetic))
                    .take(1),
            );
        }
        tagged = matches!(line, ".TP" | ".TQ");
    }
    found
}

/// A test that could not fail would be one that finds no heading.
#[track_caller]
fn assert_same<'a>(page: Vec<&'a str>, known: &[&'a str]) {
    assert!(!page.is_empty(), "no heading was found");
    let page: BTreeSet<&str> = page.into_iter().collect();
    let known: BTreeSet<&str> = known.iter().copied().collect();
    let lacking: Vec<_> = known.difference(&page).collect();
    let unknown: Vec<_> = page.difference(&known).collect();
    assert!(lacking.is_empty(), "the page lacks {lacking:?}");
    assert!(
        unknown.is_empty(),
        "the page has {unknown:?}, which nothing reads"
    );
}

#[test]
fn the_page_about_boot_parameters_has_those_that_the_parser_knows() {
    let page = include_str!("../man/perch-boot-parameters.7");
    assert_same(headings(page, "PARAMETERS"), &PARAMETERS);
}

#[test]
fn the_page_about_settings_has_the_keys_that_the_parser_knows() {
    assert_same(headings(include_str!("../man/perch.conf.5"), "KEYS"), &KEYS);
}

/// It sets nothing, and shows every key.
#[test]
fn the_file_that_is_installed_is_understood() {
    let text = include_str!("../etc/perch.conf");
    assert_eq!(Settings::parse(text), (Settings::default(), Vec::new()));
    for key in KEYS {
        assert!(text.contains(&format!("#{key}=")), "{key}");
    }
}

#[test]
fn headings_of_lists_within_a_heading_are_left_out() {
    let page = ".SH A\n.TP\n.B no\n.SH B\n.TP\n.BI a= X\n.TQ\n.BR b \", \" b=c\n.RS\n.TP\n.B in\n.RE\n.TP\n.B d\n";
    assert_eq!(headings(page, "B"), ["a", "b", "d"]);
}
