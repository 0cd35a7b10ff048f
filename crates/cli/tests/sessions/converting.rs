//! `convert`

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::path::Path;

use perch_manage::tree::{self, Progress};

use crate::store::{Elsewhere, Store, assert_refused};

/// With a native session 1 that holds everything there is, a copy of which is returned.
fn with_samples() -> (Store, tempfile::TempDir) {
    let store = Store::with(&[1, 2]);
    let changes = store.path("1/changes");
    fs::remove_dir_all(&changes).unwrap();
    fs::create_dir(&changes).unwrap();
    crate::samples::special(&changes);
    let original = tempfile::tempdir().unwrap();
    let (from, to) = (
        File::open(&changes).unwrap(),
        File::open(original.path()).unwrap(),
    );
    tree::copy(from.as_fd(), to.as_fd(), &mut go_on).unwrap();
    (store, original)
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

pub(crate) fn assert_same(a: &Path, b: &Path) {
    let (one, other) = (File::open(a).unwrap(), File::open(b).unwrap());
    let differences = tree::compare(one.as_fd(), other.as_fd(), &mut go_on).unwrap();
    assert_eq!(differences, [], "{a:?} {b:?}");
}

fn names(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn privileged_all_six_directions_keep_everything() {
    let (store, original) = with_samples();
    for (step, mode) in ["raw", "dynfilefs", "native", "dynfilefs", "raw", "native"]
        .into_iter()
        .enumerate()
    {
        let said = store.perch(&format!("convert 1 {mode} --json")).json();
        assert_eq!(said["success"], true, "{step} {mode}: {said}");
        let session = store.perch("list --json").json()[0].clone();
        assert_eq!(session["mode"], mode, "{session}");
        assert_eq!(session["is_default"], true, "{session}");
        assert_eq!(store.json()["sessions"]["1"]["mode"], mode);
        assert_eq!(store.json()["sessions"]["1"]["union"], "overlayfs");
        let size = &store.json()["sessions"]["1"]["size"];
        let want = match mode {
            "native" => serde_json::Value::Null,
            _ => 1000.into(),
        };
        assert_eq!(*size, want, "{mode}");
        let want: &[&str] = match mode {
            "native" => &["changes"],
            "raw" => &["changes.img"],
            _ => &["changes.dat", "changes.dat.0"],
        };
        assert_eq!(names(&store.path("1")), want);
    }
    assert_same(original.path(), &store.path("1/changes"));
    // Each form that it had can be had back.
    let trash = store.perch("trash list --json").json();
    let modes: Vec<&str> = trash
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["mode"].as_str().unwrap())
        .collect();
    let want = ["native", "raw", "dynfilefs", "native", "dynfilefs", "raw"];
    assert_eq!(modes, want);
    store.perch("trash restore 1-1").ok();
    assert_same(original.path(), &store.path("3/changes"));
    store.perch("convert 2 raw --size 32").ok();
    store.perch("trash restore 1-2").ok();
    store.perch("convert 4 native --purge --yes").ok();
    assert_same(original.path(), &store.path("4/changes"));
    assert_eq!(store.ids(), ["1", "2", "3", "4"]);
    assert!(
        names(store.dir.path())
            .iter()
            .all(|name| !name.starts_with(".tmp_"))
    );
}

/// The boot looks for the upper directory in the root of the file system, and so does everybody else.
#[test]
fn privileged_a_container_has_the_layout_of_the_boot() {
    let (store, original) = with_samples();
    store.perch("convert 1 raw --size 200").ok();
    let image = store.path("1/changes.img");
    let elsewhere = Elsewhere::mount(&image);
    let copy = tempfile::tempdir().unwrap();
    let from = elsewhere.point.path().join("changes");
    elsewhere
        .namespace
        .run("cp", &[&"-aT", &from, &copy.path()])
        .ok();
    elsewhere.unmount();
    assert_same(original.path(), copy.path());
}

#[test]
fn privileged_check_63_a_size_that_is_text_is_a_size() {
    let store = Store::with(&[1, 2]);
    store.perch("convert 2 dynfilefs --size 200").ok();
    let text = fs::read_to_string(store.path("session.json")).unwrap();
    store.write_json(&text.replace("\"size\": 200", "\"size\": \"4000\""));
    fs::remove_file(store.path("session.conf")).unwrap();
    store.perch("convert 2 raw").ok();
    // Its own size counts, not what somebody wrote.
    assert_eq!(
        fs::metadata(store.path("2/changes.img")).unwrap().len(),
        200 << 20
    );
    assert_eq!(store.json()["sessions"]["2"]["size"], 200);
}

#[test]
fn privileged_a_container_gets_smaller_by_being_written_anew() {
    let store = Store::with(&[1]);
    store.perch("convert 1 raw --size 300").ok();
    assert_refused(&store.perch("convert 1 raw --json"), 1, "same-mode");
    assert_refused(&store.perch("resize 1 40 --json"), 1, "not-larger");
    store.perch("convert 1 raw --size 40 --purge --yes").ok();
    assert_eq!(
        fs::metadata(store.path("1/changes.img")).unwrap().len(),
        40 << 20
    );
    store.perch("convert 1 native").ok();
    let file = fs::read(store.path("1/changes/etc/file")).unwrap();
    assert_eq!(file, b"content");
    assert_eq!(
        store
            .perch("trash list --json")
            .json()
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn privileged_a_new_session_leaves_the_old_one_alone() {
    let (store, original) = with_samples();
    store.perch("rename 1 Work").ok();
    let before = store.json()["sessions"]["1"].clone();
    let said = store.perch("convert 1 raw --size 200 --new-session --json");
    assert_eq!(said.json()["id"], "3", "{said:?}");
    assert_eq!(store.json()["sessions"]["1"], before);
    assert_same(original.path(), &store.path("1/changes"));
    assert_eq!(store.json()["sessions"]["3"]["mode"], "raw");
    assert_eq!(store.json()["sessions"]["3"]["version"], "5.1.1");
    store.perch("convert 3 native").ok();
    assert_same(original.path(), &store.path("3/changes"));
}

#[test]
fn privileged_what_cannot_be_had_is_refused_and_nothing_is_touched() {
    let store = Store::with(&[1]);
    store.perch("create raw 64").ok();
    let before = store.all_paths();
    for (args, status, code) in [
        ("1 native", 1, "same-mode"),
        ("1 native --size 5", 1, "same-mode"),
        ("2 raw", 1, "same-mode"),
        ("7 raw", 1, "not-found"),
        ("1 raw --size 900000000", 1, "no-space"),
        ("1 raw --size 0", 2, "bad-size"),
        ("1 bogus", 2, "mode"),
        ("./1 raw", 2, "invalid-id"),
        ("1", 2, "usage"),
        ("1 raw --new-session --purge", 2, "usage"),
    ] {
        assert_refused(
            &store.perch(&format!("convert {args} --json")),
            status,
            code,
        );
        let dry = store.perch(&format!("convert {args} --dry-run --json"));
        assert_refused(&dry, status, code);
    }
    assert_refused(
        &store.perch("convert 1 raw --purge --json"),
        1,
        "nobody-to-ask",
    );
    let said = store.perch("convert 1 raw --size 64 --dry-run").ok();
    assert_eq!(
        said,
        "Would:\n  make a raw container of 64 MiB with an ext4, for session 1\n  \
         copy what session 1 holds, and compare the copy with it\n  \
         put that in the place of session 1\n  \
         move the form that session 1 had to the trash\n  \
         record session 1 in the metadata\n"
    );
    // More than the smallest container holds.
    fs::write(store.path("1/changes/large"), vec![7; 40 << 20]).unwrap();
    assert_refused(
        &store.perch("convert 1 raw --size 40 --json"),
        1,
        "too-small",
    );
    fs::remove_file(store.path("1/changes/large")).unwrap();
    let image = store.path("2/changes.img");
    let elsewhere = Elsewhere::mount(&image);
    assert_refused(&store.perch("convert 2 native --json"), 1, "in-use");
    elsewhere.unmount();
    assert_eq!(store.all_paths(), before);
}
