//! Small files that are replaced, never edited: after a crash a reader finds all of the old
//! content or all of the new.
//!
//! That is what rename(2) promises on filesystems with a journal. FAT and exFAT have none, so
//! the previous content is kept beside the new one, see [`replace_with_backup`]. Who else may
//! write the same files, and the lock against them, is not decided here.
//!
//! Linux's FAT keeps where a file begins and how long it is in the file's inode, and rename(2) only
//! marks that inode as changed (fs/fat/namei_vfat.c, `vfat_rename`): syncing the directory writes the
//! name, not what it stands for. So a renamed file is synced once more, under its new name. And the
//! clusters of the file that it replaced are free as soon as nobody has that open: it is held until
//! no name on the disk leads to it.
//!
//! A new file on FAT or exFAT must not show where it begins before the disk knows that those clusters
//! are taken: after a cut in between they look free, the next file gets them, and removing the left-over
//! one frees them under it. So what is allocated is synced first, by way of the directory.

mod exchange;

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{
    AtFlags, FileType, FsWord, Mode, OFlags, RenameFlags, fstat, fstatfs, fsync, linkat, openat,
    renameat, renameat_with, statat, unlinkat,
};
use rustix::io::Errno;

use crate::durable;
pub use exchange::{exchange, has_lasting_inodes};

/// How many damaged copies of one file are kept at most.
const MAX_QUARANTINED: u32 = 1000;

/// Why a file could not be replaced. Its previous content is still in place.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// The new content could not be written beside the old.
    #[error("cannot write {name}")]
    Write {
        /// The file, as `<name>.new` where it is the temporary one.
        name: String,
        /// `ENOSPC` full, `EROFS` read-only, …
        source: std::io::Error,
    },
    /// The previous content could not be kept.
    #[error("cannot keep the previous {name} as {backup}")]
    Backup {
        /// The file.
        name: String,
        /// What it was to be kept as.
        backup: String,
        /// The reason.
        source: std::io::Error,
    },
    /// The new content was written, but could not take the place of the old.
    #[error("cannot rename {from} to {to}")]
    Rename {
        /// The present name.
        from: String,
        /// The new name.
        to: String,
        /// The reason.
        source: Errno,
    },
    /// The rename could not be written to the disk: which content a crash leaves is open.
    #[error("cannot sync {name} and its directory")]
    Sync {
        /// The file that was replaced.
        name: String,
        /// The reason.
        source: Errno,
    },
    /// There are a thousand damaged copies already.
    #[error("no free name left to set {name} aside")]
    NoName {
        /// The file.
        name: String,
    },
}

/// Replaces `name` in `dir` by `bytes`, with `mode` less the umask. Makes it if it is missing.
///
/// Writes `<name>.new`, syncs it, renames it, syncs the directory and then the file once more, in
/// this order: otherwise the rename may reach the disk before the data. A left-over `<name>.new` is removed first.
pub fn replace_file(
    dir: impl AsFd,
    name: &str,
    bytes: &[u8],
    mode: u32,
) -> Result<(), ReplaceError> {
    let dir = dir.as_fd();
    let temp = temporary(name);
    let file =
        write_new(dir, &temp, &mut &bytes[..], mode).map_err(|source| ReplaceError::Write {
            name: temp.clone(),
            source,
        })?;
    rename_over(dir, &temp, name, &file)
}

/// As [`replace_file`], and keeps the previous content, if any, as `backup`. At every instant
/// `name` holds the old or the new content, and `backup` the one before or the old.
///
/// The backup is a second name of the old file where the filesystem has hard links, else a copy.
/// Only a regular file is kept: `EINVAL` for anything else called `name`.
pub fn replace_with_backup(
    dir: impl AsFd,
    name: &str,
    backup: &str,
    bytes: &[u8],
    mode: u32,
) -> Result<(), ReplaceError> {
    let dir = dir.as_fd();
    keep(dir, name, backup)?;
    replace_file(dir, name, bytes, mode)
}

