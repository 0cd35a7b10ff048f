//! Loop devices: a regular file as a block device.
//!
//! One LOOP_CONFIGURE sets everything (loop(4), Linux 5.8), so no half-configured device is ever
//! visible. What happens with the device afterwards is not decided here.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use linux_raw_sys::loop_device::{
    LO_FLAGS_AUTOCLEAR, LO_FLAGS_DIRECT_IO, LO_FLAGS_READ_ONLY, LO_NAME_SIZE, loop_config,
    loop_info64,
};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;

use crate::ioctl;

/// How often we try again when another process takes the device that we were about to take.
const MAX_TRIES: u32 = 64;

/// How much is read ahead of whoever reads in order, past the page cache of the image's file system, in sectors of 512 bytes:
/// 2 MiB. Nobody else reads ahead there, and the kernel's 128 KiB leave the medium waiting after each.
const READ_AHEAD: usize = 4096;

/// What a loop device shall be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Refuses writes. `false` needs an image that is open for writing.
    pub read_only: bool,
    /// Lets go of the image when the device's last user is gone.
    pub autoclear: bool,
    /// Bypasses the page cache of the image's filesystem where that is possible, so that data
    /// is not held in memory twice.
    pub direct_io: bool,
    /// Logical block size in bytes, a power of two from 512 to the page size; `None`: the kernel's choice.
    pub block_size: Option<u32>,
    /// Where in the image the device begins, in bytes.
    pub offset: u64,
}

impl Default for Config {
    /// Read-only, gone with its last user, through the page cache: what a bundle needs.
    fn default() -> Self {
        Self {
            read_only: true,
            autoclear: true,
            direct_io: false,
            block_size: None,
            offset: 0,
        }
    }
}

/// An attached loop device.
///
/// With `autoclear` the image stays attached as long as this value or a mount of the device
/// lives: keep it until the mount is made, then drop it.
#[derive(Debug)]
pub struct LoopDevice {
    /// The open device.
    pub fd: OwnedFd,
    /// Its node, `/dev/loop<number>`.
    pub path: PathBuf,
    /// Its number.
    pub number: u32,
    /// Whether it really bypasses the page cache: the kernel may ignore the wish silently, for
    /// instance with an image on tmpfs.
    pub direct_io: bool,
    /// Whether it really refuses writes: an image open for reading only makes it so.
    pub read_only: bool,
}

/// Why an image could not be attached.
#[derive(Debug, thiserror::Error)]
pub enum LoopError {
    /// `/dev/loop-control` could not be opened: the loop module is not loaded, or no devtmpfs.
    #[error("cannot open /dev/loop-control for {image}")]
    Control {
        /// The image's name as given.
        image: String,
        /// The reason.
        source: Errno,
    },
    /// The kernel has no free device.
    #[error("cannot get a free loop device for {image}")]
    NoneFree {
        /// The image's name as given.
        image: String,
        /// The reason.
        source: Errno,
    },
    /// The node of a free device could not be opened.
    #[error("cannot open {} for {image}", .device.display())]
    Open {
        /// The image's name as given.
        image: String,
        /// The device's node.
        device: PathBuf,
        /// The reason.
        source: Errno,
    },
    /// The kernel refused the image.
    #[error("cannot attach {image} to {}", .device.display())]
    Configure {
        /// The image's name as given.
        image: String,
        /// The device's node.
        device: PathBuf,
        /// `EINVAL` a bad block size or no regular file, `EBADF` cannot be read, …
        source: Errno,
    },
    /// Other processes took every device that we were offered.
    #[error(
        "gave up attaching {image}: other processes took {MAX_TRIES} free loop devices before us"
    )]
    Taken {
        /// The image's name as given.
        image: String,
    },
    /// The device was asked to be writable, and the kernel made it read-only.
    #[error("{image} could only be attached read-only")]
    ReadOnly {
        /// The image's name as given.
        image: String,
    },
}

