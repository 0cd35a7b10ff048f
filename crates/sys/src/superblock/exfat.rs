//! exFAT (Microsoft, "exFAT file system specification", sections 3.1 and 7.3).

use std::ops::ControlFlow;

use perch_core::fs::FsKind;

use super::Superblock;
use super::directory::{self, Clusters, Verdict};
use super::source::{Block, Disk};
use super::{partitions, text};

pub(super) fn probe(disk: &Disk<'_>) -> Option<Superblock> {
    const VOLUME_DIRTY: u16 = 2;
    const MEDIA_FAILURE: u16 = 4;
    let boot = disk.at(0);
    let (sector, per_cluster) = (u32::from(boot.u8(108)?), u32::from(boot.u8(109)?));
    let signed = boot.has(3, b"EXFAT   ") && boot.has(510, &[0x55, 0xAA]);
    // Zeros where FAT has its parameters; sectors of 2^9 to 2^12 bytes, clusters up to 2^25.
    let sane = boot.has(11, &[0; 53]) && (9..=12).contains(&sector) && sector + per_cluster <= 25;
    if !signed || !sane || partitions::divided(disk) {
        return None;
    }
    let clusters = Clusters {
        table: u64::from(boot.le32(80)?) << sector,
        heap: u64::from(boot.le32(88)?) << sector,
        size: 1 << (sector + per_cluster),
        count: boot.le32(92)?,
    };
    let flags = boot.le16(106)?;
    Some(Superblock {
        label: directory::label_in_chain(disk, &clusters, boot.le32(96)?, judge),
        uuid: Some(text::volume_serial(boot.le32(100)?)),
        needs_recovery: flags & VOLUME_DIRTY != 0,
        errors: flags & MEDIA_FAILURE != 0,
        bytes: boot.le64(72)?.checked_mul(1 << sector),
        ..Superblock::of(FsKind::Exfat)
    })
}

fn judge(entry: Block<'_>) -> Verdict {
    const END: u8 = 0;
    const LABEL: u8 = 0x83; // 0x03 is one that was deleted
    match entry.u8(0) {
        None | Some(END) => ControlFlow::Break(None),
        Some(LABEL) => {
            let len = entry.u8(1).map_or(0, usize::from).min(11) * 2;
            let name = entry.bytes(2, len).unwrap_or_default();
            ControlFlow::Break(text::label_utf16(text::utf16_le(name)))
        }
        Some(_) => ControlFlow::Continue(()),
    }
}
