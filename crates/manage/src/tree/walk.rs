//! Reads a tree: each directory before what is in it, names in the order of their bytes.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::vec::IntoIter;

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, major, minor, openat, readlinkat, statat,
};
use rustix::io::{Errno, dup};

use super::descent::{Descent, split};
use super::error::{Action, TreeError};
use super::xattrs::{Buffers, Of};
use super::{Attributes, Device, Entry, Kind, Time};

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
        let status = fstat(dir).map_err(TreeError::call(Action::Read, &path))?;
        let mut attributes = Attributes::of(&status);
        let xattrs = self.buffers.read(Of::Open(dir));
        attributes.xattrs = xattrs.map_err(TreeError::call(Action::Read, &path))?;
        let names = list(dir).map_err(TreeError::call(Action::List, &path))?;
        self.open.push((path.clone(), names.into_iter()));
        Ok(found(path, Kind::Directory, attributes))
    }

    fn file(&mut self, path: Vec<u8>) -> Result<Found, TreeError> {
        let (parent, name) = split(&path);
        let dir = self.places.at(parent)?;
        let file = open_file(dir, name).map_err(TreeError::call(Action::Open, &path))?;
        let status = fstat(&file).map_err(TreeError::call(Action::Read, &path))?;
        if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
            return Err(TreeError::Changed { path });
        }
        let mut attributes = Attributes::of(&status);
        let xattrs = self.buffers.read(Of::Open(file.as_fd()));
        attributes.xattrs = xattrs.map_err(TreeError::call(Action::Read, &path))?;
        if let Some(to) = self.earlier(&status, &path) {
            return Ok(found(path, Kind::HardLink { to }, attributes));
        }
        let size = u64::try_from(status.st_size).unwrap_or(0);
        // In blocks of 512 bytes, whatever the file system has. inode(7).
        let stored = u64::try_from(status.st_blocks)
            .unwrap_or(0)
            .saturating_mul(512);
        Ok(Found {
            file: Some(File::from(file)),
            has_holes: stored < size,
            ..found(path, Kind::File { size }, attributes)
        })
    }

    fn other(&mut self, path: Vec<u8>) -> Result<Found, TreeError> {
        let (parent, name) = split(&path);
        let dir = self.places.at(parent)?;
        let status = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(TreeError::call(Action::Read, &path))?;
        let device = Device {
            major: major(status.st_rdev),
            minor: minor(status.st_rdev),
        };
        let kind = match FileType::from_raw_mode(status.st_mode) {
            FileType::Symlink => {
                let target = readlinkat(dir, name, Vec::new());
                let target = target.map_err(TreeError::call(Action::Read, &path))?;
                Kind::Symlink {
                    target: target.into_bytes(),
                }
            }
            FileType::Fifo => Kind::Fifo,
            FileType::Socket => Kind::Socket,
            FileType::CharacterDevice => Kind::Character(device),
            FileType::BlockDevice => Kind::Block(device),
            // Not what the directory said it was.
            _ => return Err(TreeError::Changed { path }),
        };
        let mut attributes = Attributes::of(&status);
        let xattrs = self.buffers.read(Of::Named(dir, name));
        attributes.xattrs = xattrs.map_err(TreeError::call(Action::Read, &path))?;
        if kind != Kind::WHITEOUT
            && let Some(to) = self.earlier(&status, &path)
        {
            return Ok(found(path, Kind::HardLink { to }, attributes));
        }
        Ok(found(path, kind, attributes))
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

fn found(path: Vec<u8>, kind: Kind, attributes: Attributes) -> Found {
    Found {
        entry: Entry {
            path,
            kind,
            attributes,
        },
        file: None,
        has_holes: false,
    }
}

/// A name in a directory of the tree; the tree's own directory has no path.
pub(super) fn join(parent: &[u8], name: &[u8]) -> Vec<u8> {
    match parent {
        [] => name.into(),
        _ => [parent, b"/", name].concat(),
    }
}

/// Opens a regular file: no link is followed, no fifo waited for, and reading leaves the time of access alone where the
/// kernel lets us.
fn open_file(dir: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<OwnedFd> {
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    match openat(dir, name, flags | OFlags::NOATIME, Mode::empty()) {
        // Only for the owner of a file, and root. open(2).
        Err(Errno::PERM) => openat(dir, name, flags, Mode::empty()),
        outcome => outcome,
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
