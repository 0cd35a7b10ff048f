//! The files of a container in a directory that is open: feature `files`.
//!
//! Every file is opened once, beneath the directory and through no link, locked, and kept: later the root may be
//! another one. Nothing is ever made or cut because it could not be opened.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, PoisonError, RwLock};

use rustix::fs::{
    FallocateFlags, FileType, FlockOperation, Mode, OFlags, ResolveFlags, fallocate, fdatasync,
    flock, fstat, fstatfs, fsync, ftruncate, openat2, renameat,
};
use rustix::io::{Errno, pread, pwrite, retry_on_intr};

use crate::container::Access;
use crate::geometry::FAT_MAX_LEN;
use crate::store::{FileName, Store};

/// `MSDOS_SUPER_MAGIC` of linux/magic.h: FAT of any width. exFAT has another number, and no limit that matters.
const FAT_MAGIC: u64 = 0x4d44;

/// The files whose names begin with a base name, in one directory.
#[derive(Debug)]
pub struct Files {
    dir: OwnedFd,
    base: String,
    writable: bool,
    max_len: Option<u64>,
    open: RwLock<BTreeMap<FileName, Arc<OwnedFd>>>,
}

impl Files {
    /// Takes a directory that is open for reading (not `O_PATH`: it is synced), and the main file's name in it.
    ///
    /// # Errors
    /// If the kernel does not say what file system it is.
    pub fn new(dir: OwnedFd, base: &str, access: Access) -> io::Result<Self> {
        // The type of the field is not the same on every architecture.
        let is_fat = fstatfs(&dir)?.f_type as u64 == FAT_MAGIC;
        Ok(Self {
            dir,
            base: base.to_owned(),
            writable: access == Access::Write,
            max_len: is_fat.then_some(FAT_MAX_LEN),
            open: RwLock::default(),
        })
    }

    fn name(&self, file: FileName) -> String {
        format!("{}{file}", self.base)
    }

    /// The open file; opened and locked now, if it was not.
    fn file(&self, file: FileName) -> io::Result<Arc<OwnedFd>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(fd) = open.get(&file) {
            return Ok(Arc::clone(fd));
        }
        drop(open);
        self.open_file(file, OFlags::empty())
    }

    /// Opens a file, locked against every other container server: exclusively for writing, shared for reading.
    fn open_file(&self, file: FileName, more: OFlags) -> io::Result<Arc<OwnedFd>> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(fd) = open.get(&file) {
            return Ok(Arc::clone(fd));
        }
        let access = if self.writable {
            OFlags::RDWR
        } else {
            OFlags::RDONLY
        };
        // A FIFO must not hold up the start.
        let flags = access | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | more;
        let mode = if more.contains(OFlags::CREATE) {
            Mode::from_raw_mode(0o600)
        } else {
            Mode::empty()
        };
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let fd = retry_on_intr(|| openat2(&self.dir, self.name(file), flags, mode, resolve))?;
        if FileType::from_raw_mode(fstat(&fd)?.st_mode) != FileType::RegularFile {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is not a regular file",
            ));
        }
        let lock = match self.writable {
            true => FlockOperation::NonBlockingLockExclusive,
            false => FlockOperation::NonBlockingLockShared,
        };
        match flock(&fd, lock) {
            Err(Errno::WOULDBLOCK) => {
                return Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    "another program has it open",
                ));
            }
            // File systems without locks are none of ours, but some FUSE has none.
            Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::NOLCK) | Ok(()) => {}
            Err(error) => return Err(error.into()),
        }
        let fd = Arc::new(fd);
        open.insert(file, Arc::clone(&fd));
        Ok(fd)
    }
}

impl Store for Files {
    fn len(&self, file: FileName) -> io::Result<Option<u64>> {
        match self.file(file) {
            Ok(fd) => Ok(Some(u64::try_from(fstat(&fd)?.st_size).unwrap_or(0))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read_at(&self, file: FileName, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let fd = self.file(file)?;
        let mut done = 0;
        while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match retry_on_intr(|| pread(&fd, &mut *rest, offset + done as u64))? {
                0 => break,
                read => done += read,
            }
        }
        Ok(done)
    }

    fn write_at(&self, file: FileName, bytes: &[u8], offset: u64) -> io::Result<()> {
        let fd = self.file(file)?;
        let mut done = 0;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            match retry_on_intr(|| pwrite(&fd, rest, offset + done as u64))? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => done += written,
            }
        }
        Ok(())
    }

    fn create(&self, file: FileName) -> io::Result<()> {
        let fd = self.open_file(file, OFlags::CREATE)?;
        // Only behind the lock: O_TRUNC would cut a file that another program has open.
        Ok(ftruncate(&fd, 0)?)
    }

    fn set_len(&self, file: FileName, len: u64) -> io::Result<()> {
        let fd = self.file(file)?;
        Ok(retry_on_intr(|| ftruncate(&fd, len))?)
    }

    fn reserve(&self, file: FileName, offset: u64, len: u64) -> io::Result<()> {
        let fd = self.file(file)?;
        unsupported(retry_on_intr(|| {
            fallocate(&fd, FallocateFlags::KEEP_SIZE, offset, len)
        }))
    }

