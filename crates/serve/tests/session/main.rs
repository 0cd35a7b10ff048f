//! The steps of a boot about dynfilefs sessions, on this machine: real containers, real servers, real mounts.

#![allow(clippy::unwrap_used, reason = "a test")]

mod place;

use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Write};

use perch_core::decide::FailureKind;
use perch_core::ladder::Apply;
use perch_core::plan::Step;
use perch_core::serving::Record;
use perch_core::session::Mode;
use perch_core::units::{Mib, SessionId};
use perch_sys::apply::StepError;

use place::{Place, hashes, isolated};

const MODE: Mode = Mode::Dynfilefs;
const ID: SessionId = SessionId::FIRST;

fn opening() -> Step {
    Step::OpenContainer {
        id: ID,
        mode: MODE,
        cap: None,
    }
}

fn new_session(size: u64) -> Vec<Step> {
    let size = Mib(size);
    vec![
        Step::MakeSession { id: ID },
        Step::MakeContainer {
            id: ID,
            mode: MODE,
            size,
        },
        opening(),
        Step::MakeUpper,
    ]
}

fn check() -> Step {
    Step::CheckContainer { id: ID, mode: MODE }
}

#[test]
fn privileged_a_new_session_is_undone_without_a_trace() {
    for done in 1..=4 {
        isolated(|place| {
            let place = Place::new(place);
            let mut machine = place.machine();
            for step in new_session(64).iter().take(done) {
                machine.apply(step).unwrap();
            }
            machine.undo();
            let left = place.names("");
            assert!(left.is_empty(), "after {done} steps: {left:?}");
            assert!(!place.record().exists(), "after {done} steps");
        });
    }
}

