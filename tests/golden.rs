//! Golden tests: a kernel command line and a store, to the decision, its reasons, its plan and the
//! metadata that follows.
//!
//! Each `golden/NAME.json` is a case; `golden/NAME.txt` is what perch says to it. After an intended
//! change run with `PERCH_BLESS=1` and read the difference.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use perch_core::decide::Failure;
use perch_core::explain::explain;
use perch_core::facts::Facts;
use perch_core::metadata::{Contents, FileRead, SessionDir, StoreFiles, assemble, conf, json};
use perch_core::plan::Step;
use perch_core::units::Mib;
use serde::Deserialize;
use serde_json::Value;

/// One case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What the case is about, for the reader.
    #[serde(rename = "about")]
    _about: String,
    cmdline: String,
    /// Text of the store's files, by name, in lines.
    #[serde(default)]
    files: BTreeMap<String, Vec<String>>,
    /// When each file was last changed; 0 where not given.
    #[serde(default)]
    modified: BTreeMap<String, i64>,
    /// Session directories: what is in them.
    #[serde(default)]
    sessions: BTreeMap<String, Dir>,
    /// Changes to `fixtures/facts/base.json`, as a JSON merge patch (RFC 7396).
    #[serde(default)]
    facts: Value,
    #[serde(default)]
    failures: Vec<Failure>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dir {
    holds: Vec<String>,
    /// Length of `changes.img` in MiB, all of it allocated; absent where it does not matter.
    #[serde(default)]
    image_mib: Option<u64>,
    /// Size that `changes.dat` tells in MiB; absent where it does not matter.
    #[serde(default)]
    disk_mib: Option<u64>,
    /// What it and its parts take, in MiB; absent where it does not matter.
    #[serde(default)]
    parts_mib: Option<u64>,
    #[serde(default)]
    modified: i64,
}

#[test]
fn every_case_is_answered_as_written() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let bless = std::env::var_os("PERCH_BLESS").is_some();
    let mut cases: Vec<PathBuf> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "json"))
        .collect();
    cases.sort();
    assert!(cases.len() >= 20, "cases are missing in {}", dir.display());
    let mut wrong = Vec::new();
    for path in cases {
        let got = answer(&path);
        let golden = path.with_extension("txt");
        if bless {
            fs::write(&golden, &got).unwrap();
        }
        let want = fs::read_to_string(&golden).unwrap_or_default();
        if got != want {
            wrong.push(format!(
                "{}:\n--- expected\n{want}--- got\n{got}",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn answer(path: &Path) -> String {
    let case: Case = serde_json::from_str(&fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let facts = facts(&case);
    let explanation = explain(&case.cmdline, &facts, &case.failures);
    let mut text = format!("cmdline: {}\n{explanation}", case.cmdline);
    for step in &explanation.plan.afterwards {
        if let Step::WriteMetadata { metadata, .. } = step {
            text += &format!("--- session.json\n{}\n", json::write(metadata).trim_end());
            text += &format!("--- session.conf\n{}\n", conf::write(metadata).trim_end());
        }
        if let Step::CountTry { metadata, .. } = step {
            text += &format!("--- session.json\n{}\n", json::write(metadata).trim_end());
        }
    }
    text
}

fn facts(case: &Case) -> Facts {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/facts/base.json");
    let mut value: Value = serde_json::from_str(&fs::read_to_string(base).unwrap()).unwrap();
    merge(&mut value, &case.facts);
    let mut facts: Facts = serde_json::from_value(value).unwrap();
    let file = |name: &str| match case.files.get(name) {
        None => FileRead::Absent,
        Some(lines) => FileRead::Text {
            text: lines.join("\n"),
            modified: case.modified.get(name).copied().unwrap_or(0),
        },
    };
    let dirs = case.sessions.iter().map(|(id, dir)| {
        let holds = |name: &str| dir.holds.iter().any(|held| held == name);
        SessionDir {
            id: id.parse().unwrap(),
            modified: dir.modified,
            image: dir.image_mib.map(|mib| Mib(mib).bytes()),
            allocated: dir.image_mib.map(|mib| Mib(mib).bytes()),
            disk: dir.disk_mib.map(|mib| Mib(mib).bytes()),
            parts: dir.parts_mib.map(|mib| Mib(mib).bytes()),
            holds: Contents {
                changes_dat: holds("changes.dat"),
                changes_img: holds("changes.img"),
                changes_dir: holds("changes"),
                workdir: holds("workdir"),
                aufs_marker: holds(".wh..wh.aufs"),
                empty: dir.holds.is_empty(),
            },
        }
    });
    let mut dirs: Vec<_> = dirs.collect();
    dirs.sort_by_key(|dir| dir.id);
    let assembled = assemble(&StoreFiles {
        json: file("session.json"),
        conf: file("session.conf"),
        backup: file("session.json.bak"),
        legacy: file("last_session.txt"),
        dirs,
        unseen: Vec::new(),
    });
    facts.store.take(assembled);
    facts
}

/// RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        if !patch.is_null() {
            *target = patch.clone();
        }
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Default::default());
    }
    let target = target.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}
