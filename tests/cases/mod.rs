//! The golden cases: a kernel command line, a store and what failed, as files for people to read and write.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use perch_core::decide::Failure;
use perch_core::facts::Facts;
use perch_core::metadata::{Contents, FileRead, SessionDir, StoreFiles, assemble};
use perch_core::units::Mib;
use serde::Deserialize;
use serde_json::Value;

/// One case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the case is about, for the reader.
    #[serde(rename = "about")]
    _about: String,
    pub cmdline: String,
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
    pub failures: Vec<Failure>,
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

/// All cases, by name.
pub fn all() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut cases: Vec<PathBuf> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "json"))
        .collect();
    cases.sort();
    assert!(cases.len() >= 20, "cases are missing in {}", dir.display());
    cases
}

/// Reads one.
pub fn read(path: &Path) -> Case {
    serde_json::from_str(&fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a boot would find.
pub fn facts(case: &Case) -> Facts {
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
