//! A new file beside its final name: nobody sees a part of it, and nothing is lost for it.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use perch_sys::dir::open_dir;
use rustix::fs::{
    AtFlags, FlockOperation, Mode, OFlags, RenameFlags, flock, fsync, openat, renameat,
    renameat_with, statat, unlinkat,
};
use rustix::io::Errno;

use super::error::WriteError;

/// A file that is being written. Dropped before [`Target::commit`], nothing is left of it.
pub(super) struct Target {
    path: PathBuf,
    dir: OwnedFd,
    name: PathBuf,
    temporary: PathBuf,
    file: File,
    done: bool,
}

impl Target {
    /// Begins to write what will be at `path`. Only root can read it: it has all files of a system.
    pub(super) fn begin(path: &Path, replace: bool) -> Result<Self, WriteError> {
        let no_name = || WriteError::NoName { path: path.into() };
        let name = Path::new(path.file_name().ok_or_else(no_name)?);
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let dir = open_dir(parent.unwrap_or(Path::new("."))).map_err(|_| no_name())?;
        let failed = |errno: Errno| write_error(path, errno.into());
        match statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) if !replace => return Err(WriteError::Exists { path: path.into() }),
            Ok(_) | Err(Errno::NOENT) => {}
            Err(error) => return Err(failed(error)),
        }
        let temporary = PathBuf::from(format!(".perch-{}.new", short(name)));
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        // One that was left behind is used again; the lock tells whether it was left.
        let file = openat(&dir, &temporary, flags, mode).map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(WriteError::Busy { path: path.into() }),
            Err(error) => return Err(failed(error)),
        }
        let file = File::from(file);
        file.set_len(0).map_err(|error| write_error(path, error))?;
        Ok(Self {
            path: path.into(),
            dir,
            name: name.into(),
            temporary,
            file,
            done: false,
        })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Gives the file, which is on the disk, its name.
    pub(super) fn commit(mut self, replace: bool) -> Result<(), WriteError> {
        let (dir, from, to) = (&self.dir, &self.temporary, &self.name);
        let renamed = match replace {
            true => renameat(dir, from, dir, to),
            false => match renameat_with(dir, from, dir, to, RenameFlags::NOREPLACE) {
                // The file system does not know the flag, renameat2(2).
                Err(Errno::INVAL | Errno::NOSYS) => {
                    match statat(dir, to, AtFlags::SYMLINK_NOFOLLOW) {
                        Ok(_) => Err(Errno::EXIST),
                        Err(Errno::NOENT) => renameat(dir, from, dir, to),
                        Err(error) => Err(error),
                    }
                }
                outcome => outcome,
            },
        };
        match renamed {
            Ok(()) => self.done = true,
            Err(Errno::EXIST) => {
                let path = self.path.clone();
                return Err(WriteError::Exists { path });
            }
            Err(error) => return Err(write_error(&self.path, error.into())),
        }
        // The directory for the name; the file once more, since FAT has where it begins in its inode.
        fsync(&self.dir)
            .and_then(|()| fsync(&self.file))
            .map_err(|error| write_error(&self.path, error.into()))
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if !self.done {
            // A full disk should not stay full of our attempt.
            let _ = unlinkat(&self.dir, &self.temporary, AtFlags::empty());
        }
    }
}

pub(super) fn write_error(path: &Path, source: io::Error) -> WriteError {
    WriteError::Write {
        path: path.into(),
        source,
    }
}

/// As much of a name as leaves room for more, in ASCII.
fn short(name: &Path) -> String {
    let name = name.to_string_lossy();
    name.chars().filter(char::is_ascii).take(200).collect()
}
