//! F2FS (`struct f2fs_super_block` in the kernel's `include/linux/f2fs_fs.h`).

use perch_core::fs::FsKind;

use super::Superblock;
use super::source::Disk;
use super::text;

/// The checkpoint tells whether it was unmounted, not the superblock.
pub(super) fn probe(disk: &Disk<'_>) -> Option<Superblock> {
    let block = disk.at(1024);
    if !block.has(0, &[0x10, 0x20, 0xF5, 0xF2]) {
        return None;
    }
    let log_block_size = block.le32(16)?;
    if !(12..=16).contains(&log_block_size) {
        return None; // one page, and pages have 4 to 64 KiB
    }
    Some(Superblock {
        label: text::label_utf16(text::utf16_le(block.bytes(124, 1024)?)),
        uuid: text::uuid(block.array(108)?),
        bytes: block.le64(36)?.checked_mul(1 << log_block_size),
        ..Superblock::of(FsKind::F2fs)
    })
}
