//! Mounts as descriptors.
//!
//! A new mount is detached: no path shows it until [`attach`] or [`attach_path`], and dropping
//! the descriptor before that unmounts it again, so an early return cleans up by itself. Needs
//! Linux 5.12 (fsopen(2) and its family 5.2, mount_setattr(2) 5.12).
//!
//! Which filesystem to mount from where, and what to do when that fails, is decided elsewhere.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use linux_raw_sys::general::{MOUNT_ATTR_NOEXEC, MOUNT_ATTR_RDONLY, RAMFS_MAGIC, TMPFS_MAGIC};
use rustix::fs::{CWD, fstatfs};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, FsPickFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags,
    OpenTreeFlags, UnmountFlags, fsconfig_create, fsconfig_reconfigure, fsconfig_set_flag,
    fsconfig_set_string, fsmount, fsopen, fspick, move_mount, open_tree,
};

mod api;
mod error;
pub use api::{Api, is_mount_point, mount_api};
pub use error::{KernelText, MountError};

/// The longest value of one option that the kernel takes, in bytes (fs/fsopen.c,
/// `strndup_user(_value, 256)`); beyond it the call fails with a bare `EINVAL`.
pub(crate) const MAX_VALUE: usize = 255;

/// How to mount a filesystem.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Neither the mount nor the superblock accepts writes. A journal may still be replayed:
    /// filesystems have options of their own against that (`noload`, `norecovery`).
    pub read_only: bool,
    /// Set-user-ID bits and file capabilities have no effect.
    pub nosuid: bool,
    /// Device nodes cannot be opened.
    pub nodev: bool,
    /// Programs cannot be started.
    pub noexec: bool,
    /// Access times are not recorded; otherwise as by `relatime`.
    pub noatime: bool,
    /// The filesystem's own options, in order: a key with a value, or a flag.
    pub data: Vec<(String, Option<String>)>,
}

impl Options {
    /// Adds an option of the filesystem with a value.
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.data.push((key.into(), Some(value.into())));
        self
    }

    fn attributes(&self) -> MountAttrFlags {
        let mut flags = MountAttrFlags::empty();
        for (wanted, flag) in [
            (self.read_only, MountAttrFlags::MOUNT_ATTR_RDONLY),
            (self.nosuid, MountAttrFlags::MOUNT_ATTR_NOSUID),
            (self.nodev, MountAttrFlags::MOUNT_ATTR_NODEV),
            (self.noexec, MountAttrFlags::MOUNT_ATTR_NOEXEC),
            (self.noatime, MountAttrFlags::MOUNT_ATTR_NOATIME),
        ] {
            flags.set(flag, wanted);
        }
        flags
    }
}

/// Mounts the filesystem on `device` detached. For filesystems without a device, `device` is the
/// name shown in the mount table. fsopen(2), Linux 5.2.
///
/// A filesystem that is already mounted elsewhere gives the same superblock again: with
/// other access (read-only or writable) that is `EBUSY`, other differences are ignored silently.
pub fn mount_device(
    fs_type: &str,
    device: impl AsRef<Path>,
    options: &Options,
) -> Result<OwnedFd, MountError> {
    let device = device.as_ref();
    let context =
        fsopen(fs_type, FsOpenFlags::FSOPEN_CLOEXEC).map_err(|source| MountError::Unknown {
            fs_type: fs_type.into(),
            source,
        })?;
    let failed = |source| MountError::Mount {
        fs_type: fs_type.into(),
        device: device.into(),
        text: KernelText::of(&context),
        source,
    };
    fsconfig_set_string(&context, "source", device).map_err(failed)?;
    if options.read_only {
        fsconfig_set_flag(&context, "ro").map_err(failed)?;
    }
    for (key, value) in &options.data {
        set_option(&context, key, value.as_deref()).map_err(|source| MountError::Option {
            fs_type: fs_type.into(),
            device: device.into(),
            option: match value {
                Some(value) => format!("{key}={value}"),
                None => key.clone(),
            },
            text: KernelText::of(&context),
            source,
        })?;
    }
    fsconfig_create(&context).map_err(failed)?;
    fsmount(
        &context,
        FsMountFlags::FSMOUNT_CLOEXEC,
        options.attributes(),
    )
    .map_err(failed)
}

