//! Which session runs, and who uses one: asked of the mount table and of locks, never of metadata alone.

use std::os::fd::OwnedFd;

use perch_core::in_use::InUse;
use perch_core::metadata::Assembled;
use perch_core::units::SessionId;
use perch_sys::container::is_file_of_one;
use perch_sys::dir;
use perch_sys::in_use::open_files::{self, User};
use perch_sys::in_use::running::runs_from;
use perch_sys::in_use::{Lock, LockError, mounted};
use perch_sys::layout::IMAGE;
use rustix::fs::{AtFlags, Stat, statat};

use crate::error::Error;
use crate::live::Live;
use crate::store::Store;

/// The session that this system runs from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Running {
    /// None of this store.
    No,
    /// This one.
    Session(SessionId),
    /// This one according to the boot, but its directory is not in the store.
    Missing(SessionId),
}

impl Running {
    /// Its number.
    pub fn id(self) -> Option<SessionId> {
        match self {
            Self::No => None,
            Self::Session(id) | Self::Missing(id) => Some(id),
        }
    }
}

/// Finds the session that this system runs from.
///
/// What its boot recorded counts if the mount table agrees. Another program than perch may have booted, whose
/// union does not tell where it lies: then what metadata says counts, if changes are kept anywhere.
pub(crate) fn running(store: &Store, live: &Live, assembled: &Assembled) -> Running {
    if !live.keeps_changes() {
        return Running::No;
    }
    let recorded = live.recorded.as_ref();
    let by_boot = recorded.map(|recorded| recorded.outcome.as_ref().and_then(|it| it.session));
    let Some(id) = by_boot.unwrap_or(assembled.metadata.running) else {
        return Running::No;
    };
    let Ok(session) = store.session(id) else {
        let ours = recorded.map(|recorded| live.layout.sessions(&recorded.facts));
        return match ours {
            Some(path) if path == store.path() => Running::Missing(id),
            _ => Running::No,
        };
    };
    let is_it = match recorded {
        Some(_) => runs_from(&session, &live.layout),
        None => live.union.is_some(),
    };
    match is_it {
        true => Running::Session(id),
        false => Running::No,
    }
}

/// What came of claiming a session: its lock, if there are locks, or who uses it.
pub type Claimed = Result<Result<Option<Lock>, InUse>, Error>;

/// Makes sure that nobody else uses a session, and keeps others from it while the returned lock is held. It is
/// `None` on a file system without locks.
///
/// # Errors
/// If there is no such session.
pub fn claim(store: &Store, id: SessionId) -> Claimed {
    let session = store.session(id)?;
    Ok(match mounted::find(&session) {
        Some(user) => Err(user),
        None => lock(session, open_files::of_files, Lock::take),
    })
}

/// As [`claim`], together with others who only read: who cannot write is in nobody's way.
///
/// # Errors
/// If there is no such session.
pub fn claim_to_read(store: &Store, id: SessionId) -> Claimed {
    let session = store.session(id)?;
    Ok(match mounted::find_writer(&session) {
        Some(user) => Err(user),
        None => lock(session, open_files::writers_of_files, Lock::share),
    })
}

fn lock(
    session: OwnedFd,
    users: fn(&[Stat]) -> Vec<User>,
    take: fn(OwnedFd) -> Result<Lock, LockError>,
) -> Result<Option<Lock>, InUse> {
    let files: Vec<Stat> = dir::list(&session)
        .unwrap_or_default()
        .into_iter()
        .filter(|entry| entry.name == IMAGE || is_file_of_one(&entry.name))
        .filter_map(|entry| statat(&session, &entry.name, AtFlags::SYMLINK_NOFOLLOW).ok())
        .collect();
    let user = match files.is_empty() {
        true => None,
        false => users(&files).into_iter().next(),
    };
    if let Some(user) = user {
        return Err(InUse::Lock {
            pid: Some(user.pid),
            program: user.program,
        });
    }
    match take(session) {
        Ok(lock) => Ok(Some(lock)),
        Err(LockError::Held(user)) => Err(user),
        Err(LockError::Failed(_)) => Ok(None),
    }
}