/// Attaches `image` to a free loop device. `name` is kept by the kernel for people who list the
/// devices (63 bytes of it) and is used in errors.
pub fn attach(image: impl AsFd, name: &str, config: &Config) -> Result<LoopDevice, LoopError> {
    let control = open(
        "/dev/loop-control",
        OFlags::RDWR | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map_err(|source| LoopError::Control {
        image: name.into(),
        source,
    })?;
    for _ in 0..MAX_TRIES {
        let number = ioctl::loop_get_free(&control).map_err(|source| LoopError::NoneFree {
            image: name.into(),
            source,
        })?;
        if let Some(device) = try_attach(image.as_fd(), name, config, number)? {
            return Ok(device);
        }
    }
    Err(LoopError::Taken { image: name.into() })
}

/// Attaches to one device; `None` when somebody else was faster.
fn try_attach(
    image: impl AsFd,
    name: &str,
    config: &Config,
    number: u32,
) -> Result<Option<LoopDevice>, LoopError> {
    let path = Path::new("/dev").join(format!("loop{number}"));
    let access = if config.read_only {
        OFlags::RDONLY
    } else {
        OFlags::RDWR
    };
    let fd = match open(&path, access | OFlags::CLOEXEC, Mode::empty()) {
        Ok(fd) => fd,
        // Removed again (LOOP_CTL_REMOVE), or held exclusively, since we were offered it.
        Err(Errno::NXIO | Errno::NOENT | Errno::BUSY) => return Ok(None),
        Err(source) => {
            return Err(LoopError::Open {
                image: name.into(),
                device: path,
                source,
            });
        }
    };
    let mut wanted = raw(config, name);
    let mut outcome = ioctl::loop_configure(&fd, &image, wanted);
    if outcome == Err(Errno::INVAL) && config.direct_io {
        wanted.info.lo_flags &= !(LO_FLAGS_DIRECT_IO as u32);
        outcome = ioctl::loop_configure(&fd, &image, wanted);
    }
    let failed = |source| LoopError::Configure {
        image: name.into(),
        device: path.clone(),
        source,
    };
    match outcome {
        Ok(()) => {}
        Err(Errno::BUSY | Errno::NXIO) => return Ok(None),
        Err(source) => return Err(failed(source)),
    }
    let status = ioctl::loop_status(&fd).map_err(failed)?;
    let device = LoopDevice {
        direct_io: status.lo_flags & LO_FLAGS_DIRECT_IO as u32 != 0,
        read_only: status.lo_flags & LO_FLAGS_READ_ONLY as u32 != 0,
        fd,
        path,
        number,
    };
    if device.read_only && !config.read_only {
        // Nobody uses the device yet, so this cannot fail in a way that matters; with
        // autoclear the image goes with the descriptor anyway.
        let _ = ioctl::loop_clear(&device.fd);
        return Err(LoopError::ReadOnly { image: name.into() });
    }
    if device.direct_io {
        // It is only slower without.
        let _ = ioctl::set_read_ahead(&device.fd, READ_AHEAD);
    }
    Ok(Some(device))
}

fn raw(config: &Config, name: &str) -> loop_config {
    let mut lo_flags = 0;
    for (wanted, flag) in [
        (config.read_only, LO_FLAGS_READ_ONLY),
        (config.autoclear, LO_FLAGS_AUTOCLEAR),
        (config.direct_io, LO_FLAGS_DIRECT_IO),
    ] {
        if wanted {
            lo_flags |= flag as u32;
        }
    }
    let mut lo_file_name = [0; LO_NAME_SIZE as usize];
    // The last byte stays zero: it ends the string.
    let room = lo_file_name.len() - 1;
    for (to, from) in lo_file_name.iter_mut().take(room).zip(name.bytes()) {
        *to = from;
    }
    loop_config {
        fd: 0,
        block_size: config.block_size.unwrap_or(0),
        info: loop_info64 {
            lo_device: 0,
            lo_inode: 0,
            lo_rdevice: 0,
            lo_offset: config.offset,
            lo_sizelimit: 0,
            lo_number: 0,
            lo_encrypt_type: 0,
            lo_encrypt_key_size: 0,
            lo_flags,
            lo_file_name,
            lo_crypt_name: [0; LO_NAME_SIZE as usize],
            lo_encrypt_key: [0; 32],
            lo_init: [0; 2],
        },
        __reserved: [0; 8],
    }
}

impl LoopDevice {
    /// Lets go of the image now, or with the last user where the device is in use. Only needed
    /// without `autoclear`.
    pub fn detach(self) -> rustix::io::Result<()> {
        ioctl::loop_clear(&self.fd)
    }
}

/// Whether a file is tied to the loop device with this number.
pub fn is_attached(number: u32) -> bool {
    Path::new(&format!("/sys/block/loop{number}/loop/backing_file")).exists()
}

/// Unties the file from the loop device with this number, at once or with the device's last user.
pub fn detach(number: u32) -> rustix::io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let device = open(
        Path::new("/dev").join(format!("loop{number}")),
        flags,
        Mode::empty(),
    )?;
    match ioctl::loop_clear(&device) {
        // Somebody else has done it, or its last user was gone already.
        Err(Errno::NXIO) => Ok(()),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests;
