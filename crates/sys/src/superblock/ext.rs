//! ext2, ext3, ext4: the superblock at 1024 bytes (`Documentation/filesystems/ext4/super.rst`).

use perch_core::fs::FsKind;

use super::Superblock;
use super::source::Disk;
use super::text;

const STATE_CLEAN: u16 = 1;
const STATE_ERRORS: u16 = 2;
const COMPAT_HAS_JOURNAL: u32 = 0x4;
const INCOMPAT_RECOVER: u32 = 0x4;
const INCOMPAT_JOURNAL_DEV: u32 = 0x8;
const INCOMPAT_64BIT: u32 = 0x80;
/// File types in directories, journal to replay, meta block groups.
const INCOMPAT_OF_EXT3: u32 = 0x2 | INCOMPAT_RECOVER | 0x10;
/// Sparse superblocks, files over 2 GiB, B-tree directories.
const RO_COMPAT_OF_EXT3: u32 = 0x1 | 0x2 | 0x4;

pub(super) fn probe(disk: &Disk<'_>) -> Option<Superblock> {
    let block = disk.at(1024);
    let blocks_low = block.le32(4)?;
    let log_block_size = block.le32(24)?;
    // The magic has only 16 bits, so the fields must make sense too: a file system has inodes
    // and blocks, these of 1 to 64 KiB, and there are two revisions.
    let sane = block.le32(0)? > 0 && blocks_low > 0 && log_block_size <= 6 && block.le32(76)? <= 1;
    if !block.has(56, &[0x53, 0xEF]) || !sane {
        return None;
    }
    let state = block.le16(58)?;
    let (compat, incompat, ro_compat) = (block.le32(92)?, block.le32(96)?, block.le32(100)?);
    if incompat & INCOMPAT_JOURNAL_DEV != 0 {
        return None; // an external journal
    }
    let beyond_ext3 = incompat & !INCOMPAT_OF_EXT3 != 0 || ro_compat & !RO_COMPAT_OF_EXT3 != 0;
    let kind = match (beyond_ext3, compat & COMPAT_HAS_JOURNAL != 0) {
        (true, _) => FsKind::Ext4,
        (false, true) => FsKind::Ext3,
        (false, false) => FsKind::Ext2,
    };
    let blocks_high = match incompat & INCOMPAT_64BIT {
        0 => 0,
        _ => block.le32(336)?,
    };
    let blocks = u64::from(blocks_high) << 32 | u64::from(blocks_low);
    Some(Superblock {
        label: text::label(block.bytes(120, 16)?),
        uuid: text::uuid(block.array(104)?),
        // While mounted, the journal flag is set, or without a journal the state is not "clean".
        needs_recovery: incompat & INCOMPAT_RECOVER != 0 || state & STATE_CLEAN == 0,
        errors: state & STATE_ERRORS != 0,
        bytes: blocks.checked_mul(1024 << log_block_size),
        ..Superblock::of(kind)
    })
}
