//! `cleanup`

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::perch::Said;
use crate::store::{Store, assert_refused};

/// Makes it look as if nobody had touched it for so many days.
fn age(store: &Store, name: &str, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 24 * 3600 + 60);
    for part in ["workdir/work", "workdir", "changes", ""] {
        let path = store.path(name).join(part);
        if path.exists() {
            File::open(path).unwrap().set_modified(then).unwrap();
        }
    }
}

#[test]
fn privileged_old_sessions_go_to_the_trash_and_old_trash_goes() {
    let store = Store::with(&[1, 2, 3, 4]);
    for (id, days) in [("1", 400), ("2", 40), ("3", 40), ("4", 20)] {
        age(&store, id, days);
    }
    // Its content was used since the directory was made.
    fs::write(store.path("3/changes/new"), "").unwrap();
    let dry = store.perch("cleanup --dry-run --json").json();
    assert_eq!(dry["steps"][0]["id"], "2", "{dry}");
    let said = store.perch("cleanup --json").json();
    assert_eq!(said["success"], true, "{said}");
    assert_eq!(said["deleted_count"], 1, "{said}");
    assert_eq!(said["errors"], serde_json::json!([]));
    assert_eq!(said["kept"][0]["code"], "active", "{said}");
    assert_eq!(store.ids(), ["1", "3", "4"]);
    assert!(store.path(".trash/2-1/session/changes/etc/file").exists());
    // Not yet old in the trash.
    store.perch("cleanup").ok();
    assert!(store.path(".trash/2-1/session").exists());
    let said = store.perch("cleanup --days 0 --json").json();
    assert_eq!(said["emptied_count"], 1, "{said}");
    assert_eq!(store.ids(), ["1"]);
    assert!(!store.path(".trash/2-1").exists());
}

#[test]
fn check_70_a_negative_age_is_no_age() {
    let store = Store::with(&[1, 2]);
    for days in ["-1", "x", "4000000000"] {
        assert_refused(
            &store.run(&["cleanup", "--days", days, "--json"]),
            2,
            "usage",
        );
    }
    assert_eq!(store.ids(), ["1", "2"]);
}

/// With a terminal: script(1) makes one.
fn on_a_terminal(store: &Store, args: &str, answer: &str) -> Said {
    let line = format!(
        "{} --sessions-dir {} {args}",
        env!("CARGO_BIN_EXE_perch"),
        store.dir_text()
    );
    let mut script = Command::new("script")
        .args(["-qefc", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(script.stdin.as_mut().unwrap(), answer.as_bytes()).unwrap();
    script.wait_with_output().unwrap().into()
}

#[test]
fn privileged_check_70_on_a_terminal_it_asks_first() {
    let store = Store::with(&[1, 2]);
    let said = on_a_terminal(&store, "cleanup --days 0", "n\n");
    assert!(said.out.contains("move session 2 to the trash"), "{said:?}");
    assert!(said.out.contains("Go on? [y/N]"), "{said:?}");
    assert_eq!(said.status, 1, "{said:?}");
    assert_eq!(store.ids(), ["1", "2"]);
    let said = on_a_terminal(&store, "cleanup --days 0", "y\n");
    assert_eq!(said.status, 0, "{said:?}");
    assert_eq!(store.ids(), ["1"]);
}

#[test]
fn privileged_check_70_what_fails_is_told_and_the_rest_done() {
    let store = Store::with(&[1, 2, 3]);
    // Nothing can be moved to a trash that is a file.
    fs::write(store.path(".trash"), "").unwrap();
    let said = store.perch("cleanup --days 0 --json");
    assert_eq!(said.status, 1, "{said:?}");
    let json = said.json();
    assert_eq!(json["success"], false, "{json}");
    assert!(json["message"].is_string(), "{json}");
    assert_eq!(store.ids(), ["1", "2", "3"]);
}

#[test]
fn privileged_leftovers_go_unless_they_may_be_the_only_copy() {
    let store = Store::with(&[1]);
    // Of the old manager: the new session of a conversion whose old one is gone already.
    fs::create_dir_all(store.path(".tmp_onlycopy/changes/home")).unwrap();
    fs::write(store.path(".tmp_onlycopy/changes/home/precious"), "kept").unwrap();
    fs::create_dir_all(store.path(".tmp_emptyone")).unwrap();
    fs::create_dir_all(store.path(".tmp_atwork12/changes")).unwrap();
    // Ours, half made and half deleted.
    fs::create_dir_all(store.path(".tmp_ours1234/.perch-new/changes")).unwrap();
    fs::create_dir_all(store.path(".tmp_ours5678/.perch-old/changes")).unwrap();
    fs::create_dir_all(store.path(".tmp_busy1234/.perch-new")).unwrap();
    for name in [".tmp_onlycopy", ".tmp_emptyone"] {
        age(&store, name, 2);
    }
    let busy = File::open(store.path(".tmp_busy1234")).unwrap();
    busy.lock().unwrap();
    let status = store.perch("status --json").json();
    assert_eq!(
        status["leftovers"],
        serde_json::json!([
            ".tmp_emptyone",
            ".tmp_onlycopy",
            ".tmp_ours1234",
            ".tmp_ours5678"
        ])
    );
    let said = store.perch("cleanup --json").json();
    assert_eq!(said["tidied_count"], 4, "{said}");
    for (name, stays) in [
        (".tmp_onlycopy", false),
        (".tmp_emptyone", false),
        (".tmp_ours1234", false),
        (".tmp_ours5678", false),
        (".tmp_busy1234", true),
        (".tmp_atwork12", true),
    ] {
        assert_eq!(store.path(name).exists(), stays, "{name}");
    }
    let said = store.perch("trash restore leftover-1 --json").json();
    assert_eq!(said["id"], "2", "{said}");
    let kept = fs::read(store.path("2/changes/home/precious")).unwrap();
    assert_eq!(kept, b"kept");
}
