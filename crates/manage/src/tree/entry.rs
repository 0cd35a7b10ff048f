//! One object of a tree: what it is and all that belongs to it, beside the content of a file.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::Stat;

/// One file, directory, link or special file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is in the tree: names with `/` between them, neither `.` nor `..`; empty for the tree's own directory.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Permissions, owner, time and extended attributes. Of a hard link those of the file that it names.
    pub attributes: Attributes,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File {
        /// Its length in bytes, holes included.
        size: u64,
    },
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink {
        /// What it says, wherever that leads.
        target: Vec<u8>,
    },
    /// A further name of an entry that comes earlier in the tree and is no directory.
    HardLink {
        /// The path of that entry.
        to: Vec<u8>,
    },
    /// A named pipe.
    Fifo,
    /// A socket; of no use without the process that made it.
    Socket,
    /// A character device. 0/0 is how overlayfs marks a deleted file.
    Character(Device),
    /// A block device.
    Block(Device),
}

/// The number of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Which driver.
    pub major: u32,
    /// Which device of it.
    pub minor: u32,
}

impl Kind {
    /// The mark by which overlayfs deletes a file of a lower layer. Documentation/filesystems/overlayfs.rst,
    /// "whiteouts and opaque directories".
    pub const WHITEOUT: Self = Self::Character(Device { major: 0, minor: 0 });

    /// How it is called in messages and in the list of an archive.
    pub fn word(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Directory => "directory",
            Self::Symlink { .. } => "symbolic link",
            Self::HardLink { .. } => "hard link",
            Self::Fifo => "fifo",
            Self::Socket => "socket",
            Self::Character(_) => "character device",
            Self::Block(_) => "block device",
        }
    }
}

/// What a tree keeps of an entry beside its kind and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// Permissions with the set-ID and sticky bits: the low twelve bits.
    pub mode: u32,
    /// Number of the owner.
    pub uid: u32,
    /// Number of the group.
    pub gid: u32,
    /// When it was last written.
    pub modified: Time,
    /// Extended attributes, sorted by name: ACLs, capabilities and the marks of overlayfs among them.
    pub xattrs: Vec<Xattr>,
}

impl Attributes {
    /// What stat(2) tells; no extended attributes.
    pub(crate) fn of(status: &Stat) -> Self {
        Self {
            mode: status.st_mode & 0o7777,
            uid: status.st_uid,
            gid: status.st_gid,
            modified: Time {
                seconds: status.st_mtime,
                nanoseconds: u32::try_from(status.st_mtime_nsec).unwrap_or(0),
            },
            xattrs: Vec::new(),
        }
    }

    /// The value of the extended attribute `name`; `None` if there is none.
    pub fn xattr(&self, name: &[u8]) -> Option<&[u8]> {
        let found = self.xattrs.iter().find(|xattr| xattr.name == name);
        found.map(|xattr| xattr.value.as_slice())
    }
}

/// One extended attribute. xattr(7).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Xattr {
    /// Its full name, with the part before the first dot.
    pub name: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

/// A point in time, to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Time {
    /// Whole seconds since 1970, rounded down: negative before.
    pub seconds: i64,
    /// What is beyond them: 0 to 999 999 999.
    pub nanoseconds: u32,
}

impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Self {
        let since = match time.duration_since(UNIX_EPOCH) {
            Ok(since) => since,
            // Before 1970 nothing of ours was written.
            Err(_) => Duration::ZERO,
        };
        Self {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanoseconds: since.subsec_nanos(),
        }
    }
}
