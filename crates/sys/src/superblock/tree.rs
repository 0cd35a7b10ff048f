//! XFS (`xfs_sb` in the kernel's `fs/xfs/libxfs/xfs_format.h`) and Btrfs
//! (`include/uapi/linux/btrfs_tree.h`).

use perch_core::fs::FsKind;

use super::Superblock;
use super::source::Disk;
use super::text;

/// The log tells whether it must be replayed, not the superblock.
pub(super) fn xfs(disk: &Disk<'_>) -> Option<Superblock> {
    const INCOMPAT_NEEDS_REPAIR: u32 = 1 << 4;
    let block = disk.at(0);
    let block_size = block.be32(4)?;
    let sane = block_size.is_power_of_two() && (512..=65536).contains(&block_size);
    if !block.has(0, b"XFSB") || !sane {
        return None;
    }
    let version = block.be16(100)? & 0xF;
    let damaged = version >= 5 && block.be32(216)? & INCOMPAT_NEEDS_REPAIR != 0;
    let unfinished = block.u8(126)? != 0; // set while mkfs runs
    Some(Superblock {
        label: text::label(block.bytes(108, 12)?),
        uuid: text::uuid(block.array(32)?),
        errors: damaged || unfinished,
        bytes: block.be64(8)?.checked_mul(u64::from(block_size)),
        ..Superblock::of(FsKind::Xfs)
    })
}

/// `bytes` is this device's share: the file system may span several.
pub(super) fn btrfs(disk: &Disk<'_>) -> Option<Superblock> {
    const FLAG_ERROR: u64 = 1 << 2;
    let block = disk.at(65536);
    if !block.has(64, b"_BHRfS_M") {
        return None;
    }
    Some(Superblock {
        label: text::label(block.bytes(299, 256)?),
        uuid: text::uuid(block.array(32)?),
        needs_recovery: block.le64(96)? != 0, // a log tree
        errors: block.le64(56)? & FLAG_ERROR != 0,
        bytes: block.le64(209), // in the embedded dev_item
        ..Superblock::of(FsKind::Btrfs)
    })
}
