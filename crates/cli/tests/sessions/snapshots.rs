//! `snapshot` and `rollback`

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use crate::reading::unprivileged;
use crate::store::{Elsewhere, Store, assert_refused};

fn file(store: &Store) -> String {
    fs::read_to_string(store.path("2/changes/etc/file")).unwrap()
}

fn write(store: &Store, text: &str) {
    // In place, as a running session writes: a snapshot must not share the file.
    fs::write(store.path("2/changes/etc/file"), text).unwrap();
}

#[test]
fn privileged_a_session_goes_back_and_forth() {
    let store = Store::with(&[1, 2]);
    let said = store.run(&["snapshot", "2", "--name", "before it", "--json"]);
    assert_eq!(said.json()["snapshot"], 1, "{said:?}");
    write(&store, "later");
    fs::write(store.path("2/changes/new"), "").unwrap();
    let said = store.perch("snapshot 2 --note kept").ok();
    assert_eq!(said, "snapshot 2 of session 2 was made\n");
    write(&store, "last");
    store.perch("rename 2 Mine").ok();
    let said = store.run(&["rollback", "2", "before it", "--json"]).json();
    assert_eq!(said["snapshot"], 1, "{said}");
    assert_eq!(file(&store), "content");
    assert!(!store.path("2/changes/new").exists());
    assert_eq!(store.json()["sessions"]["2"]["name"], "Mine");
    let list = store.perch("snapshot list --json").json();
    let numbers: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["snapshot"])
        .collect();
    assert_eq!(numbers, [1, 2, 3], "{list}");
    assert_eq!(list[0]["name"], "before it");
    assert_eq!(list[1]["note"], "kept");
    assert_eq!(list[2]["replaced_by"], 1);
    assert!(list[2]["allocated"].as_u64().unwrap() > 0, "{list}");
    // And takes it back.
    store.perch("rollback 2").ok();
    assert_eq!(file(&store), "last");
    assert!(store.path("2/changes/new").exists());
    store.perch("rollback 2 2").ok();
    assert_eq!(file(&store), "later");
    assert_eq!(store.ids(), ["1", "2"]);
    assert_eq!(store.json()["default"], "1");
}

#[test]
fn privileged_containers_have_snapshots_too_and_a_mode_of_then() {
    let store = Store::with(&[1, 2]);
    store.perch("snapshot 2").ok();
    store.perch("convert 2 raw --size 32").ok();
    store.perch("snapshot 2").ok();
    store.perch("convert 2 dynfilefs --size 48").ok();
    store.perch("snapshot 2").ok();
    for (number, mode, size) in [
        ("1", "native", None),
        ("2", "raw", Some(32)),
        ("3", "dynfilefs", Some(48)),
    ] {
        store.perch(&format!("rollback 2 {number}")).ok();
        let record = store.json()["sessions"]["2"].clone();
        assert_eq!(record["mode"], mode, "{record}");
        assert_eq!(record["size"].as_u64(), size, "{record}");
        assert_eq!(store.perch("list --json").json()[1]["mode"], mode);
    }
    // It is one that works.
    store.perch("convert 2 native").ok();
    assert_eq!(file(&store), "content");
    // Holes stay holes.
    let list = store.perch("snapshot list 2 --json").json();
    assert_eq!(list[1]["mode"], "raw");
    assert!(list[1]["allocated"].as_u64().unwrap() < 20 << 20, "{list}");
}

#[test]
fn privileged_snapshots_go_to_the_trash_with_their_session_and_come_back() {
    let store = Store::with(&[1, 2]);
    // Both files are there.
    store.perch("rename 2 x").ok();
    store.perch("snapshot 2").ok();
    store.perch("snapshot 1").ok();
    let before = store.all_paths();
    store.perch("delete 2").ok();
    let list = store.perch("snapshot list --json").json();
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    store.perch("trash restore 2").ok();
    fs::remove_dir(store.path(".trash")).unwrap();
    assert_eq!(store.all_paths(), before);
    // Another number, if that is taken.
    store.perch("delete 2").ok();
    fs::create_dir(store.path("2")).unwrap();
    store.perch("trash restore 2").ok();
    assert_eq!(
        store.perch("snapshot list 3 --json").json()[0]["snapshot"],
        1
    );
    store.perch("delete --purge --yes 3").ok();
    assert_eq!(store.perch("snapshot list 3 --json").ok(), "[]\n");
    let left = store.all_paths();
    let of_three = left
        .iter()
        .find(|path| path.to_str().unwrap().contains("/3"));
    assert_eq!(of_three, None);
}

