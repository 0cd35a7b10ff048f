//! Why a tree could not be read or written.

use std::fmt;

use perch_core::quoted::Quoted;
use rustix::io::Errno;

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Opening a file or directory that is there.
    Open,
    /// Reading the names in a directory.
    List,
    /// Reading content or attributes.
    Read,
    /// Making a new file, directory, link or device.
    Make,
    /// Writing content or attributes.
    Write,
    /// Having it on the disk.
    Sync,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::List => "list",
            Self::Read => "read",
            Self::Make => "make",
            Self::Write => "write",
            Self::Sync => "write out",
        }
    }
}

/// Why a tree could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// A call of the kernel failed.
    #[error("cannot {} {} ({errno}){}", .action.word(), Shown(.path), hint(*.errno))]
    Call {
        /// What was attempted.
        action: Action,
        /// On what, relative to the tree.
        path: Vec<u8>,
        /// Why it failed.
        errno: Errno,
    },
    /// What is to be made is there already; nothing is written over it.
    #[error("{} is there already: name it once only", Shown(.path))]
    Exists {
        /// The name that is taken.
        path: Vec<u8>,
    },
    /// A file became shorter, or something else, while it was read.
    #[error("{} changed while it was read: try again when nothing uses it", Shown(.path))]
    Changed {
        /// That file.
        path: Vec<u8>,
    },
    /// The one who watches wanted an end.
    #[error("stopped as asked for: nothing of it counts")]
    Stopped,
}

impl TreeError {
    /// For `map_err` on calls of the kernel.
    pub(crate) fn call(action: Action, path: &[u8]) -> impl FnOnce(Errno) -> Self {
        move |errno| match (action, errno) {
            (Action::Make, Errno::EXIST) => Self::Exists { path: path.into() },
            _ => Self::Call {
                action,
                path: path.into(),
                errno,
            },
        }
    }

    /// The kernel's error number; `None` where there is none.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Call { errno, .. } => Some(*errno),
            Self::Exists { .. } => Some(Errno::EXIST),
            Self::Changed { .. } | Self::Stopped => None,
        }
    }
}

/// What to do about the usual reasons.
fn hint(errno: Errno) -> &'static str {
    match errno {
        Errno::NOSPC | Errno::DQUOT => ": free some space and try again",
        Errno::ACCESS | Errno::PERM => ": try again as root",
        Errno::ROFS => ": mount its file system writable first",
        Errno::LOOP | Errno::NOTDIR => ": something else than a directory is in its path",
        Errno::IO => ": check the disk",
        _ => "",
    }
}

/// A path from a tree, fit for a message.
pub(crate) struct Shown<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("the tree's own directory"),
            path => Quoted(&String::from_utf8_lossy(path)).fmt(f),
        }
    }
}
