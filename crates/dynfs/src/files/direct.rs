//! Long requests go past the page cache (open(2), `O_DIRECT`): what the disk's users read is cached above the disk
//! already, and copying into pages that are dropped next costs more than the medium does. On ext4 and XFS so do all
//! writes of whole blocks: what is not in the cache need not be written when the disk is flushed.
//!
//! Each part has a second descriptor for them; short requests and all that is not aligned take the first. Both see the
//! same bytes: Linux writes back what the cache holds of a range before it is read or written directly, and drops it
//! around a direct write (mm/filemap.c, `kiocb_write_and_wait`, `generic_file_direct_write`; fs/iomap/direct-io.c,
//! `__iomap_dio_rw`). That fails only for a page that is made dirty meanwhile, and the file's lock, which writers of
//! both kinds take, keeps them apart. A direct write is not durable: fdatasync(2) has the medium empty its own cache.

use std::cell::RefCell;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Mode, OFlags, ResolveFlags, fstat, openat2};
use rustix::io::{Errno, pread, pwrite, retry_on_intr};

/// What is asked of offsets, lengths and memory, in bytes: a block of a container, and no device wants more (statx(2),
/// `STATX_DIOALIGN`).
const ALIGN: usize = 4096;
/// The shortest direct request, in bytes. Below, a later request may find its bytes in the cache, and saves a whole one; and
/// where files are made longer through the cache, it joins what follows each other.
pub(super) const LEAST: usize = 64 << 10;
/// Memory for bytes that lie elsewhere than `O_DIRECT` wants: the longest request of the kernel.
const BOUNCE: usize = 1 << 20;

/// `EXT4_SUPER_MAGIC` and `XFS_SUPER_MAGIC` of linux/magic.h: file systems that make a file longer with a direct write.
/// Others write through the cache then, and wait for it (fs/fat/inode.c, `fat_direct_IO`; fs/exfat/inode.c).
const APPENDING: [u64; 2] = [0xef53, 0x5846_5342];

thread_local! {
    /// Made once, with the first request that needs it.
    static BOUNCED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What the file system can do.
#[derive(Debug)]
pub(super) struct Direct {
    refused: AtomicBool,
    appends: bool,
}

impl Direct {
    /// Takes the file system's number (statfs(2), `f_type`).
    pub(super) fn new(file_system: u64) -> Self {
        Self {
            refused: AtomicBool::new(false),
            appends: APPENDING.contains(&file_system),
        }
    }

    /// Whether the file system makes files longer without filling them with zeros.
    pub(super) fn appends(&self) -> bool {
        self.appends
    }

    /// Whether reads of this length may go past the cache.
    pub(super) fn takes(&self, len: u64) -> bool {
        len >= LEAST as u64 && !self.refused.load(Ordering::Relaxed)
    }

    /// Opens the file that `fd` is once more; nothing where that is not possible, or the name has another file now.
    pub(super) fn open(
        &self,
        (dir, name): (&OwnedFd, &str),
        fd: &OwnedFd,
        access: OFlags,
    ) -> Option<OwnedFd> {
        if self.refused.load(Ordering::Relaxed) {
            return None;
        }
        let flags = access | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::DIRECT;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let open = || openat2(dir, name, flags, Mode::empty(), resolve);
        let direct = match retry_on_intr(open) {
            Ok(direct) => direct,
            Err(error) => {
                self.note(error);
                return None;
            }
        };
        let (one, two) = (fstat(fd).ok()?, fstat(&direct).ok()?);
        ((one.st_dev, one.st_ino) == (two.st_dev, two.st_ino)).then_some(direct)
    }

    /// Reads from the start of a range as much as is possible; how much that was. The rest is for the cache.
    pub(super) fn read(
        &self,
        fd: Option<BorrowedFd<'_>>,
        bytes: &mut [u8],
        offset: u64,
    ) -> io::Result<usize> {
        let Some(fd) = fd.filter(|_| self.suits(bytes, offset, LEAST)) else {
            return Ok(0);
        };
        if is_aligned(bytes) {
            return self.all(bytes.len(), |done| {
                let rest = bytes.get_mut(done..).unwrap_or_default();
                retry_on_intr(|| pread(fd, &mut *rest, offset + done as u64))
            });
        }
        with_bounce(|bounce| {
            self.all(bytes.len(), |done| {
                let rest = bytes.get_mut(done..).unwrap_or_default();
                let len = rest.len().min(bounce.len());
                let bounce = bounce.get_mut(..len).unwrap_or_default();
                let read = retry_on_intr(|| pread(fd, &mut *bounce, offset + done as u64))?;
                if let (Some(to), Some(from)) = (rest.get_mut(..read), bounce.get(..read)) {
                    to.copy_from_slice(from);
                }
                Ok(read)
            })
        })
    }

    /// Writes from the start of a range as much as is possible; how much that was. The rest is for the cache.
    pub(super) fn write(
        &self,
        fd: Option<BorrowedFd<'_>>,
        bytes: &[u8],
        offset: u64,
    ) -> io::Result<usize> {
        let least = if self.appends { ALIGN } else { LEAST };
        let Some(fd) = fd.filter(|_| self.suits(bytes, offset, least)) else {
            return Ok(0);
        };
        if !self.appends {
            let len = u64::try_from(fstat(fd)?.st_size).unwrap_or(0);
            if offset.saturating_add(bytes.len() as u64) > len {
                return Ok(0);
            }
        }
        if is_aligned(bytes) {
            return self.all(bytes.len(), |done| {
                let rest = bytes.get(done..).unwrap_or_default();
                retry_on_intr(|| pwrite(fd, rest, offset + done as u64))
            });
        }
        with_bounce(|bounce| {
            self.all(bytes.len(), |done| {
                let rest = bytes.get(done..).unwrap_or_default();
                let len = rest.len().min(bounce.len());
                let bounce = bounce.get_mut(..len).unwrap_or_default();
                bounce.copy_from_slice(rest.get(..len).unwrap_or_default());
                retry_on_intr(|| pwrite(fd, &*bounce, offset + done as u64))
            })
        })
    }

    fn suits(&self, bytes: &[u8], offset: u64, least: usize) -> bool {
        bytes.len() >= least
            && !self.refused.load(Ordering::Relaxed)
            && offset.is_multiple_of(ALIGN as u64)
            && bytes.len().is_multiple_of(ALIGN)
    }

    /// Goes on while the kernel takes whole blocks: part of one is the end of the file, or something unforeseen.
    fn all(
        &self,
        len: usize,
        mut step: impl FnMut(usize) -> rustix::io::Result<usize>,
    ) -> io::Result<usize> {
        let mut done = 0;
        while done < len {
            match step(done) {
                Ok(count) => {
                    done += count;
                    if count == 0 || !count.is_multiple_of(ALIGN) {
                        break;
                    }
                }
                Err(error) if self.note(error) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(done)
    }

    /// Whether an error says that the file system cannot do it; it is not asked again then.
    fn note(&self, error: Errno) -> bool {
        let refused = matches!(error, Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS);
        self.refused.fetch_or(refused, Ordering::Relaxed);
        refused
    }
}

fn is_aligned(bytes: &[u8]) -> bool {
    bytes.as_ptr().align_offset(ALIGN) == 0
}

fn with_bounce<T>(act: impl FnOnce(&mut [u8]) -> T) -> T {
    BOUNCED.with_borrow_mut(|space| {
        if space.is_empty() {
            *space = vec![0; BOUNCE + ALIGN];
        }
        let start = space.as_ptr().align_offset(ALIGN);
        act(space.get_mut(start..start + BOUNCE).unwrap_or_default())
    })
}
