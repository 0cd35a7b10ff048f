//! UDF (ECMA-167 and OSTA UDF 2.60): recognised by the volume structure at 32 KiB; label and UUID
//! are further back.

use perch_core::fs::FsKind;

use super::Superblock;
use super::source::{Block, Disk};
use super::text;

const FIRST: usize = 32768;
/// More descriptors than any volume has; the sequence is at least 16 long.
const LONGEST_SEQUENCE: u64 = 64;

pub(super) fn probe(disk: &Disk<'_>) -> Option<Superblock> {
    if !recognised(disk, 2048) && !recognised(disk, 4096) {
        return None;
    }
    let names = [2048, 512, 4096, 1024]
        .into_iter()
        .find_map(|sector| Names::find(disk, sector))
        .unwrap_or_default();
    Some(Superblock {
        label: names.volume,
        uuid: names.set.as_deref().and_then(uuid),
        ..Superblock::of(FsKind::Udf)
    })
}

/// ECMA-167 2/9.1: structures one after another, one of which names the standard; a bridge disc
/// has those of ISO 9660 before it.
fn recognised(disk: &Disk<'_>, step: usize) -> bool {
    const OTHERS: [&[u8]; 5] = [b"BEA01", b"CD001", b"CDW02", b"BOOT2", b"TEA01"];
    let structures = (0..).map(|index| disk.at(FIRST + index * step));
    structures
        .take_while(|block| block.0.len() > 6)
        .find(|block| !OTHERS.iter().any(|name| block.has(1, name)))
        .is_some_and(|block| block.has(1, b"NSR02") || block.has(1, b"NSR03"))
}

#[derive(Default)]
struct Names {
    volume: Option<String>,
    set: Option<String>,
}

impl Names {
    /// Follows the anchor in sector 256 to the main descriptor sequence.
    fn find(disk: &Disk<'_>, sector: u64) -> Option<Self> {
        const ANCHOR: u16 = 2;
        const PRIMARY: u16 = 1;
        const LOGICAL: u16 = 6;
        const TERMINATOR: u16 = 8;
        let anchor = disk.read(256 * sector, 512)?;
        let anchor = Block(&anchor);
        if anchor.le16(0)? != ANCHOR || anchor.le32(12)? != 256 {
            return None;
        }
        let count = (u64::from(anchor.le32(16)?) / sector).min(LONGEST_SEQUENCE);
        let first = u64::from(anchor.le32(20)?);
        let mut names = Self::default();
        for index in 0..count {
            let Some(bytes) = disk.read((first + index) * sector, 512) else {
                break;
            };
            let block = Block(&bytes);
            match block.le16(0)? {
                PRIMARY => names.set = dstring(block.bytes(72, 128)?),
                LOGICAL => names.volume = dstring(block.bytes(84, 128)?),
                0 | TERMINATOR => break,
                _ => {}
            }
        }
        Some(names)
    }
}

/// OSTA UDF 2.1.3: the first byte tells how wide characters are, the last how many bytes count.
fn dstring(field: &[u8]) -> Option<String> {
    let (&len, field) = field.split_last()?;
    let used = field.get(..usize::from(len))?;
    match used.split_first()? {
        (8, text) => text::label_utf16(text.iter().map(|&byte| u16::from(byte))),
        (16, text) => text::label_utf16(text::utf16_be(text)),
        _ => None,
    }
}

/// UDF 2.2.2.5 wants the volume set's name to begin with 16 unique digits; where they are none,
/// there is no UUID.
fn uuid(set: &str) -> Option<String> {
    let digits = set.get(..16)?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| digits.to_ascii_lowercase())
}
