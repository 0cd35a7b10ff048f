//! Where everything lies on a disk: pure arithmetic.
//!
//! The data partition has the number 1 wherever it lies, since Windows shows only the first one of a stick.

use perch_core::units::{Bytes, Mib};

use super::error::ImageError;
use super::{DiskOrder, Fs, Table};

/// A sector, in bytes.
pub(super) const SECTOR: u64 = 512;
/// Partitions start and end at multiples of it, in bytes.
const MIB: u64 = 1 << 20;
/// Room for a boot loader that has a partition of its own (GPT), or lies before the first one (MBR).
const BIOS_BOOT: u64 = MIB;
/// The smallest FAT32 in whole MiB: 65,525 clusters of one sector, and two tables (Microsoft FAT specification, "FAT Type
/// Determination"). UEFI wants FAT32 on a disk.
const ESP: u64 = 34 * MIB;
/// The smallest data partition.
const LEAST: u64 = 64 * MIB;
/// What a disk has for sessions if nobody says how large it is to be.
const ROOM: u64 = 512 * MIB;
/// An MBR counts sectors in 32 bits.
const MBR_END: u64 = SECTOR << 32;

/// What a partition is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Kernel, bundles, and sessions where none has a partition of its own.
    Data,
    /// An empty ext4 for sessions.
    Sessions,
    /// What UEFI starts.
    Esp,
    /// What GRUB's first sector starts.
    BiosBoot,
}

/// A partition, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its number in the table.
    pub number: u32,
    /// What it is for.
    pub role: Role,
    /// Where it starts.
    pub start: u64,
    /// How long it is.
    pub length: u64,
}

/// A disk, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// How long it is.
    pub size: u64,
    /// In the order of their numbers.
    pub parts: Vec<Part>,
}

/// What there has to be room for, besides what the order says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    /// The content of the data partition, in bytes.
    pub content: u64,
    /// Whether GRUB starts from BIOS.
    pub grub_bios: bool,
    /// Whether there is anything for UEFI.
    pub efi: bool,
}

impl Layout {
    /// The partition for `role`.
    pub fn part(&self, role: Role) -> Option<Part> {
        self.parts.iter().find(|part| part.role == role).copied()
    }

    /// The sectors that GRUB's core image may take.
    pub(super) fn core_slot(&self) -> std::ops::Range<u64> {
        match self.part(Role::BiosBoot) {
            Some(part) => part.start / SECTOR..(part.start + part.length) / SECTOR,
            None => 1..MIB / SECTOR,
        }
    }
}

/// Lays out the disk.
pub(super) fn lay_out(order: &DiskOrder, need: Need) -> Result<Layout, ImageError> {
    let esp = match need.efi && order.fs != Fs::Vfat {
        true => ESP,
        false => 0,
    };
    let boot = match need.grub_bios && order.table == Table::Gpt {
        true => BIOS_BOOT,
        false => 0,
    };
    let tail = match order.table {
        Table::Gpt => MIB,
        Table::Mbr => 0,
    };
    let sessions = order.sessions.map_or(0, |size| size.bytes().0);
    let around = MIB + boot + esp + sessions + tail;
    let least = with_metadata(need.content).max(LEAST);
    let size = match order.size {
        Some(size) => size.bytes().0,
        None => around + least + ROOM,
    };
    let data = size.saturating_sub(around);
    if data < least {
        return Err(ImageError::TooSmall {
            needed: Bytes(around + least),
            given: Bytes(size),
        });
    }
    if order.table == Table::Mbr && size > MBR_END {
        return Err(ImageError::TooLarge { size: Bytes(size) });
    }
    let on_disk = [
        (Role::BiosBoot, boot),
        (Role::Esp, esp),
        (Role::Data, data),
        (Role::Sessions, sessions),
    ];
    let mut start = MIB;
    let mut parts = Vec::new();
    for (role, length) in on_disk.into_iter().filter(|(_, length)| *length > 0) {
        let number = 0;
        parts.push(Part {
            number,
            role,
            start,
            length,
        });
        start += length;
    }
    let order = [Role::Data, Role::Sessions, Role::Esp, Role::BiosBoot];
    parts.sort_by_key(|part| order.iter().position(|role| *role == part.role));
    for (part, number) in parts.iter_mut().zip(1..) {
        part.number = number;
    }
    Ok(Layout { size, parts })
}

