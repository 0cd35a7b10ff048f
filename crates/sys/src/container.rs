//! Containers: a file on the medium with a file system in it, where the medium's own cannot hold a
//! session.
//!
//! [`Image`] is that file, opened once: what is checked is what is mounted. What it holds is told from its
//! superblock and nothing is ever formatted but a file that this boot made.
//! [`Expandable`] is a dynfilefs container, whose file a process of its own shows.
//! [`Snapshot`] is one that was cut off, to be read as it is.
//! [`probe`] finds out whether no container is needed. How large one becomes is decided elsewhere.

pub mod dynfilefs;
mod expandable;
pub(crate) mod ext4;
mod extend;
mod health;
mod image;
mod journal;
pub mod online;
pub mod probe;
pub(crate) mod progress;
mod raw;
mod snapshot;

use std::fs::File;
use std::io;

use perch_core::fs::FsKind;
use perch_core::units::Bytes;

use crate::dir::DirError;
use crate::loopdev::LoopError;
use crate::mount::MountError;
use crate::programs::ProgramError;
use dynfilefs::ServeError;
pub use expandable::{Expandable, is_file_of_one, remove};
pub use health::Health;
pub use image::{Image, Mounted};
pub use snapshot::Snapshot;

/// Makes an empty ext4 as sessions have it in the whole of `file`, which `name` stands for in messages. mke2fs(8).
pub fn format(file: File, name: &'static str) -> Result<(), ContainerError> {
    ext4::format(&Image::new(file, name))
}

/// Why a container could not be made, checked or opened.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// The file could not be opened; a link is not followed.
    #[error(transparent)]
    Open(#[from] DirError),
    /// Something else has the name of the file.
    #[error("{name} is no regular file")]
    NotAFile {
        /// That name.
        name: &'static str,
    },
    /// A new file could not be made, or not be given its name.
    #[error("cannot make {name}")]
    Make {
        /// Its name.
        name: &'static str,
        /// Why.
        source: io::Error,
    },
    /// There is no room for the file, or the file system cannot hold one as long.
    #[error("cannot make the file {} MiB long", .to.whole_mib().0)]
    Extend {
        /// The length that it was to get.
        to: Bytes,
        /// `ENOSPC` the medium is full, `EFBIG` the file is too long for its file system.
        source: io::Error,
    },
    /// The file could not be read, or not be forced to the medium.
    #[error("cannot {what} {name}")]
    Access {
        /// `read` or `sync`.
        what: &'static str,
        /// Its name.
        name: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A program could not be run.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// A program ended with a failure.
    #[error("{program} ended with {status}: {said}")]
    Failed {
        /// Its name.
        program: &'static str,
        /// Its exit status, or the signal that ended it.
        status: String,
        /// What it said, in one line.
        said: String,
    },
    /// It holds no file system, or none that is known: the superblock is damaged or was never there.
    #[error(
        "{name} holds no known file system, its superblock is damaged; try e2fsck on a copy of it from another system"
    )]
    NoFileSystem {
        /// Its name.
        name: &'static str,
    },
    /// It holds something that cannot be mounted.
    #[error("{name} holds {kind}: {why}")]
    Foreign {
        /// Its name.
        name: &'static str,
        /// What it holds.
        kind: FsKind,
        /// Why that cannot be mounted.
        why: &'static str,
    },
    /// The file ends before its file system does.
    #[error(
        "{name} was cut short: it has {length}, its file system {claims}; restore it from a copy"
    )]
    CutShort {
        /// Its name.
        name: &'static str,
        /// What the superblock lays claim to.
        claims: Bytes,
        /// The length of the file.
        length: Bytes,
    },
    /// e2fsck(8) found errors that it does not repair without being asked.
    #[error(
        "the file system has errors that need decisions ({status}); run e2fsck on {name} from another system: {said}"
    )]
    Errors {
        /// Its name.
        name: &'static str,
        /// The exit status of e2fsck.
        status: String,
        /// What it said, in one line.
        said: String,
    },
    /// Only ext2, ext3 and ext4 can grow before they are mounted.
    #[error("a {kind} file system in a container cannot grow at boot")]
    CannotGrow {
        /// What it holds.
        kind: FsKind,
    },
    /// A dynfilefs container cannot be served.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A dynfilefs container of before August 2023, which cannot be written.
    #[error("{said}; `perch dynfilefs import` on the running system makes a new one of it")]
    Legacy {
        /// What the server says.
        said: String,
    },
    /// A loop device.
    #[error(transparent)]
    Loop(#[from] LoopError),
    /// The mount.
    #[error(transparent)]
    Mount(#[from] MountError),
}

/// Why a container did not grow.
#[derive(Debug, thiserror::Error)]
pub enum GrowError {
    /// It is as it was and can be used.
    #[error(transparent)]
    AsItWas(ContainerError),
    /// Its file system is not in order, from before or by the attempt.
    #[error(transparent)]
    NotInOrder(ContainerError),
}
