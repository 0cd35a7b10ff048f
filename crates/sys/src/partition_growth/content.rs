//! Whether there is anything in a file system that is to be given up.

use std::fs::File;
use std::io;

use perch_core::cause::Causes;
use perch_core::fs::FsKind;
use perch_core::partition_growth::Content;

use crate::devices::BlockDevice;
use crate::dir::{self, DirError, Kind};
use crate::medium::{Recovery, mount};
use crate::superblock::source::{Block, read_up_to};
use crate::superblock::{ReadAt, Superblock};
use rustix::fs::OFlags;

/// What every new ext file system has in its root.
const LOST_FOUND: &str = "lost+found";

/// What the superblock tells: nothing is mounted.
pub(super) fn by_superblock(device: &BlockDevice, superblock: &Superblock) -> Content {
    match File::open(device.node()).and_then(|file| counted(&file, superblock)) {
        Ok(content) => content,
        Err(error) => Content::Not(format!("cannot be read ({error})")),
    }
}

/// The same, and what a look into it tells. `load` loads kernel modules by name.
pub(super) fn by_looking(
    device: &BlockDevice,
    superblock: &Superblock,
    load: &mut dyn FnMut(&str),
) -> Content {
    let content = by_superblock(device, superblock);
    if matches!(content, Content::Not(_)) {
        return content;
    }
    for module in superblock.kind.modules() {
        load(module);
    }
    let mount = match mount(device, superblock, Recovery::Leave) {
        Ok(mount) => mount,
        Err(error) => return Content::Not(format!("cannot be mounted ({})", Causes(&error))),
    };
    match first_file(&mount) {
        Ok(None) => content,
        Ok(Some(name)) => Content::Not(format!("holds {name:?}")),
        Err(error) => Content::Not(format!("cannot be listed ({})", Causes(&error))),
    }
}

/// Judges an ext file system by how many of its inodes are in use: those that are reserved, and
/// `lost+found`. The kernel writes these numbers before it calls the file system clean
/// (`Documentation/filesystems/ext4/super.rst`).
fn counted(source: &impl ReadAt, superblock: &Superblock) -> io::Result<Content> {
    let not = |why: &str| Ok(Content::Not(why.to_owned()));
    if !matches!(superblock.kind, FsKind::Ext2 | FsKind::Ext3 | FsKind::Ext4) {
        return not(&format!("holds {}, not ext2", superblock.kind));
    }
    if superblock.needs_recovery || superblock.errors {
        return not("was not left cleanly");
    }
    let bytes = read_up_to(source, 1024, 1024)?;
    let block = Block(&bytes);
    // Revision 0 has no field for the first inode that is not reserved: it is 11.
    let first = match block.le32(76) {
        Some(0) => Some(11),
        _ => block.le32(84),
    };
    let used = || block.le32(0)?.checked_sub(block.le32(16)?);
    match (used(), first, superblock.bytes) {
        (Some(used), Some(first), Some(claims)) if used <= first => Ok(Content::Empty { claims }),
        (Some(_), Some(_), Some(_)) => not("holds files"),
        _ => not("is damaged"),
    }
}

/// The name of something in a file system that was mounted, beside an empty `lost+found`.
fn first_file(mount: &impl std::os::fd::AsFd) -> Result<Option<String>, DirError> {
    let shown = |entry: &dir::Entry| entry.name.to_string_lossy().into_owned();
    let entries = dir::list(mount)?;
    let is_usual = |entry: &dir::Entry| entry.name == LOST_FOUND && entry.kind == Kind::Directory;
    if let Some(entry) = entries.iter().find(|entry| !is_usual(entry)) {
        return Ok(Some(shown(entry)));
    }
    if entries.is_empty() {
        return Ok(None);
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let inside = dir::list(dir::open_beneath(mount, LOST_FOUND, flags)?)?;
    Ok(inside.first().map(shown))
}

#[cfg(test)]
#[path = "content/tests.rs"]
mod tests;
