//! Reads a tree: each directory before what is in it, names in the order of their bytes.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::BorrowedFd;
use std::vec::IntoIter;

use rustix::fs::{AtFlags, Dir, FileType, Stat, fstat, statat};
use rustix::io::dup;

use super::descent::{Descent, split};
use super::error::{Action, TreeError};
use super::read;
use super::xattrs::Buffers;
use super::{Attributes, Entry, Kind, Time};

/// One object of the tree that is read.
#[derive(Debug)]
pub struct Found {
    /// What is known of it.
    pub entry: Entry,
    /// The file itself, open for reading; only for [`Kind::File`].
    pub file: Option<File>,
    /// Whether the file takes less room than its length: holes are worth looking for.
    pub has_holes: bool,
}

impl Found {
    /// Length and time of a file that was found, as they are now.
    pub(crate) fn state(file: &File, path: &[u8]) -> Result<(u64, Time), TreeError> {
        let status = fstat(file).map_err(TreeError::call(Action::Read, path))?;
        let size = u64::try_from(status.st_size).unwrap_or(0);
        Ok((size, Attributes::of(&status).modified))
    }
}

/// The names that are left in a directory, and what each is.
type Names = IntoIter<(Vec<u8>, FileType)>;

/// A walk through a tree.
///
/// The tree's own directory comes first. Of an object with several names the first one is the file, and the others are
/// hard links to it; deletion marks of overlayfs, which share one device file, are each by themselves.
#[derive(Debug)]
pub struct Walk {
    places: Descent,
    /// The directories on the way, with what is left of each.
    open: Vec<(Vec<u8>, Names)>,
    /// The first path of what has several names, by device and inode.
    names: HashMap<(u64, u64), Vec<u8>>,
    buffers: Buffers,
    /// Whether the first entry is still to come.
    fresh: bool,
}

impl Walk {
    /// A walk through `root`, which is open for reading.
    pub fn new(root: BorrowedFd<'_>) -> Result<Self, TreeError> {
        let root = dup(root).map_err(TreeError::call(Action::Open, b""))?;
        Ok(Self {
            places: Descent::new(root),
            open: Vec::new(),
            names: HashMap::new(),
            buffers: Buffers::default(),
            fresh: true,
        })
    }

    /// The next entry; `None` after the last one.
    #[allow(
        clippy::should_implement_trait,
        reason = "a walk ends at the first error, where an iterator would go on"
    )]
    pub fn next(&mut self) -> Result<Option<Found>, TreeError> {
        if self.fresh {
            self.fresh = false;
            return self.directory(Vec::new()).map(Some);
        }
        loop {
            let Some((parent, names)) = self.open.last_mut() else {
                return Ok(None);
            };
            let Some((name, kind)) = names.next() else {
                self.open.pop();
                continue;
            };
            let path = join(parent, &name);
            return match kind {
                FileType::Directory => self.directory(path),
                FileType::RegularFile => self.file(path),
                _ => self.other(path),
            }
            .map(Some);
        }
    }

    fn directory(&mut self, path: Vec<u8>) -> Result<Found, TreeError> {
        let dir = self.places.at(&path)?;
        let (_, found) = read::directory(dir, path.clone(), &mut self.buffers)?;
        let names = list(dir).map_err(TreeError::call(Action::List, &path))?;
        self.open.push((path, names.into_iter()));
        Ok(found)
    }

    fn file(&mut self, path: Vec<u8>) -> Result<Found, TreeError> {
        let (parent, name) = split(&path);
        let dir = self.places.at(parent)?;
        let (status, found) = read::file(dir, name, path.clone(), &mut self.buffers)?;
        Ok(self.once(&status, found))
    }

    fn other(&mut self, path: Vec<u8>) -> Result<Found, TreeError> {
        let (parent, name) = split(&path);
        let dir = self.places.at(parent)?;
        let (status, found) = read::other(dir, name, path.clone(), &mut self.buffers)?;
        match found.entry.kind {
            Kind::WHITEOUT => Ok(found),
            _ => Ok(self.once(&status, found)),
        }
    }

    /// What was found, or a hard link where it came before.
    fn once(&mut self, status: &Stat, found: Found) -> Found {
        let Found { entry, .. } = &found;
        match self.earlier(status, &entry.path) {
            Some(to) => Found {
                entry: Entry {
                    kind: Kind::HardLink { to },
                    ..found.entry
                },
                file: None,
                has_holes: false,
            },
            None => found,
        }
    }

    /// The first path of an object, if it came before; else `path` becomes that.
    fn earlier(&mut self, status: &Stat, path: &[u8]) -> Option<Vec<u8>> {
        if status.st_nlink < 2 {
            return None;
        }
        let inode = (status.st_dev, status.st_ino);
        let first = self.names.get(&inode).cloned();
        if first.is_none() {
            self.names.insert(inode, path.into());
        }
        first
    }
}

/// A name in a directory of the tree; the tree's own directory has no path.
pub(super) fn join(parent: &[u8], name: &[u8]) -> Vec<u8> {
    match parent {
        [] => name.into(),
        _ => [parent, b"/", name].concat(),
    }
}

/// The names in a directory with what each is, sorted.
fn list(dir: BorrowedFd<'_>) -> rustix::io::Result<Vec<(Vec<u8>, FileType)>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        let kind = match entry.file_type() {
            // Not every file system keeps the kind with the name.
            FileType::Unknown => {
                let status = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
                FileType::from_raw_mode(status.st_mode)
            }
            known => known,
        };
        names.push((name.to_vec(), kind));
    }
    names.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(names)
}
