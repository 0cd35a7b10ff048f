//! A table with one partition in another place: the blocks to write, in an order that leaves a table
//! which the kernel can read after each of them.
//!
//! An MBR is one sector. Of a GPT the kernel takes the second copy only if it was told so
//! (`gpt` on its command line; `find_valid_gpt` in `block/partitions/efi.c`), so the first one has to be
//! whole at every moment, though its header and its entries lie in different blocks:
//!
//! 1. the new entries at the end of the disk, where the second copy has them,
//! 2. the header of the second copy behind them,
//! 3. the first header, with its entries *there*: one block, and the moment at which the new table counts,
//! 4. the new entries in their usual place, which nobody reads now,
//! 5. the first header, with its entries in their usual place,
//! 6. the size in the MBR that guards the GPT.
//!
//! Where an image was written to a larger disk, its second copy lies in the middle, and the first header
//! stays true to it until step 3. A cut after that leaves a table that the kernel, sfdisk(8) and this
//! program read, though its entries are stored once only.

use perch_core::partition_growth::Growth;

use super::crc32::crc32;
use super::gpt::{ENTRY, Header};
use super::{BlockSize, Disk, mbr};
use crate::superblock::ReadAt;
use crate::superblock::source::Block;

/// Linux file system data, as stored (UEFI specification, appendix A; `linux_partition_guid` of efi.h).
/// Other systems offer to format what they take for their own.
const LINUX_GUID: [u8; 16] = [
    0xAF, 0x3D, 0xC6, 0x0F, 0x83, 0x84, 0x72, 0x47, 0x8E, 0x79, 0x3D, 0x69, 0xD8, 0x47, 0x7D, 0xE4,
];
const LINUX_CODE: u8 = 0x83;
const GPT_GUARD: u8 = 0xEE;
/// Addresses by cylinder that mean "see the block numbers".
const NO_CYLINDER: [u8; 3] = [0xFE, 0xFF, 0xFF];
/// Where the entries of an MBR start, and their size.
const MBR_ENTRIES: usize = 446;
const MBR_ENTRY: usize = 16;

/// Bytes for one place of the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Where, in bytes from the start of the disk.
    pub offset: u64,
    /// What.
    pub bytes: Vec<u8>,
}

/// A table's writes: each has to be on the disk before the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// In this order.
    pub writes: Vec<Write>,
    /// The one with which the new table counts, by its place among them.
    pub decisive: usize,
}

/// Why a table is not rewritten. Reads as a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// It is not as it was when the change was planned, or cannot be read.
    #[error("the partition table is not as it was a moment ago")]
    Changed,
    /// The first copy of a GPT is damaged.
    #[error(
        "the first copy of the partition table is damaged: repair it from another system (sgdisk)"
    )]
    Damaged,
    /// The entries of a GPT are where partitions should be.
    #[error("the entries of the partition table are in an unusual place")]
    Unusual,
    /// The new place cannot be described.
    #[error("the partition table cannot describe the new place")]
    TooFar,
}

/// The size in bytes of a GPT's second copy at the end of a disk; `None` without a GPT whose first copy
/// is whole.
pub fn gpt_copy(source: &impl ReadAt, block: BlockSize) -> Option<u64> {
    let disk = Disk { source, block };
    let entries = Header::read(&disk, 1, disk.last()?)?.entries(&disk)?;
    disk.bytes(blocks_of(entries.len(), block).checked_add(1)?)
}

/// The writes that put `growth` into the table. Nothing is written here.
///
/// # Errors
///
/// The table is not the one that `growth` was planned for, or cannot hold it.
pub fn rewrite(
    source: &impl ReadAt,
    block: BlockSize,
    growth: &Growth,
) -> Result<Rewrite, RewriteError> {
    let disk = Disk { source, block };
    let size = usize::try_from(block.0).map_err(|_| RewriteError::Changed)?;
    let first = disk.read(0, size).ok_or(RewriteError::Changed)?;
    let boot = mbr::BootRecord::parse(Block(&first)).ok_or(RewriteError::Changed)?;
    if boot.guards_gpt() {
        return gpt(&disk, &first, growth);
    }
    let write = Write {
        offset: 0,
        bytes: new_mbr(first, block, growth)?,
    };
    Ok(Rewrite {
        writes: vec![write],
        decisive: 0,
    })
}

