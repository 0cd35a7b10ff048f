//! Empties the old root to give its memory back. Best effort: what cannot be deleted stays.

use std::os::fd::{AsFd, OwnedFd};

use linux_raw_sys::general::{RAMFS_MAGIC, TMPFS_MAGIC};
use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, fstat, fstatfs, openat2, unlinkat};

use crate::dir::{Kind, list};

/// Deeper directories are left alone: an initramfs has none.
const MAX_DEPTH: u32 = 64;

/// Deletes everything below `root` that is on its own filesystem, when that is a ramfs or tmpfs:
/// anything else may be a disk that somebody needs. Returns how many files were deleted.
pub(super) fn empty_if_in_memory(root: &OwnedFd) -> u64 {
    let (Ok(filesystem), Ok(status)) = (fstatfs(root), fstat(root)) else {
        return 0;
    };
    // The width of `f_type` and its sign differ between architectures.
    let kind = filesystem.f_type as u32;
    if kind != RAMFS_MAGIC && kind != TMPFS_MAGIC {
        return 0;
    }
    empty(root, status.st_dev, MAX_DEPTH)
}

fn empty(dir: impl AsFd, device: u64, depth: u32) -> u64 {
    let Ok(entries) = list(&dir) else {
        return 0;
    };
    let mut deleted = 0;
    for entry in entries {
        if entry.kind != Kind::Directory {
            deleted += u64::from(unlinkat(&dir, &entry.name, AtFlags::empty()).is_ok());
            continue;
        }
        // NO_XDEV stops at every mount, one of the same filesystem too, where st_dev is equal.
        let below = openat2(
            &dir,
            &entry.name,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
            ResolveFlags::BENEATH | ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS,
        );
        let Ok(below) = below else { continue };
        if depth > 0 && fstat(&below).is_ok_and(|status| status.st_dev == device) {
            deleted += empty(&below, device, depth - 1);
            let _ = unlinkat(&dir, &entry.name, AtFlags::REMOVEDIR);
        }
    }
    deleted
}
