//! `perch mark-good`, as the program itself, on stores in temporary directories. That it finds the running
//! session is for a machine to show: `counting` among the scenarios.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use perch_core::metadata::{FileRead, StoreFiles, conf, json};
use serde_json::Value;
use tempfile::TempDir;

/// As a boot leaves it: session 1 was started three times, and came up some time before.
const TIRED: &str = r#"{
  "default": "1",
  "running": "2",
  "sessions": {
    "1": {
      "mode": "native",
      "union": "overlayfs",
      "tries": 3,
      "good": 1,
      "name": "mine"
    },
    "2": {
      "mode": "native",
      "union": "overlayfs"
    }
  },
  "other": [
    1
  ]
}
"#;

struct Store {
    dir: TempDir,
}

struct Said {
    status: Option<i32>,
    out: Value,
    err: String,
}

impl Store {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["1/changes", "2/changes"] {
            fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        let (metadata, _) = json::parse(TIRED).unwrap();
        fs::write(dir.path().join("session.json"), TIRED).unwrap();
        fs::write(dir.path().join("session.conf"), conf::write(&metadata)).unwrap();
        Self { dir }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Every file with its content, and when it was made: a file that was replaced is another one.
    fn files(&self) -> BTreeMap<PathBuf, (Vec<u8>, u64)> {
        use std::os::unix::fs::MetadataExt;
        let entries = fs::read_dir(self.path()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.is_file())
            .map(|path| {
                let inode = fs::metadata(&path).unwrap().ino();
                (path.clone(), (fs::read(&path).unwrap(), inode))
            })
            .collect()
    }

