//! Containers in real files, on real file systems, in programs that are really killed: checks 8, 12, 16, 17, 19, 20, 21.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests, which may do what the crate may not"
)]

mod child;
mod ext4;
mod sizes;

use std::path::Path;
use std::process::Command;

use dynfilefs::container::{Access, Container};
use dynfilefs::files::Files;

const MIB: u64 = 1 << 20;

fn files(dir: &Path, access: Access) -> Files {
    let dir = std::fs::File::open(dir).unwrap();
    Files::new(dir.into(), "changes.dat", access).unwrap()
}

/// The container below `dir`, which may fill its medium to the last block: the file systems here are smaller than what is
/// kept free otherwise.
fn open(dir: &Path) -> Container<Files> {
    let container = Container::open(files(dir, Access::Write), Access::Write).unwrap();
    container.set_reserve(0);
    container
}

/// A container of a disk of this many MiB.
fn create(dir: &Path, split: u64, size: u64) -> Container<Files> {
    let store = files(dir, Access::Write);
    dynfilefs::container::create(&store, split * MIB, size * MIB).unwrap();
    drop(store);
    open(dir)
}

fn read<S: dynfilefs::store::Store>(container: &Container<S>, offset: u64, len: u64) -> Vec<u8> {
    let mut bytes = vec![0xee; usize::try_from(len).unwrap()];
    container.read(offset, &mut bytes).unwrap();
    bytes
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// Whether a program is there; says so if it is not.
fn has(program: &str) -> bool {
    let found = Command::new(program).arg("-V").output().is_ok();
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}
