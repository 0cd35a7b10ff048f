//! Containers of an older dynfilefs.

use std::process::Stdio;
use std::time::{Duration, Instant};

use dynfilefs::container::{Access, Container};
use dynfilefs::files::Files;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::{Pid, Signal, kill_process};

use crate::damage::write_single;
use crate::perch::{Place, Said, command};

/// All of a container's disk.
fn content(place: &Place, name: &str) -> Vec<u8> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = openat(CWD, place.dir.path(), flags, Mode::empty()).unwrap();
    let files = Files::new(dir, name, Access::Read).unwrap();
    let container = Container::open(files, Access::Read).unwrap();
    let mut bytes = vec![0; usize::try_from(container.size()).unwrap()];
    container.read(0, &mut bytes).unwrap();
    bytes
}

#[test]
fn an_old_container_is_copied_and_left_as_it_was() {
    let place = Place::new();
    write_single(
        &place.path("old.dat"),
        6 << 20,
        &[(0, 1), (700, 2), (1535, 3)],
    );
    let before = place.files();
    place
        .perch("dynfilefs import --dry-run --split 4 old.dat new.dat")
        .ok();
    assert!(place.files() == before);
    let said = place.perch("dynfilefs import --split 4 --json old.dat new.dat");
    assert_eq!(said.json()["data"], 3 * 4096, "{said:?}");
    assert_eq!(
        place.names(),
        ["new.dat", "new.dat.0", "new.dat.1", "old.dat"]
    );
    assert!(content(&place, "new.dat") == content(&place, "old.dat"));
    assert_eq!(content(&place, "new.dat")[700 << 12], 2);
    for (path, bytes) in before {
        assert!(std::fs::read(path).unwrap() == bytes);
    }
    place.perch("dynfilefs check new.dat").ok();
    let again = place.perch("dynfilefs import --json old.dat new.dat");
    assert_eq!(again.json()["code"], "exists");
}

#[test]
fn control_c_leaves_the_old_container_and_nothing_else() {
    let place = Place::new();
    // So much that it takes longer than a signal.
    let blocks: Vec<(u64, u8)> = (0..1 << 16).map(|block| (block, 1)).collect();
    write_single(&place.path("old.dat"), 1 << 28, &blocks);
    let mut perch = command(&["dynfilefs", "import", "--json", "old.dat", "new.dat"]);
    perch.current_dir(place.dir.path());
    let child = perch
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(120);
    while !place.path("new.dat.new").exists() {
        assert!(Instant::now() < end, "the copy does not begin");
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let said: Said = child.wait_with_output().unwrap().into();
    assert_eq!(said.status, 1, "{said:?}");
    assert_eq!(said.json()["code"], "interrupted");
    let names: Vec<_> = std::fs::read_dir(place.dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["old.dat"]);
}
