//! Copies a directory of the medium over the root of the new system, at every boot.
//!
//! The source is read beneath its descriptor without following links; the destination is resolved as if
//! the new root were `/`, so that `/var/run -> /run` works and nothing leads out of it. What is there
//! already is not written again: a session does not grow by it, and files keep their times.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use perch_core::cause::Causes;
use perch_core::hook;
use rustix::fs::{AtFlags, FileType, OFlags, Stat, fstat, readlinkat, statat};
use rustix::io::Errno;

use crate::dir::{self, DirError, Kind};

mod keep;
mod place;

/// The name of what is being written, in the directory where it belongs.
const TEMP: &str = ".perch-rootcopy.new";
/// Directories of the root that a mount hides in the running system.
const HIDDEN: [&str; 4] = ["dev", "proc", "run", "sys"];
/// How many failures are told one by one.
const TOLD: usize = 10;

/// What bounds a copy, and what it can keep.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Whether the source keeps owners and modes. Otherwise files get 0644, programs (by their first
    /// bytes) and directories 0755, and all belong to root.
    pub keeps_modes: bool,
    /// Whether the destination survives a power cut, so that each file is written out before it takes
    /// its name.
    pub lasting: bool,
    /// The most bytes written.
    pub bytes: u64,
    /// The most files, links and directories looked at.
    pub entries: u64,
    /// The deepest directory.
    pub depth: u32,
}

/// What came of it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    /// Files, links and directories that were written.
    pub copied: u64,
    /// Those that were there already.
    pub unchanged: u64,
    /// Those that could not be written, or that are no files.
    pub failed: u64,
    /// The first ten of these: path and reason.
    pub failures: Vec<String>,
}

/// Why one entry was not copied.
#[derive(Debug, thiserror::Error)]
enum CopyError {
    #[error("is a device, fifo or socket")]
    Special,
    #[error("is a directory in the system")]
    IsDirectory,
    #[error("there is no room in memory for it")]
    NoRoom,
    #[error("there are too many files before it")]
    TooMany,
    #[error("lies too deep")]
    TooDeep,
    #[error(transparent)]
    Directory(#[from] DirError),
    #[error("cannot be copied")]
    File(#[from] io::Error),
}

impl From<Errno> for CopyError {
    fn from(error: Errno) -> Self {
        Self::File(error.into())
    }
}

/// Copies what is in `source` over `root`. `/dev`, `/proc`, `/run` and `/sys` are left out:
/// mounts hide them in the running system.
pub fn copy(source: BorrowedFd<'_>, root: BorrowedFd<'_>, limits: &Limits) -> Report {
    let mut copy = Copy {
        root,
        limits,
        bytes_left: limits.bytes,
        entries_left: limits.entries,
        report: Report::default(),
    };
    copy.directory(source, Path::new(""), 0);
    copy.report
}

struct Copy<'a> {
    root: BorrowedFd<'a>,
    limits: &'a Limits,
    bytes_left: u64,
    entries_left: u64,
    report: Report,
}

/// What became of one entry.
enum Done {
    Copied,
    Unchanged,
}

impl Copy<'_> {
    /// Copies the content of a directory to `path` of the new root, which exists.
    fn directory(&mut self, source: BorrowedFd<'_>, path: &Path, depth: u32) {
        let below = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        let opened = dir::list(source).and_then(|entries| {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY;
            Ok((entries, dir::open_in_root(self.root, below, flags)?))
        });
        let (entries, place) = match opened {
            Ok(opened) => opened,
            Err(error) => return self.fail(below, &error.into()),
        };
        for entry in entries {
            let path = path.join(&entry.name);
            if depth == 0 && HIDDEN.iter().any(|name| entry.name == *name) {
                log::debug!("rootcopy/{} is left out: a mount hides it", path.display());
                continue;
            }
            let Some(left) = self.entries_left.checked_sub(1) else {
                return self.fail(&path, &CopyError::TooMany);
            };
            self.entries_left = left;
            let done = match entry.kind {
                Kind::File => self.file(source, &place, &path),
                Kind::Symlink => link(source, &place, &path),
                Kind::Special => Err(CopyError::Special),
                Kind::Directory if depth >= self.limits.depth => Err(CopyError::TooDeep),
                Kind::Directory => self.make_directory(source, &place, &path),
            };
            match done {
                Ok(Done::Copied) => self.report.copied += 1,
                Ok(Done::Unchanged) => self.report.unchanged += 1,
                Err(error) => {
                    self.fail(&path, &error);
                    continue;
                }
            }
            if entry.kind == Kind::Directory {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY;
                match dir::open_beneath(source, &entry.name, flags) {
                    Ok(child) => self.directory(child.as_fd(), &path, depth + 1),
                    Err(error) => self.fail(&path, &error.into()),
                }
            }
        }
    }