fn keep(dir: BorrowedFd<'_>, name: &str, backup: &str) -> Result<(), ReplaceError> {
    let failed = |source: std::io::Error| ReplaceError::Backup {
        name: name.into(),
        backup: backup.into(),
        source,
    };
    let old = match openat(
        dir,
        name,
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC,
        Mode::empty(),
    ) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return Ok(()),
        Err(source) => return Err(failed(source.into())),
    };
    let status = fstat(&old).map_err(|e| failed(e.into()))?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Err(failed(Errno::INVAL.into()));
    }
    let temp = temporary(backup);
    remove_stale(dir, &temp).map_err(|e| failed(e.into()))?;
    let mut kept = File::from(old);
    let linked = linkat(dir, name, dir, &temp, AtFlags::empty());
    if linked.is_err() {
        // EPERM, EOPNOTSUPP or ENOSYS: FAT and some FUSE filesystems have no hard links. Whatever
        // else it is, a copy tells.
        let mode = status.st_mode & 0o777;
        kept = write_new(dir, &temp, &mut kept, mode).map_err(failed)?;
    }
    // The backup must be on the disk before its original is replaced.
    rename_over(dir, &temp, backup, &kept)?;
    // rename(2) does nothing when both names are the same file already, as after a crash
    // between the two halves: then the temporary name is still there.
    remove_stale(dir, &temp).map_err(|e| failed(e.into()))
}

/// Removes what a cut has left of replacing the files called `names`. Before anything else is written: on
/// a file system without a journal a left-over file may show clusters as its own that are marked as free,
/// and whoever got them meanwhile would lose them. Returns the names that were removed.
pub fn remove_leftovers(dir: impl AsFd, names: &[&str]) -> Result<Vec<String>, ReplaceError> {
    let dir = dir.as_fd();
    let mut removed = Vec::new();
    for temp in names.iter().copied().map(temporary) {
        match unlinkat(dir, &temp, AtFlags::empty()) {
            Ok(()) => removed.push(temp),
            Err(Errno::NOENT) => {}
            Err(source) => {
                let source = source.into();
                return Err(ReplaceError::Write { name: temp, source });
            }
        }
    }
    if let Some(name) = removed.first() {
        sync_dir(dir, name)?;
    }
    Ok(removed)
}

/// Renames `name` to `<name>.corrupt-<n>` with the first free `n` from 1, and returns that name.
/// For files that cannot be understood: they are kept for their owner, out of the way.
pub fn quarantine(dir: impl AsFd, name: &str) -> Result<String, ReplaceError> {
    let dir = dir.as_fd();
    // `None` for a link or a device: there is no content to be synced.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let kept = openat(dir, name, flags | OFlags::CLOEXEC, Mode::empty()).ok();
    for n in 1..=MAX_QUARANTINED {
        let to = format!("{name}.corrupt-{n}");
        match rename_to_free(dir, name, &to) {
            Ok(()) => {
                // Before the old name goes: FAT has made the new one for a file without content.
                if let Some(kept) = kept {
                    sync(&kept, &to)?;
                }
                sync_dir(dir, &to)?;
                return Ok(to);
            }
            Err(Errno::EXIST) => {}
            Err(source) => {
                return Err(ReplaceError::Rename {
                    from: name.into(),
                    to,
                    source,
                });
            }
        }
    }
    Err(ReplaceError::NoName { name: name.into() })
}

/// Renames within `dir` unless `to` is taken: then `EEXIST`.
pub(crate) fn rename_to_free(dir: BorrowedFd<'_>, from: &str, to: &str) -> rustix::io::Result<()> {
    move_to_free(dir, from, dir, to)
}

/// Moves `from` in one directory to `to` in another one on the same file system, unless that is taken: then
/// `EEXIST`. Nothing is synced.
pub fn move_to_free(
    old: BorrowedFd<'_>,
    from: &str,
    new: BorrowedFd<'_>,
    to: &str,
) -> rustix::io::Result<()> {
    match renameat_with(old, from, new, to, RenameFlags::NOREPLACE) {
        // The filesystem does not know the flag, renameat2(2). Looking first leaves a gap, but
        // these filesystems are on removable media with a single writer.
        Err(Errno::INVAL | Errno::NOSYS) => match statat(new, to, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Err(Errno::EXIST),
            Err(Errno::NOENT) => renameat(old, from, new, to),
            Err(error) => Err(error),
        },
        outcome => outcome,
    }
}

