//! The law: what must be true of a store after a cut, given the same store before the boot and after it. Pure.

use std::fmt;

use anyhow::{Context, Result};
use perch_core::decide::Choice;
use perch_core::explain::explain;
use perch_core::facts::Facts;
use perch_core::fs::FsKind;
use perch_core::metadata::{Assembled, FileRead, StoreFiles, assemble};

/// A machine without a store, as a boot records it.
const FACTS: &str = include_str!("../../fixtures/facts/base.json");

/// One store, as the boot understands it.
#[derive(Clone, Debug)]
pub(super) struct Account {
    files: StoreFiles,
    assembled: Assembled,
    /// What the next boot does.
    pub choice: Choice,
}

impl Account {
    /// Understands `files` and decides about them, on a medium of kind `fs`, as the boot with `cmdline` does.
    pub fn of(files: StoreFiles, fs: FsKind, cmdline: &str) -> Result<Self> {
        let mut facts: Facts = serde_json::from_str(FACTS).context("the facts of the fixture")?;
        facts.medium.fs = fs;
        facts.store.fs = fs;
        let assembled = assemble(&files);
        facts.store.take(assembled.clone());
        let choice = explain(cmdline, &facts, &[]).decision.choice;
        Ok(Self {
            files,
            assembled,
            choice,
        })
    }
}

/// What became of one metadata file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// As before the boot.
    Old,
    /// As after it.
    New,
    /// Neither, and not there: allowed as long as another file tells the same.
    Absent,
    /// Something else.
    Broken,
}

/// What is wrong with one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A metadata file is neither old nor new nor absent.
    BrokenFile(&'static str),
    /// The next session to resume is neither the old nor the new one.
    Default,
    /// A session's directory or its record is gone, or its record is of neither time.
    Session(String),
    /// The next boot would do something that neither the old nor the new store asks for.
    Decision(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokenFile(name) => write!(f, "{name} is neither old nor new"),
            Self::Default => f.write_str("the default is neither the old nor the new one"),
            Self::Session(id) => write!(f, "session {id} is lost or changed"),
            Self::Decision(choice) => write!(f, "the next boot would: {choice}"),
        }
    }
}

/// Judges `got` by the same store `before` and `after` the boot: what is wrong, and what became of the three files.
pub(super) fn judge(before: &Account, after: &Account, got: &Account) -> (Vec<Fault>, [Fate; 3]) {
    let mut faults = Vec::new();
    let file = |name, pick: fn(&StoreFiles) -> &FileRead, faults: &mut Vec<Fault>| {
        let fate = fate(pick(&before.files), pick(&after.files), pick(&got.files));
        if fate == Fate::Broken {
            faults.push(Fault::BrokenFile(name));
        }
        fate
    };
    let fates = [
        file("session.json", |files| &files.json, &mut faults),
        file("session.conf", |files| &files.conf, &mut faults),
        file("session.json.bak", |files| &files.backup, &mut faults),
    ];
    let default = |account: &Account| account.assembled.metadata.default;
    if ![default(before), default(after)].contains(&default(got)) {
        faults.push(Fault::Default);
    }
    for session in &before.assembled.sessions {
        let id = session.id;
        let listed = |account: &Account| {
            let session = account.assembled.sessions.iter().find(|s| s.id == id)?;
            Some((
                session.mode,
                session.version.clone(),
                session.edition.clone(),
            ))
        };
        let there = listed(got);
        if there.is_none() || ![listed(before), listed(after)].contains(&there) {
            faults.push(Fault::Session(id.to_string()));
        }
    }
    if ![before.choice, after.choice].contains(&got.choice) {
        faults.push(Fault::Decision(got.choice.to_string()));
    }
    (faults, fates)
}

fn fate(before: &FileRead, after: &FileRead, got: &FileRead) -> Fate {
    // A file that is renamed away or replaced has a new time in no state: only the content counts.
    let same = |a: &FileRead, b: &FileRead| match (a, b) {
        (FileRead::Text { text: a, .. }, FileRead::Text { text: b, .. }) => a == b,
        _ => a == b,
    };
    if same(got, after) {
        Fate::New
    } else if same(got, before) {
        Fate::Old
    } else if *got == FileRead::Absent {
        Fate::Absent
    } else {
        Fate::Broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use perch_core::metadata::{Contents, SessionDir};

    fn text(text: &str) -> FileRead {
        FileRead::Text {
            text: text.into(),
            modified: 5,
        }
    }

    fn store(default: &str) -> StoreFiles {
        let entry =
            r#"{"mode":"native","version":"5.1.1","edition":"standard","union":"overlayfs"}"#;
        let dir = |id: &str| SessionDir {
            id: id.parse().unwrap(),
            modified: 1,
            image: None,
            allocated: None,
            disk: None,
            parts: None,
            holds: Contents {
                changes_dir: true,
                ..Contents::default()
            },
        };
        StoreFiles {
            json: text(&format!(
                r#"{{"default":"{default}","sessions":{{"1":{entry},"2":{entry}}}}}"#
            )),
            dirs: vec![dir("1"), dir("2")],
            ..StoreFiles::default()
        }
    }

    fn account(files: StoreFiles) -> Account {
        Account::of(files, FsKind::Ext4, "perch").unwrap()
    }

    #[test]
    fn old_and_new_are_right_and_everything_else_is_wrong() {
        let (old, new) = (account(store("1")), account(store("2")));
        for good in [store("1"), store("2")] {
            assert_eq!(judge(&old, &new, &account(good)).0, []);
        }
        let broken = StoreFiles {
            json: text("{ \"def"),
            ..store("1")
        };
        let faults = judge(&old, &new, &account(broken)).0;
        assert!(
            faults.contains(&Fault::BrokenFile("session.json")),
            "{faults:?}"
        );
        assert!(faults.contains(&Fault::Session("1".into())), "{faults:?}");
        let mut gone = store("1");
        gone.dirs.remove(0);
        let faults = judge(&old, &new, &account(gone)).0;
        assert!(faults.contains(&Fault::Session("1".into())), "{faults:?}");
        let (one, two) = (account(store("1")), account(store("1")));
        let faults = judge(&one, &two, &account(store("2"))).0;
        assert!(faults.contains(&Fault::Default), "{faults:?}");
        assert!(
            matches!(faults.last(), Some(Fault::Decision(_))),
            "{faults:?}"
        );
    }

    #[test]
    fn a_missing_file_is_no_fault_while_another_tells_the_same() {
        let mut before = store("1");
        let (metadata, _) = perch_core::metadata::json::parse(match &before.json {
            FileRead::Text { text, .. } => text,
            _ => unreachable!("made above"),
        })
        .unwrap();
        before.conf = text(&perch_core::metadata::conf::write(&metadata));
        let got = StoreFiles {
            json: FileRead::Absent,
            ..before.clone()
        };
        let before = account(before);
        let (faults, fates) = judge(&before, &before, &account(got));
        assert_eq!(faults, []);
        assert_eq!(fates[0], Fate::Absent);
    }
}
