//! A new file beside its final name: nobody sees a part of it, and nothing is lost for it.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use perch_sys::dir::open_dir;
use perch_sys::durable::settle;
use rustix::fs::{
    AtFlags, CWD, FlockOperation, Mode, OFlags, RenameFlags, flock, fsync, ftruncate, linkat,
    openat, renameat, renameat_with, statat, unlinkat,
};
use rustix::io::Errno;

use super::error::WriteError;

/// A file that is being written. Dropped before [`Target::commit`], nothing is left of it.
pub(crate) struct Target {
    path: PathBuf,
    dir: OwnedFd,
    name: PathBuf,
    file: File,
    /// What it is called until then; absent where a file need not have a name, so that nothing of it survives a kill.
    temporary: Option<PathBuf>,
}

impl Target {
    /// Begins to write what will be at `path`. Only root can read it: it has all files of a system.
    pub(crate) fn begin(path: &Path, replace: bool) -> Result<Self, WriteError> {
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
        let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
        let (file, temporary) = match openat(&dir, ".", flags, OWN) {
            Ok(file) => (file, None),
            // The file system, or the kernel, knows no files without names. open(2).
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT) => {
                let temporary = temporary(name);
                let file = named(&dir, &temporary).map_err(|errno| match errno {
                    Errno::WOULDBLOCK => WriteError::Busy { path: path.into() },
                    errno => failed(errno),
                })?;
                (file, Some(temporary))
            }
            Err(error) => return Err(failed(error)),
        };
        Ok(Self {
            path: path.into(),
            dir,
            name: name.into(),
            file: File::from(file),
            temporary,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Gives the file, which is on the disk, its name.
    pub(crate) fn commit(mut self, replace: bool) -> Result<(), WriteError> {
        // What is replaced is held open until it is settled: FAT gives its clusters away at once.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let _replaced = openat(&self.dir, &self.name, flags, Mode::empty());
        match self.name_it(replace) {
            Ok(()) => self.temporary = None,
            Err(Errno::EXIST) => {
                let path = self.path.clone();
                return Err(WriteError::Exists { path });
            }
            Err(error) => return Err(write_error(&self.path, error.into())),
        }
        // The directory for the name; the file once more, since FAT has where it begins in its inode.
        let synced = match fsync(&self.dir) {
            // The file system has no way to sync a directory. fsync(2).
            Ok(()) | Err(Errno::INVAL) => fsync(&self.file).and_then(|()| settle(&self.file)),
            Err(error) => Err(error),
        };
        synced.map_err(|error| write_error(&self.path, error.into()))
    }

    fn name_it(&mut self, replace: bool) -> rustix::io::Result<()> {
        let (dir, to) = (&self.dir, &self.name);
        let from = match (&self.temporary, replace) {
            (None, false) => return link(&self.file, dir, to),
            (Some(from), _) => from.clone(),
            (None, true) => {
                let from = temporary(to);
                // One that a kill left behind here is nobody's.
                let _ = unlinkat(dir, &from, AtFlags::empty());
                link(&self.file, dir, &from)?;
                self.temporary.insert(from).clone()
            }
        };
        let (dir, to) = (&self.dir, &self.name);
        if replace {
            return renameat(dir, &from, dir, to);
        }
        match renameat_with(dir, &from, dir, to, RenameFlags::NOREPLACE) {
            // The file system does not know the flag, renameat2(2).
            Err(Errno::INVAL | Errno::NOSYS) => match statat(dir, to, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(_) => Err(Errno::EXIST),
                Err(Errno::NOENT) => renameat(dir, &from, dir, to),
                Err(error) => Err(error),
            },
            outcome => outcome,
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // A full disk should not stay full of our attempt.
            let _ = unlinkat(&self.dir, temporary, AtFlags::empty());
        }
    }
}

/// Who may read and write a new file.
const OWN: Mode = Mode::RUSR.union(Mode::WUSR);

/// A file that has a name from the start. One that was left behind is used again; its lock tells whether it was left.
fn named(dir: &OwnedFd, name: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(dir, name, flags, OWN)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    ftruncate(&file, 0)?;
    Ok(file)
}

/// Gives a file without a name one, which has to be free. open(2), `O_TMPFILE`.
fn link(file: &File, dir: &OwnedFd, name: &Path) -> rustix::io::Result<()> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(CWD, path, dir, name, AtFlags::SYMLINK_FOLLOW)
}

pub(crate) fn write_error(path: &Path, source: io::Error) -> WriteError {
    WriteError::Write {
        path: path.into(),
        source,
    }
}

/// What a file is called before its name: as much of that as leaves room for more, in ASCII.
fn temporary(name: &Path) -> PathBuf {
    let name = name.to_string_lossy();
    let short: String = name.chars().filter(char::is_ascii).take(200).collect();
    PathBuf::from(format!(".perch-{short}.new"))
}
