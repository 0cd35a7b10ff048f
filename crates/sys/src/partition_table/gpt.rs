//! The GUID partition table (UEFI specification 2.10, section 5.3): a header at block 1 and at the
//! last block, each with a checksum of itself and of the entries that it points at.

use super::crc32::crc32;
use super::{Disk, MOST_PARTITIONS, Partition, PartitionTable, Purpose, TableKind};
use crate::superblock::source::Block;
use crate::superblock::text;

/// Size of a header as specified so far.
const HEADER: usize = 92;
/// Size of an entry; the kernel takes no other.
pub(super) const ENTRY: usize = 128;
/// More entries than any tool makes, 512 KiB of them. Usual are 128.
const MOST_ENTRIES: u32 = 4096;
/// Where the header's own checksum stands; it counts as zero in it.
const OWN_SUM: std::ops::Range<usize> = 16..20;

/// The table by its first copy or else by its second; `None` if neither is whole.
pub(super) fn read(disk: &Disk<'_>) -> Option<PartitionTable> {
    let last = disk.last()?;
    let copy = |block: u64| {
        let header = Header::read(disk, block, last)?;
        header.entries(disk)
    };
    let entries = copy(1).or_else(|| copy(last))?;
    let (entries, _) = entries.as_chunks::<ENTRY>();
    let partitions = entries
        .iter()
        .zip(1..=MOST_PARTITIONS)
        .filter_map(|(entry, number)| partition(disk, Block(entry), number, last))
        .collect();
    Some(PartitionTable {
        kind: TableKind::Gpt,
        partitions,
    })
}

/// What a header says.
pub(super) struct Header {
    /// The first block for partitions.
    pub(super) first_usable: u64,
    /// The block that the entries start at.
    pub(super) first_entry: u64,
    entries: u32,
    sum: u32,
}

impl Header {
    /// The header in a block; `None` if it is not whole, or not one that belongs there.
    pub(super) fn read(disk: &Disk<'_>, block: u64, last: u64) -> Option<Self> {
        let size = usize::try_from(disk.block.0).ok()?;
        let bytes = disk.read(block, size)?;
        let header = Block(&bytes);
        if !header.has(0, b"EFI PART") || header.le64(24)? != block {
            return None;
        }
        let len = usize::try_from(header.le32(12)?).ok()?;
        if !(HEADER..=size).contains(&len) {
            return None;
        }
        let summed = header.bytes(0, len)?.iter().enumerate();
        let own_sum_zero = summed.map(|(at, byte)| if OWN_SUM.contains(&at) { 0 } else { *byte });
        if crc32(own_sum_zero) != header.le32(16)? {
            return None;
        }
        let (first_usable, last_usable) = (header.le64(40)?, header.le64(48)?);
        let entries = header.le32(80)?;
        let sane = first_usable <= last_usable
            && last_usable <= last
            && usize::try_from(header.le32(84)?).ok()? == ENTRY
            && (1..=MOST_ENTRIES).contains(&entries);
        sane.then_some(Self {
            first_usable,
            first_entry: header.le64(72)?,
            entries,
            sum: header.le32(88)?,
        })
    }

    /// The entries, if they are as their checksum says.
    pub(super) fn entries(&self, disk: &Disk<'_>) -> Option<Vec<u8>> {
        let len = usize::try_from(self.entries).ok()?.checked_mul(ENTRY)?;
        let bytes = disk.read(self.first_entry, len)?;
        (crc32(bytes.iter().copied()) == self.sum).then_some(bytes)
    }
}

/// One entry; `None` if it is unused or impossible.
fn partition(disk: &Disk<'_>, entry: Block<'_>, number: u32, last: u64) -> Option<Partition> {
    let purpose = guid(entry.array(0)?)?;
    let (first, end) = (entry.le64(32)?, entry.le64(40)?);
    if first > end || end > last {
        return None;
    }
    Some(Partition {
        number,
        start: disk.bytes(first)?,
        length: disk.bytes(end.checked_sub(first)?.checked_add(1)?)?,
        uuid: guid(entry.array(16)?),
        label: text::label_utf16(text::utf16_le(entry.bytes(56, 72)?)),
        purpose: Purpose::Gpt(purpose),
    })
}

/// A GUID as text: its first three fields are little-endian (UEFI specification, appendix A). `None`
/// for the one of zeros.
fn guid(mut raw: [u8; 16]) -> Option<String> {
    let [a, b, c, d, e, f, g, h, ..] = &mut raw;
    std::mem::swap(a, d);
    std::mem::swap(b, c);
    std::mem::swap(e, f);
    std::mem::swap(g, h);
    text::uuid(raw)
}
