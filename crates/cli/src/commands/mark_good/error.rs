//! Why a session could not be marked.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

use perch_core::record::NoFacts;
use perch_core::units::SessionId;
use perch_sys::dir::DirError;
use perch_sys::store::{LockError, WriteError};
use rustix::io::Errno;

/// Why a session could not be marked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MarkError {
    #[error("marking the running session needs root")]
    NeedsRoot,
    #[error("this system was not started by perch")]
    NotBooted,
    #[error("cannot read {}", .path.display())]
    Record { path: PathBuf, source: io::Error },
    #[error("cannot use {}", .path.display())]
    NoFacts { path: PathBuf, source: NoFacts },
    #[error("{} tells of session {id}, but this system does not run from it", .path.display())]
    Stale { id: SessionId, path: PathBuf },
    #[error("cannot read the sessions in {}", .path.display())]
    Store { path: PathBuf, source: DirError },
    #[error("there is no session {id} in {}", .path.display())]
    NoSession { id: SessionId, path: PathBuf },
    #[error("cannot lock the sessions in {}", .path.display())]
    Lock { path: PathBuf, source: LockError },
    #[error("cannot record it in {}", .path.display())]
    Write { path: PathBuf, source: WriteError },
}

impl MarkError {
    /// A stable word for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NeedsRoot => "no-root",
            Self::NotBooted => "not-booted",
            Self::Stale { .. } => "not-running",
            Self::NoSession { .. } => "not-found",
            Self::Lock {
                source: LockError::Held(_),
                ..
            } => "in-use",
            Self::Lock { source, .. } if is_read_only(source) => "read-only",
            Self::Write { source, .. } if is_read_only(source) => "read-only",
            Self::Record { .. }
            | Self::NoFacts { .. }
            | Self::Store { .. }
            | Self::Lock { .. }
            | Self::Write { .. } => "io",
        }
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        let hint = match self {
            Self::NeedsRoot => "start it with sudo",
            Self::NotBooted => {
                "for sessions of another system say where they are: --sessions-dir DIR SESSION"
            }
            Self::Record { .. } | Self::NoFacts { .. } => {
                "say which session and where it is: --sessions-dir DIR SESSION"
            }
            Self::Stale { .. } => {
                "run it outside of containers and other roots, in the system that was started"
            }
            Self::NoSession { .. } => "ls shows the numbers of those that are there",
            Self::Store { .. } => "check that the medium is there and mounted",
            Self::Lock { path, .. } | Self::Write { path, .. } if self.code() == "read-only" => {
                return format!(
                    "make its medium writable: mount -o remount,rw {}",
                    path.display()
                );
            }
            Self::Lock { .. } => "start again when it has ended",
            Self::Write { .. } => "check the medium: whether it is full, and the kernel's log",
        };
        hint.to_owned()
    }
}

/// Whether a read-only file system is the cause.
fn is_read_only(error: &(dyn StdError + 'static)) -> bool {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        let number = error.downcast_ref::<Errno>().copied();
        let wrapped = error.downcast_ref::<io::Error>();
        let wrapped = wrapped.and_then(Errno::from_io_error);
        if number.or(wrapped) == Some(Errno::ROFS) {
            return true;
        }
        next = error.source();
    }
    false
}
