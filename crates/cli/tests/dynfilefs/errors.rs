//! Whatever is refused changes nothing.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, symlink};

use crate::damage::{damaged, write_single};
use crate::perch::Place;

const COMMANDS: [&str; 8] = [
    "dynfilefs info",
    "dynfilefs check",
    "dynfilefs repair --yes",
    "dynfilefs compact",
    "dynfilefs compact --drop-zeros",
    "dynfilefs create --size 10",
    "dynfilefs create --size 20 --split 4",
    "dynfilefs import old.dat",
];

/// A container that cannot be used, made of a good one; the code that writing to it is refused with.
type Case = (&'static str, fn(&Place), &'static str);

const CASES: [Case; 9] = [
    (
        "the main file is empty",
        |place| drop(File::create(place.path("changes.dat")).unwrap()),
        "not-a-container",
    ),
    (
        "the main file is short",
        |place| {
            let main = OpenOptions::new()
                .write(true)
                .open(place.path("changes.dat"));
            main.unwrap().set_len(4095).unwrap();
        },
        "not-a-container",
    ),
    (
        "another version",
        |place| {
            let main = OpenOptions::new()
                .write(true)
                .open(place.path("changes.dat"));
            main.unwrap().write_all_at(&[2], 0x801).unwrap();
        },
        "not-a-container",
    ),
    (
        "the main file is missing",
        |place| {
            fs::remove_file(place.path("changes.dat")).unwrap();
            let part = OpenOptions::new()
                .write(true)
                .open(place.path("changes.dat.1"));
            part.unwrap().set_len(0x5000).unwrap();
        },
        "part-missing",
    ),
    (
        "a part is missing",
        |place| fs::remove_file(place.path("changes.dat.1")).unwrap(),
        "part-missing",
    ),
    (
        "a part is short",
        |place| {
            let part = OpenOptions::new()
                .write(true)
                .open(place.path("changes.dat.1"));
            part.unwrap().set_len(0x2fff).unwrap();
        },
        "damaged",
    ),
    (
        "a part of another container",
        |place| {
            let part = OpenOptions::new()
                .write(true)
                .open(place.path("changes.dat.1"));
            part.unwrap()
                .write_all_at(&(8_u64 << 20).to_le_bytes(), 0x808)
                .unwrap();
        },
        "damaged",
    ),
    (
        "the main file is a link",
        |place| {
            fs::rename(place.path("changes.dat"), place.path("aside")).unwrap();
            symlink("aside", place.path("changes.dat")).unwrap();
        },
        "is-a-link",
    ),
    (
        "an older dynfilefs wrote it",
        |place| {
            for name in place.names() {
                if name.starts_with("changes.dat") {
                    fs::remove_file(place.path(&name)).unwrap();
                }
            }
            write_single(&place.path("changes.dat"), 6 << 20, &[(3, 7)]);
        },
        "old-format",
    ),
];

#[test]
fn what_cannot_be_used_is_refused_and_left_as_it_was() {
    for (what, spoil, code) in CASES {
        for command in COMMANDS {
            let place = Place::with_container();
            write_single(&place.path("old.dat"), 6 << 20, &[(3, 7)]);
            spoil(&place);
            let before = place.files();
            let said = place.perch(&format!("{command} --json changes.dat"));
            let reads = command.ends_with("info") || command.ends_with("check");
            let may_do = reads && ["a part is missing", "an older dynfilefs wrote it"].contains(&what)
                // Nothing in it is wrong, and nothing is written.
                || command.contains("repair") && code == "old-format"
                // That is what dynfilefs itself leaves behind a power cut.
                || command.contains("create") && what == "the main file is empty";
            if may_do {
                continue;
            }
            assert_eq!(said.status, 1, "{what}: {command}: {said:?}");
            assert!(
                said.err.starts_with("error: "),
                "{what}: {command}: {said:?}"
            );
            if command.contains("compact") {
                assert_eq!(said.json()["code"], code, "{what}: {said:?}");
            }
            assert!(
                place.files() == before,
                "{what}: {command} changed something"
            );
        }
    }
}

#[test]
fn nothing_is_changed_by_looking() {
    let place = damaged();
    let before = place.files();
    for args in [
        "info",
        "info --parts",
        "check",
        "repair --dry-run",
        "repair",
        "compact --dry-run",
        "create --dry-run --size 5",
    ] {
        place.perch(&format!("dynfilefs {args} changes.dat"));
        assert!(place.files() == before, "{args}");
    }
}

#[test]
fn a_container_in_use_is_refused_and_its_user_named() {
    let place = Place::with_container();
    let part = File::open(place.path("changes.dat.1")).unwrap();
    part.lock().unwrap();
    let pid = std::process::id();
    for command in ["check", "repair --yes", "compact"] {
        let said = place.perch(&format!("dynfilefs {command} --json changes.dat"));
        assert_eq!(said.status, 1, "{command}: {said:?}");
        let json = said.json();
        assert_eq!(json["code"], "in-use", "{command}: {json}");
        assert_eq!(json["in_use"]["pid"], pid, "{command}: {json}");
    }
    // What the header says is told all the same.
    let info = place.perch("dynfilefs info --json changes.dat");
    assert_eq!(info.status, 0, "{info:?}");
    assert_eq!(info.json()["size"], 10 << 20);
    assert_eq!(info.json()["in_use"]["pid"], pid);
}

/// As the existing dynfilefs: nothing but an open file tells.
#[test]
fn a_program_that_takes_no_lock_is_noticed_too() {
    let place = Place::with_container();
    let open = File::open(place.path("changes.dat.1")).unwrap();
    let said = place.perch("dynfilefs compact --json changes.dat");
    assert_eq!(said.json()["in_use"]["pid"], std::process::id(), "{said:?}");
    drop(open);
    place.perch("dynfilefs compact changes.dat").ok();
}

/// A failed creation leaves no parts behind, whose names would be in the way of the next.
#[test]
fn a_creation_that_fails_leaves_nothing() {
    let place = Place::new();
    File::create(place.path("changes.dat.2"))
        .unwrap()
        .set_len(1 << 20)
        .unwrap();
    let before = place.files();
    let said = place.perch("dynfilefs create --size 10 --split 4 changes.dat");
    assert_eq!(said.status, 1, "{said:?}");
    assert!(place.files() == before, "{:?}", place.names());
}
