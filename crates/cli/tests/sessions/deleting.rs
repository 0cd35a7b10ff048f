//! `delete` and `trash`

use std::fs::{self, File};

use crate::store::{Elsewhere, Store, assert_refused};

#[test]
fn check_50_what_names_no_session_deletes_nothing() {
    let store = Store::with(&[1, 2]);
    let before = store.all_paths();
    for id in [
        "", ".", "..", "./1", "/etc", "1/../2", "007", "1 ", "+2", "\u{0662}",
    ] {
        for verb in ["delete", "activate"] {
            assert_refused(&store.run(&[verb, id, "--json"]), 2, "invalid-id");
        }
        let purge = store.run(&["delete", "--purge", "--yes", id, "--json"]);
        assert_refused(&purge, 2, "invalid-id");
        assert_eq!(store.all_paths(), before, "{id:?}");
    }
}

#[test]
fn privileged_check_51_the_active_session_stays() {
    let store = Store::with(&[1, 2]);
    let before = store.all_paths();
    for args in ["delete 1 --json", "delete 1 --purge --yes --json"] {
        assert_refused(&store.perch(args), 1, "active");
    }
    assert_refused(&store.perch("delete 7 --json"), 1, "not-found");
    assert_eq!(store.all_paths(), before);
    // The text is the same without JSON, and only there.
    let said = store.perch("delete 1");
    assert_eq!((said.status, said.out.as_str()), (1, ""));
    assert!(said.err.contains("cannot delete session 1"), "{said:?}");
}

#[test]
fn privileged_a_deleted_session_comes_back_as_it_was() {
    let store = Store::with(&[1, 2]);
    store.perch("rename 2 mine --note kept").ok();
    let before = (store.all_paths(), store.json());
    store.perch("delete 2").ok();
    assert_eq!(store.ids(), ["1"]);
    assert!(store.json()["sessions"].get("2").is_none());
    let list = store.perch("trash list --json").json();
    assert_eq!(list[0]["name"], "2-1");
    assert_eq!(list[0]["id"], "2");
    assert_eq!(list[0]["session_name"], "mine");
    let said = store.perch("trash restore 2 --json").json();
    assert_eq!(said["id"], "2");
    fs::remove_dir(store.path(".trash")).unwrap();
    assert_eq!((store.all_paths(), store.json()), before);
    assert_refused(&store.perch("trash restore 2 --json"), 1, "not-found");
}

#[test]
fn privileged_a_number_that_is_taken_by_now_is_not_given_twice() {
    let store = Store::with(&[1, 2]);
    store.perch("delete 2").ok();
    store.perch("create").ok();
    store.perch("delete 2").ok();
    store.perch("create").ok();
    let list = store.perch("trash list --json").json();
    assert_eq!(list.as_array().unwrap().len(), 2);
    let said = store.perch("trash restore 2-1 --json").json();
    assert_eq!(said["id"], "3", "{said}");
    assert_eq!(said["notices"].as_array().unwrap().len(), 1, "{said}");
    assert!(store.path("3/changes/etc/file").exists());
    assert_eq!(store.json()["sessions"]["3"]["version"], "5.1.1");
}

#[test]
fn privileged_for_good_means_asking_first() {
    let store = Store::with(&[1, 2, 3]);
    assert_refused(&store.perch("delete --purge 2 --json"), 1, "nobody-to-ask");
    assert_eq!(store.ids(), ["1", "2", "3"]);
    store.perch("delete --purge --yes 2").ok();
    assert_eq!(store.ids(), ["1", "3"]);
    assert!(!store.path(".trash").exists());
    store.perch("delete 3").ok();
    assert_refused(&store.perch("trash empty --json"), 1, "nobody-to-ask");
    assert!(store.path(".trash/3-1/session/changes").exists());
    assert_refused(&store.perch("trash empty --yes 9 --json"), 1, "not-found");
    store.perch("trash empty --yes 3").ok();
    assert_eq!(store.perch("trash list").ok(), "The trash is empty\n");
    let names: Vec<_> = store.all_paths().into_iter().collect();
    let working = names
        .iter()
        .find(|path| path.to_str().unwrap().contains(".tmp_"));
    assert_eq!(working, None);
}

#[test]
fn privileged_check_71_a_session_that_is_mounted_elsewhere_stays() {
    let store = Store::with(&[1]);
    store.perch("create raw 16").ok();
    let image = store.path("2/changes.img");
    let elsewhere = Elsewhere::mount(&image);
    for args in ["delete 2 --json", "delete 2 --purge --yes --json"] {
        assert_refused(&store.perch(args), 1, "in-use");
    }
    let cleanup = store.perch("cleanup --days 0 --json").json();
    assert_eq!(cleanup["deleted_count"], 0, "{cleanup}");
    assert!(image.exists());
    elsewhere.unmount();
    store.perch("delete 2").ok();
}

#[test]
fn privileged_a_session_whose_lock_or_files_somebody_has_stays() {
    let store = Store::with(&[1, 2]);
    let dir = File::open(store.path("2")).unwrap();
    dir.lock().unwrap();
    assert_refused(&store.perch("delete 2 --json"), 1, "in-use");
    drop(dir);
    store.perch("create dynfilefs 20").ok();
    let part = File::open(store.path("3/changes.dat.0")).unwrap();
    let said = store.perch("delete 3 --json");
    assert_refused(&said, 1, "in-use");
    let pid = std::process::id().to_string();
    assert!(said.err.contains(&pid), "{said:?}");
    drop(part);
    store.perch("delete 3").ok();
    store.perch("delete 2").ok();
}
