//! The files of a container in a directory that is open: feature `files`.
//!
//! Every file is opened once, beneath the directory and through no link, locked, and kept: later the root may be
//! another one. Nothing is ever made or cut because it could not be opened.

mod direct;
mod holders;
mod length;

use std::collections::BTreeMap;
use std::io;
use std::num::NonZero;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};

use rustix::fs::{
    Advice, FallocateFlags, FileType, FlockOperation, Mode, OFlags, ResolveFlags, SeekFrom,
    fadvise, fallocate, fdatasync, flock, fstat, fstatfs, fsync, ftruncate, openat2, renameat,
    seek,
};
use rustix::io::{Errno, pread, pwrite, retry_on_intr};

use crate::container::Access;
use crate::geometry::{FAT_MAX_LEN, MAX_PARTS};
use crate::store::{FileName, Store};
use direct::Direct;
use holders::Holder;
use length::Length;

/// `MSDOS_SUPER_MAGIC` of linux/magic.h: FAT of any width.
const FAT_MAGIC: u64 = 0x4d44;
/// `EXFAT_SUPER_MAGIC` of linux/magic.h: no limit that matters.
const EXFAT_MAGIC: u64 = 0x2011_bab0;

/// The files whose names begin with a base name, in one directory.
#[derive(Debug)]
pub struct Files {
    dir: OwnedFd,
    base: String,
    writable: bool,
    max_len: Option<u64>,
    may_disagree: bool,
    /// Whether fdatasync(2) may leave out how long a file is.
    forgets_length: bool,
    /// Who had files with such names open when this was made.
    holders: Vec<Holder>,
    /// Parts by number: every request asks for one.
    parts: Box<[OnceLock<PartFile>]>,
    others: RwLock<BTreeMap<FileName, OwnedFd>>,
    /// Held by whoever opens a file: a second descriptor would meet the lock of the first.
    opening: Mutex<()>,
    direct: Direct,
}

/// A part that is open.
#[derive(Debug)]
struct PartFile {
    /// Through the page cache; it holds the lock.
    cached: OwnedFd,
    /// Past the page cache, where that is possible.
    direct: Option<OwnedFd>,
    length: Length,
}

impl Files {
    /// Takes a directory that is open for reading (not `O_PATH`: it is synced), and the main file's name in it. For
    /// writing, files that another process has open now are refused later, whether it locks them or not.
    ///
    /// # Errors
    /// If the kernel does not say what file system it is.
    pub fn new(dir: OwnedFd, base: &str, access: Access) -> io::Result<Self> {
        // The type of the field is not the same on every architecture.
        let writable = access == Access::Write;
        let file_system = fstatfs(&dir)?.f_type as u64;
        Ok(Self {
            dir,
            base: base.to_owned(),
            writable,
            // dynfilefs takes no locks.
            holders: if writable {
                holders::find(base)
            } else {
                Vec::new()
            },
            max_len: (file_system == FAT_MAGIC).then_some(FAT_MAX_LEN),
            may_disagree: matches!(file_system, FAT_MAGIC | EXFAT_MAGIC),
            forgets_length: file_system == FAT_MAGIC,
            parts: (0..MAX_PARTS).map(|_| OnceLock::new()).collect(),
            others: RwLock::default(),
            opening: Mutex::default(),
            direct: Direct::new(file_system),
        })
    }

    fn name(&self, file: FileName) -> String {
        format!("{}{file}", self.base)
    }

    fn access(&self) -> OFlags {
        match self.writable {
            true => OFlags::RDWR,
            false => OFlags::RDONLY,
        }
    }

