//! Whether a disk is divided into partitions, so that what its first sector looks like besides is
//! the remains of a file system from before: partitioning tools keep the boot code, and with it
//! the parameters of a FAT or NTFS that spanned the whole disk.
//!
//! Partitions themselves are the kernel's business.

use super::source::Disk;

/// Whether the first sector is a master boot record with at least one partition, or the one that
/// guards a GPT (UEFI specification, 5.2).
///
/// A boot sector ends in the same signature and has code or messages where the table would be.
/// These are told apart as the kernel does, by the four boot flags (`block/partitions/msdos.c`),
/// and further by the partition being possible. One that starts at 0, as `mkfs.fat --mbr` makes
/// to please Windows, is no division.
pub(super) fn divided(disk: &Disk<'_>) -> bool {
    const GPT_GUARD: u8 = 0xEE;
    let boot = disk.at(0);
    let entries = [446, 462, 478, 494].map(|at| disk.at(at));
    let flagged = entries.iter().all(|e| matches!(e.u8(0), Some(0 | 0x80)));
    if !boot.has(510, &[0x55, 0xAA]) || !flagged {
        return false;
    }
    let sectors = disk.size().map_or(u64::MAX, |bytes| bytes / 512);
    entries.iter().any(|entry| {
        let (Some(kind), Some(start), Some(length)) = (entry.u8(4), entry.le32(8), entry.le32(12))
        else {
            return false;
        };
        let fits = u64::from(start) + u64::from(length) <= sectors;
        // The guard of a large disk, or of an image meant for one, may reach past the end.
        kind != 0 && start > 0 && length > 0 && (fits || (kind == GPT_GUARD && start == 1))
    })
}
