//! What the kernel asks about the mount: a directory with one file, the disk. fuse(4).

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dynfilefs::error::Error;
use dynfilefs::geometry::BLOCK;
use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, InitFlags, KernelConfig, LockOwner, OpenFlags, ReplyAttr, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};
use perch_core::cause::Causes;
use perch_core::serving::DISK;
use rustix::fs::FallocateFlags;

use crate::failure::errno;
use crate::source::{Source, SourceError};

/// The disk's inode; the root has 1.
pub(crate) const INODE: u64 = 2;
/// The most bytes of one request. The kernel allows 256 pages without being told otherwise (fs/fuse/inode.c,
/// `fs.fuse.max_pages_limit`).
const REQUEST: u32 = 1 << 20;
/// Where memory has to begin for reads past the page cache, in bytes.
const PAGE: usize = 4096;
/// Requests that nobody waits for: what a loop device has under way.
const BACKGROUND: u16 = 64;
/// How long the kernel may believe what it was told: for ever, since nobody else changes anything, and growth says so.
const FOREVER: Duration = Duration::from_secs(1 << 30);

thread_local! {
    /// Where a thread reads to; it grows to the longest request once. What is read begins at a page in it, so that the medium
    /// can put it there.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The directory and its file.
#[derive(Debug)]
pub(crate) struct Directory<S> {
    pub(crate) disk: Arc<S>,
    /// Permissions of the file.
    pub(crate) mode: u16,
    /// Whether anything can be written.
    pub(crate) is_writable: bool,
    /// What both give as their times.
    pub(crate) since: SystemTime,
}

impl<S: Source> Directory<S> {
    fn attributes(&self, inode: INodeNo) -> Option<FileAttr> {
        let (kind, perm, nlink, size) = match inode {
            INodeNo::ROOT => (FileType::Directory, 0o755, 2, 0),
            INodeNo(INODE) => (FileType::RegularFile, self.mode, 1, self.disk.size().0),
            _ => return None,
        };
        Some(FileAttr {
            ino: inode,
            size,
            blocks: size / 512,
            atime: self.since,
            mtime: self.since,
            ctime: self.since,
            crtime: self.since,
            kind,
            perm,
            nlink,
            uid: 0,
            gid: 0,
            rdev: 0,
            // loop takes the unit of its discards from here and from statfs.
            blksize: BLOCK as u32,
            flags: 0,
        })
    }
}

impl<S: Source> Filesystem for Directory<S> {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        // Each refusal names what would be taken; what the kernel does not know it does without.
        let _ = config.set_max_write(REQUEST);
        if let Err(most) = config.set_max_readahead(REQUEST) {
            let _ = config.set_max_readahead(most);
        }
        let _ = config.set_max_background(BACKGROUND);
        for flag in [
            // Direct requests of a loop device need not wait for each other.
            InitFlags::FUSE_ASYNC_DIO,
            InitFlags::FUSE_PARALLEL_DIROPS,
            // Otherwise each write asks for an attribute first (file_remove_privs).
            InitFlags::FUSE_HANDLE_KILLPRIV_V2,
        ] {
            let _ = config.add_capabilities(flag);
        }
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let inode = INodeNo(INODE);
        let known = parent == INodeNo::ROOT && name == DISK;
        match self.attributes(inode).filter(|_| known) {
            Some(attributes) => reply.entry(&FOREVER, &attributes, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(inode) {
            Some(attributes) => reply.attr(&FOREVER, &attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    /// Nothing can be set: times are taken and forgotten, the size is the container's.
    fn setattr(
        &self,
        _: &Request,
        inode: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let Some(attributes) = self.attributes(inode) else {
            return reply.error(Errno::ENOENT);
        };
        let same_size = size.is_none_or(|size| size == attributes.size);
        match same_size && mode.is_none() && uid.is_none() && gid.is_none() {
            true => reply.attr(&FOREVER, &attributes),
            false => reply.error(Errno::EPERM),
        }
    }

    fn open(&self, _: &Request, inode: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match inode {
            // What is cached stays right: nobody writes to the container past the kernel. Closing has nothing to do.
            INodeNo(INODE) => reply.opened(
                FileHandle(0),
                FopenFlags::FOPEN_KEEP_CACHE | FopenFlags::FOPEN_NOFLUSH,
            ),
            _ => reply.error(Errno::ENOENT),
        }
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        // As for any file, less than asked for at its end.
        let left = self.disk.size().0.saturating_sub(offset);
        let wanted = usize::try_from(left.min(u64::from(size))).unwrap_or(0);
        BUFFER.with_borrow_mut(|buffer| {
            if buffer.len() < wanted + PAGE {
                buffer.resize(wanted + PAGE, 0);
            }
            let start = buffer.as_ptr().align_offset(PAGE);
            let bytes = buffer.get_mut(start..start + wanted).unwrap_or_default();
            match self.disk.read(offset, bytes) {
                Ok(()) => reply.data(bytes),
                Err(error) => {
                    self.say(&format!("read {wanted} bytes at {offset}"), &error);
                    reply.error(errno(&error));
                }
            }
        });
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.disk.write(offset, data) {
            // The kernel sends no more than it was allowed in `init`.
            Ok(()) => reply.written(u32::try_from(data.len()).unwrap_or(u32::MAX)),
            Err(error) => {
                let length = data.len();
                self.say(&format!("write {length} bytes at {offset}"), &error);
                reply.error(errno(&error));
            }
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.sync(reply);
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fallocate(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let disk = &self.disk;
        let mode = FallocateFlags::from_bits_retain(mode.cast_unsigned());
        let (punch, zero) = (FallocateFlags::PUNCH_HOLE, FallocateFlags::ZERO_RANGE);
        let keep = FallocateFlags::KEEP_SIZE;
        let left = self.disk.size().0.saturating_sub(offset);
        if length > left && !mode.contains(keep) {
            // It would make the disk larger.
            return reply.error(Errno::EFBIG);
        }
        let length = length.min(left);
        let outcome = if mode == punch | keep || mode == zero | keep || mode == zero {
            // Punched or zeroed, it reads as zeros to its last byte (fallocate(2)).
            disk.zero(offset, length)
        } else if mode.difference(keep).is_empty() {
            disk.allocate(offset, length)
        } else {
            return reply.error(Errno::EOPNOTSUPP);
        };
        match outcome {
            Ok(()) => reply.ok(),
            Err(error) => {
                self.say(
                    &format!("allocate or clear {length} bytes at {offset}"),
                    &error,
                );
                reply.error(errno(&error));
            }
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let blocks = self.disk.size().0 / BLOCK;
        reply.statfs(blocks, 0, 0, 2, 0, BLOCK as u32, 255, BLOCK as u32);
    }

    fn readdir(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        if inode != INodeNo::ROOT {
            return reply.error(Errno::ENOTDIR);
        }
        let entries = [
            (INodeNo::ROOT, FileType::Directory, "."),
            (INodeNo::ROOT, FileType::Directory, ".."),
            (INodeNo(INODE), FileType::RegularFile, DISK),
        ];
        for (next, (inode, kind, name)) in (1..).zip(entries) {
            if next > offset && reply.add(inode, next, kind, name) {
                break;
            }
        }
        reply.ok();
    }
}

impl<S: Source> Directory<S> {
    /// A medium that fails is said each time, and the kernel limits how often; a lack of space is the guest's to tell.
    fn say(&self, what: &str, error: &SourceError) {
        if !matches!(
            error,
            SourceError::Full | SourceError::Container(Error::Full)
        ) {
            log::error!("cannot {what}: {}", Causes(error));
        }
    }

    fn sync(&self, reply: ReplyEmpty) {
        // One that is read only has nothing to sync.
        if !self.is_writable {
            return reply.ok();
        }
        match self.disk.flush() {
            Ok(()) => reply.ok(),
            Err(error) => {
                self.say("make the container durable", &error);
                reply.error(errno(&error));
            }
        }
    }
}
