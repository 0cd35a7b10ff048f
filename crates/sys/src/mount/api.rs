//! The kernel's own filesystems, which every system expects at fixed places, with the flags that
//! systemd and the usual initramfs programs give them.

use std::path::Path;

use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

use super::{MountError, Options, attach_path, make_mount_point, mount_device};

/// A filesystem that the kernel provides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// Processes and kernel settings, `/proc`. proc(5).
    Proc,
    /// Devices and drivers, `/sys`. sysfs(5).
    Sys,
    /// Device nodes, kept by the kernel, `/dev`. `Documentation/admin-guide/devices.rst`.
    Dev,
    /// Run-time data of the system, `/run`: a tmpfs. hier(7).
    Run,
}

impl Api {
    /// Where it belongs.
    pub fn usual_target(self) -> &'static Path {
        Path::new(match self {
            Self::Proc => "/proc",
            Self::Sys => "/sys",
            Self::Dev => "/dev",
            Self::Run => "/run",
        })
    }

    fn fs_type(self) -> &'static str {
        match self {
            Self::Proc => "proc",
            Self::Sys => "sysfs",
            Self::Dev => "devtmpfs",
            Self::Run => "tmpfs",
        }
    }

    fn options(self) -> Options {
        let strict = Options {
            nosuid: true,
            nodev: true,
            noexec: true,
            ..Options::default()
        };
        match self {
            Self::Proc | Self::Sys => strict,
            Self::Dev => Options {
                nodev: false,
                ..strict
            },
            // A fifth of the memory, as systemd has it: a runaway writer below /run must not
            // take the memory that the session needs.
            Self::Run => Options {
                noexec: false,
                ..strict
            }
            .with("mode", "755")
            .with("size", "20%"),
        }
    }
}

/// Mounts `kind` at `target`, a directory that is made where it is missing. Returns `false` and does nothing when
/// something is mounted there already, as in an initramfs that did so before us.
pub fn mount_api(kind: Api, target: impl AsRef<Path>) -> Result<bool, MountError> {
    let target = target.as_ref();
    make_mount_point(target)?;
    let mounted = is_mount_point(target).map_err(|source| MountError::Attach {
        target: target.into(),
        source,
    })?;
    if mounted {
        return Ok(false);
    }
    let mount = mount_device(kind.fs_type(), kind.fs_type(), &kind.options())?;
    attach_path(mount, target)?;
    Ok(true)
}

/// Says whether `path` is the root of a mount; a symbolic link is not followed.
/// statx(2), `STATX_ATTR_MOUNT_ROOT`, Linux 5.8.
pub fn is_mount_point(path: impl AsRef<Path>) -> rustix::io::Result<bool> {
    let found = statx(
        CWD,
        path.as_ref(),
        AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT,
        StatxFlags::TYPE,
    )?;
    Ok(found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}