/// In blocks; `None` if it is no whole number of them.
fn in_blocks(bytes: u64, block: BlockSize) -> Option<u64> {
    let size = u64::from(block.0);
    bytes.is_multiple_of(size).then(|| bytes / size)
}

fn blocks_of(bytes: usize, block: BlockSize) -> u64 {
    (bytes as u64).div_ceil(block.0.into())
}

/// Replaces bytes; `None` if they are not there.
fn put(bytes: &mut [u8], at: usize, new: &[u8]) -> Option<()> {
    let place = bytes.get_mut(at..at.checked_add(new.len())?)?;
    place.copy_from_slice(new);
    Some(())
}

fn new_mbr(
    mut sector: Vec<u8>,
    block: BlockSize,
    growth: &Growth,
) -> Result<Vec<u8>, RewriteError> {
    let number_of = |bytes| u32::try_from(in_blocks(bytes, block)?).ok();
    let (Some(start), Some(length)) = (number_of(growth.new.start), number_of(growth.new.length))
    else {
        return Err(RewriteError::TooFar);
    };
    let old = (growth.number, growth.old);
    let at = mbr_entry(&sector, block, old).ok_or(RewriteError::Changed)?;
    let mut entry = [0; MBR_ENTRY];
    put(&mut entry, 1, &NO_CYLINDER);
    put(&mut entry, 4, &[LINUX_CODE]);
    put(&mut entry, 5, &NO_CYLINDER);
    put(&mut entry, 8, &start.to_le_bytes());
    put(&mut entry, 12, &length.to_le_bytes());
    put(&mut sector, at, &entry).ok_or(RewriteError::Changed)?;
    for filling in &growth.without {
        let at = mbr_entry(&sector, block, (filling.number, filling.extent));
        let cleared = at.and_then(|at| put(&mut sector, at, &[0; MBR_ENTRY]));
        cleared.ok_or(RewriteError::Changed)?;
    }
    Ok(sector)
}

/// Where the entry of a partition is, if it says what is known of that.
fn mbr_entry(
    sector: &[u8],
    block: BlockSize,
    (number, extent): (u32, perch_core::partition_growth::Extent),
) -> Option<usize> {
    let slot = usize::try_from(number.checked_sub(1)?)
        .ok()
        .filter(|slot| *slot < 4)?;
    let at = MBR_ENTRIES + slot * MBR_ENTRY;
    let entry = Block(sector.get(at..at + MBR_ENTRY)?);
    let same = u64::from(entry.le32(8)?) == in_blocks(extent.start, block)?
        && u64::from(entry.le32(12)?) == in_blocks(extent.length, block)?;
    same.then_some(at)
}

