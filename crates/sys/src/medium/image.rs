//! An ISO file on the medium that holds the data directory: `from=/iso/minios.iso`.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use perch_core::fs::FsKind;
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::dir::{self, DirError};
use crate::loopdev::{self, LoopError};
use crate::mount::{self, MountError, Options};
use crate::superblock;

/// Why an ISO file cannot be used. Reads as a cause.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It could not be opened.
    #[error("it cannot be opened")]
    Open(#[source] DirError),
    /// It could not be read.
    #[error("it cannot be read")]
    Read(#[source] io::Error),
    /// It holds something else.
    #[error("it is no ISO 9660 or UDF image")]
    NoImage,
    /// No loop device could be had.
    #[error("it cannot be attached")]
    Attach(#[source] LoopError),
    /// It could not be mounted.
    #[error("it cannot be mounted")]
    Mount(#[source] MountError),
}

impl ImageError {
    /// Whether there is no such file at all.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Open(error) if matches!(error.errno(), Some(Errno::NOENT | Errno::NOTDIR)))
    }
}

/// Mounts the ISO file at `path` beneath `medium`, read-only and detached. `load` loads kernel modules.
pub fn mount(
    medium: &OwnedFd,
    path: &str,
    load: &mut dyn FnMut(&str),
) -> Result<OwnedFd, ImageError> {
    let file = dir::open_beneath(medium, path, OFlags::RDONLY | OFlags::NONBLOCK)
        .map(File::from)
        .map_err(ImageError::Open)?;
    let found = superblock::read(&file).map_err(ImageError::Read)?;
    let kind = found.map(|superblock| superblock.kind);
    let Some(kind @ (FsKind::Iso9660 | FsKind::Udf)) = kind else {
        return Err(ImageError::NoImage);
    };
    for module in kind.modules() {
        load(module);
    }
    let config = loopdev::Config {
        direct_io: true,
        ..loopdev::Config::default()
    };
    let device = loopdev::attach(&file, path, &config).map_err(ImageError::Attach)?;
    let options = Options {
        read_only: true,
        nosuid: true,
        nodev: true,
        noexec: true,
        ..Options::default()
    };
    let mut last = ImageError::NoImage;
    for name in kind.kernel_names() {
        match mount::mount_device(name, &device.path, &options) {
            Ok(mount) => return Ok(mount),
            Err(error) => last = ImageError::Mount(error),
        }
    }
    Err(last)
}
