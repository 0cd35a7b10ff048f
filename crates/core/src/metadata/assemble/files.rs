//! What was found in a store, as data: the input of [`assemble`](super::assemble), written to the
//! boot's dump of facts so that its outcome can be replayed.

use serde::{Deserialize, Serialize};

use crate::units::{Bytes, SessionId};

/// What came of reading one file of the store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "found", rename_all = "kebab-case")]
pub enum FileRead {
    /// There is nothing under this name.
    #[default]
    Absent,
    /// It was read.
    Text {
        /// The whole content.
        text: String,
        /// Last change, in seconds since 1970.
        modified: i64,
    },
    /// It was left unread, being longer than any real one.
    TooLarge {
        /// Its length.
        bytes: u64,
    },
    /// The content is not UTF-8.
    NotText,
    /// The name belongs to a directory, a symlink, a device.
    NotAFile,
    /// The medium or the file system refused.
    Unreadable {
        /// The reason, as the kernel gives it.
        error: String,
    },
}

impl FileRead {
    /// Whether this is a text, and exactly this one.
    pub(super) fn is(&self, want: &str) -> bool {
        matches!(self, Self::Text { text, .. } if text == want)
    }
}

/// A directory of the store whose name is a session number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionDir {
    /// Its name.
    pub id: SessionId,
    /// Last change, in seconds since 1970.
    pub modified: i64,
    /// Apparent length of the regular file `changes.img` in it; absent where there is none.
    pub image: Option<Bytes>,
    /// What that file takes on the medium, in whole blocks; absent where there is none.
    pub allocated: Option<Bytes>,
    /// Size of the disk that the header `changes.dat` tells; absent where it tells none.
    pub disk: Option<Bytes>,
    /// What that file and those beside it (`changes.dat.0`, …) take on the medium, in whole blocks; absent where
    /// there is none of them.
    pub parts: Option<Bytes>,
    /// What lies directly in it.
    pub holds: Contents,
}

/// What lies directly in a session's directory, as far as it tells the mode and the union
/// (contract §1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contents {
    /// `changes.dat`, the header of a dynfilefs container, or one of its parts (`changes.dat.0`, …).
    pub changes_dat: bool,
    /// `changes.img`: a raw container.
    pub changes_img: bool,
    /// `changes/`: upper directory of overlayfs.
    pub changes_dir: bool,
    /// `workdir/`: work directory of overlayfs.
    pub workdir: bool,
    /// `.wh..wh.aufs`: left by aufs in its writable branch.
    pub aufs_marker: bool,
    /// Nothing at all, as the session manager creates native sessions.
    pub empty: bool,
}

/// All that was found in a store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StoreFiles {
    /// `session.json`.
    pub json: FileRead,
    /// `session.conf`.
    pub conf: FileRead,
    /// `session.json.bak`.
    pub backup: FileRead,
    /// `last_session.txt`.
    pub legacy: FileRead,
    /// The session directories that were looked into, in any order.
    pub dirs: Vec<SessionDir>,
    /// Those of which only the name is known, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<SessionId>,
}

impl StoreFiles {
    /// The number of every session directory, looked into or not.
    pub fn ids(&self) -> impl Iterator<Item = SessionId> {
        let seen = self.dirs.iter().map(|dir| dir.id);
        seen.chain(self.unseen.iter().copied())
    }

    /// Whether there is a directory of this number.
    pub fn has(&self, id: SessionId) -> bool {
        self.ids().any(|other| other == id)
    }
}