fn gpt(disk: &Disk<'_>, first: &[u8], growth: &Growth) -> Result<Rewrite, RewriteError> {
    let block = disk.block;
    let last = disk.last().ok_or(RewriteError::Changed)?;
    let header = Header::read(disk, 1, last).ok_or(RewriteError::Damaged)?;
    let mut entries = header.entries(disk).ok_or(RewriteError::Damaged)?;
    let length = blocks_of(entries.len(), block);
    let home = header.first_entry;
    if home < 2 || home.saturating_add(length) > header.first_usable {
        return Err(RewriteError::Unusual);
    }
    change_entries(&mut entries, block, growth).ok_or(RewriteError::Changed)?;
    let far = last.checked_sub(length).ok_or(RewriteError::TooFar)?;
    let last_usable = far.checked_sub(1).ok_or(RewriteError::TooFar)?;
    let end = in_blocks(growth.new.end(), block).ok_or(RewriteError::TooFar)?;
    if end > far || growth.new.start < growth.old.start {
        return Err(RewriteError::TooFar);
    }

    let size = usize::try_from(block.0).map_err(|_| RewriteError::Changed)?;
    let old = disk.read(1, size).ok_or(RewriteError::Changed)?;
    let sum = crc32(entries.iter().copied());
    let header = |own: u64, other: u64, entries: u64| {
        let mut new = old.clone();
        put(&mut new, 24, &own.to_le_bytes())?;
        put(&mut new, 32, &other.to_le_bytes())?;
        put(&mut new, 48, &last_usable.to_le_bytes())?;
        put(&mut new, 72, &entries.to_le_bytes())?;
        put(&mut new, 88, &sum.to_le_bytes())?;
        put(&mut new, 16, &[0; 4])?;
        let summed = usize::try_from(Block(&new).le32(12)?).ok()?;
        let own_sum = crc32(new.get(..summed)?.iter().copied());
        put(&mut new, 16, &own_sum.to_le_bytes())?;
        Some(new)
    };
    let write = |block: u64, bytes: Option<Vec<u8>>| {
        Some(Write {
            offset: disk.bytes(block)?,
            bytes: bytes?,
        })
    };
    let writes: Option<Vec<Write>> = [
        write(far, Some(entries.clone())),
        write(last, header(last, 1, far)),
        write(1, header(1, last, far)),
        write(home, Some(entries)),
        write(1, header(1, last, home)),
        write(0, new_guard(first, last)),
    ]
    .into_iter()
    .collect();
    Ok(Rewrite {
        writes: writes.ok_or(RewriteError::Changed)?,
        decisive: 2,
    })
}

fn change_entries(entries: &mut [u8], block: BlockSize, growth: &Growth) -> Option<()> {
    let at = gpt_entry(entries, block, (growth.number, growth.old))?;
    let first = in_blocks(growth.new.start, block)?;
    let last = in_blocks(growth.new.end(), block)?.checked_sub(1)?;
    put(entries, at, &LINUX_GUID)?;
    put(entries, at + 32, &first.to_le_bytes())?;
    put(entries, at + 40, &last.to_le_bytes())?;
    for filling in &growth.without {
        let at = gpt_entry(entries, block, (filling.number, filling.extent))?;
        put(entries, at, &[0; ENTRY])?;
    }
    Some(())
}

/// Where the entry of a partition is, if it says what is known of that.
fn gpt_entry(
    entries: &[u8],
    block: BlockSize,
    (number, extent): (u32, perch_core::partition_growth::Extent),
) -> Option<usize> {
    let slot = usize::try_from(number.checked_sub(1)?).ok()?;
    let at = slot.checked_mul(ENTRY)?;
    let entry = Block(entries.get(at..at.checked_add(ENTRY)?)?);
    let same = entry.le64(32)? == in_blocks(extent.start, block)?
        && entry.le64(40)?.checked_add(1)? == in_blocks(extent.end(), block)?;
    same.then_some(at)
}

/// The MBR that guards a GPT, with the size of the disk in it.
fn new_guard(first: &[u8], last: u64) -> Option<Vec<u8>> {
    let mut sector = first.to_vec();
    let length = u32::try_from(last).unwrap_or(u32::MAX);
    for at in (MBR_ENTRIES..).step_by(MBR_ENTRY).take(4) {
        let entry = Block(first.get(at..at + MBR_ENTRY)?);
        // A hybrid one, made for machines that start from nothing else, may guard less: left as it is.
        if entry.u8(4)? == GPT_GUARD && entry.le32(8)? == 1 {
            put(&mut sector, at + 12, &length.to_le_bytes())?;
        }
    }
    Some(sector)
}

#[cfg(test)]
#[path = "rewrite/tests.rs"]
mod tests;
