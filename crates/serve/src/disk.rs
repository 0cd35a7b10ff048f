//! The disk that is served, as the server and its threads share it.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::OnceLock;

use dynfilefs::container::Container;
use dynfilefs::error::Error;
use dynfilefs::files::Files;
use fuser::{INodeNo, Notifier};
use perch_core::serving::DISK;
use perch_core::units::Bytes;
use rustix::fs::{AtFlags, StatxFlags, statx};

use crate::filesystem::INODE;
use crate::fuse::{self, FuseError};
use crate::growth::Counter;
use crate::source::{Source, SourceError};

/// A container and the kernel's view of it.
#[derive(Debug)]
pub(crate) struct Disk {
    /// The container.
    pub(crate) container: Container<Files>,
    /// The way to the kernel, once there is one.
    kernel: OnceLock<Kernel>,
    /// What was written, if somebody is to know.
    counter: OnceLock<Counter>,
}

#[derive(Debug)]
struct Kernel {
    notifier: Notifier,
    device: OwnedFd,
    /// What the mount table shows.
    source: PathBuf,
}

/// Why a disk did not grow, or did not seem to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GrowError {
    /// The container has its old size.
    #[error(transparent)]
    Container(#[from] Error),
    /// The container has grown.
    #[error("cannot show the new size of the disk to the kernel; it will with the next start")]
    Kernel(#[from] FuseError),
    /// The container has grown.
    #[error("cannot have the kernel look at the new size of the disk; it will with the next start")]
    Look(#[source] std::io::Error),
}

impl Disk {
    pub(crate) fn new(container: Container<Files>) -> Self {
        Self {
            container,
            kernel: OnceLock::new(),
            counter: OnceLock::new(),
        }
    }

    /// Tells how the kernel is reached; the first call counts.
    pub(crate) fn connect(&self, notifier: Notifier, device: OwnedFd, source: PathBuf) {
        let _ = self.kernel.set(Kernel {
            notifier,
            device,
            source,
        });
    }

    /// Counts from now on what is written; the first call counts.
    pub(crate) fn count(&self, counter: Counter) {
        let _ = self.counter.set(counter);
    }

    /// The counter, once there is one.
    pub(crate) fn counter(&self) -> Option<&Counter> {
        self.counter.get()
    }

    /// Makes the container larger, durably, and has the kernel know the file's new size when this returns: a loop device
    /// on it can be told then. Not from a thread that answers the kernel.
    pub(crate) fn grow(&self, to: Bytes) -> Result<Bytes, GrowError> {
        self.container.grow(to.0)?;
        if let Some(kernel) = self.kernel.get() {
            kernel.look_again()?;
        }
        Ok(self.size())
    }
}

impl Source for Disk {
    fn size(&self) -> Bytes {
        Bytes(self.container.size())
    }

    fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<(), SourceError> {
        Ok(self.container.read(offset, bytes)?)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), SourceError> {
        if let Some(counter) = self.counter() {
            counter.add(bytes.len() as u64);
        }
        Ok(self.container.write(offset, bytes)?)
    }

    fn zero(&self, offset: u64, length: u64) -> Result<(), SourceError> {
        Ok(self.container.zero(offset, length)?)
    }

    fn allocate(&self, offset: u64, length: u64) -> Result<(), SourceError> {
        Ok(self.container.allocate(offset, length)?)
    }

    fn flush(&self) -> Result<(), SourceError> {
        Ok(self.container.flush()?)
    }
}

impl Kernel {
    /// Forgetting the size is not enough: a loop device takes what the kernel believes (drivers/block/loop.c,
    /// `get_size`). So the file is looked at, through a mount that is gone again at once and keeps nothing in use.
    fn look_again(&self) -> Result<(), GrowError> {
        // A negative offset: the attributes only (fs/fuse/inode.c, `fuse_reverse_inval_inode`).
        self.notifier
            .inval_inode(INodeNo(INODE), -1, 0)
            .map_err(GrowError::Look)?;
        let mount = fuse::mount(&self.device, &self.source)?;
        let name = OsStr::new(DISK);
        statx(&mount, name, AtFlags::STATX_FORCE_SYNC, StatxFlags::SIZE)
            .map(drop)
            .map_err(|error| GrowError::Look(error.into()))
    }
}