    fn punch(&self, file: FileName, offset: u64, len: u64) -> io::Result<()> {
        let fd = self.file(file)?;
        let flags = FallocateFlags::KEEP_SIZE | FallocateFlags::PUNCH_HOLE;
        unsupported(retry_on_intr(|| fallocate(&fd, flags, offset, len)))
    }

    fn sync(&self, file: FileName) -> io::Result<()> {
        // Not repeated, whatever the reason: what failed is reported once only.
        Ok(fdatasync(self.file(file)?)?)
    }

    fn rename(&self, from: FileName, to: FileName) -> io::Result<()> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        renameat(&self.dir, self.name(from), &self.dir, self.name(to))?;
        if let Some(fd) = open.remove(&from) {
            open.insert(to, fd);
        }
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        Ok(fsync(&self.dir)?)
    }

    fn max_len(&self) -> Option<u64> {
        self.max_len
    }
}

/// What a file system does not know is one answer, whatever number it gives.
fn unsupported(result: rustix::io::Result<()>) -> io::Result<()> {
    match result {
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::NODEV) => {
            Err(io::ErrorKind::Unsupported.into())
        }
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::{Container, create};
    use crate::error::Error;
    use crate::geometry::{BLOCK, MIB};
    use rustix::fs::{CWD, openat, symlinkat};

    fn files(dir: &tempfile::TempDir, access: Access) -> Files {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = openat(CWD, dir.path(), flags, Mode::empty()).unwrap();
        Files::new(dir, "changes.dat", access).unwrap()
    }

    #[test]
    fn a_container_lives_in_real_files() {
        let dir = tempfile::tempdir().unwrap();
        let store = files(&dir, Access::Write);
        create(&store, 4 * MIB, 6 * MIB).unwrap();
        let container = Container::open(store, Access::Write).unwrap();
        container.write(4 * MIB - 5000, &[7; 10_000]).unwrap();
        container.grow(9 * MIB).unwrap();
        container.write(9 * MIB - 1, &[8]).unwrap();
        container.flush().unwrap();
        container.trim(4 * MIB - BLOCK, BLOCK).unwrap();
        container.flush().unwrap();
        drop(container);

        let container = Container::open(files(&dir, Access::Read), Access::Read).unwrap();
        let mut bytes = vec![1; 9 << 20];
        container.read(0, &mut bytes).unwrap();
        let mut want = vec![0; 9 << 20];
        let start = (4 << 20) - 5000;
        want[start..start + 10_000].fill(7);
        want[(4 << 20) - 4096..4 << 20].fill(0);
        want[(9 << 20) - 1] = 8;
        assert!(bytes == want);
        assert_eq!(container.check().unwrap().findings, []);
        let mut names: Vec<_> = dir
            .path()
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "changes.dat",
                "changes.dat.0",
                "changes.dat.1",
                "changes.dat.2"
            ]
        );
    }

    #[test]
    fn rule_10_a_container_that_is_open_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let store = files(&dir, Access::Write);
        create(&store, 4 * MIB, 6 * MIB).unwrap();
        let container = Container::open(store, Access::Write).unwrap();
        let busy = |access| match Container::open(files(&dir, access), access) {
            Err(Error::Io { source, .. }) => source.kind() == io::ErrorKind::ResourceBusy,
            _ => false,
        };
        assert!(busy(Access::Write) && busy(Access::Read));
        drop(container);
        let readers =
            [(); 2].map(|()| Container::open(files(&dir, Access::Read), Access::Read).unwrap());
        assert!(busy(Access::Write));
        drop(readers);
        Container::open(files(&dir, Access::Write), Access::Write).unwrap();
    }

    /// Whoever prepares a stick could else have any file of the system written.
    #[test]
    fn links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let store = files(&dir, Access::Write);
        create(&store, 4 * MIB, 6 * MIB).unwrap();
        drop(store);
        let (part, aside) = (dir.path().join("changes.dat.1"), dir.path().join("aside"));
        renameat(CWD, &part, CWD, &aside).unwrap();
        symlinkat("aside", CWD, &part).unwrap();
        let error = Container::open(files(&dir, Access::Write), Access::Write).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Io {
                    file: FileName::Part(1),
                    ..
                }
            ),
            "{error}"
        );
        assert_eq!(error.to_string(), "cannot look at the container's part 1");
    }

    /// 263 parts, of which nearly nothing takes space.
    #[test]
    fn a_tebibyte_fits_on_a_small_disk() {
        let dir = tempfile::tempdir().unwrap();
        let size = 1 << 40;
        let store = files(&dir, Access::Write);
        create(&store, crate::geometry::DEFAULT_SPLIT, size).unwrap();
        let container = Container::open(store, Access::Write).unwrap();
        container.write(0, &[1; 4096]).unwrap();
        container.write(size - 4096, &[2; 4096]).unwrap();
        container.flush().unwrap();
        drop(container);
        let container = Container::open(files(&dir, Access::Read), Access::Read).unwrap();
        let mut bytes = [0; 8192];
        container.read(size - 8192, &mut bytes).unwrap();
        assert!(bytes[..4096] == [0; 4096] && bytes[4096..] == [2; 4096]);
        assert_eq!(container.geometry().parts(), 263);
    }
}
