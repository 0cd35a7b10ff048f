//! Why there is no archive, or nothing came out of one.

use std::io;
use std::path::PathBuf;

use perch_core::cause::Causes;
use rustix::io::Errno;

use super::header::HeaderError;
use super::pax::PaxError;
use super::place::Refusal;
use super::sparse::SparseError;
use crate::tree::error::Shown;
use crate::tree::{Action, TreeError};

/// Why there is no archive. Whatever had its name before is as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// It cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// There is a file of that name.
    #[error("{} is there already: choose another name, or ask for it to be replaced", .path.display())]
    Exists {
        /// The archive's path.
        path: PathBuf,
    },
    /// Someone else is writing it.
    #[error("{} is being written by another program: wait for it", .path.display())]
    Busy {
        /// The archive's path.
        path: PathBuf,
    },
    /// The path names no file.
    #[error("{} is no name for a file: name one in a directory that is there", .path.display())]
    NoName {
        /// That path.
        path: PathBuf,
    },
    /// Writing failed.
    #[error("cannot write {}: see whether its file system is writable and has room", .path.display())]
    Write {
        /// The archive's path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The archive is not what was written.
    #[error("what was written to {} does not read back: check the disk, then export again", .path.display())]
    Verify {
        /// The archive's path.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<ReadError>,
    },
}

/// Why nothing, or only a part, came out of an archive. The caller removes what did.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("cannot read the archive")]
    Read(#[source] io::Error),
    /// What comes out of it is no tar.
    #[error("the archive is damaged, or none: {what}; get another copy of it")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// No `metadata.json` where one should be.
    #[error("the archive has no metadata.json: it is not an exported session")]
    NoManifest,
    /// `metadata.json` cannot be used.
    #[error(transparent)]
    Manifest(#[from] super::manifest::ManifestError),
    /// A name that nobody packs who means well.
    #[error("the archive is refused: \"{}\" {why}", Shown(.path))]
    Name {
        /// The name in the archive.
        path: Vec<u8>,
        /// What is wrong with it.
        why: Refusal,
    },
    /// A member that leads through a link, or names a file twice.
    #[error("the archive is refused: {}", Causes(.0))]
    Hostile(#[source] TreeError),
    /// Something that no session has.
    #[error("the archive is refused: {} is of the unknown type {kind:?}", Shown(.path))]
    Type {
        /// The name in the archive.
        path: Vec<u8>,
        /// Its type in the header.
        kind: char,
    },
    /// More than was allowed.
    #[error("the archive is refused: it has more {what} than the limit of {limit}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
    },
    /// Not the files that the metadata tells of.
    #[error(
        "the archive is not complete, or was changed: its files are not those of its list; get another copy of it"
    )]
    List,
    /// The place cannot be written to.
    #[error(transparent)]
    Tree(TreeError),
    /// The one who watches wanted an end.
    #[error("stopped as asked for: nothing of it counts")]
    Stopped,
}

impl From<TreeError> for ReadError {
    fn from(error: TreeError) -> Self {
        let hostile = match &error {
            TreeError::Stopped => return Self::Stopped,
            TreeError::Exists { .. } => true,
            // A link in the way, a file in the way, a link to what never came, a name that is too long for this place.
            TreeError::Call { action, errno, .. } => {
                matches!(action, Action::Open | Action::Make)
                    && matches!(
                        *errno,
                        Errno::LOOP
                            | Errno::NOTDIR
                            | Errno::NOENT
                            | Errno::XDEV
                            | Errno::NAMETOOLONG
                    )
            }
            TreeError::Changed { .. } => false,
        };
        if hostile {
            Self::Hostile(error)
        } else {
            Self::Tree(error)
        }
    }
}

impl ReadError {
    pub(super) fn damaged(what: impl ToString) -> Self {
        Self::Damaged {
            what: what.to_string(),
        }
    }
}

impl From<HeaderError> for ReadError {
    fn from(error: HeaderError) -> Self {
        Self::damaged(error)
    }
}

impl From<PaxError> for ReadError {
    fn from(error: PaxError) -> Self {
        Self::damaged(error)
    }
}

impl From<SparseError> for ReadError {
    fn from(error: SparseError) -> Self {
        Self::damaged(error)
    }
}
