//! The master boot record: four entries, of which one may be extended, the head of a chain of records
//! that hold one partition each. Nobody wrote it down for all to follow; this is what the kernel reads
//! (`block/partitions/msdos.c`).

use super::{Disk, MOST_PARTITIONS, Partition, PartitionTable, Purpose, TableKind};
use crate::superblock::source::Block;

/// Size of a boot record, whatever the size of the disk's blocks.
pub(super) const SECTOR: usize = 512;

const GPT_GUARD: u8 = 0xEE;
/// Extended partitions: of DOS, with addresses by block, of Linux.
const EXTENDED: [u8; 3] = [0x05, 0x0F, 0x85];
/// Number of the first partition in an extended one.
const FIRST_LOGICAL: u32 = 5;
/// Records of one chain that are read before it counts as a loop.
const MOST_RECORDS: usize = 512;

/// A boot record: the one at the start of a disk, or one of an extended partition's chain.
pub(super) struct BootRecord {
    signature: u32,
    entries: [Entry; 4],
}

/// One of its four entries; places and lengths in blocks.
#[derive(Clone, Copy)]
struct Entry {
    flag: u8,
    code: u8,
    start: u32,
    length: u32,
}

impl Entry {
    fn parse(record: Block<'_>, at: usize) -> Option<Self> {
        let entry = Block(record.bytes(at, 16)?);
        Some(Self {
            flag: entry.u8(0)?,
            code: entry.u8(4)?,
            start: entry.le32(8)?,
            length: entry.le32(12)?,
        })
    }

    fn extended(self) -> bool {
        self.length > 0 && EXTENDED.contains(&self.code)
    }

    fn data(self) -> bool {
        self.length > 0 && !EXTENDED.contains(&self.code)
    }
}

impl BootRecord {
    /// `None` if it is none.
    pub(super) fn parse(sector: Block<'_>) -> Option<Self> {
        if !sector.has(510, &[0x55, 0xAA]) {
            return None;
        }
        let entry = |at| Entry::parse(sector, at);
        Some(Self {
            signature: sector.le32(440)?,
            entries: [entry(446)?, entry(462)?, entry(478)?, entry(494)?],
        })
    }

    /// Whether it is there to keep old tools from a GPT. Then its other entries, which some machines need
    /// to start, are copies of some of the GPT's.
    pub(super) fn guards_gpt(&self) -> bool {
        self.entries.iter().any(|entry| entry.code == GPT_GUARD)
    }
}

/// The partitions of a disk that starts with `boot`; `None` if that is the boot sector of a file system,
/// which has the same mark at its end and code in place of the entries.
pub(super) fn read(disk: &Disk<'_>, boot: &BootRecord) -> Option<PartitionTable> {
    let is_flag = |entry: &Entry| matches!(entry.flag, 0 | 0x80);
    if !boot.entries.iter().all(is_flag) || boot.entries.iter().all(|entry| entry.length == 0) {
        return None;
    }
    let mut found = Found {
        disk,
        signature: boot.signature,
        partitions: Vec::new(),
    };
    let slots = boot.entries.iter().zip(1..);
    for (entry, number) in slots.clone().filter(|(entry, _)| entry.length > 0) {
        found.add(number, entry.start.into(), *entry);
    }
    let mut next = FIRST_LOGICAL;
    for (entry, _) in slots.filter(|(entry, _)| entry.extended()) {
        next = chain(&mut found, *entry, next);
    }
    Some(PartitionTable {
        kind: TableKind::Mbr,
        partitions: found.partitions,
    })
}

/// What was found so far.
struct Found<'a> {
    disk: &'a Disk<'a>,
    signature: u32,
    partitions: Vec<Partition>,
}

impl Found<'_> {
    /// Adds a partition that starts at a block of the disk.
    fn add(&mut self, number: u32, block: u64, entry: Entry) {
        let disk = self.disk;
        let (Some(start), Some(length)) = (disk.bytes(block), disk.bytes(entry.length.into()))
        else {
            return;
        };
        // A disk that was never given a signature has no names to tell its partitions by.
        let signed = self.signature != 0;
        self.partitions.push(Partition {
            number,
            start,
            length,
            uuid: signed.then(|| format!("{:08x}-{number:02x}", self.signature)),
            label: None,
            purpose: Purpose::Mbr(entry.code),
        });
    }
}

/// Follows the chain of records in an extended partition. Returns the number of the partition that
/// would come next.
///
/// Each record's partition counts from the record, its link to the next one from the start of the
/// extended partition.
fn chain(found: &mut Found<'_>, extended: Entry, mut next: u32) -> u32 {
    let head = u64::from(extended.start);
    let end = head.saturating_add(extended.length.into());
    let (mut at, mut room) = (head, u64::from(extended.length));
    for _ in 0..MOST_RECORDS {
        let Some(bytes) = found.disk.read(at, SECTOR) else {
            break;
        };
        let Some(record) = BootRecord::parse(Block(&bytes)) else {
            break;
        };
        for (slot, entry) in record.entries.iter().enumerate() {
            let offset = u64::from(entry.start);
            let start = at.saturating_add(offset);
            let length = u64::from(entry.length);
            // Tools use the first two entries only; what stands in the others may be garbage.
            let usual = slot < 2;
            let inside = offset.saturating_add(length) <= room
                && start >= head
                && start.saturating_add(length) <= end;
            if next > MOST_PARTITIONS {
                return next;
            }
            if !entry.data() || !(usual || inside) {
                continue;
            }
            found.add(next, start, *entry);
            next = next.saturating_add(1);
        }
        let Some(link) = record.entries.iter().find(|entry| entry.extended()) else {
            break;
        };
        at = head.saturating_add(link.start.into());
        room = link.length.into();
    }
    next
}
