//! Empties the old root to give its memory back. Best effort: what cannot be deleted stays.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, fstat, openat2, unlinkat};

use crate::dir::{Kind, list};
use crate::mount::is_in_memory;

/// Deeper directories are left alone: an initramfs has none.
const MAX_DEPTH: u32 = 64;

/// Deletes everything below `root` that is on its own filesystem, when that is a ramfs or tmpfs:
/// anything else may be a disk that somebody needs. Returns how many files were deleted.
pub(super) fn empty_if_in_memory(root: &OwnedFd) -> u64 {
    match fstat(root) {
        Ok(status) if is_in_memory(root) => empty(root, status.st_dev, MAX_DEPTH),
        _ => 0,
    }
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