/// A cut between a session's way to the trash and that of its snapshots.
#[test]
fn privileged_no_new_session_gets_the_snapshots_of_another() {
    let store = Store::with(&[1, 2]);
    store.perch("snapshot 2").ok();
    fs::rename(store.path(".snapshots"), store.path("kept")).unwrap();
    store.perch("delete 2").ok();
    fs::rename(store.path("kept"), store.path(".snapshots")).unwrap();
    assert_eq!(store.perch("create --json").json()["id"], "3");
    store.perch("trash restore 2").ok();
    assert_eq!(
        store.perch("snapshot list 2 --json").json()[0]["snapshot"],
        1
    );
    store.perch("rollback 2 1").ok();
}

#[test]
fn privileged_snapshots_are_deleted_for_good_after_asking() {
    let store = Store::with(&[1, 2]);
    for name in ["a", "b", "c"] {
        store.perch(&format!("snapshot 2 --name {name}")).ok();
    }
    assert_refused(
        &store.perch("snapshot delete 2 1 --json"),
        1,
        "nobody-to-ask",
    );
    assert_refused(
        &store.perch("snapshot delete 2 1 x --yes --json"),
        1,
        "not-found",
    );
    let said = store.perch("snapshot delete 2 1 c --dry-run").ok();
    assert_eq!(
        said,
        "Would:\n  delete snapshot 1 of session 2 for good\n  delete snapshot 3 of session 2 for good\n"
    );
    store.perch("snapshot delete 2 1 b --yes").ok();
    let list = store.perch("snapshot list --json").json();
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    // No number is used again while there is a larger one.
    assert_eq!(store.perch("snapshot 2 --json").json()["snapshot"], 4);
    store.perch("snapshot delete 2 3 4 --yes").ok();
    assert!(!store.path(".snapshots").exists());
    assert_eq!(
        store.perch("snapshot list").ok(),
        "There are no snapshots\n"
    );
}

#[test]
fn privileged_what_is_refused_changes_nothing() {
    let store = Store::with(&[1, 2]);
    store.perch("create raw 16").ok();
    store.perch("snapshot 3").ok();
    let before = store.all_paths();
    for (args, status, code) in [
        ("snapshot 7", 1, "not-found"),
        ("snapshot x", 2, "invalid-id"),
        ("snapshot", 2, "usage"),
        ("snapshot list 07", 2, "invalid-id"),
        ("rollback 2", 1, "not-found"),
        ("rollback 3 2", 1, "not-found"),
        ("rollback 7", 1, "not-found"),
        ("rollback ../3", 2, "invalid-id"),
    ] {
        assert_refused(&store.perch(&format!("{args} --json")), status, code);
    }
    let image = store.path("3/changes.img");
    let elsewhere = Elsewhere::mount(&image);
    for args in ["snapshot 3 --json", "rollback 3 --json"] {
        assert_refused(&store.perch(args), 1, "in-use");
    }
    elsewhere.unmount();
    let said = store.perch("rollback 3 --dry-run").ok();
    assert!(
        said.contains("keep what session 3 is now as its snapshot 2"),
        "{said}"
    );
    store.perch("snapshot 3 --dry-run").ok();
    assert_eq!(store.all_paths(), before);
}

/// A session that was not used for long, and is wanted back as it was: that is use.
#[test]
fn privileged_what_went_back_is_not_old_enough_to_be_cleaned_up() {
    let store = Store::with(&[1, 2]);
    let then = SystemTime::now() - Duration::from_secs(40 * 24 * 3600);
    for part in ["changes", "workdir/work", "workdir", ""] {
        let dir = fs::File::open(store.path("2").join(part)).unwrap();
        dir.set_modified(then).unwrap();
    }
    store.perch("snapshot 2").ok();
    store.perch("rollback 2").ok();
    let said = store.perch("cleanup --json").json();
    assert_eq!(said["deleted_count"], 0, "{said}");
}

/// Nobody else may look into them, and nothing else depends on that.
#[test]
fn privileged_check_74_without_root_the_sessions_are_listed_all_the_same() {
    let store = Store::with(&[1, 2]);
    store.perch("snapshot 2").ok();
    fs::set_permissions(store.dir.path(), Permissions::from_mode(0o755)).unwrap();
    let list = unprivileged(&store, &["list", "--json"]).json();
    assert_eq!(list.as_array().unwrap().len(), 2, "{list}");
    assert_refused(
        &unprivileged(&store, &["snapshot", "list", "--json"]),
        1,
        "no-root",
    );
}
