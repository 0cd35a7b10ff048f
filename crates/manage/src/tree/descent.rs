//! Open directories on the way down to one place of a tree.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::{Errno, dup};

use super::error::{Action, TreeError};

/// How many directories below each other stay open. Beneath that each is reached anew from the last of them, name by
/// name, so that a tree may be deeper than a process may have files open.
const OPEN: usize = 200;

/// The way to a directory: name by name, and never through a symbolic link.
#[derive(Debug)]
pub(crate) struct Descent {
    root: OwnedFd,
    open: Vec<(Vec<u8>, OwnedFd)>,
    /// The last directory that was asked for, where it is beneath those that stay open.
    deep: Option<(Vec<u8>, OwnedFd)>,
}

/// A path as the directory that it lies in, and its name.
pub(crate) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(at) => (
            path.get(..at).unwrap_or_default(),
            path.get(at + 1..).unwrap_or_default(),
        ),
        None => (b"", path),
    }
}

impl Descent {
    pub(crate) fn new(root: OwnedFd) -> Self {
        Self {
            root,
            open: Vec::new(),
            deep: None,
        }
    }

    /// The directory `path`; empty for the root.
    pub(crate) fn at(&mut self, path: &[u8]) -> Result<BorrowedFd<'_>, TreeError> {
        let names: Vec<&[u8]> = path
            .split(|&b| b == b'/')
            .filter(|n| !n.is_empty())
            .collect();
        let same = names
            .iter()
            .zip(&self.open)
            .take_while(|(name, (open, _))| *name == open)
            .count();
        // A sibling's subdirectories are of no use, but those further down this way may soon be.
        if same < names.len() {
            self.open.truncate(same);
        }
        let failed = |upto: usize, errno| TreeError::Call {
            action: Action::Open,
            path: names.get(..upto).unwrap_or_default().join(&b'/'),
            errno,
        };
        let shallow = names.len().min(OPEN);
        for (at, name) in names.iter().enumerate().take(shallow).skip(same) {
            let parent = self.open.last().map_or(&self.root, |(_, fd)| fd);
            let child = open(parent.as_fd(), name).map_err(|errno| failed(at + 1, errno))?;
            self.open.push((name.to_vec(), child));
        }
        let Some((_, from)) = shallow.checked_sub(1).and_then(|last| self.open.get(last)) else {
            return Ok(self.root.as_fd());
        };
        if names.len() <= OPEN {
            return Ok(from.as_fd());
        }
        if self.deep.as_ref().is_none_or(|(deep, _)| deep != path) {
            let above = self.deep.take().filter(|(deep, _)| is_below(path, deep));
            let (done, mut at) = match above {
                Some((deep, fd)) => (deep.split(|&b| b == b'/').count(), fd),
                None => (OPEN, dup(from).map_err(|errno| failed(OPEN, errno))?),
            };
            for (index, name) in names.iter().enumerate().skip(done) {
                at = open(at.as_fd(), name).map_err(|errno| failed(index + 1, errno))?;
            }
            self.deep = Some((path.into(), at));
        }
        Ok(self
            .deep
            .as_ref()
            .map_or(self.root.as_fd(), |(_, fd)| fd.as_fd()))
    }
}

fn is_below(path: &[u8], directory: &[u8]) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.first() == Some(&b'/'))
}

/// Opens the directory `name`. One name without a slash, and no link followed, cannot lead anywhere else; `..` is
/// refused.
fn open(parent: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<OwnedFd> {
    if matches!(name, b"." | b"..") {
        return Err(Errno::XDEV);
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, name, flags, Mode::empty())
}
