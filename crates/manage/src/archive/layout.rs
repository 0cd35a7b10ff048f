//! Where in a session its tree lies (contract §1.4).

use std::os::fd::{BorrowedFd, OwnedFd};

use perch_core::session::UnionKind;
use perch_sys::dir::{DirError, Made, make_dir, open_dir_beneath};
use rustix::io::Errno;

/// How a session's directory, or the file system in its container, is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// The tree is in `changes/`. What overlayfs works with is in `workdir/` beside it, and belongs to nobody.
    Overlayfs,
    /// The directory is the tree, with deletion marks called `.wh.*`.
    Aufs,
    /// The directory is the tree; which union wrote it is not known.
    Flat,
}

impl Layout {
    /// The upper directory of an overlay.
    const CHANGES: &str = "changes";

    /// The layout of a session that `union` wrote.
    pub fn of(union: UnionKind) -> Self {
        match union {
            UnionKind::Overlayfs => Self::Overlayfs,
            UnionKind::Aufs => Self::Aufs,
        }
    }

    /// The word in `metadata.json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Overlayfs => "overlayfs",
            Self::Aufs => "aufs",
            Self::Flat => "flat",
        }
    }

    /// The layout that `word` names; `None` for any other word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Overlayfs, Self::Aufs, Self::Flat]
            .into_iter()
            .find(|layout| layout.word() == word)
    }

    /// Opens the tree in `session`.
    pub fn open(self, session: BorrowedFd<'_>) -> Result<OwnedFd, DirError> {
        match self {
            Self::Overlayfs => open_dir_beneath(session, Self::CHANGES),
            Self::Aufs | Self::Flat => open_dir_beneath(session, "."),
        }
    }

    /// Opens an empty tree in the new directory `session`; a `changes/` that is there is no new one.
    pub fn make(self, session: BorrowedFd<'_>) -> Result<OwnedFd, DirError> {
        if self == Self::Overlayfs && make_dir(session, Self::CHANGES, 0o755)? == Made::Existed {
            return Err(DirError::Make {
                name: Self::CHANGES.into(),
                source: Errno::EXIST,
            });
        }
        self.open(session)
    }
}
