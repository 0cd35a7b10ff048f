//! The mount of the disk, detached: made with the new mount calls on a descriptor of `/dev/fuse`.
//!
//! `Documentation/filesystems/fuse/fuse.rst`; fs/fuse/inode.c, `fuse_fs_parameters`.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use perch_core::serving::NAME;
use perch_sys::mount::{self, MountError, Options};
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use rustix::mount::{FsOpenFlags, fsopen};

/// The kernel's end of every FUSE file system.
const DEVICE: &str = "/dev/fuse";

/// The longest source of a mount, in bytes. fs/fsopen.c: FSCONFIG_SET_STRING takes 256 with the zero at the end.
const MAX_SOURCE: usize = 255;

/// Why there is no mount.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FuseError {
    /// The kernel cannot.
    #[error("cannot open {DEVICE}: the kernel has no FUSE, or its module is missing")]
    Device(#[source] Errno),
    /// It did not.
    #[error(transparent)]
    Mount(#[from] MountError),
}

/// Opens the kernel's end; has the module loaded if need be.
pub(crate) fn open_device() -> Result<OwnedFd, FuseError> {
    let open = || openat(CWD, DEVICE, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty());
    match open() {
        // Without an udev the node comes with the module, and that with the first use of the file system.
        Err(Errno::NOENT | Errno::NODEV | Errno::NXIO) => {
            drop(fsopen("fuse", FsOpenFlags::FSOPEN_CLOEXEC));
            open().map_err(FuseError::Device)
        }
        outcome => outcome.map_err(FuseError::Device),
    }
}

/// What the mount table shows as the source: the path of the container's main file, as its directory is called now;
/// the server's own name where it is too long for the kernel. People and `perch dynfilefs umount` read it.
pub(crate) fn source(directory: impl AsFd, base: &str) -> PathBuf {
    let link = format!("/proc/self/fd/{}", directory.as_fd().as_raw_fd());
    let path = std::fs::read_link(link).map(|directory| directory.join(base));
    path.ok()
        .filter(|path| path.as_os_str().len() <= MAX_SOURCE)
        .unwrap_or_else(|| NAME.into())
}

/// Mounts what is served on `device`: for the first time, or once more while it is served (Linux 5.15).
pub(crate) fn mount(device: impl AsFd, source: &Path) -> Result<OwnedFd, FuseError> {
    let mut options = Options {
        nosuid: true,
        nodev: true,
        noexec: true,
        noatime: true,
        ..Options::default()
    }
    // As text, since older kernels take no descriptor here.
    .with("fd", device.as_fd().as_raw_fd().to_string())
    .with("rootmode", "40000")
    .with("user_id", "0")
    .with("group_id", "0")
    // Shown as `fuse.dynfilefs`.
    .with("subtype", "dynfilefs");
    // The kernel's own threads, and whoever the mode of the file lets in; checked by the kernel.
    options.data.push(("allow_other".into(), None));
    options.data.push(("default_permissions".into(), None));
    Ok(mount::mount_device("fuse", source, &options)?)
}