    fn json(&self) -> Value {
        let text = fs::read_to_string(self.path().join("session.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn mark(&self, session: &str, more: &[&str]) -> Said {
        let dir = self.path().to_str().unwrap();
        let place = ["--json", "mark-good", "--sessions-dir", dir, session];
        perch(&[&place, more].concat())
    }
}

fn perch(args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perch"));
    let command = command.args(args).env_clear().stdin(Stdio::null());
    let output = command.output().unwrap();
    Said {
        status: output.status.code(),
        out: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_repaired_session_gets_all_its_tries_again_by_one_file() {
    let store = Store::new();
    let before = store.files();
    let said = store.mark("1", &[]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    assert_eq!(said.out["message"], "session 1 has all its tries again");
    assert_eq!(
        (&said.out["tries"], &said.out["changed"]),
        (&3.into(), &true.into())
    );
    let mut want: Value = serde_json::from_str(TIRED).unwrap();
    let record = want["sessions"]["1"].as_object_mut().unwrap();
    assert_eq!(record.remove("tries"), Some(3.into()));
    assert_eq!(store.json(), want, "nothing else changes");
    let after = store.files();
    let conf = store.path().join("session.conf");
    assert_eq!(after[&conf], before[&conf], "the mirror is not written");
    assert!(!store.path().join("session.json.bak").exists());
}

#[test]
fn where_nothing_is_to_be_recorded_nothing_is_touched() {
    let store = Store::new();
    let before = store.files();
    for (session, more, message) in [
        ("2", &[][..], "session 2 has all its tries already"),
        (
            "1",
            &["--dry-run"],
            "session 1 would get all its tries again",
        ),
    ] {
        let said = store.mark(session, more);
        assert_eq!(said.status, Some(0), "{}", said.err);
        assert_eq!(said.out["message"], message);
        assert_eq!(said.out["changed"], false);
        assert_eq!(store.files(), before, "{message}");
    }
}

#[test]
fn damaged_metadata_is_set_aside_and_told_from_the_mirror() {
    let store = Store::new();
    let path = store.path().join("session.json");
    // Only the first half: the mirror has the rest, and no tries.
    fs::write(&path, &TIRED[..TIRED.len() / 2]).unwrap();
    fs::write(store.path().join("session.json.bak"), TIRED).unwrap();
    let before = store.files();
    let said = store.mark("1", &[]);
    assert_eq!(said.out["message"], "session 1 has all its tries already");
    assert_eq!(store.files(), before);
    // What the mirror alone tells is read as well.
    fs::remove_file(&path).unwrap();
    fs::remove_file(store.path().join("session.json.bak")).unwrap();
    let said = store.mark("1", &[]);
    assert_eq!(said.status, Some(0), "{}", said.err);
}

#[test]
fn what_is_wrong_is_said_with_a_next_step() {
    let store = Store::new();
    let said = store.mark("7", &[]);
    assert_eq!(
        (said.status, &said.out["code"]),
        (Some(1), &"not-found".into())
    );
    let missing = store.path().join("none");
    let said = perch(&[
        "--json",
        "mark-good",
        "--sessions-dir",
        missing.to_str().unwrap(),
        "1",
    ]);
    assert_eq!((said.status, &said.out["code"]), (Some(1), &"io".into()));
    assert!(said.err.contains("hint: "), "{}", said.err);
    for args in [
        &["--json", "mark-good", "01"][..],
        &["--json", "mark-good", "../1"],
        &["--json", "mark-good", "--sessions-dir", "/tmp"],
    ] {
        let said = perch(args);
        assert_eq!(
            (said.status, &said.out["code"]),
            (Some(2), &"usage".into()),
            "{args:?}"
        );
    }
}

/// Only where something is to be written: a medium that cannot be is no failure otherwise.
#[test]
fn privileged_a_medium_that_is_read_only_is_said_to_be() {
    const READ_ONLY: &str = r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec "$2" --json mark-good --sessions-dir "$1" "$3""#;
    let store = Store::new();
    let before = store.files();
    for (session, status, code) in [("1", 1, Some("read-only")), ("2", 0, None)] {
        let mut unshare = Command::new("unshare");
        unshare.args([
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            READ_ONLY,
            "sh",
        ]);
        let output = unshare
            .arg(store.path())
            .arg(env!("CARGO_BIN_EXE_perch"))
            .arg(session);
        let output = output.stdin(Stdio::null()).output().unwrap();
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        assert_eq!(said.get("code").and_then(Value::as_str), code, "{said}");
    }
    assert_eq!(store.files(), before);
}

/// Two programs that read, change and write at once: no change of either is lost.
#[test]
fn the_lock_keeps_two_writers_apart() {
    let store = Store::new();
    let lock = store.path().join(".session_create.lock");
    let held = File::create(&lock).unwrap();
    rustix::fs::flock(&held, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let dir = store.path().to_owned();
    let mut waiting = Command::new(env!("CARGO_BIN_EXE_perch"))
        .args(["mark-good", "1", "--sessions-dir"])
        .arg(&dir)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // It waits once it has the file open, as this test does.
    let name = lock.file_name().unwrap().to_str().unwrap().to_owned();
    let fds = PathBuf::from(format!("/proc/{}/fd", waiting.id()));
    let opened = || {
        let links = fs::read_dir(&fds).into_iter().flatten().flatten();
        let mut targets = links.filter_map(|link| fs::read_link(link.path()).ok());
        targets.any(|target| target.to_string_lossy().ends_with(&name))
    };
    while !opened() {
        assert!(waiting.try_wait().unwrap().is_none(), "it did not wait");
        std::thread::yield_now();
    }
    // Meanwhile another program makes session 2 the default.
    let text = TIRED.replace(r#""default": "1""#, r#""default": "2""#);
    fs::write(store.path().join("session.json"), &text).unwrap();
    let (metadata, _) = json::parse(&text).unwrap();
    fs::write(store.path().join("session.conf"), conf::write(&metadata)).unwrap();
    drop(held);
    assert!(waiting.wait().unwrap().success());
    let json = store.json();
    assert_eq!(json["default"], "2");
    assert_eq!(json["sessions"]["1"].get("tries"), None);
}

/// Both files say the same afterwards, to whoever reads them.
#[test]
fn the_store_agrees_afterwards() {
    let store = Store::new();
    store.mark("1", &[]);
    let file = |name: &str| FileRead::Text {
        text: fs::read_to_string(store.path().join(name)).unwrap(),
        modified: 0,
    };
    let files = StoreFiles {
        json: file("session.json"),
        conf: file("session.conf"),
        unseen: vec!["1".parse().unwrap(), "2".parse().unwrap()],
        ..StoreFiles::default()
    };
    let assembled = perch_core::metadata::assemble(&files);
    assert!(assembled.agrees, "{assembled:?}");
    assert_eq!(assembled.notes, []);
}

/// A container on this machine, or a system that perch did not start.
#[test]
fn a_system_that_perch_did_not_start_is_not_marked() {
    if Path::new("/run/perch/boot.json").exists() {
        return;
    }
    let said = perch(&["--json", "mark-good"]);
    assert_eq!(said.status, Some(1));
    let code = said.out["code"].as_str().unwrap_or_default();
    let want = if rustix::process::geteuid().is_root() {
        "not-booted"
    } else {
        "no-root"
    };
    assert_eq!(code, want);
}
