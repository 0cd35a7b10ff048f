//! `THREATS.md` names every threat and promise, and only tests that exist.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// How many threats and promises there are.
const THREATS: usize = 16;
const PROMISES: usize = 6;

/// The sources of the workspace, those of built things excepted.
fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Functions that are tests, here and in `proptest!`.
fn functions(text: &str) -> impl Iterator<Item = String> {
    let mut is_test = false;
    text.lines().filter_map(move |line| {
        let line = line.trim();
        if line == "#[test]" {
            is_test = true;
            return None;
        }
        let name = line.strip_prefix("fn ")?.split('(').next()?;
        std::mem::take(&mut is_test).then(|| name.to_owned())
    })
}

#[test]
fn every_threat_has_a_test_or_is_open() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for dir in ["../crates", "."] {
        sources(&here.join(dir), &mut paths);
    }
    let mut tests = BTreeSet::new();
    let mut scenarios = String::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        tests.extend(functions(&text));
        if path.starts_with(here.join("./vm")) {
            scenarios.push_str(&text);
        }
    }
    let document = fs::read_to_string(here.join("THREATS.md")).unwrap();
    let mut keys = Vec::new();
    for row in document.lines().filter(|line| {
        let key = line.strip_prefix("| ").unwrap_or_default();
        key.starts_with(['T', 'P']) && key[1..].starts_with(|c: char| c.is_ascii_digit())
    }) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let (key, last) = (cells[0], cells[cells.len() - 1]);
        keys.push(key.to_owned());
        let named: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        for name in &named {
            let is_there = tests.contains(*name) || scenarios.contains(&format!("\"{name}"));
            assert!(is_there, "{key}: there is no test {name:?}");
        }
        assert!(
            !named.is_empty() || row.contains("Open: "),
            "{key} has no test"
        );
    }
    let threats = (1..=THREATS).map(|number| format!("T{number}"));
    let promises = (1..=PROMISES).map(|number| format!("P{number}"));
    assert_eq!(keys, threats.chain(promises).collect::<Vec<_>>());
}
