//! The table of a disk's partitions: what the kernel does not tell of them, UUIDs and names.
//!
//! Kernels before 6.4 keep a partition's UUID to themselves, and all of them cut each letter of its
//! name down to eight bits. Which partitions there are is the kernel's business all the same: numbers
//! are given as it gives them (`block/partitions/efi.c`, `msdos.c`), and what it would not accept is
//! not read.
//!
//! Like superblocks, tables are written by strangers: every length has a limit, every walk an end.

use std::io;

use crate::superblock::ReadAt;
use crate::superblock::source::{Block, read_up_to};

mod crc32;
mod gpt;
mod mbr;
pub mod rewrite;

/// The last number that a partition can have in the kernel (`DISK_MAX_PARTS`, `include/linux/blkdev.h`).
const MOST_PARTITIONS: u32 = 255;

/// A disk's partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionTable {
    /// Which kind of table.
    pub kind: TableKind,
    /// In the order of their numbers; of numbers that are not used there is nothing.
    pub partitions: Vec<Partition>,
}

/// Which kind of table a disk has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// A GUID partition table (UEFI specification, chapter 5).
    Gpt,
    /// A master boot record, as DOS had it.
    Mbr,
}

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// The number that the kernel gives it, from 1; 5 and on for those inside an extended one.
    pub number: u32,
    /// Where it starts, in bytes from the start of the disk.
    pub start: u64,
    /// Its length in bytes; it may reach past the end of the disk, or over others.
    pub length: u64,
    /// Its UUID as `blkid` writes it: `1a2b3c4d-01` with an MBR; absent if the table has none.
    pub uuid: Option<String>,
    /// Its name in a GPT, without control characters; never empty.
    pub label: Option<String>,
    /// What it is meant for.
    pub purpose: Purpose,
}

/// What a partition is meant for, by the table's own code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// The type GUID, with small letters.
    Gpt(String),
    /// The type byte.
    Mbr(u8),
}

/// Reads the partition table of a disk whose logical blocks have `block` bytes; `None` if there is
/// none, or one that the kernel would not take. A GPT whose first copy is damaged is read from its
/// second.
///
/// # Errors
///
/// The source's own, if the first block cannot be read. What cannot be read further back is as good as
/// damaged.
pub fn read(source: &impl ReadAt, block: BlockSize) -> io::Result<Option<PartitionTable>> {
    let disk = Disk { source, block };
    let first = read_up_to(source, 0, mbr::SECTOR)?;
    let Some(boot) = mbr::BootRecord::parse(Block(&first)) else {
        return Ok(None);
    };
    if boot.guards_gpt() {
        return Ok(gpt::read(&disk));
    }
    Ok(mbr::read(&disk, &boot))
}

/// The size of a disk's logical blocks, the unit of everything in its table: a power of two from
/// 512 bytes to 64 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockSize(u32);

impl BlockSize {
    /// `None` for a size that no disk has.
    pub fn new(bytes: u32) -> Option<Self> {
        (bytes.is_power_of_two() && (512..=65536).contains(&bytes)).then_some(Self(bytes))
    }
}

impl Default for BlockSize {
    /// What nearly every disk has.
    fn default() -> Self {
        Self(512)
    }
}

/// A disk counted in blocks.
struct Disk<'a> {
    source: &'a dyn ReadAt,
    block: BlockSize,
}

impl Disk<'_> {
    /// `len` bytes from a block on; `None` if they are not all there or cannot be read.
    fn read(&self, block: u64, len: usize) -> Option<Vec<u8>> {
        let bytes = read_up_to(self.source, self.bytes(block)?, len).ok()?;
        (bytes.len() == len).then_some(bytes)
    }

    /// So many blocks in bytes; `None` for more than there can be.
    fn bytes(&self, blocks: u64) -> Option<u64> {
        blocks.checked_mul(self.block.0.into())
    }

    /// The number of the last block; `None` if it cannot be told.
    fn last(&self) -> Option<u64> {
        let blocks = self.source.size().ok()?.checked_div(self.block.0.into())?;
        blocks.checked_sub(1)
    }
}

#[cfg(test)]
mod tests;
