//! Files below a directory descriptor, read so that what lies on the medium cannot lead us
//! astray: no symbolic link is followed, no fifo waited for, no file read beyond a limit.
//!
//! All functions take a descriptor rather than a path, so they work on mounts that no path shows
//! yet. Nothing here writes files; see [`crate::replace`].

use std::ffi::{CStr, OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, fstat, mkdirat, open, openat, openat2,
    statat,
};
use rustix::io::Errno;

/// The most entries [`list`] returns. A session store holds tens, a bundle directory hundreds.
pub const MAX_ENTRIES: usize = 16_384;

/// Why a directory or a file in it could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DirError {
    /// Opening failed: absent, not a directory, a symbolic link where none is followed, …
    #[error("cannot open {}", .path.display())]
    Open {
        /// As given, relative to the descriptor.
        path: PathBuf,
        /// `ENOENT` absent, `ELOOP` a symbolic link, `EXDEV` leads out of the directory.
        source: Errno,
    },
    /// Making a directory failed.
    #[error("cannot make the directory {}", .name.display())]
    Make {
        /// The new directory's name.
        name: PathBuf,
        /// `ENOTDIR`: something else has the name.
        source: Errno,
    },
    /// A file was opened, but its content could not be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// As given, relative to the descriptor.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The names in a directory could not be read.
    #[error("cannot list the directory")]
    List {
        /// The reason.
        source: Errno,
    },
    /// A directory has more than [`MAX_ENTRIES`] entries.
    #[error("the directory has more than {MAX_ENTRIES} entries")]
    TooMany,
}

impl DirError {
    /// The kernel's error number; `None` where there is none.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Open { source, .. } | Self::Make { source, .. } | Self::List { source } => {
                Some(*source)
            }
            Self::Read { source, .. } => Errno::from_io_error(source),
            Self::TooMany => None,
        }
    }
}

/// Opens a directory of our own choosing by path; symbolic links are followed.
pub fn open_dir(path: impl AsRef<Path>) -> Result<OwnedFd, DirError> {
    let path = path.as_ref();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    open(path, flags, Mode::empty()).map_err(|source| DirError::Open {
        path: path.into(),
        source,
    })
}

/// Opens `rel` below `dir` without leaving it and without following any symbolic link, not even
/// in the last component; `.` opens `dir` itself. `O_CLOEXEC` is added. openat2(2), Linux 5.6.
///
/// New files (`O_CREAT`) get mode 0644 less the umask.
pub fn open_beneath(
    dir: impl AsFd,
    rel: impl AsRef<Path>,
    flags: OFlags,
) -> Result<OwnedFd, DirError> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    open_resolved(dir.as_fd(), rel.as_ref(), flags, resolve)
}

fn open_resolved(
    dir: BorrowedFd<'_>,
    rel: &Path,
    flags: OFlags,
    resolve: ResolveFlags,
) -> Result<OwnedFd, DirError> {
    // openat2 refuses a mode where nothing is created.
    let mode = if flags.contains(OFlags::CREATE) {
        Mode::from_raw_mode(0o644)
    } else {
        Mode::empty()
    };
    let mut tries = 8;
    loop {
        match openat2(dir, rel, flags | OFlags::CLOEXEC, mode, resolve) {
            Ok(fd) => return Ok(fd),
            // EAGAIN: a rename elsewhere raced with a `..` in the path; the manual page says to
            // try again.
            Err(Errno::AGAIN | Errno::INTR) if tries > 0 => tries -= 1,
            Err(source) => {
                return Err(DirError::Open {
                    path: rel.into(),
                    source,
                });
            }
        }
    }
}

/// As [`open_beneath`], for a directory that is read; an empty `rel` means `dir` itself.
pub fn open_dir_beneath(dir: impl AsFd, rel: impl AsRef<Path>) -> Result<OwnedFd, DirError> {
    let rel = rel.as_ref();
    let rel = if rel.as_os_str().is_empty() {
        Path::new(".")
    } else {
        rel
    };
    open_beneath(dir, rel, OFlags::RDONLY | OFlags::DIRECTORY)
}

/// Opens `rel` as if `root` were `/`: links are followed, absolute ones and `..` too, but never out
/// of `root` and not into another mount. `O_CLOEXEC` is added. openat2(2), Linux 5.6.
pub fn open_in_root(
    root: impl AsFd,
    rel: impl AsRef<Path>,
    flags: OFlags,
) -> Result<OwnedFd, DirError> {
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
    open_resolved(root.as_fd(), rel.as_ref(), flags, resolve)
}

/// Opens the directory `rel` as by [`open_in_root`], and makes what is missing of it with mode 0755.
pub fn make_path_in_root(root: impl AsFd, rel: impl AsRef<Path>) -> Result<OwnedFd, DirError> {
    let root = root.as_fd();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut path = PathBuf::from(".");
    let mut at = open_in_root(root, &path, flags)?;
    for name in rel.as_ref() {
        path.push(name);
        at = match open_in_root(root, &path, flags) {
            Err(error) if error.errno() == Some(Errno::NOENT) => {
                make_dir(&at, name, 0o755)?;
                open_in_root(root, &path, flags)?
            }
            outcome => outcome?,
        };
    }
    Ok(at)
}

