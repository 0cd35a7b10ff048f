//! Why something was not done with a session: in words, with a code for programs and a next step for people.

mod form;
mod transfer;

use std::path::{Path, PathBuf};

use perch_core::manage::create::CannotCreate;
use perch_core::manage::label::BadLabel;
use perch_core::manage::permission::{Refusal, Verb};
use perch_core::quoted::Quoted;
use perch_core::session::UnknownWord;
use perch_core::units::{BadSessionId, SessionId};
use perch_sys::bundles::BundleError;
use perch_sys::container::ContainerError;
use perch_sys::container::probe::ProbeError;
use perch_sys::dir::DirError;
use perch_sys::mount::MountError;
use perch_sys::remove::RemoveError;
use perch_sys::replace::ReplaceError;
use perch_sys::store::{LockError, WriteError};
use rustix::io::Errno;

pub use form::FormError;
pub use transfer::TransferError;

use crate::commit::CommitError;
use crate::tree::TreeError;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A text that names no session.
    #[error(transparent)]
    InvalidId(#[from] BadSessionId),
    /// A word that names no mode.
    #[error("the mode {0}")]
    BadMode(#[from] UnknownWord),
    /// A size that is none.
    #[error("\"{}\" is not a size: give MiB as a number above 0", .0.escape_default())]
    BadSize(String),
    /// A name or note that cannot be kept.
    #[error(transparent)]
    Label(#[from] BadLabel),
    /// No place that was looked at holds sessions.
    #[error("no sessions are found: there is no {}", listed(.looked))]
    NoStore {
        /// The places.
        looked: Vec<PathBuf>,
    },
    /// The store could not be opened or read.
    #[error("cannot read the sessions in {}", .path.display())]
    Store {
        /// The store.
        path: PathBuf,
        /// Why.
        source: DirError,
    },
    /// What the kernel says of the store's file system could not be learnt.
    #[error("cannot tell which file system {} is on", .path.display())]
    Place {
        /// The store.
        path: PathBuf,
        /// Why.
        source: Errno,
    },
    /// Only root may.
    #[error("changing sessions needs root")]
    NeedsRoot,
    /// The store cannot be written.
    #[error("{} is on a file system that is read-only", .path.display())]
    ReadOnly {
        /// The store.
        path: PathBuf,
    },
    /// The lock of the store was not to be had.
    #[error("cannot lock the sessions in {}", .path.display())]
    Lock {
        /// The store.
        path: PathBuf,
        /// Why.
        source: LockError,
    },
    /// Metadata was not written; the files are as they were.
    #[error("cannot record it in {}", .path.display())]
    Write {
        /// The store.
        path: PathBuf,
        /// Why.
        source: WriteError,
    },
    /// There is none of that number.
    #[error("there is no session {id} in {}", .path.display())]
    NotFound {
        /// The number.
        id: SessionId,
        /// The store.
        path: PathBuf,
    },
    /// The matrix of permissions says no.
    #[error("cannot {verb} session {id}: {refusal}")]
    Refused {
        /// Its number.
        id: SessionId,
        /// What was to be done.
        verb: Verb,
        /// Why not.
        refusal: Refusal,
    },
    /// A new session cannot be had.
    #[error(transparent)]
    CannotCreate(#[from] CannotCreate),
    /// The file system turned out to lack what a native session needs.
    #[error("a native session cannot be kept here")]
    Probe(#[source] ProbeError),
    /// A container could not be made.
    #[error("cannot make the container")]
    Container(#[source] Box<ContainerError>),
    /// The server of a container did not end.
    #[error("the server of the container does not end")]
    StillServed,
    /// Every number is taken.
    #[error("every number for a session is taken")]
    NoNumber,
    /// A step with directories.
    #[error("cannot {what} in {}", .path.display())]
    Step {
        /// What was to be done.
        what: &'static str,
        /// The store.
        path: PathBuf,
        /// Why.
        source: Errno,
    },
    /// What is kept beside a session that is put away could not be written.
    #[error("cannot write to {}", .path.display())]
    Trash {
        /// The store.
        path: PathBuf,
        /// Why.
        source: ReplaceError,
    },
    /// Nothing in the trash has this name.
    #[error("there is no \"{}\" in the trash", .0.escape_default())]
    NotInTrash(String),
    /// A power cut left a directory under two names.
    #[error(
        "{name} and {other} are the same directory since a power cut: deleting one would destroy the other"
    )]
    TwoNames {
        /// What was to be deleted.
        name: String,
        /// Where it is found too, in the store.
        other: String,
    },
    /// Something is left of what was to be deleted.
    #[error("cannot delete all of it")]
    Remove(#[from] RemoveError),
    /// No module could be made.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// Bundles could not be looked at.
    #[error("cannot read the bundles in {}", .path.display())]
    Bundles {
        /// Where.
        path: PathBuf,
        /// Why.
        source: DirError,
    },
    /// There are none.
    #[error("there is no bundle in {}", .path.display())]
    NoBundles {
        /// Where.
        path: PathBuf,
    },
    /// One could not be mounted.
    #[error("the bundle {} cannot be used", Quoted(.name))]
    Bundle {
        /// Its path.
        name: String,
        /// Why.
        source: Box<BundleError>,
    },
    /// Only root may do that.
    #[error("{0} needs root")]
    NeedsRootTo(&'static str),
    /// Somebody wanted it to stop.
    #[error("stopped: everything is as it was")]
    Interrupted,
    /// The container of a session is not in order, or cannot be mounted.
    #[error("cannot open the container")]
    OpenContainer(#[source] Box<ContainerError>),
    /// The files of a session cannot be reached.
    #[error("cannot open the session's files")]
    OpenTree(#[source] DirError),
    /// Nothing could stand for the files of a session that has none.
    #[error("cannot make an empty directory in memory")]
    Empty(#[source] MountError),
    /// Files could not be read or written.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// What was written may not be on the medium.
    #[error("not everything is on the medium")]
    NotDurable(#[source] Errno),
    /// The file system in a container was not closed.
    #[error("the container was not closed in order: the kernel's log says why")]
    NotUnmounted,
    /// It does not get another form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Files did not get into an archive, or out of one.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The number that was chosen for a new session is not free.
    #[error("there is a session {id} already")]
    Taken {
        /// That number.
        id: SessionId,
    },
}

fn listed(paths: &[PathBuf]) -> String {
    let shown: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    shown.join(", no ")
}

impl Error {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidId(_) => "invalid-id",
            Self::BadMode(_) => "mode",
            Self::BadSize(_) => "bad-size",
            Self::Label(_) => "bad-name",
            Self::NoStore { .. } => "no-store",
            Self::NeedsRoot | Self::NeedsRootTo(_) => "no-root",
            Self::NoBundles { .. } => "no-bundles",
            Self::Commit(error) => error.code().unwrap_or_else(|| by_errno(cause(self))),
            Self::Bundle { .. } => "bundle",
            Self::ReadOnly { .. } => "read-only",
            Self::NotFound { .. } | Self::NotInTrash(_) => "not-found",
            Self::Refused { refusal, .. } => refusal.code(),
            Self::CannotCreate(error) => error.code(),
            Self::Transfer(error) => error.code(),
            Self::Taken { .. } => "exists",
            Self::Form(error) => error.code().unwrap_or_else(|| by_errno(cause(error))),
            Self::Probe(ProbeError::Lacks(_)) => "mode",
            Self::StillServed => "timeout",
            Self::TwoNames { .. } => "two-names",
            Self::NoNumber => "no-number",
            Self::Interrupted | Self::Remove(RemoveError::Stopped) => "interrupted",
            Self::OpenContainer(error) => match **error {
                ContainerError::NoFileSystem { .. }
                | ContainerError::CutShort { .. }
                | ContainerError::Errors { .. } => "damaged",
                _ => by_errno(cause(self)),
            },
            Self::Tree(error) => transfer::tree_code(error),
            Self::NotUnmounted => "io",
            Self::Lock {
                source: LockError::Held(_),
                ..
            } => "in-use",
            Self::Store { source, .. } => match source.errno() {
                Some(Errno::NOENT) => "no-store",
                errno => by_errno(errno),
            },
            error @ (Self::Place { .. }
            | Self::Lock { .. }
            | Self::Write { .. }
            | Self::Probe(_)
            | Self::Container(_)
            | Self::Step { .. }
            | Self::Trash { .. }
            | Self::OpenTree(_)
            | Self::Bundles { .. }
            | Self::Empty(_)
            | Self::NotDurable(_)
            | Self::Remove(_)) => by_errno(cause(error)),
        }
    }

    /// Whether the arguments alone show that it cannot be done.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::InvalidId(_) | Self::BadMode(_) | Self::BadSize(_) | Self::Label(_)
        )
    }

    /// What to do next; `None` where the message says it all.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::CannotCreate(error) => return Some(error.hint()),
            Self::Form(error) => return Some(error.hint()),
            Self::Transfer(error) => return error.hint(),
            Self::Taken { .. } => "leave the number out, or choose a free one",
            Self::Commit(error) => return error.hint(),
            Self::Refused { refusal, .. } => refusal.hint(),
            Self::NoStore { .. } => "say where the sessions are: --sessions-dir DIR",
            Self::NeedsRoot | Self::NeedsRootTo(_) => "start it with sudo",
            Self::NoBundles { .. } => "name the directory that holds the *.sb files",
            Self::Bundle { .. } => {
                "copy it again; perch diff --bundles takes any directory with the right ones"
            }
            Self::Bundles { .. } if self.code() == "no-root" => "start it with sudo",
            Self::Bundles { .. } => "check the directory and its medium",
            Self::NotFound { .. } | Self::InvalidId(_) => "list shows the numbers of all sessions",
            Self::NotInTrash(_) => "trash list shows what is in it",
            Self::TwoNames { .. } => {
                "copy what you need from it, then have the medium repaired while it is not mounted (fsck.fat, fsck.exfat)"
            }
            Self::ReadOnly { path } => return Some(writable(path)),
            Self::Lock { path, .. } | Self::Write { path, .. } if self.code() == "read-only" => {
                return Some(writable(path));
            }
            Self::Lock { .. } => "start again when it has ended",
            Self::Probe(_) => "choose the mode dynfilefs or raw",
            Self::StillServed => "do not remove the medium before that process has ended",
            Self::Remove(_) => "cleanup deletes what is left of it",
            Self::Store { .. } if self.code() == "no-root" => "start it with sudo",
            Self::Store { .. } => "check that the medium is there and mounted",
            Self::Write { .. }
            | Self::Container(_)
            | Self::Step { .. }
            | Self::Trash { .. }
            | Self::NotDurable(_)
            | Self::NotUnmounted
            | Self::Place { .. } => "check the medium: whether it is full, and the kernel's log",
            Self::OpenTree(_) if self.code() == "no-root" => "start it with sudo",
            Self::OpenTree(_) => "check that the medium is there and mounted",
            Self::Empty(_) => "start it with sudo, on Linux 5.12 or later",
            // They say what to do themselves.
            Self::OpenContainer(_) | Self::Tree(_) => return None,
            Self::BadMode(_)
            | Self::BadSize(_)
            | Self::Label(_)
            | Self::NoNumber
            | Self::Interrupted => return None,
        };
        Some(hint.to_owned())
    }
}

fn writable(path: &Path) -> String {
    let path = path.display();
    format!("make its medium writable: mount -o remount,rw {path}")
}

fn by_errno(errno: Option<Errno>) -> &'static str {
    match errno {
        Some(Errno::ROFS) => "read-only",
        Some(Errno::NOSPC | Errno::DQUOT) => "no-space",
        Some(Errno::ACCESS | Errno::PERM) => "no-root",
        _ => "io",
    }
}

/// The error number of the kernel that all follows from.
fn cause(error: &(dyn std::error::Error + 'static)) -> Option<Errno> {
    let mut next = Some(error);
    while let Some(error) = next {
        let number = error.downcast_ref::<Errno>().copied();
        let wrapped = error.downcast_ref::<std::io::Error>();
        let found = number.or_else(|| wrapped.and_then(Errno::from_io_error));
        if found.is_some() {
            return found;
        }
        next = error.source();
    }
    None
}