fn set_option(context: &OwnedFd, key: &str, value: Option<&str>) -> rustix::io::Result<()> {
    match value {
        Some(value) if value.len() > MAX_VALUE => Err(Errno::TOOBIG),
        Some(value) => fsconfig_set_string(context, key, value),
        None => fsconfig_set_flag(context, key),
    }
}

/// Makes an empty filesystem in memory, detached. `name` is what the mount table shows; `size` is
/// the limit in bytes, `None` for the kernel's own (half of the memory); `mode` that of its root.
/// tmpfs(5).
pub fn tmpfs(
    name: &str,
    size: Option<u64>,
    mode: u32,
    options: &Options,
) -> Result<OwnedFd, MountError> {
    let mut options = options.clone().with("mode", format!("{mode:o}"));
    if let Some(size) = size {
        options = options.with("size", size.to_string());
    }
    mount_device("tmpfs", name, &options)
}

/// Puts a detached mount, or the one whose root `mount` is open on, over the directory `name` in
/// `dir`; an empty `name` means `dir` itself. A symbolic link called `name` is not followed.
/// move_mount(2), Linux 5.2.
pub fn attach(mount: impl AsFd, dir: impl AsFd, name: impl AsRef<Path>) -> Result<(), MountError> {
    let name = name.as_ref();
    let mut flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    flags.set(
        MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH,
        name.as_os_str().is_empty(),
    );
    move_mount(mount, "", dir, name, flags).map_err(|source| MountError::Attach {
        target: name.into(),
        source,
    })
}

/// As [`attach`], by a path; only its last component is not followed when it is a symbolic link.
pub fn attach_path(mount: impl AsFd, target: impl AsRef<Path>) -> Result<(), MountError> {
    attach(mount, CWD, target)
}

/// As [`attach_path`]; makes the directory `target`, which is a place of our own, where it is missing.
pub fn put(mount: impl AsFd, target: impl AsRef<Path>) -> Result<(), MountError> {
    let target = target.as_ref();
    make_mount_point(target)?;
    attach_path(mount, target)
}

/// Makes a directory of our own to mount at, with those above it.
pub fn make_mount_point(path: &Path) -> Result<(), MountError> {
    std::fs::create_dir_all(path).map_err(|source| MountError::MountPoint {
        path: path.into(),
        source,
    })
}

/// Clones the directory that `dir` is open on for a bind mount: detached, it shows that directory
/// as its root, `recursive` with the mounts below. open_tree(2), Linux 5.2.
///
/// Before Linux 6.15 `dir` must lie in an attached mount: clone after attaching.
pub fn clone_tree(dir: impl AsFd, recursive: bool) -> Result<OwnedFd, MountError> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH;
    flags.set(OpenTreeFlags::AT_RECURSIVE, recursive);
    open_tree(&dir, "", flags).map_err(|source| MountError::Clone {
        place: place(dir.as_fd()),
        source,
    })
}

/// Makes both the superblock and the mount read-only, or both writable. `mount` is open on the
/// root of the mount; it may be detached.
///
/// Other mounts of the same superblock are affected too. When the second half fails the first
/// one is not taken back: the result is then never more writable than what was asked for.
pub fn set_read_only(mount: impl AsFd, read_only: bool) -> Result<(), MountError> {
    if read_only {
        set_mount_read_only(&mount, true)?;
        set_superblock_read_only(&mount, true)
    } else {
        set_superblock_read_only(&mount, false)?;
        set_mount_read_only(&mount, false)
    }
}

