//! A container that is in use: how full its file system is, and growing it without unmounting.
//!
//! Nothing here keeps the file system or its device open from one look to the next, so that whoever unmounts it
//! is never held up.

use std::os::fd::{AsFd, OwnedFd};

use perch_core::units::Bytes;
use rustix::fs::{OFlags, fstat, fstatvfs};
use rustix::io::Errno;

use crate::dir::{self, DirError};
use crate::ioctl;

/// How often the kernel is asked for the size of a file that is being written to.
const TRIES: u32 = 1000;

/// Where a container is mounted, from above.
#[derive(Debug)]
pub struct Spot {
    /// The directory that holds the mount point.
    pub above: OwnedFd,
    /// The mount point's name in it.
    pub name: String,
    /// `/dev`.
    pub dev: OwnedFd,
    /// The number of the loop device.
    pub device: u32,
}

/// A container's file system and its loop device, open for a moment.
#[derive(Debug)]
pub struct Online {
    inner: OwnedFd,
    device: OwnedFd,
    name: String,
}

/// What is used of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Its size.
    pub total: Bytes,
    /// What is free; what waits to be written is not.
    pub free: Bytes,
}

/// Why a container in use could not be looked at or did not grow.
#[derive(Debug, thiserror::Error)]
pub enum OnlineError {
    /// A directory or device.
    #[error(transparent)]
    Open(#[from] DirError),
    /// The file system does not say how full it is.
    #[error("cannot tell how full the file system is")]
    Usage {
        /// Why.
        source: Errno,
    },
    /// The loop device did not take the new size.
    #[error("cannot make {device} larger")]
    Device {
        /// Its name.
        device: String,
        /// Why.
        source: Errno,
    },
    /// The file system did not.
    #[error("cannot make the file system on {device} larger while it is mounted")]
    FileSystem {
        /// The device's name.
        device: String,
        /// `ENOTTY` no ext4, `EPERM` or `EOPNOTSUPP` one that cannot grow, `ENOSPC` no room for its tables, …
        source: Errno,
    },
}

impl Spot {
    /// Opens what is mounted there; `None` if that is not the container, or no longer.
    pub fn open(&self) -> Result<Option<Online>, OnlineError> {
        let name = format!("loop{}", self.device);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        let inner = match dir::open_beneath(&self.above, &self.name, flags) {
            Ok(inner) => inner,
            Err(error) if error.errno() == Some(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // Not for writing, which some kernels refuse on what is mounted.
        let device = dir::open_beneath(&self.dev, &name, OFlags::RDONLY | OFlags::NOFOLLOW)?;
        let same = match (fstat(&inner), fstat(&device)) {
            (Ok(inner), Ok(device)) => inner.st_dev == device.st_rdev,
            (Err(source), _) | (_, Err(source)) => return Err(OnlineError::Usage { source }),
        };
        Ok(same.then_some(Online {
            inner,
            device,
            name,
        }))
    }
}

impl Online {
    /// How full the file system is.
    pub fn usage(&self) -> Result<Usage, OnlineError> {
        let stat = fstatvfs(&self.inner).map_err(|source| OnlineError::Usage { source })?;
        let bytes = |blocks: u64| Bytes(blocks.saturating_mul(stat.f_frsize));
        Ok(Usage {
            total: bytes(stat.f_blocks),
            free: bytes(stat.f_bfree),
        })
    }

    /// Gives device and file system the size that the container has now. The file system takes whole blocks of it,
    /// and is never made smaller.
    pub fn grow(&self, to: Bytes) -> Result<(), OnlineError> {
        let device = |source| OnlineError::Device {
            device: self.name.clone(),
            source,
        };
        // Makes the kernel ask for the size of the file anew, where that is not on a disk (drivers/block/loop.c,
        // `loop_get_status`): setting the capacity alone believes what was known. FUSE drops the answer if a write
        // ended while it was under way (fs/fuse/inode.c, `fuse_change_attributes`), so under load it is asked again.
        let mut tries = TRIES;
        loop {
            ioctl::loop_status(&self.device).map_err(device)?;
            ioctl::loop_set_capacity(&self.device).map_err(device)?;
            let size = ioctl::block_device_size(&self.device).map_err(device)?;
            if size >= to.0 {
                break;
            }
            tries = match tries {
                0 => return Err(device(Errno::AGAIN)),
                more => more - 1,
            };
            std::thread::yield_now();
        }
        grow_file_system(&self.inner, to).map_err(|source| OnlineError::FileSystem {
            device: self.name.clone(),
            source,
        })
    }
}

/// Has the ext4 that `inner` is on take the whole of its device, which has this size.
///
/// # Errors
/// `ENOTTY` no ext4, `EPERM` or `EOPNOTSUPP` one that cannot grow, `ENOSPC` no room for its tables, …
pub fn grow_file_system(inner: impl AsFd, to: Bytes) -> Result<(), Errno> {
    let stat = fstatvfs(&inner)?;
    ioctl::ext4_resize(inner, to.0 / stat.f_bsize.max(1))
}

#[cfg(test)]
mod tests;