/// As [`move_to_free`], with both names on the disk. Where that fails it is moved back, so that a failure leaves
/// everything where it was as far as the medium allows.
pub fn move_durably(
    old: BorrowedFd<'_>,
    from: &str,
    new: BorrowedFd<'_>,
    to: &str,
) -> rustix::io::Result<()> {
    move_to_free(old, from, new, to)?;
    let synced = sync_names(new).and_then(|()| sync_names(old));
    if synced.is_err() {
        let _ = move_to_free(new, to, old, from);
    }
    synced
}

/// Makes the names in a directory durable.
pub fn sync_names(dir: BorrowedFd<'_>) -> rustix::io::Result<()> {
    fsync_own(dir)
}

fn temporary(name: &str) -> String {
    format!("{name}.new")
}

fn remove_stale(dir: BorrowedFd<'_>, name: &str) -> rustix::io::Result<()> {
    match unlinkat(dir, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Writes a file that must be new, and syncs it; on failure nothing is left of it. Returns it.
fn write_new(
    dir: BorrowedFd<'_>,
    name: &str,
    content: &mut dyn std::io::Read,
    mode: u32,
) -> std::io::Result<File> {
    remove_stale(dir, name)?;
    // O_EXCL: whatever took the name since, a link too, is not written through.
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mut file = File::from(openat(dir, name, flags, Mode::from_raw_mode(mode))?);
    let written = std::io::copy(content, &mut file)
        .and_then(|_| file.flush())
        .and_then(|()| match marks_clusters_apart(dir) {
            true => fsync_own(dir).map_err(std::io::Error::from),
            false => Ok(()),
        })
        .and_then(|()| file.sync_all())
        .and_then(|()| Ok(durable::settle(&file)?));
    if written.is_err() {
        // A full disk should not stay full of our attempt. The first error is the one to tell.
        let _ = remove_stale(dir, name);
    }
    written.map(|()| file)
}

/// Renames `file`, now called `from`, to `to`, and has both names on the disk as they are then.
fn rename_over(dir: BorrowedFd<'_>, from: &str, to: &str, file: &File) -> Result<(), ReplaceError> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let replaced = openat(dir, to, flags, Mode::empty());
    renameat(dir, from, dir, to).map_err(|source| {
        let _ = remove_stale(dir, from);
        ReplaceError::Rename {
            from: from.into(),
            to: to.into(),
            source,
        }
    })?;
    // In this order the two names never share their clusters on a FAT disk, where removing a
    // left-over temporary file would free those of the other.
    sync_dir(dir, to)?;
    sync(file, to)?;
    durable::settle(file).map_err(|source| ReplaceError::Sync {
        name: to.into(),
        source,
    })?;
    drop(replaced);
    Ok(())
}

/// Whether the file system has neither a journal nor an order of its own between the mark that clusters
/// are taken and the entry of the file that takes them. Syncing a directory there writes the marks of all
/// files, but not the entries of files that are not synced (fs/fat/file.c, `fat_file_fsync`;
/// fs/exfat/file.c, `exfat_file_fsync`).
fn marks_clusters_apart(dir: BorrowedFd<'_>) -> bool {
    // linux/magic.h; statfs(2).
    const EXFAT_SUPER_MAGIC: FsWord = 0x2011_bab0;
    fstatfs(dir).is_ok_and(|found| [durable::FAT, EXFAT_SUPER_MAGIC].contains(&found.f_type))
}

fn sync_dir(dir: BorrowedFd<'_>, name: &str) -> Result<(), ReplaceError> {
    fsync_own(dir).map_err(|source| ReplaceError::Sync {
        name: name.into(),
        source,
    })
}

/// Syncs a directory by a descriptor of our own: the caller's may be O_PATH, which cannot be synced.
fn fsync_own(dir: BorrowedFd<'_>) -> rustix::io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    tolerant_fsync(openat(dir, ".", flags, Mode::empty())?)
}

fn sync(fd: impl AsFd, name: &str) -> Result<(), ReplaceError> {
    tolerant_fsync(fd).map_err(|source| ReplaceError::Sync {
        name: name.into(),
        source,
    })
}

fn tolerant_fsync(fd: impl AsFd) -> rustix::io::Result<()> {
    match fsync(fd) {
        // fsync(2): the filesystem has no way to sync this kind of file.
        Err(Errno::INVAL) => Ok(()),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests;