/// Makes one mount read-only or writable; the superblock stays as it is. mount_setattr(2), Linux 5.12.
pub fn set_mount_read_only(mount: impl AsFd, read_only: bool) -> Result<(), MountError> {
    let (set, clear) = if read_only {
        (MOUNT_ATTR_RDONLY, 0)
    } else {
        (0, MOUNT_ATTR_RDONLY)
    };
    let same = MountPropagationFlags::empty();
    crate::ioctl::mount_setattr(&mount, set, clear, same).map_err(|source| MountError::Access {
        what: "mount",
        place: place(mount.as_fd()),
        read_only,
        text: KernelText::default(),
        source,
    })
}

/// Shows the directory `path` a second time over itself, by a mount from which programs can be started although
/// the one below has `noexec`. mount_setattr(2), Linux 5.12.
///
/// What is mounted below it later is not repeated in the mount it covers, shared or not (mount_namespaces(7)).
pub fn cover_executable(path: impl AsRef<Path>) -> Result<(), MountError> {
    let path = path.as_ref();
    let failed = |source| MountError::Executable {
        path: path.into(),
        source,
    };
    let dir =
        crate::dir::open_dir(path).map_err(|error| failed(error.errno().unwrap_or(Errno::IO)))?;
    let tree = clone_tree(&dir, false)?;
    let private = MountPropagationFlags::PRIVATE;
    crate::ioctl::mount_setattr(&tree, 0, MOUNT_ATTR_NOEXEC, private).map_err(failed)?;
    attach_path(tree, path)
}

/// Makes a superblock read-only or writable; all its mounts are affected, their own flags stay.
/// fspick(2), Linux 5.2.
pub fn set_superblock_read_only(mount: impl AsFd, read_only: bool) -> Result<(), MountError> {
    let failed = |text, source| MountError::Access {
        what: "superblock",
        place: place(mount.as_fd()),
        read_only,
        text,
        source,
    };
    let flags = FsPickFlags::FSPICK_CLOEXEC | FsPickFlags::FSPICK_EMPTY_PATH;
    let context = fspick(&mount, "", flags).map_err(|e| failed(KernelText::default(), e))?;
    let flag = if read_only { "ro" } else { "rw" };
    fsconfig_set_flag(&context, flag)
        .and_then(|()| fsconfig_reconfigure(&context))
        .map_err(|source| failed(KernelText::of(&context), source))
}

/// Moves the mount at `from`, with all below it, to the directory `to`. move_mount(2).
pub fn move_mount_path(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), MountError> {
    let (from, to) = (from.as_ref(), to.as_ref());
    move_mount(CWD, from, CWD, to, MoveMountFlags::empty()).map_err(|source| MountError::Move {
        from: from.into(),
        to: to.into(),
        source,
    })
}

/// Removes the mount at `target`, which is not followed when it is a symbolic link. `lazy` takes
/// it out of sight at once and lets it go with its last user. umount2(2).
pub fn unmount(target: impl AsRef<Path>, lazy: bool) -> Result<(), MountError> {
    let target = target.as_ref();
    let mut flags = UnmountFlags::NOFOLLOW;
    flags.set(UnmountFlags::DETACH, lazy);
    rustix::mount::unmount(target, flags).map_err(|source| MountError::Unmount {
        target: target.into(),
        source,
    })
}

/// Whether what `fd` is open on lies in a file system that is nothing but memory, as an initramfs is.
pub fn is_in_memory(fd: impl AsFd) -> bool {
    // The width of `f_type` and its sign differ between architectures.
    fstatfs(fd).is_ok_and(|found| matches!(found.f_type as u32, RAMFS_MAGIC | TMPFS_MAGIC))
}

/// The path that a descriptor was opened by, for messages only: `/` for a detached mount.
pub(crate) fn place(fd: BorrowedFd<'_>) -> String {
    let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
    match std::fs::read_link(&link) {
        Ok(path) => path.display().to_string(),
        Err(_) => format!("descriptor {}", fd.as_raw_fd()),
    }
}

#[cfg(test)]
mod tests;
