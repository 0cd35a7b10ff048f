//! Finds out whether a session is really in use, and by whom; takes the lock that says so to others.
//!
//! Three kinds of use are looked for: a process on this machine that holds the lock of the session's
//! directory, the session being mounted on this machine ([`mounted`]), and on shared storage another
//! machine that renews its lease of the file system ([`lease`]). A file that somebody forgot is none of
//! them, so nothing that a power cut leaves behind counts. What follows from it is decided in
//! `perch_core::decide`.

pub mod lease;
pub mod mounted;
pub mod open_files;
pub mod running;

use std::os::fd::{AsFd, OwnedFd};

use perch_core::in_use::InUse;
use rustix::fs::{FlockOperation, Stat, flock, major, minor};
use rustix::io::Errno;

/// The lock of a session's directory. It goes with this value, or with its process.
#[derive(Debug)]
pub struct Lock {
    dir: OwnedFd,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody has it.
    #[error("{0}")]
    Held(InUse),
    /// The file system has no locks, or the like.
    #[error("cannot lock the session's directory")]
    Failed(#[source] Errno),
}

impl Lock {
    /// Takes the lock of the directory that `session` is open on, without waiting. The programs that
    /// manage sessions take the same one. flock(2).
    pub fn take(session: OwnedFd) -> Result<Self, LockError> {
        Self::take_as(session, FlockOperation::NonBlockingLockExclusive)
    }

    /// Takes it together with all others who only read, without waiting.
    pub fn share(session: OwnedFd) -> Result<Self, LockError> {
        Self::take_as(session, FlockOperation::NonBlockingLockShared)
    }

    fn take_as(session: OwnedFd, operation: FlockOperation) -> Result<Self, LockError> {
        match flock(&session, operation) {
            Ok(()) => Ok(Self { dir: session }),
            Err(Errno::WOULDBLOCK) => Err(LockError::Held(holder(&session))),
            Err(source) => Err(LockError::Failed(source)),
        }
    }

    /// The directory that is locked.
    pub fn dir(&self) -> &OwnedFd {
        &self.dir
    }
}

/// Who holds a lock on what `file` is open on. The kernel names the process that took it, which may have
/// handed its descriptor to another one and ended.
fn holder(file: impl AsFd) -> InUse {
    let found = open_files::lock_holder(file);
    InUse::Lock {
        pid: found.as_ref().map(|found| found.pid),
        program: found.and_then(|found| found.program),
    }
}

/// The process that holds a lock, from `/proc/locks`: `1: FLOCK  ADVISORY  WRITE 77 08:01:131 0 EOF`.
/// proc_locks(5).
fn in_table(locks: &str, stat: &Stat) -> Option<u32> {
    let device = format!("{:02x}:{:02x}", major(stat.st_dev), minor(stat.st_dev));
    let holders = || {
        locks.lines().filter_map(|line| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            // A line with an arrow is of one who waits.
            let ["FLOCK", _, _, pid, file, ..] = words.get(1..)? else {
                return None;
            };
            let (device, inode) = file.rsplit_once(':')?;
            let pid: i64 = pid.parse().ok()?;
            (inode.parse() == Ok(stat.st_ino)).then_some((device, u32::try_from(pid).ok()))
        })
    };
    // stat(2) gives another device than this table on Btrfs, which has one per subvolume.
    holders()
        .find(|(on, _)| *on == device)
        .or_else(|| holders().next())
        .and_then(|(_, pid)| pid.filter(|pid| *pid > 0))
}

#[cfg(test)]
mod tests;
