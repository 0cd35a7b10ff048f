//! Read-only images: squashfs 4.0 (`Documentation/filesystems/squashfs.rst`, `squashfs_fs.h`) and
//! EROFS (`fs/erofs/erofs_fs.h`).

use perch_core::fs::FsKind;

use super::Superblock;
use super::source::Disk;
use super::text;

/// No label, no UUID; `bytes` is `bytes_used`, so a shorter file is a truncated download.
pub(super) fn squashfs(disk: &Disk<'_>) -> Option<Superblock> {
    let block = disk.at(0);
    let block_size = block.le32(12)?;
    let sane = block_size.is_power_of_two() && (4096..=1 << 20).contains(&block_size);
    // Older versions have the same magic, and no kernel since 2.6.29 mounts them.
    if !block.has(0, b"hsqs") || block.le16(28)? != 4 || !sane {
        return None;
    }
    Some(Superblock {
        bytes: block.le64(40),
        ..Superblock::of(FsKind::Squashfs)
    })
}

pub(super) fn erofs(disk: &Disk<'_>) -> Option<Superblock> {
    let block = disk.at(1024);
    let log_block_size = u32::from(block.u8(12)?);
    if !block.has(0, &[0xE2, 0xE1, 0xF5, 0xE0]) || !(9..=16).contains(&log_block_size) {
        return None;
    }
    Some(Superblock {
        label: text::label(block.bytes(64, 16)?),
        uuid: text::uuid(block.array(48)?),
        bytes: u64::from(block.le32(36)?).checked_mul(1 << log_block_size),
        ..Superblock::of(FsKind::Erofs)
    })
}
