//! How much a directory and all below it hold, and what that takes on the file system.
//!
//! A walk through a full session takes minutes on a slow stick: who starts one can stop it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::num::NonZero;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use perch_core::units::Bytes;
use rustix::fs::{AtFlags, Dir, FileType, OFlags, Stat, statat};

use crate::dir;

/// Directories deeper than that are a trap rather than a session; each holds a descriptor.
const DEEPEST: usize = 200;
/// How many files with several names are remembered, so that each counts once.
const MOST_LINKED: usize = 200_000;
/// How many walks at once: a disk has no use for more, and together they stay below the usual limit of descriptors.
const WALKERS: usize = 4;

/// What a directory and all below it amount to. A file with several names counts once, no link is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The lengths of all files, holes included. What is no file has none.
    pub apparent: Bytes,
    /// What everything takes on the file system: blocks, so that holes count for nothing.
    pub allocated: Bytes,
}

/// The sum over the directory `name` in `parent`. `None` if it cannot be told, or when `stop` is set.
pub fn of(parent: BorrowedFd<'_>, name: &str, stop: &AtomicBool) -> Option<Usage> {
    let mut sum = Sum::default();
    let look = |dir: BorrowedFd<'_>, name: &Path| statat(dir, name, AtFlags::SYMLINK_NOFOLLOW);
    let enter = |dir: BorrowedFd<'_>, name: &Path| {
        let fd = dir::open_beneath(dir, name, OFlags::RDONLY | OFlags::DIRECTORY).ok()?;
        Dir::new(fd).ok()
    };
    sum.add(&look(parent, Path::new(name)).ok()?);
    let mut open = vec![enter(parent, Path::new(name))?];
    while let Some(dir) = open.last_mut() {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        let Some(entry) = dir.read() else {
            open.pop();
            continue;
        };
        let entry = entry.ok()?;
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        let name = Path::new(OsStr::from_bytes(name));
        let here = dir.fd().ok()?;
        // Gone meanwhile.
        let Ok(stat) = look(here, name) else { continue };
        sum.add(&stat);
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            let below = enter(here, name)?;
            if open.len() == DEEPEST {
                return None;
            }
            open.push(below);
        }
    }
    Some(sum.found)
}

/// As [`of`], for several directories at once; in their order.
pub fn of_all(parent: BorrowedFd<'_>, names: &[String], stop: &AtomicBool) -> Vec<Option<Usage>> {
    let mut found = vec![None; names.len()];
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    let walk = |sender: mpsc::Sender<(usize, Option<Usage>)>| {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(name) = names.get(at) else { break };
            if sender.send((at, of(parent, name, stop))).is_err() {
                break;
            }
        }
    };
    thread::scope(|scope| {
        let (sender, results) = mpsc::channel();
        for _ in 1..processors.min(WALKERS).min(names.len()) {
            let sender = sender.clone();
            // Where no thread can be had, the others do the work.
            let _ = thread::Builder::new().spawn_scoped(scope, || walk(sender));
        }
        walk(sender);
        for (at, usage) in results {
            if let Some(slot) = found.get_mut(at) {
                *slot = usage;
            }
        }
    });
    found
}

struct Sum {
    found: Usage,
    linked: BTreeSet<(u64, u64)>,
}

impl Default for Sum {
    fn default() -> Self {
        let found = Usage {
            apparent: Bytes(0),
            allocated: Bytes(0),
        };
        let linked = BTreeSet::new();
        Self { found, linked }
    }
}

impl Sum {
    fn add(&mut self, stat: &Stat) {
        let kind = FileType::from_raw_mode(stat.st_mode);
        let several =
            stat.st_nlink > 1 && kind != FileType::Directory && self.linked.len() < MOST_LINKED;
        if several && !self.linked.insert((stat.st_dev, stat.st_ino)) {
            return;
        }
        let positive = |number: i64| u64::try_from(number).unwrap_or(0);
        // Always in units of 512 bytes, stat(3type).
        let allocated = positive(stat.st_blocks).saturating_mul(512);
        self.found.allocated.0 = self.found.allocated.0.saturating_add(allocated);
        if kind == FileType::RegularFile {
            let length = positive(stat.st_size);
            self.found.apparent.0 = self.found.apparent.0.saturating_add(length);
        }
    }
}

#[cfg(test)]
mod tests;
