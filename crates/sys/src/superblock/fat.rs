//! FAT12, FAT16, FAT32 (Microsoft, "FAT32 File System Specification", version 1.03).
//!
//! There is no magic number: the parameters in the boot sector have to make sense. The label is
//! the one in the root directory, which is what Windows, `fatlabel` and `blkid` go by; the copy
//! in the boot sector is out of date on many sticks, and `blkid` no longer calls it the label.

use std::ops::ControlFlow;

use perch_core::fs::FsKind;

use super::Superblock;
use super::directory::{self, Clusters, Verdict};
use super::source::{Block, Disk};
use super::{partitions, text};

/// How many bits an entry of the allocation table has; the count of clusters decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    Fat12,
    Fat16,
    Fat32,
}

/// The layout; offsets and lengths in bytes.
struct Layout {
    width: Width,
    table: u64,
    root: u64,
    root_len: u64,
    data: u64,
    cluster: u64,
    clusters: u32,
    total: u64,
    media: u8,
}

pub(super) fn probe(disk: &Disk<'_>) -> Option<Superblock> {
    let boot = disk.at(0);
    let layout = layout(boot)?;
    if !vouched(disk, boot, &layout) || partitions::divided(disk) {
        return None;
    }
    let (state, serial) = match layout.width {
        Width::Fat32 => (boot.u8(65)?, boot.le32(67)?),
        Width::Fat12 | Width::Fat16 => (boot.u8(37)?, boot.le32(39)?),
    };
    let (dirty, errors) = flags_in_table(disk, &layout).unwrap_or_default();
    Some(Superblock {
        label: label(disk, boot, &layout),
        uuid: Some(text::volume_serial(serial)),
        // Linux sets bits of the boot sector (`fs/fat/inode.c`), Windows those of the table.
        needs_recovery: dirty || state & 1 != 0,
        errors: errors || state & 2 != 0,
        bytes: Some(layout.total),
        ..Superblock::of(FsKind::Vfat)
    })
}

/// What the boot sector says, if it can be true.
fn layout(boot: Block<'_>) -> Option<Layout> {
    let jumps = matches!(boot.u8(0)?, 0xEB | 0xE9);
    let sector = boot.le16(11)?;
    let cluster = boot.u8(13)?;
    let media = boot.u8(21)?;
    let sane = sector.is_power_of_two()
        && (512..=4096).contains(&sector)
        && cluster.is_power_of_two()
        && (media == 0xF0 || media >= 0xF8);
    if !jumps || !boot.has(510, &[0x55, 0xAA]) || !sane {
        return None;
    }
    let sector = u64::from(sector);
    let reserved = u64::from(boot.le16(14)?);
    let tables = u64::from(boot.u8(16)?);
    let root_len = u64::from(boot.le16(17)?) * 32;
    let sectors = match boot.le16(19)? {
        0 => u64::from(boot.le32(32)?),
        short => u64::from(short),
    };
    let (fat32, table_len) = match boot.le16(22)? {
        0 => (true, u64::from(boot.le32(36)?)),
        short => (false, u64::from(short)),
    };
    let root = reserved + tables * table_len;
    let data = root + root_len.div_ceil(sector);
    if reserved == 0 || tables == 0 || table_len == 0 || data >= sectors {
        return None;
    }
    let clusters = u32::try_from((sectors - data) / u64::from(cluster)).ok()?;
    let width = match (fat32, clusters) {
        (true, 0..=0x0FFF_FFF6) => Width::Fat32,
        (false, 0..=0xFF4) => Width::Fat12,
        (false, 0xFF5..=0xFFF4) => Width::Fat16,
        _ => return None,
    };
    Some(Layout {
        width,
        table: reserved * sector,
        root: root * sector,
        root_len,
        data: data * sector,
        cluster: u64::from(cluster) * sector,
        clusters,
        total: sectors * sector,
        media,
    })
}

/// Whether there is evidence beside plausible numbers: the name of the format, which is customary
/// but not required, or a table that begins with the media byte, as it must.
fn vouched(disk: &Disk<'_>, boot: Block<'_>, layout: &Layout) -> bool {
    let names: [(usize, &[u8]); 4] = [(54, b"FAT"), (82, b"FAT"), (54, b"MSDOS"), (82, b"MSWIN")];
    let named = names.iter().any(|&(at, name)| boot.has(at, name));
    named || disk.read(layout.table, 2).as_deref() == Some(&[layout.media, 0xFF])
}

/// The second entry of the table: not unmounted, errors met. FAT12 has no room for the two bits.
fn flags_in_table(disk: &Disk<'_>, layout: &Layout) -> Option<(bool, bool)> {
    let (at, top) = match layout.width {
        Width::Fat12 => return None,
        Width::Fat16 => (3, 0x80), // the highest bits of 16
        Width::Fat32 => (7, 0x08), // the highest bits of 28
    };
    let byte = Block(&disk.read(layout.table + at, 1)?).u8(0)?;
    Some((byte & top == 0, byte & (top >> 1) == 0))
}

fn label(disk: &Disk<'_>, boot: Block<'_>, layout: &Layout) -> Option<String> {
    if layout.width != Width::Fat32 {
        return directory::label_in_extent(disk, layout.root, layout.root_len, judge);
    }
    let clusters = Clusters {
        table: layout.table,
        heap: layout.data,
        size: layout.cluster,
        count: layout.clusters,
    };
    directory::label_in_chain(disk, &clusters, boot.le32(44)?, judge)
}

/// An entry is the label if it has the attribute and is no directory, file or part of a long name.
fn judge(entry: Block<'_>) -> Verdict {
    const VOLUME_ID: u8 = 0x08;
    const DIRECTORY: u8 = 0x10;
    const LONG_NAME: u8 = 0x0F;
    let (Some(mut name), Some(attributes)) = (entry.array::<11>(0), entry.u8(11)) else {
        return ControlFlow::Break(None);
    };
    let free = name[0] == 0xE5;
    let has_cluster = entry.le16(20) != Some(0) || entry.le16(26) != Some(0);
    let wanted = attributes & (VOLUME_ID | DIRECTORY) == VOLUME_ID
        && attributes & 0x3F != LONG_NAME
        && !has_cluster;
    match name[0] {
        0 => ControlFlow::Break(None), // no entry was ever used beyond
        _ if free || !wanted => ControlFlow::Continue(()),
        _ if &name == b"NO NAME    " => ControlFlow::Break(None),
        first => {
            if first == 0x05 {
                name[0] = 0xE5; // the character that otherwise means "free"
            }
            ControlFlow::Break(text::label(&name))
        }
    }
}
