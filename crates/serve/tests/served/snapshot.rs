//! A file system that was cut off, read while its container stays as it is.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::path::Path;

use perch_core::units::Mib;
use perch_sys::container::{Image, Snapshot};
use perch_sys::dir;

use crate::machine::{Mounted, noise, path_of, server};

/// A raw container in `dir` as a power cut leaves it: a file is in its journal only.
fn cut(dir: &Path) -> Vec<u8> {
    let origin = tempfile::tempdir_in("/var/tmp").unwrap();
    let session = dir::open_dir(origin.path()).unwrap();
    let image = Image::make(session.as_fd(), Mib(64)).unwrap();
    drop(image);
    let file = origin.path().join("changes.img");
    let disk = File::options().read(true).write(true).open(&file).unwrap();
    let mounted = Mounted::new(&disk);
    let bytes = noise(7, 3 << 20);
    fs::create_dir(mounted.path("changes")).unwrap();
    fs::write(mounted.path("changes/kept"), &bytes).unwrap();
    mounted.sync();
    fs::rename(mounted.path("changes/kept"), mounted.path("changes/moved")).unwrap();
    let moved = File::open(mounted.path("changes/moved")).unwrap();
    moved.sync_all().unwrap();
    disk.sync_all().unwrap();
    fs::copy(&file, dir.join("changes.img")).unwrap();
    bytes
}

#[test]
fn privileged_a_journal_is_replayed_in_memory_only() {
    let place = tempfile::tempdir_in("/var/tmp").unwrap();
    let bytes = cut(place.path());
    let file = place.path().join("changes.img");
    let before = fs::read(&file).unwrap();
    let session = dir::open_dir(place.path()).unwrap();
    let image = Image::open_to_read(session.as_fd()).unwrap();
    assert!(!image.is_clean().unwrap(), "it was cut off");
    assert!(image.mount_to_read("changes.img").is_err());
    let snapshot = Snapshot::of(&server(), &image).unwrap();
    let mounted = snapshot.mount_to_read("changes.img").unwrap();
    let moved = path_of(mounted.mount.as_fd()).join("changes/moved");
    assert!(fs::read(&moved).unwrap() == bytes);
    assert!(fs::remove_file(&moved).is_err(), "it is read-only");
    drop(mounted.mount);
    mounted.device.detach().unwrap();
    assert!(snapshot.close());
    assert!(fs::read(&file).unwrap() == before, "nothing was written");
    // What the journal held is still to be replayed.
    assert!(!image.is_clean().unwrap());
}
