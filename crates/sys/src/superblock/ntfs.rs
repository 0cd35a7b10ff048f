//! NTFS: the boot sector, and record 3 of the master file table, `$Volume`, for label and dirty
//! flag (the kernel's `fs/ntfs3/ntfs.h`).

use perch_core::fs::FsKind;

use super::Superblock;
use super::source::{Block, Disk};
use super::{partitions, text};

pub(super) fn probe(disk: &Disk<'_>) -> Option<Superblock> {
    let boot = disk.at(0);
    let sector = u64::from(boot.le16(11)?);
    let sane = sector.is_power_of_two() && (256..=4096).contains(&sector);
    // Fields of FAT that NTFS keeps at 0: reserved sectors, tables, root entries, sectors.
    let unlike_fat = boot.has(14, &[0; 7]) && boot.le16(22)? == 0;
    if !boot.has(3, b"NTFS    ") || !sane || !unlike_fat || partitions::divided(disk) {
        return None;
    }
    let volume = Volume::find(disk, boot, sector).unwrap_or_default();
    Some(Superblock {
        label: volume.label,
        uuid: Some(format!("{:016X}", boot.le64(72)?)),
        needs_recovery: volume.dirty,
        bytes: boot.le64(40)?.checked_mul(sector),
        ..Superblock::of(FsKind::Ntfs)
    })
}

/// What `$Volume` holds.
#[derive(Default)]
struct Volume {
    label: Option<String>,
    dirty: bool,
}

impl Volume {
    /// `sector` is in bytes. `None` if the record is not where it should be.
    fn find(disk: &Disk<'_>, boot: Block<'_>, sector: u64) -> Option<Self> {
        let cluster = sector.checked_mul(count_or_power(boot.u8(13)?)?)?;
        let record_len = match boot.u8(64)? {
            count @ 1..0x80 => cluster.checked_mul(u64::from(count))?,
            power => count_or_power(power)?,
        };
        if !(512..=65536).contains(&record_len) {
            return None;
        }
        let table = boot.le64(48)?.checked_mul(cluster)?;
        let offset = table.checked_add(3 * record_len)?;
        let mut record = disk.read(offset, record_len as usize)?;
        restore_sector_ends(&mut record)?;
        Some(Self::parse(Block(&record)))
    }

    /// Walks the attributes; each has a length, and the walk ends where one is too short to be
    /// true.
    fn parse(record: Block<'_>) -> Self {
        const VOLUME_NAME: u32 = 0x60;
        const VOLUME_INFORMATION: u32 = 0x70;
        const DIRTY: u16 = 1;
        let mut found = Self::default();
        let mut at = record.le16(20).map_or(usize::MAX, usize::from);
        while let Some(attribute) = record.0.get(at..).map(Block) {
            let (Some(kind), Some(len)) = (attribute.le32(0), attribute.le32(4)) else {
                break;
            };
            if kind == u32::MAX || len < 24 {
                break;
            }
            let value = resident_value(attribute);
            match (kind, value) {
                (VOLUME_NAME, Some(name)) => {
                    found.label = text::label_utf16(text::utf16_le(name.0));
                }
                (VOLUME_INFORMATION, Some(info)) => {
                    found.dirty = info.le16(10).is_some_and(|flags| flags & DIRTY != 0);
                }
                _ => {}
            }
            at = at.saturating_add(len as usize);
        }
        found
    }
}

/// A number up to 128 is a count; above, it is the negative of a power of two.
fn count_or_power(byte: u8) -> Option<u64> {
    match byte {
        0 => None,
        1..=0x80 => Some(u64::from(byte)),
        _ => 1u64.checked_shl(256 - u32::from(byte)),
    }
}

/// The value of an attribute that keeps it in the record itself.
fn resident_value(attribute: Block<'_>) -> Option<Block<'_>> {
    if attribute.u8(8)? != 0 {
        return None;
    }
    let (len, at) = (attribute.le32(16)?, attribute.le16(20)?);
    attribute.bytes(usize::from(at), len as usize).map(Block)
}

/// On the disk the last two bytes of each 512 are a sequence number, which shows writes that were
/// cut short; what belongs there is in an array in the header. `None` if the record is not whole.
fn restore_sector_ends(record: &mut [u8]) -> Option<()> {
    let header = Block(record);
    if !header.has(0, b"FILE") {
        return None;
    }
    let count = usize::from(header.le16(6)?).checked_sub(1)?;
    let array = usize::from(header.le16(4)?);
    let saved = header.bytes(array, (count + 1) * 2)?.to_vec();
    let (sequence, saved) = saved.split_at_checked(2)?;
    for (sector, saved) in record.chunks_exact_mut(512).zip(saved.chunks_exact(2)) {
        let end = sector.get_mut(510..)?;
        if end != sequence {
            return None;
        }
        end.copy_from_slice(saved);
    }
    Some(())
}
