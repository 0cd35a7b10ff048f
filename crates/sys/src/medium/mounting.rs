//! How a medium is mounted: harmless, and without replaying a journal until it is the chosen one.

use std::os::fd::OwnedFd;

use perch_core::fs::FsKind;
use rustix::io::Errno;

use crate::devices::BlockDevice;
use crate::mount::{self, MountError, Options};
use crate::superblock::Superblock;

/// What happens to a journal that an unclean shutdown left.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// It is left alone: the device is only looked at.
    Leave,
    /// It is replayed: this is the medium.
    Replay,
}

/// Whether looking and taking differ: there is, or may be, something to replay. XFS does not tell in
/// its superblock.
pub fn replays(superblock: &Superblock) -> bool {
    superblock.needs_recovery || superblock.kind == FsKind::Xfs
}

/// Mounts a device read-only and detached, as the kernel's first driver that takes it.
pub fn mount(
    device: &BlockDevice,
    superblock: &Superblock,
    recovery: Recovery,
) -> Result<OwnedFd, MountError> {
    let mut options = options(superblock.kind);
    if recovery == Recovery::Leave && replays(superblock) {
        let flag = |name: &str| (name.to_owned(), None);
        match superblock.kind {
            FsKind::Ext3 | FsKind::Ext4 => options.data.push(flag("noload")),
            FsKind::Xfs => options.data.push(flag("norecovery")),
            FsKind::F2fs => options.data.push(flag("disable_roll_forward")),
            FsKind::Btrfs => options = options.with("rescue", "nologreplay"),
            _ => {}
        }
    }
    let mut last = None;
    for name in superblock.kind.kernel_names() {
        match mount::mount_device(name, device.node(), &options) {
            Ok(mount) => return Ok(mount),
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
