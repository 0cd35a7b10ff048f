//! Why no module was made.

use std::io;

use perch_core::quoted::{PathShown, Quoted};
use perch_sys::dir::DirError;
use perch_sys::loopdev::LoopError;
use perch_sys::mount::MountError;

use crate::archive::WriteError;
use crate::tree::TreeError;

/// Why no module was made. Whatever had its name before is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A path is not in the session.
    #[error("the session has nothing at /{}", PathShown(.path))]
    NotThere {
        /// That path.
        path: Vec<u8>,
    },
    /// Only part of it is in the session.
    #[error("the content of /{} is in a bundle: overlayfs noted only that it was renamed or its attributes changed", PathShown(.path))]
    Elsewhere {
        /// Its path.
        path: Vec<u8>,
    },
    /// mksquashfs is not installed.
    #[error("the program mksquashfs is missing")]
    NoProgram,
    /// It could not be run.
    #[error("cannot run mksquashfs")]
    Start(#[source] io::Error),
    /// It ended with an error.
    #[error("mksquashfs failed: {}", Quoted(.said))]
    Failed {
        /// What it said.
        said: String,
    },
    /// The session could not be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The finished module cannot be mounted.
    #[error("cannot mount the finished module to compare it")]
    Attach(#[source] LoopError),
    /// The finished module cannot be mounted.
    #[error("cannot mount the finished module to compare it")]
    Mount(#[source] MountError),
    /// The finished module cannot be read.
    #[error("cannot read the finished module")]
    Open(#[source] DirError),
    /// It does not hold what was chosen.
    #[error("the finished module differs from the session: {first}")]
    Differs {
        /// The first difference.
        first: String,
    },
}

impl CommitError {
    /// A stable word for programs; `None` where the kernel's error number tells.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::NotThere { .. } => Some("not-in-session"),
            Self::Elsewhere { .. } => Some("content-in-bundle"),
            Self::NoProgram => Some("program-missing"),
            Self::Failed { .. } => Some("program-failed"),
            Self::Differs { .. } => Some("module-differs"),
            Self::Tree(TreeError::Stopped) | Self::Write(WriteError::Tree(TreeError::Stopped)) => {
                Some("interrupted")
            }
            Self::Tree(TreeError::Changed { .. })
            | Self::Write(WriteError::Tree(TreeError::Changed { .. })) => Some("in-use"),
            Self::Write(WriteError::Exists { .. }) => Some("exists"),
            Self::Write(WriteError::Busy { .. }) => Some("in-use"),
            Self::Write(WriteError::NoName { .. }) => Some("bad-name"),
            _ => None,
        }
    }

    /// What to do next; `None` where the message says it all.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotThere { .. } => "perch diff shows what it has",
            Self::Elsewhere { .. } => {
                "copy it within the session, so that it is whole there: cp -a, then mv over it"
            }
            Self::NoProgram => "install it: apt-get install squashfs-tools",
            Self::Failed { .. } => "look whether its file system has room",
            Self::Differs { .. } => {
                "nothing was kept; try again when nothing writes to the session, and check the disk"
            }
            Self::Attach(_) | Self::Mount(_) => {
                "look whether the kernel has squashfs and loop devices"
            }
            Self::Write(WriteError::Exists { .. }) => "--force replaces it",
            Self::Start(_) | Self::Open(_) | Self::Tree(_) | Self::Write(_) => return None,
        };
        Some(hint.to_owned())
    }
}
