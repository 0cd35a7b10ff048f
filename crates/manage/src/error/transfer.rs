//! Why files did not get into an archive, or out of one.

use std::io;
use std::path::PathBuf;

use perch_core::decide::fit::Misfit;
use perch_core::session::Mode;
use rustix::io::Errno;

use super::{Error, by_errno};
use crate::archive::{ReadError, WriteError};
use crate::tree::TreeError;

/// Why they did not.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// Only root sees all of a session.
    #[error("exporting sessions needs root: others do not see all of their files")]
    NeedsRoot,
    /// No archive was written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// An archive cannot be opened.
    #[error("cannot open the archive {}", .path.display())]
    Open {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nothing came out of an archive.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An archive is of another system.
    #[error("the session in the archive is of another system: {}", listed(.0))]
    Misfit(Vec<Misfit>),
    /// The medium cannot hold the mode of an archive.
    #[error("the archive has a {mode} session, and {fs_type} holds none")]
    Mode {
        /// The mode.
        mode: Mode,
        /// The file system.
        fs_type: String,
    },
}

fn listed(misfits: &[Misfit]) -> String {
    let shown: Vec<String> = misfits.iter().map(ToString::to_string).collect();
    shown.join("; ")
}

impl TransferError {
    /// A stable word for programs.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NeedsRoot => "no-root",
            Self::Write(error) => write_code(error),
            Self::Read(error) => read_code(error),
            Self::Misfit(_) => "incompatible",
            Self::Mode { .. } => "mode",
            Self::Open { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => "not-found",
                _ => by_errno(Errno::from_io_error(source)),
            },
        }
    }

    /// What to do next; `None` where the message says it all.
    pub(super) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NeedsRoot => "start it with sudo",
            Self::Open { .. } => "name an archive that export wrote",
            Self::Misfit(_) => {
                "import it all the same with --skip-compatibility-check; it may not start here"
            }
            Self::Mode { .. } => "import it with --auto-convert, or name a mode",
            Self::Write(_) | Self::Read(_) => return None,
        };
        Some(hint.to_owned())
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        TransferError::from(error).into()
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        TransferError::from(error).into()
    }
}

fn write_code(error: &WriteError) -> &'static str {
    match error {
        WriteError::Exists { .. } => "exists",
        WriteError::Tree(error) => tree_code(error),
        WriteError::Busy { .. } => "in-use",
        WriteError::NoName { .. } => "not-found",
        WriteError::Verify { .. } => "damaged",
        WriteError::Write { source, .. } => by_errno(Errno::from_io_error(source)),
    }
}

fn read_code(error: &ReadError) -> &'static str {
    use ReadError::{
        Damaged, Hostile, Limit, List, Manifest, Name, NoManifest, Read, Stopped, Tree,
    };
    match error {
        Read(error) => by_errno(Errno::from_io_error(error)),
        Tree(error) => tree_code(error),
        Damaged { .. } | NoManifest | Manifest(_) | List => "damaged",
        Name { .. } | Hostile(_) | ReadError::Type { .. } | Limit { .. } => "hostile",
        Stopped => "interrupted",
    }
}

/// Of files that could not be read or written.
pub(super) fn tree_code(error: &TreeError) -> &'static str {
    match error {
        TreeError::Stopped => "interrupted",
        TreeError::Changed { .. } => "in-use",
        error => by_errno(error.errno()),
    }
}
