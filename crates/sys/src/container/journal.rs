//! Room for a file system's journal, in a disk that takes space only for what is written.
//!
//! mke2fs(8) writes zeros there, for which such a disk takes none. On a full medium the first transaction that comes
//! so far would then find no room, and ext4 ends all writing to a file system whose journal fails.

use std::os::unix::fs::FileExt;

use rustix::fs::{FallocateFlags, fallocate};

use super::ContainerError;
use super::image::Image;

/// Where the first superblock begins, and how long it is, in bytes.
const SUPERBLOCK: u64 = 1024;
const SUPERBLOCK_LEN: usize = 1024;
/// `s_jnl_backup_type`: the next field is a copy of the journal's block map.
const BACKUP_TYPE_AT: usize = 0xfd;
const BACKUP_IS_BLOCKS: u8 = 1;
/// `s_jnl_blocks`: `i_block` of the journal's inode, a tree of extents with its root here.
const BLOCKS_AT: usize = 0x10c;
/// `eh_magic`.
const EXTENTS_MAGIC: u16 = 0xf30a;
/// Extents that fit into an inode.
const MOST_EXTENTS: u16 = 4;

/// Takes room for the journal of a new file system.
pub(super) fn reserve(image: &Image) -> Result<(), ContainerError> {
    let mut superblock = [0; SUPERBLOCK_LEN];
    let read = image.file.read_exact_at(&mut superblock, SUPERBLOCK);
    read.map_err(|source| image.access("read", source))?;
    // mke2fs lays a journal of up to 128 MiB out as one extent; another layout only loses what is gained here.
    for (start, len) in extents(&superblock).unwrap_or_default() {
        let taken = fallocate(&image.file, FallocateFlags::KEEP_SIZE, start, len);
        taken.map_err(|error| image.access("take room for the journal of", error.into()))?;
    }
    Ok(())
}

/// First byte and length of each piece of the journal; `None` if the superblock does not tell.
/// `Documentation/filesystems/ext4/super.rst`, `ifork.rst` ("Extent Tree").
fn extents(superblock: &[u8]) -> Option<Vec<(u64, u64)>> {
    let le16 = |at: usize| {
        let bytes = superblock.get(at..at + 2)?;
        Some(u16::from_le_bytes(bytes.try_into().ok()?))
    };
    let le32 = |at: usize| {
        let bytes = superblock.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let block = 1024_u64.checked_shl(le32(24)?).filter(|size| *size > 0)?;
    let known = *superblock.get(BACKUP_TYPE_AT)? == BACKUP_IS_BLOCKS;
    let (magic, entries, depth) = (le16(BLOCKS_AT)?, le16(BLOCKS_AT + 2)?, le16(BLOCKS_AT + 6)?);
    if !known || magic != EXTENTS_MAGIC || depth > 0 || entries > MOST_EXTENTS {
        return None;
    }
    (0..usize::from(entries))
        .map(|entry| {
            let at = BLOCKS_AT + 12 * (entry + 1);
            let start = u64::from(le16(at + 6)?) << 32 | u64::from(le32(at + 8)?);
            let len = u64::from(le16(at + 4)?).min(32_768);
            Some((start.checked_mul(block)?, len.checked_mul(block)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// What mke2fs made, as dumpe2fs(8) tells it.
    #[test]
    fn the_journal_of_a_new_file_system_is_found() {
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(1000 << 20).unwrap();
        let made = Command::new("mke2fs")
            .args(crate::container::ext4::MKE2FS)
            .arg("-F")
            .arg(image.path())
            .status();
        assert!(made.unwrap().success());
        let mut superblock = [0; SUPERBLOCK_LEN];
        image
            .as_file()
            .read_exact_at(&mut superblock, SUPERBLOCK)
            .unwrap();
        let found = extents(&superblock).unwrap();
        let told = Command::new("debugfs")
            .args(["-R", "blocks <8>"])
            .arg(image.path())
            .output()
            .unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        let told: Vec<u64> = told
            .split_whitespace()
            .map(|block| block.parse::<u64>().unwrap() * 4096)
            .collect();
        let ours: Vec<u64> = found
            .iter()
            .flat_map(|(start, len)| (*start..start + len).step_by(4096))
            .collect();
        assert!(ours.len() >= 1024, "{found:?}");
        assert_eq!(ours, told);
    }

    #[test]
    fn what_a_superblock_does_not_tell_is_left_alone() {
        assert_eq!(extents(&[0; SUPERBLOCK_LEN]), None);
        assert_eq!(extents(&[0xff; SUPERBLOCK_LEN]), None);
        assert_eq!(extents(&[]), None);
    }
}
