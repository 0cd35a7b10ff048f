//! Two directories that change places, and how to tell afterwards which is which.

use std::os::fd::BorrowedFd;

use rustix::fs::{RenameFlags, fstatfs, renameat_with};
use rustix::io::Errno;

use super::marks_clusters_apart;
use crate::durable;

/// Has `one` in a directory and `other` in another one change places, in a single step. Nothing is synced. `EINVAL`
/// where the file system has no such step.
///
/// FAT's is none: it writes two entries, and a cut in between leaves both leading to the same clusters, so that
/// whoever deletes one destroys the other (fs/fat/namei_vfat.c, `vfat_rename_exchange`).
pub fn exchange(
    one_dir: BorrowedFd<'_>,
    one: &str,
    other_dir: BorrowedFd<'_>,
    other: &str,
) -> rustix::io::Result<()> {
    if fstatfs(one_dir)?.f_type == durable::FAT {
        return Err(Errno::INVAL);
    }
    renameat_with(one_dir, one, other_dir, other, RenameFlags::EXCHANGE)
}

/// Whether the number of an inode stays the same as long as the file is there. FAT and exFAT have none on the disk.
pub fn has_lasting_inodes(dir: BorrowedFd<'_>) -> bool {
    !marks_clusters_apart(dir)
}
