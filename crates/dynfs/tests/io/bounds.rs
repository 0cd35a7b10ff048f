//! A large disk costs no more memory and no more reading than what is used of it.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use dynfilefs::container::{Access, Container, create};
use dynfilefs::files::Files;
use dynfilefs::geometry::{DEFAULT_SPLIT, MIB};
use dynfilefs::store::{FileName, Store};
use rustix::fs::{CWD, Mode, OFlags, openat};

use super::steady::{live, peak};

/// Files in a directory, and how much was read of them.
struct Counted {
    files: Files,
    bytes: AtomicU64,
}

impl Store for Counted {
    fn len(&self, file: FileName) -> io::Result<Option<u64>> {
        self.files.len(file)
    }
    fn read_at(&self, file: FileName, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.files.read_at(file, bytes, offset)
    }
    fn write_at(&self, file: FileName, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.files.write_at(file, bytes, offset)
    }
    fn create(&self, file: FileName) -> io::Result<()> {
        self.files.create(file)
    }
    fn set_len(&self, file: FileName, len: u64) -> io::Result<()> {
        self.files.set_len(file, len)
    }
    fn reserve(&self, _: FileName, _: u64, _: u64) -> io::Result<()> {
        // 16 MiB for each part would be much for the test.
        Err(io::ErrorKind::Unsupported.into())
    }
    fn punch(&self, file: FileName, offset: u64, len: u64) -> io::Result<()> {
        self.files.punch(file, offset, len)
    }
    fn sync(&self, _: FileName) -> io::Result<()> {
        Ok(())
    }
    fn rename(&self, from: FileName, to: FileName) -> io::Result<()> {
        self.files.rename(from, to)
    }
    fn sync_names(&self) -> io::Result<()> {
        self.files.sync_names()
    }
    fn max_len(&self) -> Option<u64> {
        self.files.max_len()
    }
    fn data(&self, file: FileName, offset: u64) -> io::Result<Option<Range<u64>>> {
        self.files.data(file, offset)
    }
}

/// A tebibyte: 263 parts with indexes of 8 MB each, of which nearly nothing is used.
#[test]
fn a_tebibyte_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = openat(CWD, dir.path(), flags, Mode::empty()).unwrap();
        Counted {
            files: Files::new(fd, "changes.dat", Access::Write).unwrap(),
            bytes: AtomicU64::new(0),
        }
    };
    let size = 1 << 40;
    create(&open(), DEFAULT_SPLIT, size).unwrap();
    let container = Container::open(open(), Access::Write).unwrap();
    let read = |from: u64| container.store().bytes.load(Ordering::Relaxed) - from;
    assert!(read(0) <= 265 * 4096, "{} bytes for opening", read(0));
    let before = read(0);
    let mut block = [0; 4096];
    for at in (0..size).step_by(DEFAULT_SPLIT as usize) {
        container.read(at, &mut block).unwrap();
        container.trim(at, DEFAULT_SPLIT.min(size - at)).unwrap();
    }
    assert_eq!(read(before), 0, "parts without data need no look");
    container.write(5 * DEFAULT_SPLIT, &[1; 512]).unwrap();
    container.flush().unwrap();
    assert!(
        read(before) < MIB,
        "{} bytes for a first write",
        read(before)
    );

    // A block in every page of the index of some parts, and never a flush; then all of them are read.
    let start = live();
    let pages = (0..6 * DEFAULT_SPLIT).step_by(2 << 20);
    for at in pages.clone() {
        container.write(at, &[1; 512]).unwrap();
    }
    assert!(container.used().bytes >= 12_000 * 4096);
    for at in pages {
        container.read(at, &mut block).unwrap();
        assert_eq!((block[0], block[511], block[512]), (1, 1, 0));
    }
    let used = peak() - start;
    assert!(used <= 16 << 20, "{used} bytes");
    container.trim(0, size).unwrap();
    assert!(peak() - start <= 16 << 20, "{} bytes", peak() - start);
    container.flush().unwrap();
    assert_eq!(container.used().bytes, 0);
}
