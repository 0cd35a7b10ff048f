//! What a drive behind the SCSI layer says about itself: pages of vital product data, which sysfs keeps
//! as they came (`Documentation/ABI/testing/sysfs-block-device`, SPC-5 section 7.7).
//!
//! They come from a drive or from a stick made to look like one, so every length in them is checked.

use super::text::{Limit, plain};
use crate::superblock::source::Block;

/// What an ATA drive says in its IDENTIFY data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ata {
    model: String,
    serial: String,
    /// The World Wide Name, absent if it has none.
    wwn: Option<u64>,
}

impl Ata {
    /// Its names; without a serial number the model is one.
    pub(super) fn names(&self) -> Vec<String> {
        let (model, serial) = (
            plain(&self.model, Limit::Whole),
            plain(&self.serial, Limit::Whole),
        );
        let mut names = match (model.is_empty(), serial.is_empty()) {
            (true, _) => Vec::new(),
            (false, true) => vec![format!("ata-{model}")],
            (false, false) => vec![format!("ata-{model}_{serial}")],
        };
        names.extend(self.wwn.map(|wwn| format!("wwn-0x{wwn:x}")));
        names
    }
}

/// An ATA drive behind a translation to SCSI; `None` if the pages tell of none.
///
/// Page 0x89 holds its IDENTIFY data (SAT-4, 12.4.2). Where a kernel keeps only page 0x83, libata put
/// model and serial number in full length there, as the identifier of vendor "ATA" (SAT-4, 12.4.2.2.3).
pub(super) fn ata(page_83: &[u8], page_89: &[u8]) -> Option<Ata> {
    identify(page_89).or_else(|| {
        let found = designators(page_83);
        let own = found.iter().find_map(|it| {
            let long = it.kind == T10_VENDOR && it.bytes.starts_with(b"ATA     ");
            long.then(|| it.bytes.split_at_checked(48))?
        });
        let (model, serial) = own?;
        let wwn = found.iter().find_map(|it| {
            let bytes: [u8; 8] = it.bytes.try_into().ok()?;
            (it.kind == NAA).then(|| u64::from_be_bytes(bytes))
        });
        Some(Ata {
            model: text(model.get(8..)?),
            serial: text(serial),
            wwn: wwn.filter(|&wwn| registered(wwn)),
        })
    })
}

/// IDENTIFY DEVICE (ACS-4, 7.13): words of two characters, the first one in the high byte.
fn identify(page_89: &[u8]) -> Option<Ata> {
    const DATA: usize = 60;
    let page = Block(page_89);
    if page.u8(1)? != 0x89 {
        return None;
    }
    let data = Block(page.bytes(DATA, 512)?);
    let swapped = |word: usize, words: usize| {
        let raw = data.bytes(word.checked_mul(2)?, words.checked_mul(2)?)?;
        let (pairs, _) = raw.as_chunks();
        let bytes: Vec<u8> = pairs.iter().flat_map(|&[low, high]| [high, low]).collect();
        Some(text(&bytes))
    };
    let model = swapped(27, 20)?;
    if model.trim().is_empty() {
        return None;
    }
    let wwn = (108..112).try_fold(0, |wwn, word: usize| {
        Some(wwn << 16 | u64::from(data.le16(word.checked_mul(2)?)?))
    });
    Some(Ata {
        model,
        serial: swapped(10, 10)?,
        wwn: wwn.filter(|&wwn| registered(wwn)),
    })
}

/// Whether a World Wide Name is one: of the format "IEEE Registered".
fn registered(wwn: u64) -> bool {
    wwn >> 60 == 5
}

/// The characters up to the first NUL.
fn text(raw: &[u8]) -> String {
    let raw = raw.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(raw).into_owned()
}

/// Codes of designator types (SPC-5, 7.7.6).
const VENDOR_SPECIFIC: u8 = 0;
const T10_VENDOR: u8 = 1;
const EUI_64: u8 = 2;
const NAA: u8 = 3;

/// One identification descriptor of page 0x83 that is the unit's own.
struct Designator<'a> {
    kind: u8,
    ascii: bool,
    bytes: &'a [u8],
}

impl Designator<'_> {
    /// As udev writes it: text as it is, bytes in hexadecimal.
    fn text(&self) -> String {
        if self.ascii {
            return text(self.bytes);
        }
        self.bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Its place in the order in which `scsi_id` prefers them; `None` for kinds that it does not use.
    fn rank(&self) -> Option<u8> {
        let format = self.bytes.first().map(|byte| byte >> 4);
        Some(match (self.kind, format) {
            (NAA, Some(6)) => 0,
            (NAA, Some(5)) => 1,
            (NAA, _) => 2,
            (EUI_64, _) => 3,
            (T10_VENDOR, _) => 4,
            (VENDOR_SPECIFIC, _) => 5,
            _ => return None,
        })
    }
}

fn designators(page_83: &[u8]) -> Vec<Designator<'_>> {
    let mut found = Vec::new();
    let page = Block(page_83);
    let Some(len) = page.be16(2).filter(|_| page.u8(1) == Some(0x83)) else {
        return found;
    };
    let end = usize::from(len).saturating_add(4).min(page_83.len());
    let mut rest = page_83.get(4..end).unwrap_or_default();
    while let [codes, kind, _, len, tail @ ..] = rest {
        let Some((bytes, next)) = tail.split_at_checked(usize::from(*len)) else {
            break;
        };
        let of_the_unit = kind & 0x30 == 0;
        let ascii = match codes & 0x0F {
            1 => Some(false),
            2 => Some(true),
            _ => None,
        };
        if let Some(ascii) = ascii.filter(|_| of_the_unit && !bytes.is_empty()) {
            found.push(Designator {
                kind: kind & 0x0F,
                ascii,
                bytes,
            });
        }
        rest = next;
    }
    found
}

/// The names of a drive that speaks SCSI itself. `vendor` and `model` with the blanks that pad them.
pub(super) fn scsi(vendor: &str, model: &str, page_83: &[u8], page_80: &[u8]) -> Vec<String> {
    let maker = format!("{vendor:8}{model:16}");
    let found = designators(page_83);
    let best = found
        .iter()
        .filter_map(|it| Some((it.rank()?, it.ascii, it)))
        .min_by_key(|(rank, ascii, _)| (*rank, *ascii));
    if let Some((_, _, best)) = best {
        let own = best.text();
        let of = if best.kind == VENDOR_SPECIFIC {
            &maker
        } else {
            ""
        };
        let id = plain(&format!("{}{of}{own}", best.kind), Limit::Whole);
        let wwn = (best.kind == NAA).then(|| format!("wwn-0x{}", plain(&own, Limit::Whole)));
        return [format!("scsi-{id}")].into_iter().chain(wwn).collect();
    }
    // The serial number alone, which some makers give twice.
    let page = Block(page_80);
    let serial = || {
        let len = usize::from(page.be16(2).filter(|_| page.u8(1) == Some(0x80))?);
        Some(text(page.bytes(4, len)?)).filter(|serial| !serial.trim().is_empty())
    };
    let name = serial().map(|serial| plain(&format!("S{maker}{serial}"), Limit::Whole));
    name.map(|name| format!("scsi-{name}"))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests;
