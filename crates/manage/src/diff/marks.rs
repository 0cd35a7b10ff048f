//! How a union marks what it hides, in a session and in bundles alike.

use std::os::fd::BorrowedFd;

use perch_core::aufs::MARKS;
use rustix::fs::{AtFlags, statat};
use rustix::io::Errno;

use crate::archive::Layout;
use crate::tree::{Attributes, Entry, Kind};

/// What aufs puts before the name of a deleted file.
const WHITEOUT: &[u8] = b".wh.";
/// The file by which aufs marks an opaque directory.
const OPAQUE: &[u8] = b".wh..wh..opq";

/// The marks of one union.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// Devices 0/0 and extended attributes.
    Overlayfs,
    /// Names that begin with `.wh.`.
    Aufs,
}

/// What an entry of a session is.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning {
    /// What it looks like.
    Itself,
    /// The mark of a deletion: of the entry with this name in the same directory.
    Deletes(Vec<u8>),
    /// The mark that its directory hides everything below.
    Opaque,
    /// The union's own; what lies in it too.
    Internal,
}

impl Marks {
    /// Of a session with this layout.
    pub fn of(layout: Layout) -> Self {
        match layout {
            Layout::Overlayfs => Self::Overlayfs,
            // What no union is known of is a plain tree, or was written by aufs.
            Layout::Aufs | Layout::Flat => Self::Aufs,
        }
    }

    /// What an entry with this name, in the root or not, is.
    pub fn meaning(self, entry: &Entry, name: &[u8], in_root: bool) -> Meaning {
        match self {
            Self::Overlayfs if is_whiteout(entry) => Meaning::Deletes(name.to_vec()),
            Self::Overlayfs => Meaning::Itself,
            Self::Aufs if name == OPAQUE => Meaning::Opaque,
            Self::Aufs => match name.strip_prefix(WHITEOUT) {
                None | Some(b"") => Meaning::Itself,
                Some(_) if in_root && is_own(name) => Meaning::Internal,
                Some(rest) if rest.starts_with(WHITEOUT) => Meaning::Internal,
                Some(rest) => Meaning::Deletes(rest.to_vec()),
            },
        }
    }

    /// Whether the directory `dir`, which has these attributes, hides everything below.
    pub fn is_opaque(self, dir: BorrowedFd<'_>, attributes: &Attributes) -> Result<bool, Errno> {
        match self {
            Self::Overlayfs => Ok(attributes.xattr(b"trusted.overlay.opaque") == Some(b"y")),
            Self::Aufs => exists(dir, OPAQUE),
        }
    }

    /// Whether a mark in the directory `dir` of a layer deletes `name`, besides one that is there under that name.
    pub fn deletes(self, dir: BorrowedFd<'_>, name: &[u8]) -> Result<bool, Errno> {
        match self {
            Self::Overlayfs => Ok(false),
            Self::Aufs => exists(dir, &[WHITEOUT, name].concat()),
        }
    }

    /// Whether what is there under a name is a mark.
    pub fn is_mark(self, entry: &Entry) -> bool {
        self == Self::Overlayfs && is_whiteout(entry)
    }

    /// The name of the mark that deletes `name`.
    pub fn deletion_of(self, name: &[u8]) -> Vec<u8> {
        match self {
            Self::Overlayfs => name.to_vec(),
            Self::Aufs => [WHITEOUT, name].concat(),
        }
    }
}

/// A device 0/0, or since Linux 6.7 an empty file with an attribute.
fn is_whiteout(entry: &Entry) -> bool {
    entry.kind == Kind::WHITEOUT
        || entry.kind == Kind::File { size: 0 }
            && entry
                .attributes
                .xattr(b"trusted.overlay.whiteout")
                .is_some()
}

fn is_own(name: &[u8]) -> bool {
    MARKS.iter().any(|mark| mark.name.as_bytes() == name)
}

fn exists(dir: BorrowedFd<'_>, name: &[u8]) -> Result<bool, Errno> {
    match statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT | Errno::NAMETOOLONG) => Ok(false),
        Err(error) => Err(error),
    }
}