    fn make_directory(
        &mut self,
        source: BorrowedFd<'_>,
        place: &OwnedFd,
        path: &Path,
    ) -> Result<Done, CopyError> {
        let name = path.file_name().unwrap_or_default();
        // A link to a directory is one, as for everybody who opens it.
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        match dir::open_in_root(self.root, path, flags) {
            Ok(_) => return Ok(Done::Unchanged),
            Err(error) if error.errno() == Some(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        // Fails with ENOTDIR where a link leads nowhere.
        dir::make_dir(place, name, 0o755)?;
        if self.limits.keeps_modes {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY;
            let from = dir::open_beneath(source, name, flags)?;
            let to = dir::open_beneath(place, name, flags)?;
            keep::attributes(&from, &to, &fstat(&from)?)?;
        }
        Ok(Done::Copied)
    }

    fn file(
        &mut self,
        source: BorrowedFd<'_>,
        place: &OwnedFd,
        path: &Path,
    ) -> Result<Done, CopyError> {
        let name = path.file_name().unwrap_or_default();
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
        let mut from = File::from(dir::open_beneath(source, name, flags)?);
        let status = fstat(&from)?;
        if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
            return Err(CopyError::Special);
        }
        match statat(place, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(there) if kind(&there) == FileType::Directory => return Err(CopyError::IsDirectory),
            Ok(there) if self.is_same(&mut from, &status, place, path, &there)? => {
                return Ok(Done::Unchanged);
            }
            Ok(_) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        from.rewind()?;
        let mode = if self.limits.keeps_modes {
            status.st_mode & 0o7777
        } else if hook::is_program(&head(&mut from)?) {
            0o755
        } else {
            0o644
        };
        let len = u64::try_from(status.st_size).unwrap_or(u64::MAX);
        let Some(left) = self.bytes_left.checked_sub(len) else {
            return Err(CopyError::NoRoom);
        };
        self.bytes_left = left;
        let new = place::New {
            status: &status,
            mode,
            len,
            limits: self.limits,
        };
        place::file(&mut from, place, name, &new)?;
        Ok(Done::Copied)
    }

    /// Whether the file that is there need not be written: same size, and same time or same content.
    fn is_same(
        &self,
        from: &mut File,
        status: &Stat,
        place: &OwnedFd,
        path: &Path,
        there: &Stat,
    ) -> Result<bool, CopyError> {
        let owned = |stat: &Stat| (stat.st_mode, stat.st_uid, stat.st_gid);
        let time = |stat: &Stat| (stat.st_mtime, stat.st_mtime_nsec);
        if kind(there) != FileType::RegularFile
            || there.st_size != status.st_size
            || self.limits.keeps_modes && owned(there) != owned(status)
        {
            return Ok(false);
        }
        if time(there) == time(status) {
            return Ok(true);
        }
        let name = path.file_name().unwrap_or_default();
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW;
        let Ok(mut to) = dir::open_beneath(place, name, flags).map(File::from) else {
            return Ok(false);
        };
        Ok(same_content(from, &mut to)?)
    }

    fn fail(&mut self, path: &Path, error: &CopyError) {
        self.report.failed += 1;
        if self.report.failures.len() < TOLD {
            let text = format!("{}: {}", path.display(), Causes(error));
            self.report.failures.push(text);
        }
    }
}

/// Copies a symbolic link as what it is.
fn link(source: BorrowedFd<'_>, place: &OwnedFd, path: &Path) -> Result<Done, CopyError> {
    let name = path.file_name().unwrap_or_default();
    let target = readlinkat(source, name, Vec::new())?;
    match statat(place, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(there) if kind(&there) == FileType::Directory => return Err(CopyError::IsDirectory),
        Ok(there) if kind(&there) == FileType::Symlink => {
            if readlinkat(place, name, Vec::new())? == target {
                return Ok(Done::Unchanged);
            }
        }
        Ok(_) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    place::link(&target, place, name)?;
    Ok(Done::Copied)
}

fn kind(status: &Stat) -> FileType {
    FileType::from_raw_mode(status.st_mode)
}

/// The first bytes of a file, which is read from its beginning again afterwards.
fn head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    Read::by_ref(file).take(4).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(head)
}

fn same_content(a: &mut File, b: &mut File) -> io::Result<bool> {
    const CHUNK: u64 = 64 * 1024;
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        left.clear();
        right.clear();
        a.take(CHUNK).read_to_end(&mut left)?;
        b.take(CHUNK).read_to_end(&mut right)?;
        if left != right {
            return Ok(false);
        }
        if left.is_empty() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests;