/// What [`make_dir`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// The directory is new.
    Created,
    /// It was there before; its mode and content are as they were.
    Existed,
}

/// Makes the directory `name` in `dir` with `mode` less the umask. mkdirat(2).
///
/// A symbolic link called `name` is not a directory, wherever it leads: `ENOTDIR`.
pub fn make_dir(dir: impl AsFd, name: impl AsRef<Path>, mode: u32) -> Result<Made, DirError> {
    let name = name.as_ref();
    let failed = |source| DirError::Make {
        name: name.into(),
        source,
    };
    match mkdirat(&dir, name, Mode::from_raw_mode(mode)) {
        Ok(()) => Ok(Made::Created),
        Err(Errno::EXIST) => {
            let found = statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
            if FileType::from_raw_mode(found.st_mode) == FileType::Directory {
                Ok(Made::Existed)
            } else {
                Err(failed(Errno::NOTDIR))
            }
        }
        Err(source) => Err(failed(source)),
    }
}

/// What a name in a directory turned out to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Nothing has that name.
    Absent,
    /// A regular file, whole.
    Bytes {
        /// All of its content.
        bytes: Vec<u8>,
        /// When it was last written; `None` where the filesystem does not say.
        modified: Option<SystemTime>,
    },
    /// A regular file beyond the limit; nothing of it was read into memory for the caller.
    TooLarge {
        /// Its length in bytes as the filesystem gives it.
        len: u64,
    },
    /// A directory, symbolic link, fifo, socket or device.
    NotAFile,
}

/// Reads the regular file `rel` below `dir` if it has at most `max` bytes.
///
/// The path is resolved as by [`open_beneath`]. A fifo cannot hang the caller (`O_NONBLOCK`), nor
/// can a file that grows while it is read make it read more than `max + 1` bytes.
pub fn read_bounded(
    dir: impl AsFd,
    rel: impl AsRef<Path>,
    max: usize,
) -> Result<Content, DirError> {
    let rel = rel.as_ref();
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
    let fd = match open_beneath(dir, rel, flags) {
        Ok(fd) => fd,
        Err(error) => {
            return match error.errno() {
                Some(Errno::NOENT | Errno::NOTDIR) => Ok(Content::Absent),
                // ELOOP: a symbolic link; ENXIO: a socket, or a device without a driver.
                Some(Errno::LOOP | Errno::NXIO) => Ok(Content::NotAFile),
                _ => Err(error),
            };
        }
    };
    let failed = |source: std::io::Error| DirError::Read {
        path: rel.into(),
        source,
    };
    let status = fstat(&fd).map_err(|e| failed(e.into()))?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Ok(Content::NotAFile);
    }
    let file = File::from(fd);
    let metadata = file.metadata().map_err(failed)?;
    let limit = u64::try_from(max).unwrap_or(u64::MAX);
    if metadata.len() > limit {
        return Ok(Content::TooLarge {
            len: metadata.len(),
        });
    }
    let mut bytes = Vec::new();
    (&file)
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > max {
        return Ok(Content::TooLarge {
            len: file.metadata().map_err(failed)?.len(),
        });
    }
    Ok(Content::Bytes {
        bytes,
        modified: metadata.modified().ok(),
    })
}

/// What kind of object a directory entry names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, not followed.
    Symlink,
    /// A device node, fifo or socket.
    Special,
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name, as the filesystem has it.
    pub name: OsString,
    /// What it names.
    pub kind: Kind,
}

/// Lists `dir` without `.` and `..`, sorted by the bytes of the names.
///
/// `dir` may be an `O_PATH` descriptor; its position does not matter. More than [`MAX_ENTRIES`]
/// entries are an error, as nothing that perch looks into is that large in good health.
pub fn list(dir: impl AsFd) -> Result<Vec<Entry>, DirError> {
    let mut entries = Vec::new();
    each(dir, |entry| {
        if entries.len() == MAX_ENTRIES {
            return Err(DirError::TooMany);
        }
        entries.push(entry);
        Ok(())
    })?;
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// Shows each entry of `dir` without `.` and `..`, in the order of the file system and however many there are,
/// until `take` fails.
pub fn each(
    dir: impl AsFd,
    mut take: impl FnMut(Entry) -> Result<(), DirError>,
) -> Result<(), DirError> {
    let failed = |source| DirError::List { source };
    // A descriptor of its own, since reading moves the position, and since O_PATH cannot be read.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let own = openat(&dir, ".", flags, Mode::empty()).map_err(failed)?;
    for entry in Dir::new(own).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name: &CStr = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let kind = match entry.file_type() {
            // Not every filesystem keeps the kind with the name.
            FileType::Unknown => match statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(found) => FileType::from_raw_mode(found.st_mode),
                Err(Errno::NOENT) => continue,
                Err(source) => return Err(failed(source)),
            },
            known => known,
        };
        take(Entry {
            name: OsStr::from_bytes(name.to_bytes()).to_owned(),
            kind: match kind {
                FileType::RegularFile => Kind::File,
                FileType::Directory => Kind::Directory,
                FileType::Symlink => Kind::Symlink,
                _ => Kind::Special,
            },
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
