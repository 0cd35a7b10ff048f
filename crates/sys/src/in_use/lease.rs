//! Reads, watches and renews the lease of a file system on shared storage (`perch_core::lease`).
//!
//! A machine that watches has the file system mounted read-only, without replaying the journal, and its
//! caches know nothing of what the other machine writes. So the lease is one block that never moves: it
//! is made once, everything about it is forced out of the journal, and from then on it is overwritten
//! in place. Both sides pass by their caches (`O_DIRECT`). Hence no temporary file and no rename here:
//! the record fits into one sector instead.
//!
//! Two machines that start within the same watch can both find it free; that takes a lock in the
//! storage itself.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use perch_core::lease::{BLOCK, FILE, Lease, Look, judge};
use rustix::event::{Timespec, poll};
use rustix::fs::{FileType, OFlags, fstat, syncfs};
use rustix::io::{Errno, pread, pwrite};

use crate::dir::{self, DirError};
use crate::ioctl;
use crate::replace::{self, ReplaceError};

/// How often a watched block is read.
const LOOKS: Duration = Duration::from_millis(250);

/// Why a lease could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Its file could not be opened.
    #[error(transparent)]
    Open(#[from] DirError),
    /// Its name belongs to something else.
    #[error("{FILE} is no regular file of {BLOCK} bytes")]
    NotOurs,
    /// It could not be read past the caches.
    #[error("cannot read {FILE}")]
    Read(#[source] Errno),
    /// It could not be overwritten.
    #[error("cannot write {FILE}")]
    Write(#[source] Errno),
    /// It could not be made.
    #[error("cannot make {FILE}")]
    Make(#[from] ReplaceError),
    /// What was made could not be forced to its place on the disk.
    #[error("cannot force {FILE} to its place on the disk")]
    Settle(#[source] Errno),
}

impl LeaseError {
    /// Whether the file system has become read-only.
    pub fn is_read_only(&self) -> bool {
        let errno = match self {
            Self::Open(error) => error.errno(),
            Self::Write(error) | Self::Read(error) | Self::Settle(error) => Some(*error),
            Self::NotOurs | Self::Make(_) => None,
        };
        errno == Some(Errno::ROFS)
    }
}

/// Memory as a disk wants it for direct access (open(2), `O_DIRECT`).
#[repr(C, align(4096))]
struct Aligned([u8; BLOCK]);

/// Reads the lease of the file system whose root directory is `root`; `None` without one that counts.
pub fn read(root: impl AsFd) -> Result<Option<Lease>, LeaseError> {
    match open(root.as_fd(), OFlags::RDONLY) {
        Ok(file) => read_block(&file),
        Err(LeaseError::Open(error)) if error.errno() == Some(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Looks at the lease, and watches it as long as it takes to see whether its machine is alive; `boot` is
/// our own number. `announce` is called once, before the wait, with the lease and the longest time.
///
/// What is unclear at the end was left by a power cut.
pub fn watch(
    root: impl AsFd,
    boot: &str,
    announce: &mut dyn FnMut(&Lease, Duration),
) -> Result<Look, LeaseError> {
    let root = root.as_fd();
    let Some(first) = read(root)? else {
        return Ok(Look::Free);
    };
    let Look::Unclear(seen) = judge(None, Some(first.clone()), boot) else {
        return Ok(Look::Free);
    };
    let deadline = Instant::now() + first.patience();
    announce(&seen, first.patience());
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Look::Unclear(seen));
        }
        let pause = Timespec::try_from(left.min(LOOKS)).ok();
        // Interrupted or not, the next look tells.
        let _ = poll(&mut [], pause.as_ref());
        match judge(Some(&first), read(root)?, boot) {
            Look::Unclear(_) => {}
            known => return Ok(known),
        }
    }
}

/// Writes the first record of a lease; the file system whose root directory is `root` is writable. Where
/// there is no block for it yet, one is made that stays where it is.
pub fn begin(root: impl AsFd, lease: &Lease) -> Result<(), LeaseError> {
    let root = root.as_fd();
    match open(root, OFlags::RDWR) {
        Ok(_) => {}
        Err(LeaseError::NotOurs) => make(root, lease)?,
        Err(LeaseError::Open(error)) if error.errno() == Some(Errno::NOENT) => make(root, lease)?,
        Err(error) => return Err(error),
    }
    write(root, lease)
}

/// What came of a renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewal {
    /// It was renewed.
    Done,
    /// Another machine took it over, or its block is gone: it was left alone.
    Lost(Option<Lease>),
}

/// Writes the next record of our lease, if the block still holds ours.
pub fn renew(root: impl AsFd, next: &Lease) -> Result<Renewal, LeaseError> {
    let root = root.as_fd();
    match read(root)? {
        Some(found) if found.is_of(next) => write(root, next).map(|()| Renewal::Done),
        other => Ok(Renewal::Lost(other)),
    }
}

fn make(root: BorrowedFd<'_>, lease: &Lease) -> Result<(), LeaseError> {
    replace::replace_file(root, FILE, &lease.to_block(), 0o600)?;
    // A mount's own descriptor is only a path, see open(2), `O_PATH`.
    let root = dir::open_beneath(root, ".", OFlags::RDONLY | OFlags::DIRECTORY)?;
    syncfs(&root).map_err(LeaseError::Settle)?;
    // The name and the place of the block are in the journal now, which nobody else reads. Freezing
    // empties it; a file system that cannot be frozen has none.
    match ioctl::freeze(&root) {
        Ok(()) => ioctl::thaw(&root).map_err(LeaseError::Settle),
        Err(Errno::OPNOTSUPP | Errno::NOTTY | Errno::INVAL) => Ok(()),
        Err(source) => Err(LeaseError::Settle(source)),
    }
}

fn open(root: BorrowedFd<'_>, access: OFlags) -> Result<OwnedFd, LeaseError> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::DIRECT | OFlags::DSYNC;
    let file = dir::open_beneath(root, FILE, access | flags)?;
    let stat = fstat(&file).map_err(LeaseError::Read)?;
    let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    if !regular || u64::try_from(stat.st_size) != Ok(BLOCK as u64) {
        return Err(LeaseError::NotOurs);
    }
    Ok(file)
}

fn read_block(file: &OwnedFd) -> Result<Option<Lease>, LeaseError> {
    let mut block = Aligned([0; BLOCK]);
    let read = pread(file, &mut block.0, 0).map_err(LeaseError::Read)?;
    Ok(block.0.get(..read).and_then(Lease::parse))
}

fn write(root: BorrowedFd<'_>, lease: &Lease) -> Result<(), LeaseError> {
    let file = open(root, OFlags::RDWR)?;
    let block = Aligned(lease.to_block());
    match pwrite(&file, &block.0, 0) {
        Ok(BLOCK) => Ok(()),
        Ok(_) => Err(LeaseError::Write(Errno::IO)),
        Err(source) => Err(LeaseError::Write(source)),
    }
}

#[cfg(test)]
mod tests;
