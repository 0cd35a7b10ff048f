//! What goes wrong with mounts, with the kernel's own words where it has any.

use std::fmt;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::io::Errno;

/// What the kernel said about a failure in its own words; empty when it said nothing.
///
/// Many filesystems write to the kernel log only, so this is often empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KernelText(pub Vec<String>);

impl KernelText {
    /// Reads the messages queued in a filesystem context, fsopen(2); each read gives one.
    pub(crate) fn of(context: &OwnedFd) -> Self {
        let mut lines = Vec::new();
        let mut buffer = [0; 1024];
        // The kernel keeps eight messages (include/linux/fs_context.h, `struct fc_log`).
        while lines.len() < 8 {
            let Ok(len) = rustix::io::read(context, &mut buffer) else {
                break;
            };
            let Some(line) = buffer.get(..len).filter(|line| !line.is_empty()) else {
                break;
            };
            // Each starts with a severity: "e ", "w " or "i ".
            let line = match line {
                [b'e' | b'w' | b'i', b' ', text @ ..] => text,
                other => other,
            };
            lines.push(String::from_utf8_lossy(line).trim_end().to_owned());
        }
        Self(lines)
    }
}

impl fmt::Display for KernelText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, " (kernel: {})", self.0.join("; "))
    }
}

/// Why a mount could not be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// The kernel does not have this filesystem: `ENODEV` when its module is not loaded.
    #[error("this kernel has no {fs_type} filesystem")]
    Unknown {
        /// As in `/proc/filesystems`.
        fs_type: String,
        /// `ENODEV`, or `ENOSYS` before Linux 5.2.
        source: Errno,
    },
    /// The directory to mount at could not be made.
    #[error("cannot make the directory {}", .path.display())]
    MountPoint {
        /// That directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An option was refused before the filesystem was looked at.
    #[error("{fs_type} does not accept the option {option} for {}{text}", .device.display())]
    Option {
        /// The filesystem.
        fs_type: String,
        /// What was to be mounted.
        device: PathBuf,
        /// The option as `key` or `key=value`.
        option: String,
        /// The kernel's own words.
        text: KernelText,
        /// `EINVAL` unknown or bad, `E2BIG` longer than the kernel takes.
        source: Errno,
    },
    /// The filesystem could not be mounted.
    #[error("cannot mount {} as {fs_type}{text}", .device.display())]
    Mount {
        /// The filesystem.
        fs_type: String,
        /// What was to be mounted.
        device: PathBuf,
        /// The kernel's own words.
        text: KernelText,
        /// `EINVAL` no such superblock, `EUCLEAN` damaged, `EACCES` or `EROFS` device is
        /// read-only, `EBUSY` mounted elsewhere in another way, …
        source: Errno,
    },
    /// A mount could not be put in its place.
    #[error("cannot attach a mount at {}", .target.display())]
    Attach {
        /// Where it was to go, relative to a descriptor or absolute.
        target: PathBuf,
        /// The reason.
        source: Errno,
    },
    /// A directory tree could not be cloned for a bind mount.
    #[error("cannot clone the mount at {place}")]
    Clone {
        /// The path that the descriptor was opened by.
        place: String,
        /// `EINVAL`: detached, and the kernel is older than 6.15.
        source: Errno,
    },
    /// A mount or superblock could not be made read-only or writable.
    #[error("cannot make the {what} at {place} {}{text}", if *.read_only { "read-only" } else { "writable" })]
    Access {
        /// `mount` or `superblock`.
        what: &'static str,
        /// The path that the descriptor was opened by.
        place: String,
        /// What was asked.
        read_only: bool,
        /// The kernel's own words.
        text: KernelText,
        /// `EBUSY` files are open for writing, `EACCES` or `EROFS` the device is read-only.
        source: Errno,
    },
    /// Programs cannot be started from a directory.
    #[error("cannot let programs be started from {}", .path.display())]
    Executable {
        /// The directory.
        path: PathBuf,
        /// The reason.
        source: Errno,
    },
    /// A mount could not be moved.
    #[error("cannot move the mount {} to {}", .from.display(), .to.display())]
    Move {
        /// Where it is.
        from: PathBuf,
        /// Where it was to go.
        to: PathBuf,
        /// The reason.
        source: Errno,
    },
    /// A mount could not be removed.
    #[error("cannot unmount {}", .target.display())]
    Unmount {
        /// Where it is.
        target: PathBuf,
        /// `EBUSY` still in use, `EINVAL` no mount.
        source: Errno,
    },
}

impl MountError {
    /// The kernel's error number.
    pub fn errno(&self) -> Errno {
        match self {
            Self::MountPoint { source, .. } => Errno::from_io_error(source).unwrap_or(Errno::IO),
            Self::Unknown { source, .. }
            | Self::Option { source, .. }
            | Self::Mount { source, .. }
            | Self::Attach { source, .. }
            | Self::Clone { source, .. }
            | Self::Access { source, .. }
            | Self::Executable { source, .. }
            | Self::Move { source, .. }
            | Self::Unmount { source, .. } => *source,
        }
    }
}