#[test]
fn privileged_a_session_keeps_its_files_and_tells_who_serves_it() {
    isolated(|dir| {
        let place = Place::new(dir);
        let mut first = place.machine();
        for step in new_session(64) {
            first.apply(&step).unwrap();
        }
        assert_eq!(place.names("1"), ["changes.dat", "changes.dat.0"]);
        assert_eq!(place.length("1/changes.dat"), 4096);
        fs::write(first.layout.upper().join("kept"), "yes").unwrap();
        let record = place.left();
        let process = |file: &str| fs::read(format!("/proc/{}/{file}", record.pid)).unwrap();
        assert!(process("cmdline").starts_with(b"@dynfilefs\0"));
        let stat = String::from_utf8(process("stat")).unwrap();
        assert!(stat.contains(&format!(" {} ", record.start)), "{stat}");
        assert_eq!(record.session, ID);
        let backing = format!("/sys/block/loop{}/loop/dio", record.r#loop);
        assert_eq!(fs::read_to_string(backing).unwrap().trim(), "1");
        place.end(first);

        let mut second = place.machine();
        for step in [check(), opening(), Step::MakeUpper] {
            second.apply(&step).unwrap();
        }
        let kept = fs::read_to_string(second.layout.upper().join("kept"));
        assert_eq!(kept.unwrap(), "yes");
        // What failed later is undone, and the same session can be had again at once.
        second.undo();
        second.apply(&opening()).unwrap();
        assert!(second.layout.upper().join("kept").exists());
        second.undo();
        assert_eq!(place.names("1"), ["changes.dat", "changes.dat.0"]);
    });
}

/// The kernel does it where it may (`CAP_SYS_RESOURCE`), else resize2fs.
#[test]
fn privileged_a_session_grows_when_asked_and_keeps_what_is_in_it() {
    isolated(|dir| {
        let place = Place::new(dir);
        let mut first = place.machine();
        for step in new_session(64) {
            first.apply(&step).unwrap();
        }
        fs::write(first.layout.upper().join("kept"), vec![7; 20 << 20]).unwrap();
        place.end(first);
        let mut second = place.machine();
        let to = Mib(300);
        let grow = Step::GrowContainer {
            id: ID,
            mode: MODE,
            to,
        };
        for step in [check(), grow, opening(), Step::MakeUpper] {
            second.apply(&step).unwrap();
        }
        let kept = fs::read(second.layout.upper().join("kept")).unwrap();
        assert!(kept == vec![7; 20 << 20]);
        let total = place.inner_mib(&second);
        assert!((250..300).contains(&total), "{total} MiB");
        second.undo();
        let header = fs::read(place.session().join("changes.dat")).unwrap();
        assert_eq!(header[0x810..0x818], (300_u64 << 20).to_le_bytes());
    });
}

#[test]
fn privileged_what_cannot_be_opened_is_said_and_left_as_it_is() {
    type Damage = fn(&std::path::Path);
    let cases: [(&str, Damage, &str); 6] = [
        (
            "a part is gone",
            |session| fs::remove_file(session.join("changes.dat.0")).unwrap(),
            "part 0 of the container is missing",
        ),
        (
            "the main file is gone",
            |session| fs::remove_file(session.join("changes.dat")).unwrap(),
            "main file is missing",
        ),
        (
            "of 2023",
            |session| {
                let one = session.join("changes.dat.0");
                let mut bytes = fs::read(&one).unwrap();
                // One file that holds all.
                bytes[0x808..0x810].copy_from_slice(&(64_u64 << 20).to_le_bytes());
                fs::write(session.join("changes.dat"), bytes).unwrap();
                fs::remove_file(one).unwrap();
            },
            "perch dynfilefs import",
        ),
        (
            "a newer version",
            |session| {
                let main = session.join("changes.dat");
                let mut bytes = fs::read(&main).unwrap();
                bytes[0x800] = 0x91;
                fs::write(main, bytes).unwrap();
            },
            "version 401",
        ),
        (
            "a part of another container",
            |session| {
                let part = session.join("changes.dat.0");
                let mut bytes = fs::read(&part).unwrap();
                bytes[0x808..0x810].copy_from_slice(&(8000_u64 << 20).to_le_bytes());
                fs::write(part, bytes).unwrap();
            },
            "split",
        ),
        (
            "no file system in it",
            |session| {
                let part = session.join("changes.dat.0");
                let mut bytes = fs::read(&part).unwrap();
                bytes[4096..8192].fill(0);
                fs::write(part, bytes).unwrap();
            },
            "changes.dat holds no known file system",
        ),
    ];
    for (what, damage, words) in cases {
        isolated(|dir| {
            let place = Place::new(dir);
            let mut first = place.machine();
            for step in new_session(64).iter().take(2) {
                first.apply(step).unwrap();
            }
            place.end(first);
            damage(&place.session());
            let before = hashes(&place.session());
            let mut second = place.machine();
            let error = second.apply(&check()).unwrap_err();
            let said = perch_core::cause::Causes(&error).to_string();
            assert!(said.contains(words), "{what}: {said}");
            assert_eq!(second.kind(&error), FailureKind::Other, "{what}");
            second.undo();
            assert!(before == hashes(&place.session()), "{what}");
        });
    }
}

#[test]
fn privileged_a_container_in_use_is_not_opened_again() {
    isolated(|dir| {
        let place = Place::new(dir);
        let mut first = place.machine();
        for step in new_session(64) {
            first.apply(&step).unwrap();
        }
        let mut second = place.machine();
        let error = second.apply(&check()).unwrap_err();
        assert_eq!(second.kind(&error), FailureKind::InUse, "{error}");
        second.undo();
        first.undo();
    });
}

#[test]
fn privileged_a_medium_without_room_gets_nothing() {
    isolated(|dir| {
        let place = Place::on_tmpfs(dir, "128k");
        let mut machine = place.machine();
        let steps = new_session(1000);
        machine.apply(&steps[0]).unwrap();
        let error = machine.apply(&steps[1]).unwrap_err();
        assert!(matches!(error, StepError::Container(_)), "{error}");
        machine.undo();
        assert_eq!(place.names(""), [""; 0]);
    });
}

/// From a start of 100 MiB: filled, it grows several times without anybody who writes hearing of it, and at its limit
/// who writes hears that it is full. Where the kernel does not let us (`CAP_SYS_RESOURCE`), it stays as it is at once.
#[test]
fn privileged_a_session_grows_by_itself_up_to_its_cap() {
    isolated(|dir| {
        let place = Place::new(dir);
        let mut machine = place.machine();
        let cap = Mib(1500);
        for step in new_session(100) {
            let step = match step {
                Step::OpenContainer { id, mode, .. } => Step::OpenContainer {
                    id,
                    mode,
                    cap: Some(cap),
                },
                step => step,
            };
            machine.apply(&step).unwrap();
        }
        let held = rustix::thread::capabilities(None).unwrap().effective;
        let may_grow = held.contains(rustix::thread::CapabilitySet::SYS_RESOURCE);
        let file = fs::File::create(machine.layout.upper().join("filled")).unwrap();
        let (mut sizes, mut written) = (BTreeSet::new(), 0);
        let mib = vec![7; 1 << 20];
        let full = loop {
            let outcome = (&file).write_all(&mib).and_then(|()| match written % 4 {
                0 => file.sync_data(),
                _ => Ok(()),
            });
            if let Err(error) = outcome {
                break error;
            }
            written += 1;
            sizes.insert(place.promised());
            assert!(written < 1500, "it is never full");
        };
        assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
        if may_grow {
            assert!(written > 1350, "{written} MiB, {sizes:?}");
            assert!(sizes.len() >= 3, "{sizes:?}");
        }
        let most = if may_grow { cap.0 } else { 100 };
        assert_eq!(sizes.last(), Some(&most), "{sizes:?}");
        // What is there can be written, read and removed, and the server is alive.
        drop(file);
        fs::remove_file(machine.layout.upper().join("filled")).unwrap();
        fs::write(machine.layout.upper().join("kept"), "yes").unwrap();
        place.end(machine);
        let mut second = place.machine();
        for step in [check(), opening()] {
            second.apply(&step).unwrap();
        }
        let kept = fs::read_to_string(second.layout.upper().join("kept"));
        assert_eq!(kept.unwrap(), "yes");
        second.undo();
    });
}

impl Place {
    /// Size in MiB that the header tells.
    fn promised(&self) -> u64 {
        let header = fs::read(self.session().join("changes.dat")).unwrap();
        let size = header[0x810..0x818].try_into().unwrap();
        u64::from_le_bytes(size) >> 20
    }

    fn left(&self) -> Record {
        serde_json::from_slice(&fs::read(self.record()).unwrap()).unwrap()
    }
}
