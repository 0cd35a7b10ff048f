//! How a medium is mounted: harmless, and without replaying a journal until it is the chosen one.

mod ntfs_3g;
mod windows;

use std::os::fd::OwnedFd;
use std::path::Path;

use perch_core::fs::FsKind;
use rustix::io::Errno;

use crate::devices::BlockDevice;
use crate::mount::{self, MountError, Options};
use crate::programs;
use crate::superblock::Superblock;
pub use ntfs_3g::Ntfs3gError;
pub use windows::{hibernated, unclean};

/// Why a device could not be mounted.
#[derive(Debug, thiserror::Error)]
pub enum MountingError {
    /// By the kernel.
    #[error(transparent)]
    Kernel(#[from] MountError),
    /// By the program for NTFS.
    #[error(transparent)]
    Ntfs3g(#[from] Ntfs3gError),
    /// Neither of the two is there.
    #[error(
        "this kernel has no ntfs3 filesystem, and this initramfs no program {}: make one with either",
        ntfs_3g::PROGRAM
    )]
    NoNtfs,
}

/// What happens to a journal that an unclean shutdown left.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// It is left alone: the device is only looked at.
    Leave,
    /// It is replayed: this is the medium.
    Replay,
}

/// Whether looking and taking differ: there is, or may be, something to replay (XFS does not tell in
/// its superblock), or a mount that was read-only once is not to be made writable.
pub fn replays(superblock: &Superblock) -> bool {
    match superblock.kind {
        FsKind::Xfs => true,
        // What Windows left unclean is not for us to repair.
        FsKind::Ntfs => !superblock.needs_recovery,
        kind => starts_writable(kind) || superblock.needs_recovery,
    }
}

/// Mounts a device read-only and detached, as the kernel's first driver that takes it; NTFS by ntfs-3g
/// where the kernel has no driver.
pub fn mount(
    device: &BlockDevice,
    superblock: &Superblock,
    recovery: Recovery,
) -> Result<OwnedFd, MountingError> {
    match by_kernel(device, superblock, recovery) {
        // ENODEV: no such driver. Whatever else a driver says is its judgement.
        Err(MountError::Unknown { .. }) if superblock.kind == FsKind::Ntfs => {
            if !programs::available(ntfs_3g::PROGRAM) {
                return Err(MountingError::NoNtfs);
            }
            let point = Path::new(ntfs_3g::MOUNT_POINT);
            let writable = recovery == Recovery::Replay;
            Ok(ntfs_3g::mount(&device.node(), point, writable)?)
        }
        other => Ok(other?),
    }
}

/// Whether the superblock has to be writable from the start, below a read-only mount: Linux 6.1 panics
/// with the first fsync(2) on an F2FS that was made writable later (a null pointer in
/// `f2fs_issue_flush`).
fn starts_writable(kind: FsKind) -> bool {
    kind == FsKind::F2fs
}

fn by_kernel(
    device: &BlockDevice,
    superblock: &Superblock,
    recovery: Recovery,
) -> Result<OwnedFd, MountError> {
    let mut options = options(superblock.kind);
    if recovery == Recovery::Leave && (superblock.needs_recovery || superblock.kind == FsKind::Xfs)
    {
        let flag = |name: &str| (name.to_owned(), None);
        match superblock.kind {
            FsKind::Ext3 | FsKind::Ext4 => options.data.push(flag("noload")),
            FsKind::Xfs => options.data.push(flag("norecovery")),
            FsKind::F2fs => options.data.push(flag("disable_roll_forward")),
            FsKind::Btrfs => options = options.with("rescue", "nologreplay"),
            _ => {}
        }
    }
    options.read_only = recovery == Recovery::Leave || !starts_writable(superblock.kind);
    let mut last = None;
    for name in superblock.kind.kernel_names() {
        match mount::mount_device(name, device.node(), &options) {
            Ok(mount) if options.read_only => return Ok(mount),
            // Nobody can have written yet: no path shows it.
            Ok(mount) => return mount::set_mount_read_only(&mount, true).map(|()| mount),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or(MountError::Unknown {
        fs_type: superblock.kind.word().to_owned(),
        source: Errno::NODEV,
    }))
}

/// How a medium is mounted: no program, device node or set-user-ID bit on it has an effect, and where
/// files have no owners they belong to root alone (mount(8), sections of the file systems).
fn options(kind: FsKind) -> Options {
    let options = Options {
        read_only: true,
        nosuid: true,
        nodev: true,
        noexec: true,
        noatime: true,
        data: Vec::new(),
    };
    let owned = |options: Options| {
        options
            .with("uid", "0")
            .with("gid", "0")
            .with("umask", "0077")
    };
    match kind {
        FsKind::Vfat => {
            let mut options = owned(options).with("check", "s").with("shortname", "mixed");
            options.data.push(("utf8".to_owned(), Some("1".to_owned())));
            options
        }
        FsKind::Exfat | FsKind::Ntfs => owned(options),
        _ => options,
    }
}
