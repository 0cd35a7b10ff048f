//! One object in a directory: opened, and asked for all that belongs to it.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, Stat, fstat, major, minor, openat, readlinkat, statat,
};
use rustix::io::Errno;

use super::error::{Action, TreeError};
use super::xattrs::{Buffers, Of};
use super::{Attributes, Device, Entry, Found, Kind};

/// The object `name` in `dir`, whose path in its tree is `path`; `None` if there is none.
pub(crate) fn any(
    dir: BorrowedFd<'_>,
    name: &[u8],
    path: Vec<u8>,
    buffers: &mut Buffers,
) -> Result<Option<Found>, TreeError> {
    let status = match statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(status) => status,
        Err(Errno::NOENT) => return Ok(None),
        Err(errno) => return Err(TreeError::call(Action::Read, &path)(errno)),
    };
    let (_, found) = match FileType::from_raw_mode(status.st_mode) {
        FileType::Directory => {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let own = openat(dir, name, flags, Mode::empty());
            let own = own.map_err(TreeError::call(Action::Open, &path))?;
            directory(own.as_fd(), path, buffers)?
        }
        FileType::RegularFile => file(dir, name, path, buffers)?,
        _ => other(dir, name, path, buffers)?,
    };
    Ok(Some(found))
}

/// The directory that `dir` is open on.
pub(super) fn directory(
    dir: BorrowedFd<'_>,
    path: Vec<u8>,
    buffers: &mut Buffers,
) -> Result<(Stat, Found), TreeError> {
    let status = fstat(dir).map_err(TreeError::call(Action::Read, &path))?;
    let mut attributes = Attributes::of(&status);
    let xattrs = buffers.read(Of::Open(dir));
    attributes.xattrs = xattrs.map_err(TreeError::call(Action::Read, &path))?;
    Ok((status, found(path, Kind::Directory, attributes)))
}

/// A regular file, open.
pub(super) fn file(
    dir: BorrowedFd<'_>,
    name: &[u8],
    path: Vec<u8>,
    buffers: &mut Buffers,
) -> Result<(Stat, Found), TreeError> {
    let file = open_file(dir, name).map_err(TreeError::call(Action::Open, &path))?;
    let status = fstat(&file).map_err(TreeError::call(Action::Read, &path))?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Err(TreeError::Changed { path });
    }
    let mut attributes = Attributes::of(&status);
    let xattrs = buffers.read(Of::Open(file.as_fd()));
    attributes.xattrs = xattrs.map_err(TreeError::call(Action::Read, &path))?;
    let size = u64::try_from(status.st_size).unwrap_or(0);
    // In blocks of 512 bytes, whatever the file system has. inode(7).
    let stored = u64::try_from(status.st_blocks)
        .unwrap_or(0)
        .saturating_mul(512);
    let found = Found {
        file: Some(File::from(file)),
        has_holes: stored < size,
        ..found(path, Kind::File { size }, attributes)
    };
    Ok((status, found))
}

/// Anything else: a link, fifo, socket or device, which is not opened.
pub(super) fn other(
    dir: BorrowedFd<'_>,
    name: &[u8],
    path: Vec<u8>,
    buffers: &mut Buffers,
) -> Result<(Stat, Found), TreeError> {
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
    let xattrs = buffers.read(Of::Named(dir, name));
    attributes.xattrs = xattrs.map_err(TreeError::call(Action::Read, &path))?;
    Ok((status, found(path, kind, attributes)))
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
