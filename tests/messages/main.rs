//! Everything that a boot says to the user: every message has a code of its own, a next step, and a row
//! in `crates/boot/MESSAGES.md`.
//!
//! That file is made here, from examples that must have every variant. After an intended change run with
//! `PERCH_BLESS=1` and read the difference.

#![allow(clippy::unwrap_used, reason = "a test")]

mod examples;
mod notices;
mod others;
mod reasons;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use table::Row;

/// As it is.
fn plain(text: &str) -> String {
    text.to_owned()
}

/// With what could clear a screen, forge a line or turn the direction of writing, and very long.
fn hostile(text: &str) -> String {
    format!(
        "{text}\x1b[2J\r\nperch: all is well\u{9b}1m\u{7}\0\u{202e}{}",
        "x".repeat(10_000)
    )
}

fn rows(text: fn(&str) -> String) -> Vec<Row> {
    table::groups(text)
        .into_iter()
        .flat_map(|group| group.rows)
        .collect()
}

#[test]
fn the_documentation_has_every_message() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/boot/MESSAGES.md");
    let got = table::document(&table::groups(plain));
    if std::env::var_os("PERCH_BLESS").is_some() {
        fs::write(&path, &got).unwrap();
    }
    let want = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        got == want,
        "{} differs: run with PERCH_BLESS=1 and read the difference",
        path.display()
    );
}

#[test]
fn an_example_stands_in_its_own_row() {
    for (row, value) in reasons::reasons::all(plain) {
        assert_eq!(reasons::reasons::row(&value), row);
    }
    for (row, value) in notices::notices::all(plain) {
        assert_eq!(notices::notices::row(&value), row);
    }
    for (row, value) in others::verdicts::all(plain) {
        assert_eq!(others::verdicts::row(&value), row);
    }
    for (row, value) in others::stops::all(plain) {
        assert_eq!(others::stops::row(&value), row);
    }
    for (row, value) in others::oddities::all(plain) {
        assert_eq!(others::oddities::row(&value), row);
    }
}

#[test]
fn a_code_means_one_thing() {
    let mut meanings: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows(plain) {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(
            row.code.chars().all(kebab) && !row.code.starts_with('-') && !row.code.ends_with('-'),
            "{}",
            row.code
        );
        meanings.entry(row.code).or_default().insert(row.variant);
    }
    // By what is known of the file system's kind, or by a probe: the same to the user.
    let same = meanings.remove("native-impossible").unwrap();
    assert_eq!(same.len(), 2, "{same:?}");
    for (code, variants) in meanings {
        assert_eq!(variants.len(), 1, "{code} is the code of {variants:?}");
    }
}

#[test]
fn what_is_not_as_asked_for_has_a_next_step() {
    for row in rows(plain) {
        let settled = row.variant.starts_with("note ");
        if row.kind != table::INFO && !settled {
            assert!(!row.todo.is_empty(), "{}: {}", row.code, row.example);
        }
    }
}

#[test]
fn no_medium_can_steer_a_terminal() {
    for row in rows(hostile) {
        // What devices are called is shown by the log alone, which makes it printable.
        let line = format!("{} ({})", row.example, row.todo);
        let line = match row.variant.starts_with("device ") || row.variant.starts_with("stop ") {
            true => perch_sys::kmsg::printable(&line).into_owned(),
            false => line,
        };
        let harmful = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!line.contains(harmful), "{}: {line:?}", row.code);
        if !row.variant.starts_with("device ") && !row.variant.starts_with("stop ") {
            assert!(line.len() < 3000, "{}: {} bytes", row.code, line.len());
        }
    }
}
