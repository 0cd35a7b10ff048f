//! `list`, `active`, `running`, `info`, `status`: nothing is changed by looking, and no root is needed.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;

use crate::perch::Said;
use crate::store::{Store, assert_refused};

/// The keys that the session manager of MiniOS has, in its order, and ours behind them.
const KEYS: [&str; 21] = [
    "id",
    "mode",
    "version",
    "edition",
    "union",
    "size",
    "size_formatted",
    "total_size",
    "total_size_formatted",
    "modified",
    "path",
    "is_default",
    "is_running",
    "allocated",
    "compatible",
    "reasons",
    "name",
    "note",
    "tries",
    "good",
    "schema",
];

#[test]
fn check_45_an_empty_store_is_an_empty_list() {
    let store = Store::empty();
    assert_eq!(store.perch("list --json").ok(), "[]\n");
    for what in ["active", "running"] {
        assert_eq!(store.perch(&format!("{what} --json")).ok(), "null\n");
    }
    assert_eq!(store.perch("list").ok(), "No sessions found\n");
    assert_eq!(store.perch("active").ok(), "No active session\n");
    assert!(store.all_paths().is_empty());
}

#[test]
fn sessions_have_the_keys_of_the_old_manager_in_its_order() {
    let store = Store::with(&[10, 2]);
    let image = File::create(store.path("2/changes.img")).unwrap();
    image.set_len(64 << 20).unwrap();
    store.write_json(
        r#"{"default": "10", "sessions": {
            "2": {"mode": "raw", "tries": 2, "name": "two"}, "10": {"mode": "native"}}}"#,
    );
    let text = store.perch("list --json").ok();
    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(format!("{list:#}\n"), text, "two blanks of indent");
    let keys: Vec<&String> = list[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, KEYS);
    assert_eq!(list[0]["id"], "2");
    assert_eq!(list[0]["total_size"], 64 << 20);
    assert_eq!(list[0]["total_size_formatted"], "64.0MB");
    assert_eq!(
        (&list[0]["tries"], &list[0]["name"]),
        (&2.into(), &"two".into())
    );
    assert_eq!(list[1]["id"], "10", "sorted as numbers");
    assert_eq!(list[1]["is_default"], true);
    assert_eq!(list[1]["version"], "unknown");
    assert!(list[1].get("total_size").is_none());
    let path = store.path("10");
    assert_eq!(list[1]["path"], path.to_str().unwrap());
    let modified = list[1]["modified"].as_str().unwrap();
    assert_eq!(modified.len(), "2026-11-21T15:09:01.719589".len());
    let active = store.perch("active --json").json();
    assert_eq!(active, list[1]);
}

#[test]
fn people_read_the_same() {
    let store = Store::with(&[1, 2]);
    let text = store.perch("list").ok();
    assert!(
        text.starts_with(
            "Session #1 (ACTIVE)\n  Mode native\n  Version 5.1.1\n  Edition standard\n  \
             Union FS overlayfs\n  Size 7.0B\n  Last Modified "
        ),
        "{text}"
    );
    assert!(text.contains("\n\nSession #2\n"), "{text}");
    let text = store.perch("active").ok();
    assert!(
        text.starts_with("Active session: #1\nMode: native\n"),
        "{text}"
    );
}