/// Whole MiB for files of so many bytes: an ext4 of that size has inodes for 1/64 of it, and a journal of at most 64 MiB below
/// 32 GiB; a FAT has tables of 1/64 at most.
fn with_metadata(content: u64) -> u64 {
    let journal = (content / 16).clamp(8 * MIB, 256 * MIB);
    (content + content / 32 + journal + 8 * MIB).next_multiple_of(MIB)
}

/// The least size that is worth a partition for sessions: an ext4 with a journal.
pub(super) const LEAST_SESSIONS: Mib = Mib(16);

#[cfg(test)]
mod tests {
    use super::*;

    fn order(table: Table, fs: Fs) -> DiskOrder {
        DiskOrder {
            table,
            fs,
            size: None,
            sessions: None,
        }
    }

    const NEED: Need = Need {
        content: 100 * MIB,
        grub_bios: true,
        efi: true,
    };

    /// Number, role, start and length in MiB.
    fn parts(order: &DiskOrder, need: Need) -> Vec<(u32, Role, u64, u64)> {
        let layout = lay_out(order, need).unwrap();
        let end = layout
            .parts
            .iter()
            .map(|part| part.start + part.length)
            .max();
        assert!(end.unwrap() <= layout.size);
        let mib = |part: &Part| (part.number, part.role, part.start / MIB, part.length / MIB);
        layout.parts.iter().map(mib).collect()
    }

    #[test]
    fn each_kind_of_disk_has_the_partitions_that_its_loaders_need() {
        let data = with_metadata(NEED.content) / MIB + ROOM / MIB;
        for (table, fs, efi, want) in [
            (Table::Mbr, Fs::Vfat, true, vec![(1, Role::Data, 1, data)]),
            (
                Table::Gpt,
                Fs::Vfat,
                true,
                vec![(1, Role::Data, 2, data), (2, Role::BiosBoot, 1, 1)],
            ),
            (
                Table::Mbr,
                Fs::Ext4,
                true,
                vec![(1, Role::Data, 35, data), (2, Role::Esp, 1, 34)],
            ),
            (
                Table::Gpt,
                Fs::Ext4,
                true,
                vec![
                    (1, Role::Data, 36, data),
                    (2, Role::Esp, 2, 34),
                    (3, Role::BiosBoot, 1, 1),
                ],
            ),
            (Table::Mbr, Fs::Ext4, false, vec![(1, Role::Data, 1, data)]),
        ] {
            let got = parts(&order(table, fs), Need { efi, ..NEED });
            assert_eq!(got, want, "{table:?} {fs:?} {efi}");
        }
    }

    #[test]
    fn sizes_that_are_given_are_kept() {
        let mut wanted = order(Table::Gpt, Fs::Vfat);
        wanted.size = Some(Mib(1000));
        wanted.sessions = Some(Mib(300));
        let layout = lay_out(&wanted, NEED).unwrap();
        assert_eq!(layout.size, 1000 * MIB);
        let of = |role| {
            layout
                .part(role)
                .map(|part| (part.start / MIB, part.length / MIB))
        };
        assert_eq!(of(Role::Data), Some((2, 697)));
        assert_eq!(of(Role::Sessions), Some((699, 300)));
        assert_eq!(layout.core_slot(), 2048..4096);
        wanted.size = Some(Mib(400));
        assert_eq!(lay_out(&wanted, NEED).unwrap_err().code(), "bad-size");
        wanted = order(Table::Mbr, Fs::Ext4);
        wanted.size = Some(Mib(3 << 20));
        assert_eq!(lay_out(&wanted, NEED).unwrap_err().code(), "bad-size");
    }
}
