//! `resize`

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use crate::perch::Namespace;
use crate::store::{Elsewhere, Store, assert_refused};

/// What e2fsck says to a container without changing it; 0 is "in order".
fn judged(image: &Path) -> Option<i32> {
    let e2fsck = Command::new("/sbin/e2fsck").arg("-fn").arg(image).output();
    e2fsck.unwrap().status.code()
}

/// How many MiB the file system in an image has.
fn file_system(image: &Path) -> u64 {
    let told = Command::new("/sbin/dumpe2fs").arg("-h").arg(image).output();
    let told = String::from_utf8(told.unwrap().stdout).unwrap();
    let blocks = told
        .lines()
        .find_map(|line| line.strip_prefix("Block count:"));
    blocks.unwrap().trim().parse::<u64>().unwrap() / 256
}

fn resized(store: &Store, args: &str) {
    let said = store.perch(&format!("resize {args} --json")).json();
    assert_eq!(said["success"], true, "{said}");
}

#[test]
fn privileged_both_kinds_of_container_grow_and_metadata_says_so() {
    let store = Store::with(&[1]);
    store.perch("create raw 64").ok();
    store.perch("create dynfilefs 64").ok();
    store.perch("activate 2").ok();
    let said = store.perch("resize 2 300 --dry-run").ok();
    assert_eq!(
        said,
        "Would:\n  make the container of session 2 and its file system 300 MiB large\n  \
         record session 2 in the metadata\n"
    );
    assert_eq!(store.json()["sessions"]["2"]["size"], 64);
    // The one that boots next may grow.
    let said = store.perch("resize 2 300").ok();
    assert_eq!(said, "the container of session 2 has 300 MiB\n");
    resized(&store, "3 300MiB");
    let list = store.perch("list --json").json();
    for at in [1, 2] {
        assert_eq!(list[at]["total_size"], 300 << 20, "{list}");
    }
    assert_eq!(store.json()["sessions"]["2"]["size"], 300);
    assert_eq!(store.json()["sessions"]["3"]["size"], 300);
    let image = store.path("2/changes.img");
    assert_eq!((judged(&image), file_system(&image)), (Some(0), 300));
    let disk = store.path("disk");
    let main = store.path("3/changes.dat");
    let point = tempfile::tempdir().unwrap();
    let namespace = Namespace::new();
    let program = env!("CARGO_BIN_EXE_perch");
    namespace
        .run(program, &[&"dynfilefs", &"mount", &main, &point.path()])
        .ok();
    // Mounted where only the namespace sees it.
    let from = point.path().join("virtual.dat");
    namespace
        .run("cp", &[&"--sparse=always", &from, &disk])
        .ok();
    namespace
        .run(program, &[&"dynfilefs", &"umount", &point.path()])
        .ok();
    assert_eq!((judged(&disk), file_system(&disk)), (Some(0), 300));
}

#[test]
fn privileged_what_cannot_be_had_is_refused_and_nothing_is_touched() {
    let store = Store::with(&[1]);
    store.perch("create raw 64").ok();
    let before = fs::read(store.path("2/changes.img")).unwrap();
    for (args, status, code) in [
        ("1 100", 1, "mode"),
        ("7 100", 1, "not-found"),
        ("2 64", 1, "not-larger"),
        ("2 63", 1, "not-larger"),
        ("2 900000000", 1, "no-space"),
        ("2 0", 2, "bad-size"),
        ("2 -5", 2, "bad-size"),
        ("2 1.5G", 2, "bad-size"),
        ("./2 100", 2, "invalid-id"),
        ("2", 2, "usage"),
    ] {
        let said = store.perch(&format!("resize {args} --json"));
        assert_refused(&said, status, code);
        let dry = store.perch(&format!("resize {args} --dry-run --json"));
        assert_refused(&dry, status, code);
    }
    let said = store.perch("resize 2 63");
    assert!(said.err.contains("convert ID MODE --size MB"), "{said:?}");
    assert!(before == fs::read(store.path("2/changes.img")).unwrap());
    assert_eq!(store.json()["sessions"]["2"]["size"], 64);
}

#[test]
fn privileged_check_71_a_mounted_container_does_not_grow() {
    let store = Store::with(&[1]);
    store.perch("create raw 16").ok();
    let image = store.path("2/changes.img");
    let elsewhere = Elsewhere::mount(&image);
    assert_refused(&store.perch("resize 2 64 --json"), 1, "in-use");
    assert_eq!(fs::metadata(&image).unwrap().len(), 16 << 20);
    elsewhere.unmount();
    resized(&store, "2 64");
}

/// What a growth leaves that was killed between two of its steps: the next one goes on from there.
#[test]
fn privileged_a_growth_that_was_cut_off_goes_on() {
    let store = Store::with(&[1]);
    store.perch("create raw 64").ok();
    let image = store.path("2/changes.img");
    File::options()
        .write(true)
        .open(&image)
        .unwrap()
        .set_len(300 << 20)
        .unwrap();
    resized(&store, "2 300");
    assert_eq!((judged(&image), file_system(&image)), (Some(0), 300));
    // Metadata was not reached.
    let text = fs::read_to_string(store.path("session.json")).unwrap();
    store.write_json(&text.replace("300", "64"));
    fs::remove_file(store.path("session.conf")).unwrap();
    resized(&store, "2 300");
    assert_eq!(store.json()["sessions"]["2"]["size"], 300);
    assert_refused(&store.perch("resize 2 300 --json"), 1, "not-larger");
}

#[test]
fn privileged_e2fsck_has_the_last_word() {
    let store = Store::with(&[1]);
    store.perch("create raw 64").ok();
    let image = store.path("2/changes.img");
    let debugfs = Command::new("/sbin/debugfs")
        .args(["-w", "-R", "clri <2>"])
        .arg(&image)
        .output();
    assert!(debugfs.unwrap().status.success());
    assert_refused(&store.perch("resize 2 300 --json"), 1, "damaged");
    assert_eq!(fs::metadata(&image).unwrap().len(), 64 << 20);
    assert_eq!(store.json()["sessions"]["2"]["size"], 64);
}
