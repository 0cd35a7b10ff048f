//! What a place cannot keep: told, never dropped in silence.

use std::fmt;

use rustix::io::Errno;

use super::error::Shown;

/// How many losses are told one by one.
const TOLD: usize = 100;

/// What could not be kept of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The entry.
    pub path: Vec<u8>,
    /// What of it.
    pub lost: Lost,
    /// Why the kernel refused it.
    pub errno: Errno,
}

/// What could not be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// It belongs to whoever wrote it.
    Owner,
    /// It has the permissions of a new file.
    Mode,
    /// It has the time at which it was written.
    Time,
    /// It lacks this extended attribute.
    Xattr(Vec<u8>),
    /// The device, fifo or socket is missing as a whole.
    Special,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Shown(&self.path);
        match &self.lost {
            Lost::Owner => write!(f, "{path}: the owner is not kept")?,
            Lost::Mode => write!(f, "{path}: the permissions are not kept")?,
            Lost::Time => write!(f, "{path}: the time is not kept")?,
            Lost::Xattr(name) => write!(f, "{path}: the attribute {} is not kept", Shown(name))?,
            Lost::Special => write!(f, "{path}: cannot be made here")?,
        }
        write!(f, " ({})", self.errno)
    }
}

/// All that could not be kept of a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses {
    /// How many there are.
    pub count: u64,
    /// The first hundred of them.
    pub first: Vec<Loss>,
}

impl Losses {
    /// Whether everything was kept.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn add(&mut self, path: &[u8], lost: Lost, errno: Errno) {
        self.count += 1;
        if self.first.len() < TOLD {
            let path = path.into();
            self.first.push(Loss { path, lost, errno });
        }
    }
}
