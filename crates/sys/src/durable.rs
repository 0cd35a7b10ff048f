//! What fsync(2) may leave out on FAT: how long a file is, and where it begins.
//!
//! Linux keeps both in the file's inode. Its own writing back, whose moment nobody chooses, puts them into a buffer of the
//! directory without writing that, and the inode counts as clean from then on: fsync(2) leaves both out (fs/fat/inode.c,
//! `__fat_write_inode`; fs/libfs.c, `__generic_file_fsync`). `cargo xtask prove cuts` found it in a container; exFAT
//! writes its buffers with every fsync(2) (fs/exfat/file.c, `exfat_file_fsync`).

use std::os::fd::AsFd;

use rustix::fs::{FsWord, fstatfs, fsync, syncfs};
use rustix::io;

/// `MSDOS_SUPER_MAGIC` of linux/magic.h: FAT of any width, as statfs(2) tells.
pub const FAT: FsWord = 0x4d44;

/// Makes the entry of a file durable that is new, longer or renamed, behind an fsync(2) of it. Does nothing where that was
/// enough; on FAT it writes everything else that waits there too.
///
/// # Errors
/// If anything on that file system may be lost.
pub fn settle(file: impl AsFd) -> io::Result<()> {
    if fstatfs(&file)?.f_type != FAT {
        return Ok(());
    }
    syncfs(&file)?;
    // syncfs(2) writes buffers, and leaves the cache of the medium alone.
    fsync(file)
}
