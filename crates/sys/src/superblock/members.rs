//! What is no file system and must not be mounted: encrypted volumes, physical volumes of LVM,
//! members of a RAID, swap.

use perch_core::fs::FsKind;

use super::Superblock;
use super::source::{Block, Disk};
use super::text;

/// LUKS 1 and 2 ("LUKS On-Disk Format Specification" and "LUKS2 On-Disk Format Specification").
pub(super) fn luks(disk: &Disk<'_>) -> Option<Superblock> {
    let block = disk.at(0);
    let version = block.be16(6)?;
    if !block.has(0, b"LUKS\xBA\xBE") || !(1..=2).contains(&version) {
        return None;
    }
    let label = block.bytes(24, 48).filter(|_| version == 2);
    Some(Superblock {
        label: label.and_then(text::label),
        uuid: text::label(block.bytes(168, 40)?), // it is stored as text
        ..Superblock::of(FsKind::Luks)
    })
}

/// LVM2: a label in one of the first four sectors (`lib/format_text/layout.h` of LVM2).
pub(super) fn lvm(disk: &Disk<'_>) -> Option<Superblock> {
    let label = (0..4u64).find_map(|sector| {
        let block = disk.at(sector as usize * 512);
        let right = block.has(0, b"LABELONE") && block.has(24, b"LVM2 001");
        (right && block.le64(8)? == sector).then_some(block)
    })?;
    let header = label.le32(20)? as usize;
    Some(Superblock {
        uuid: lvm_uuid(label, header),
        bytes: header.checked_add(32).and_then(|at| label.le64(at)),
        ..Superblock::of(FsKind::Lvm)
    })
}

/// 32 characters, which LVM shows in groups.
fn lvm_uuid(label: Block<'_>, at: usize) -> Option<String> {
    let raw = label.array::<32>(at)?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'!' | b'#');
    if !raw.iter().all(plain) {
        return None;
    }
    let mut text = String::with_capacity(38);
    for (index, &byte) in raw.iter().enumerate() {
        if matches!(index, 6 | 10 | 14 | 18 | 22 | 26) {
            text.push('-');
        }
        text.push(char::from(byte));
    }
    Some(text)
}

/// Swap with pages of 4 to 64 KiB, also while it holds a hibernated system (`mkswap(8)`,
/// `include/linux/swap.h`, `kernel/power/swap.c`).
pub(super) fn swap(disk: &Disk<'_>) -> Option<Superblock> {
    const SIGNATURES: [&[u8]; 5] = [
        b"SWAPSPACE2",
        b"S1SUSPEND\0",
        b"S2SUSPEND\0",
        b"ULSUSPEND\0",
        b"LINHIB0001",
    ];
    let page = [4096, 8192, 16384, 32768, 65536].into_iter().find(|page| {
        SIGNATURES
            .iter()
            .any(|sign| disk.at(page - 10).has(0, sign))
    })?;
    let block = disk.at(1024);
    if block.le32(0)? != 1 {
        return None;
    }
    let last_page = u64::from(block.le32(4)?);
    Some(Superblock {
        label: text::label(block.bytes(28, 16)?),
        uuid: text::uuid(block.array(12)?),
        bytes: (last_page + 1).checked_mul(page as u64),
        ..Superblock::of(FsKind::Swap)
    })
}

const MD_MAGIC: u32 = 0xA92B_4EFC;

/// Linux RAID, metadata 1.1 and 1.2 (`include/uapi/linux/raid/md_p.h`).
pub(super) fn raid_at_start(disk: &Disk<'_>) -> Option<Superblock> {
    raid_1(disk.at(0), 0).or_else(|| raid_1(disk.at(4096), 4096))
}

/// Linux RAID, metadata 0.90 and 1.0, which lie near the end: the disk otherwise looks like the
/// mirrored file system, `found`, and writing to that would break the mirror.
///
/// Looks only behind something that we would write to. A file system that covers the place, on a
/// disk that can hold it, has been made after the RAID was given up.
pub(super) fn raid_at_end(disk: &Disk<'_>, found: Option<&Superblock>) -> Option<Superblock> {
    let found = found?;
    if found.kind.mountable().is_err() || found.kind.read_only_by_nature() {
        return None;
    }
    let size = disk.size()?;
    let member = |offset: u64, parse: fn(Block<'_>, u64) -> Option<Superblock>| {
        let covered = found.bytes.is_some_and(|end| end > offset && end <= size);
        if covered {
            return None;
        }
        parse(Block(&disk.read(offset, 256)?), offset)
    };
    let at_1_0 = (size & !0xFFF).checked_sub(8 << 10);
    let at_0_90 = (size & !0xFFFF).checked_sub(64 << 10);
    at_1_0
        .and_then(|offset| member(offset, raid_1))
        .or_else(|| member(at_0_90?, raid_0))
}

/// Metadata 1.x at `offset`, which it also records itself, in sectors.
fn raid_1(block: Block<'_>, offset: u64) -> Option<Superblock> {
    let right = block.le32(0)? == MD_MAGIC && block.le32(4)? == 1;
    if !right || block.le64(144)? != offset / 512 {
        return None;
    }
    Some(Superblock {
        label: text::label(block.bytes(32, 32)?),
        uuid: text::uuid(block.array(16)?),
        ..Superblock::of(FsKind::MdRaid)
    })
}

/// Metadata 0.90, in the byte order of the machine that wrote it.
fn raid_0(block: Block<'_>, _offset: u64) -> Option<Superblock> {
    let words = if block.le32(0)? == MD_MAGIC {
        Block::le32
    } else if block.be32(0)? == MD_MAGIC {
        Block::be32
    } else {
        return None;
    };
    if words(block, 4)? != 0 {
        return None; // the major version
    }
    let mut uuid = [0; 16];
    for (bytes, at) in uuid.as_chunks_mut().0.iter_mut().zip([20, 52, 56, 60]) {
        *bytes = words(block, at)?.to_be_bytes();
    }
    Some(Superblock {
        uuid: text::uuid(uuid),
        ..Superblock::of(FsKind::MdRaid)
    })
}
