//! What is done with a store, one step after the other, as data that can be shown before it is done.

use std::fmt;

use serde::Serialize;

use crate::quoted::Quoted;
use crate::session::Mode;
use crate::units::{Mib, SessionId};

/// One step. What comes before it is in place, durable and recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Makes a session beside the others, which gets its number when it is whole.
    MakeSession {
        /// That number.
        id: SessionId,
        /// Its mode.
        mode: Mode,
        /// The size of its container.
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<Mib>,
    },
    /// Writes what is known of a session into the store's metadata.
    Record {
        /// Its number.
        id: SessionId,
    },
    /// Has a session boot next.
    Activate {
        /// Its number.
        id: SessionId,
    },
    /// Gives a session another name or note.
    Rename {
        /// Its number.
        id: SessionId,
    },
    /// Moves a session to the trash of the store, with what metadata says of it.
    MoveToTrash {
        /// Its number.
        id: SessionId,
    },
    /// Deletes a session for good.
    Remove {
        /// Its number.
        id: SessionId,
    },
    /// Takes a session out of the store's metadata.
    Forget {
        /// Its number.
        id: SessionId,
    },
    /// Moves a session out of the trash.
    Restore {
        /// Its name in the trash.
        item: String,
        /// The number that it gets.
        id: SessionId,
    },
    /// Deletes something in the trash for good.
    EmptyTrash {
        /// Its name there.
        item: String,
    },
    /// Deletes what an interrupted program left behind and nobody can need.
    RemoveLeftover {
        /// Its name in the store.
        name: String,
    },
    /// Moves to the trash what an interrupted program left behind: it may be the only copy of a session.
    KeepLeftover {
        /// Its name in the store.
        name: String,
    },
    /// Makes the container of a session larger, and the file system in it.
    Grow {
        /// Its number.
        id: SessionId,
        /// How large both become.
        size: Mib,
    },
    /// Copies the files of a session into a new one.
    CopyFiles {
        /// The number of that session.
        from: SessionId,
        /// The number of the new one.
        id: SessionId,
    },
    /// Writes the files of a session to an archive.
    Export {
        /// Its number.
        id: SessionId,
        /// The path of the archive.
        path: String,
    },
    /// Unpacks an archive into a new session.
    Unpack {
        /// The path of the archive.
        path: String,
        /// The number of the new session.
        id: SessionId,
    },
    /// Makes an empty session in another form, beside the one that it is to be put in the place of.
    MakeForm {
        /// The number of that one.
        id: SessionId,
        /// Its mode.
        mode: Mode,
        /// The size of its container.
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<Mib>,
    },
    /// Copies all files of a session, and compares the copy with them.
    CopyContent {
        /// Its number.
        id: SessionId,
    },
    /// Puts what was made in the place of a session.
    PutInPlace {
        /// Its number.
        id: SessionId,
    },
    /// Moves the form that a session had to the trash.
    FormerToTrash {
        /// Its number.
        id: SessionId,
    },
    /// Deletes the form that a session had.
    RemoveFormer {
        /// Its number.
        id: SessionId,
    },
    /// Keeps what a session is as a snapshot.
    Snapshot {
        /// Its number.
        id: SessionId,
        /// The number of the snapshot.
        number: u32,
    },
    /// Copies a snapshot.
    CopySnapshot {
        /// The number of its session.
        id: SessionId,
        /// Its own number.
        number: u32,
    },
    /// Deletes a snapshot for good.
    RemoveSnapshot {
        /// The number of its session.
        id: SessionId,
        /// Its own number.
        number: u32,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MakeSession {
                id,
                mode,
                size: Some(size),
            } => write!(
                f,
                "make session {id}: a {mode} container of {size} with an ext4"
            ),
            Self::MakeSession { id, mode, .. } => write!(f, "make session {id}: {mode}"),
            Self::Record { id } => write!(f, "record session {id} in the metadata"),
            Self::Activate { id } => write!(f, "have session {id} boot next"),
            Self::Rename { id } => write!(f, "record the name and note of session {id}"),
            Self::MoveToTrash { id } => write!(f, "move session {id} to the trash"),
            Self::Remove { id } => write!(f, "delete session {id} for good"),
            Self::Forget { id } => write!(f, "take session {id} out of the metadata"),
            Self::Restore { item, id } => {
                write!(f, "move {} out of the trash, as session {id}", Quoted(item))
            }
            Self::EmptyTrash { item } => {
                write!(f, "delete {} in the trash for good", Quoted(item))
            }
            Self::RemoveLeftover { name } => write!(
                f,
                "delete {}, left behind by an interrupted program",
                Quoted(name)
            ),
            Self::KeepLeftover { name } => write!(
                f,
                "move {} to the trash: left behind by an interrupted program, it holds files",
                Quoted(name)
            ),
            Self::Grow { id, size } => write!(
                f,
                "make the container of session {id} and its file system {size} large"
            ),
            Self::CopyFiles { from, id } => {
                write!(f, "copy the files of session {from} to session {id}")
            }
            Self::Export { id, path } => {
                write!(f, "write the files of session {id} to {}", Quoted(path))
            }
            Self::Unpack { path, id } => write!(f, "unpack {} into session {id}", Quoted(path)),
            Self::MakeForm {
                id,
                mode,
                size: Some(size),
            } => write!(
                f,
                "make a {mode} container of {size} with an ext4, for session {id}"
            ),
            Self::MakeForm { id, mode, .. } => {
                write!(f, "make a {mode} directory for session {id}")
            }
            Self::CopyContent { id } => {
                write!(
                    f,
                    "copy what session {id} holds, and compare the copy with it"
                )
            }
            Self::PutInPlace { id } => write!(f, "put that in the place of session {id}"),
            Self::FormerToTrash { id } => {
                write!(f, "move the form that session {id} had to the trash")
            }
            Self::RemoveFormer { id } => {
                write!(f, "delete the form that session {id} had for good")
            }
            Self::Snapshot { id, number } => {
                write!(f, "keep what session {id} is now as its snapshot {number}")
            }
            Self::CopySnapshot { id, number } => {
                write!(f, "copy snapshot {number} of session {id}")
            }
            Self::RemoveSnapshot { id, number } => {
                write!(f, "delete snapshot {number} of session {id} for good")
            }
        }
    }
}