#[test]
fn check_72_a_file_written_deep_changes_the_size() {
    let store = Store::with(&[1]);
    let size = || {
        store.perch("list --json").json()[0]["size"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(size(), 7);
    let deep = store.path("1/changes/etc/a/b/c");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("big"), vec![7; 100_000]).unwrap();
    assert_eq!(size(), 100_007);
    // Other names of a file and what links lead to take no room.
    fs::hard_link(deep.join("big"), store.path("1/changes/again")).unwrap();
    symlink(deep.join("big"), store.path("1/changes/link")).unwrap();
    assert_eq!(size(), 100_007);
}

#[test]
fn names_that_are_no_sessions_are_not_listed() {
    let store = Store::with(&[1]);
    for name in [
        "007",
        "1.bak",
        "7x",
        ".trash/3-1/session",
        ".tmp_ab12cd34/changes",
    ] {
        fs::create_dir_all(store.path(name)).unwrap();
    }
    symlink("1", store.path("5")).unwrap();
    fs::write(store.path("6"), "").unwrap();
    assert_eq!(store.ids(), ["1"]);
}

#[test]
fn check_67_numbers_in_place_of_texts_are_read() {
    let store = Store::with(&[1, 2]);
    store.write_json(
        r#"{"default": 1, "running": 2, "sessions": {"1": {"mode": "native"}, "2": {"mode": "native", "size": "4000"}}}"#,
    );
    assert_eq!(store.perch("active --json").json()["id"], "1");
    // What metadata says of a running session is a hint: this system does not run from it.
    assert_eq!(store.perch("running --json").ok(), "null\n");
}

/// As another user where root runs the tests.
pub(crate) fn unprivileged(store: &Store, args: &[&str]) -> Said {
    let mut command = store.command(args);
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    command.output().unwrap().into()
}

#[test]
fn check_74_without_root_all_can_be_seen_and_nothing_changed() {
    let store = Store::with(&[1, 2]);
    fs::set_permissions(store.dir.path(), Permissions::from_mode(0o755)).unwrap();
    let before = store.all_paths();
    let said = unprivileged(&store, &["list", "--json"]);
    assert_eq!(said.json().as_array().unwrap().len(), 2, "{said:?}");
    let status = unprivileged(&store, &["status", "--json"]).json();
    assert_eq!(status["success"], true);
    assert_eq!(status["writable"], false);
    assert!(status["error"].as_str().unwrap().contains("root"));
    unprivileged(&store, &["info", "--json"]).ok();
    for args in [
        &["create", "--json"][..],
        &["activate", "2", "--json"],
        &["delete", "2", "--json"],
        &["rename", "2", "x", "--json"],
        &["cleanup", "--json", "--days", "0"],
        &["trash", "empty", "--json", "--yes"],
        &["resize", "2", "100", "--json"],
        &["convert", "2", "raw", "--json"],
        &["snapshot", "2", "--json"],
        &["rollback", "2", "--json"],
        &["snapshot", "delete", "2", "1", "--json", "--yes"],
    ] {
        assert_refused(&unprivileged(&store, args), 1, "no-root");
    }
    // What would be done can be asked.
    for args in [
        &["create", "--dry-run"][..],
        &["delete", "2", "--dry-run"],
        &["convert", "2", "raw", "--size", "40", "--dry-run"],
        &["snapshot", "2", "--dry-run"],
        &["activate", "2", "--dry-run"],
    ] {
        unprivileged(&store, args).ok();
    }
    assert_eq!(store.all_paths(), before);
}

#[test]
fn a_store_that_cannot_be_read_needs_root() {
    let store = Store::with(&[1]);
    fs::set_permissions(store.dir.path(), Permissions::from_mode(0o700)).unwrap();
    let owner = rustix::process::geteuid().is_root();
    if owner {
        let said = unprivileged(&store, &["list", "--json"]);
        assert_refused(&said, 1, "no-root");
    }
}

#[test]
fn the_first_directory_on_the_line_counts_and_the_old_name_works() {
    let (one, two) = (Store::with(&[1]), Store::with(&[1, 2]));
    let here = one.dir_text();
    let there = two.dir_text();
    for (args, want) in [
        (
            vec![
                "--sessions-dir",
                here,
                "list",
                "--json",
                "--sessions-dir",
                there,
            ],
            1,
        ),
        (
            vec![
                "--sessions-dir",
                there,
                "--json",
                "list",
                "--sessions-dir",
                here,
            ],
            2,
        ),
        (
            vec![
                "list",
                "--json",
                "--sessions-dir",
                there,
                "--sessions-dir",
                here,
            ],
            2,
        ),
    ] {
        let said: Said = crate::perch::command(&args).output().unwrap().into();
        assert_eq!(said.json().as_array().unwrap().len(), want, "{args:?}");
    }
    let assigned = format!("--sessions-dir={there}");
    let mut command = crate::perch::command(&["--json", "list", &assigned]);
    command.arg0("/usr/bin/minios-session");
    let said: Said = command.output().unwrap().into();
    assert_eq!(said.json().as_array().unwrap().len(), 2);
    let mut help = crate::perch::command(&[]);
    help.arg0("minios-session");
    let said: Said = help.output().unwrap().into();
    assert!(said.ok().contains("Usage: minios-session"));
}

#[test]
fn no_store_is_an_answer_for_status_and_a_failure_for_others() {
    let store = Store::empty();
    let gone = store.path("gone");
    let gone = gone.to_str().unwrap();
    let run = |args: &[&str]| -> Said { crate::perch::command(args).output().unwrap().into() };
    let said = run(&["status", "--json", "--sessions-dir", gone]);
    assert_eq!(said.status, 0);
    assert_eq!(said.out.lines().count(), 1);
    let status = said.json();
    assert_eq!(
        (&status["found"], &status["sessions_dir"]),
        (&false.into(), &().into())
    );
    assert_refused(
        &run(&["list", "--json", "--sessions-dir", gone]),
        1,
        "no-store",
    );
    let dir = store.dir_text();
    for args in [
        &["list", "--json", "--nonsense"][..],
        // Nobody asks for another store in vain.
        &["--json", "--sessions-dir", dir, "mark-good"],
        &["--json", "--sessions-dir", dir, "dynfilefs", "check", "x"],
    ] {
        assert_refused(&run(args), 2, "usage");
    }
}
