//! ISO 9660 (ECMA-119): volume descriptors of 2 KiB from 32 KiB on.
//!
//! High Sierra, which came before the standard, is left out.

use perch_core::fs::FsKind;

use super::Superblock;
use super::source::{Block, Disk};
use super::text;

const FIRST: usize = 32768;
const SECTOR: usize = 2048;
const PRIMARY: u8 = 1;
const SUPPLEMENTARY: u8 = 2;

pub(super) fn probe(disk: &Disk<'_>) -> Option<Superblock> {
    let primary = disk.at(FIRST);
    if primary.u8(0)? != PRIMARY || !primary.has(1, b"CD001") {
        return None;
    }
    let blocks = u64::from(primary.le32(80)?);
    Some(Superblock {
        label: joliet_label(disk, primary).or_else(|| text::label(primary.bytes(40, 32)?)),
        uuid: date(primary, 830).or_else(|| date(primary, 813)), // modified, else created
        bytes: blocks.checked_mul(u64::from(primary.le16(128)?)),
        ..Superblock::of(FsKind::Iso9660)
    })
}

/// The label in Joliet's descriptor, which has 16 characters but all of Unicode; `None` if it is
/// only the plain label cut short.
fn joliet_label(disk: &Disk<'_>, primary: Block<'_>) -> Option<String> {
    let plain = primary.bytes(40, 32)?;
    let descriptors = (1..).map(|index| disk.at(FIRST + index * SECTOR));
    let joliet = descriptors
        .take_while(|block| block.has(1, b"CD001")) // the rest of the 68 KiB is 17 at most
        .find(|block| {
            let escapes: [&[u8]; 3] = [b"%/@", b"%/C", b"%/E"]; // UCS-2, levels 1 to 3
            block.u8(0) == Some(SUPPLEMENTARY) && escapes.iter().any(|e| block.has(88, e))
        })?;
    let wide = joliet.bytes(40, 32)?;
    let cut_short = text::utf16_be(wide).eq(plain.iter().take(16).map(|&byte| u16::from(byte)));
    if cut_short {
        return None;
    }
    text::label_utf16(text::utf16_be(wide))
}

/// The date and time at `at` (ECMA-119, 8.4.26.1) in the form that serves as UUID; `None` if it
/// is not set.
fn date(block: Block<'_>, at: usize) -> Option<String> {
    let digits = block.bytes(at, 16)?;
    let unset = digits.iter().all(|&digit| digit == b'0');
    if unset || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut text = String::with_capacity(22);
    for (index, &digit) in digits.iter().enumerate() {
        if index >= 4 && index % 2 == 0 {
            text.push('-');
        }
        text.push(char::from(digit));
    }
    Some(text)
}