    /// The descriptor of a part that goes past the page cache.
    fn direct(&self, file: FileName) -> Option<BorrowedFd<'_>> {
        let FileName::Part(number) = file else {
            return None;
        };
        let part = self.parts.get(number as usize)?.get()?;
        part.direct.as_ref().map(AsFd::as_fd)
    }

    /// What is known of a part's length on the medium, if that matters.
    fn length(&self, file: FileName) -> Option<&Length> {
        let FileName::Part(number) = file else {
            return None;
        };
        let part = self.parts.get(number as usize)?.get();
        part.filter(|_| self.forgets_length)
            .map(|part| &part.length)
    }

    /// Does something with a file; it is opened and locked now, if it was not.
    fn with<T>(
        &self,
        file: FileName,
        act: impl Fn(BorrowedFd<'_>) -> io::Result<T>,
    ) -> io::Result<T> {
        match self.if_open(file, &act) {
            Some(result) => result,
            None => self.open_with(file, OFlags::empty(), act),
        }
    }

    /// Does something with a file if it is open.
    fn if_open<T>(
        &self,
        file: FileName,
        act: impl Fn(BorrowedFd<'_>) -> io::Result<T>,
    ) -> Option<io::Result<T>> {
        if let FileName::Part(number) = file {
            let part = self.parts.get(number as usize)?.get()?;
            return Some(act(part.cached.as_fd()));
        }
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        others.get(&file).map(|fd| act(fd.as_fd()))
    }

    /// Opens a file and does something with it.
    fn open_with<T>(
        &self,
        file: FileName,
        more: OFlags,
        act: impl Fn(BorrowedFd<'_>) -> io::Result<T>,
    ) -> io::Result<T> {
        let alone = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(result) = self.if_open(file, &act) {
            return result;
        }
        let fd = self.open_file(file, more)?;
        match file {
            FileName::Part(number) => {
                let place = self.parts.get(number as usize);
                // None of a higher number is ever asked for: a container has no more.
                let place = place.ok_or(io::ErrorKind::InvalidInput)?;
                let name = self.name(file);
                let direct = self.direct.open((&self.dir, &name), &fd, self.access());
                let part = PartFile {
                    cached: fd,
                    direct,
                    length: Length::default(),
                };
                drop(alone);
                act(place.get_or_init(|| part).cached.as_fd())
            }
            FileName::Main | FileName::NewMain | FileName::Padded { .. } => {
                let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
                act(others.entry(file).or_insert(fd).as_fd())
            }
        }
    }

    /// Opens a file, locked against every other container server: exclusively for writing, shared for reading.
    fn open_file(&self, file: FileName, more: OFlags) -> io::Result<OwnedFd> {
        // A FIFO must not hold up the start.
        let flags = self.access() | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | more;
        let mode = if more.contains(OFlags::CREATE) {
            Mode::from_raw_mode(0o600)
        } else {
            Mode::empty()
        };
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let fd = retry_on_intr(|| openat2(&self.dir, self.name(file), flags, mode, resolve))?;
        let stat = fstat(&fd)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
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
        let holder = |holders: &[Holder]| {
            let mut holders = holders.iter();
            holders.find(|holder| holder.holds(&stat)).cloned()
        };
        // Looked at once more: a file that was made later may have the number of one that is gone.
        if let Some(Holder { pid, name, .. }) =
            holder(&self.holders).and_then(|_| holder(&holders::find(&self.base)))
        {
            return Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                format!("process {pid} ({name}) has it open"),
            ));
        }
        Ok(fd)
    }
}

