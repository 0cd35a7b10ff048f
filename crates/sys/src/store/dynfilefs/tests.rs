use std::fs::{self, File};
use std::path::Path;

use super::*;

const MIB: u64 = 1 << 20;

fn header(split: u64, size: u64) -> Vec<u8> {
    Header::new(split * MIB, size * MIB)
        .unwrap()
        .to_bytes()
        .to_vec()
}

fn seen(dir: &Path) -> Option<Files> {
    let session = dir::open_dir(dir).unwrap();
    let entries = dir::list(&session).unwrap();
    look(&session, &entries)
}

/// A part of that split and length.
fn part(path: &Path, split: u64, len: u64) {
    fs::write(path, header(split, split)).unwrap();
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(len)
        .unwrap();
}

#[test]
fn size_and_space_are_told_by_the_files() {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    assert!(seen(dir.path()).is_none());
    fs::write(dir.path().join("changes.dat"), header(4000, 60_000)).unwrap();
    part(&dir.path().join("changes.dat.0"), 4000, 8_196_096);
    fs::write(dir.path().join("changes.dat.11"), vec![1; 3 * MIB as usize]).unwrap();
    fs::create_dir(dir.path().join("changes.dat.12")).unwrap();
    fs::write(dir.path().join("changes.data"), vec![1; 9 * MIB as usize]).unwrap();
    File::open(dir.path()).unwrap().sync_all().unwrap();
    let files = seen(dir.path()).unwrap();
    assert_eq!(files.disk, Some(Bytes(60_000 * MIB)));
    let taken = files.taken.0;
    assert!(
        (3 * MIB..4 * MIB).contains(&taken),
        "{taken} bytes: the index is a hole"
    );
    assert!(!files.unfinished);
}

#[test]
fn what_is_no_header_tells_no_size() {
    for (what, bytes) in [
        ("empty", vec![]),
        ("short", header(4, 8)[..100].to_vec()),
        ("noise", vec![0x5a; 4096]),
        ("version 3", b"DynfilefsFS 3.00".to_vec()),
        // One file that holds all: of 2023, and only to be imported.
        ("longer", [header(8, 8), vec![0; 9000]].concat()),
    ] {
        let dir = tempfile::tempdir_in("/var/tmp").unwrap();
        fs::write(dir.path().join("changes.dat"), bytes).unwrap();
        assert_eq!(seen(dir.path()).unwrap().disk, None, "{what}");
    }
}

/// Only where nothing of anybody's can be in the files they are what a cut has left.
#[test]
fn what_a_power_cut_left_of_a_new_container_is_told_from_a_damaged_one() {
    type Make = fn(&Path);
    let cases: [(&str, bool, Make); 9] = [
        ("parts only", true, |dir| {
            part(&dir.join("changes.dat.0"), 4000, 8_196_096);
            fs::write(dir.join("changes.dat.1"), "").unwrap();
        }),
        ("parts of another split", true, |dir| {
            part(&dir.join("changes.dat.0"), 4, 0x3000);
        }),
        ("formatted, without its name", true, |dir| {
            part(&dir.join("changes.dat.0"), 4, 0x5000);
            fs::write(dir.join("changes.dat.new"), header(4, 4)).unwrap();
        }),
        ("an empty main file", true, |dir| {
            fs::write(dir.join("changes.dat"), "").unwrap();
            part(&dir.join("changes.dat.0"), 4, 0x3000);
        }),
        ("an empty main file beside data", false, |dir| {
            fs::write(dir.join("changes.dat"), "").unwrap();
            part(&dir.join("changes.dat.0"), 4, 0x5000);
        }),
        ("the main file is lost", false, |dir| {
            part(&dir.join("changes.dat.0"), 4, 0x5000);
        }),
        ("padded parts with data", false, |dir| {
            part(&dir.join("changes.dat.00"), 4, 0x5000);
        }),
        ("something else besides", false, |dir| {
            part(&dir.join("changes.dat.0"), 4, 0x3000);
            fs::write(dir.join("notes"), "").unwrap();
        }),
        ("a whole one", false, |dir| {
            fs::write(dir.join("changes.dat"), header(4, 4)).unwrap();
            part(&dir.join("changes.dat.0"), 4, 0x3000);
        }),
    ];
    for (what, unfinished, make) in cases {
        let dir = tempfile::tempdir_in("/var/tmp").unwrap();
        make(dir.path());
        assert_eq!(seen(dir.path()).unwrap().unfinished, unfinished, "{what}");
    }
}