impl Store for Files {
    fn len(&self, file: FileName) -> io::Result<Option<u64>> {
        match self.with(file, |fd| Ok(fstat(fd)?.st_size)) {
            Ok(size) => Ok(Some(u64::try_from(size).unwrap_or(0))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read_at(&self, file: FileName, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let done = self.direct.read(self.direct(file), bytes, offset)?;
        let rest = bytes.get_mut(done..).unwrap_or_default();
        if done > 0 && rest.is_empty() {
            return Ok(done);
        }
        let rest = std::cell::RefCell::new(rest);
        let at = offset.saturating_add(done as u64);
        let read = self.with(file, |fd| read_all(fd, &mut rest.borrow_mut(), at))?;
        Ok(done + read)
    }

    fn write_at(&self, file: FileName, bytes: &[u8], offset: u64) -> io::Result<()> {
        let done = self.direct.write(self.direct(file), bytes, offset)?;
        let rest = bytes.get(done..).unwrap_or_default();
        if done > 0 && rest.is_empty() {
            return Ok(());
        }
        let at = offset.saturating_add(done as u64);
        self.with(file, |fd| write_all(fd, rest, at))
    }

    fn is_cached(&self, len: u64) -> bool {
        !self.direct.takes(len)
    }

    fn create(&self, file: FileName) -> io::Result<()> {
        // Only behind the lock: O_TRUNC would cut a file that another program has open.
        self.open_with(file, OFlags::CREATE, |fd| Ok(ftruncate(fd, 0)?))
    }

    fn set_len(&self, file: FileName, len: u64) -> io::Result<()> {
        let set = || self.with(file, |fd| Ok(retry_on_intr(|| ftruncate(fd, len))?));
        match self.length(file) {
            Some(length) => length.change(set),
            None => set(),
        }
    }

    fn reserve(&self, file: FileName, offset: u64, len: u64) -> io::Result<()> {
        let flags = FallocateFlags::KEEP_SIZE;
        self.with(file, |fd| {
            unsupported(retry_on_intr(|| fallocate(fd, flags, offset, len)))
        })
    }

    fn punch(&self, file: FileName, offset: u64, len: u64) -> io::Result<()> {
        let flags = FallocateFlags::KEEP_SIZE | FallocateFlags::PUNCH_HOLE;
        self.with(file, |fd| {
            unsupported(retry_on_intr(|| fallocate(fd, flags, offset, len)))
        })
    }

    fn sync(&self, file: FileName) -> io::Result<()> {
        // Not repeated, whatever the reason: what failed is reported once only.
        if let Some(length) = self.length(file) {
            let len = || Ok(self.len(file)?.unwrap_or(0));
            return self.with(file, |fd| length.sync(fd, len));
        }
        self.with(file, |fd| {
            fdatasync(fd)?;
            match self.forgets_length {
                true => length::settle(fd),
                false => Ok(()),
            }
        })
    }

    /// Only of files that are no parts: those stay where they are once they are open.
    fn rename(&self, from: FileName, to: FileName) -> io::Result<()> {
        let is_part = |file| matches!(file, FileName::Part(_));
        if is_part(from) || is_part(to) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        renameat(&self.dir, self.name(from), &self.dir, self.name(to))?;
        if let Some(fd) = others.remove(&from) {
            others.insert(to, fd);
        }
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        Ok(fsync(&self.dir)?)
    }

    fn max_len(&self) -> Option<u64> {
        self.max_len
    }

    fn may_disagree(&self) -> bool {
        self.may_disagree
    }

    fn appends_in_any_order(&self) -> bool {
        self.direct.appends()
    }

    fn data(&self, file: FileName, offset: u64) -> io::Result<Option<Range<u64>>> {
        // The position that is moved is nobody's: all else is done at offsets.
        self.with(file, |fd| match seek(fd, SeekFrom::Data(offset)) {
            Ok(start) => match seek(fd, SeekFrom::Hole(start)) {
                Ok(end) => Ok(Some(start..end)),
                Err(_) => Ok(Some(start..u64::MAX)),
            },
            Err(Errno::NXIO) => Ok(None),
            Err(_) => Ok(Some(offset..u64::MAX)),
        })
    }

    fn prefetch(&self, file: FileName, offset: u64, len: u64) {
        let will_need =
            |fd: BorrowedFd<'_>| Ok(fadvise(fd, offset, NonZero::new(len), Advice::WillNeed)?);
        let _ = self.with(file, will_need);
    }

    fn free(&self) -> io::Result<Option<u64>> {
        let stat = fstatfs(&self.dir)?;
        // Some file systems of others tell nothing. The types are not the same on every architecture.
        let is_known = stat.f_blocks > 0;
        Ok(is_known.then_some((stat.f_bavail as u64).saturating_mul(stat.f_bsize as u64)))
    }
}

/// Reads until the end of the file.
fn read_all(fd: BorrowedFd<'_>, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match retry_on_intr(|| pread(fd, &mut *rest, offset + done as u64))? {
            0 => break,
            read => done += read,
        }
    }
    Ok(done)
}

fn write_all(fd: BorrowedFd<'_>, bytes: &[u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
        match retry_on_intr(|| pwrite(fd, rest, offset + done as u64))? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => done += written,
        }
    }
    Ok(())
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
mod tests;
