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
        let wwn = (best.kind == NAA).then(|| format!("wwn-0x{own}"));
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn descriptor(codes: u8, kind: u8, bytes: &[u8]) -> Vec<u8> {
        [&[codes, kind, 0, bytes.len() as u8], bytes].concat()
    }

    fn page(code: u8, content: &[u8]) -> Vec<u8> {
        let len = (content.len() as u16).to_be_bytes();
        [&[0, code, len[0], len[1]], content].concat()
    }

    /// What libata makes of IDENTIFY data (`ata_scsiop_inq_83` in `drivers/ata/libata-scsi.c`).
    fn libata(model: &str, serial: &str, wwn: Option<u64>) -> Vec<u8> {
        let long = format!("ATA     {model:40}{serial:20}");
        let mut content = descriptor(2, 0, format!("{serial:20}").as_bytes());
        content.extend(descriptor(2, 1, long.as_bytes()));
        if let Some(wwn) = wwn {
            content.extend(descriptor(1, 3, &wwn.to_be_bytes()));
        }
        page(0x83, &content)
    }

    fn identify_page(model: &str, serial: &str, wwn: u64) -> Vec<u8> {
        let mut data = vec![0; 512];
        let mut put = |word: usize, text: String| {
            for (at, pair) in text.as_bytes().chunks(2).enumerate() {
                data[2 * (word + at)..][..2].copy_from_slice(&[pair[1], pair[0]]);
            }
        };
        put(10, format!("{serial:20}"));
        put(27, format!("{model:40}"));
        for word in 0..4 {
            let value = (wwn >> (48 - 16 * word)) as u16;
            data[2 * (108 + word)..][..2].copy_from_slice(&value.to_le_bytes());
        }
        page(0x89, &[vec![0; 56], data].concat())
    }

    #[test]
    fn an_ata_drive_by_either_page() {
        let wwn = 0x5000_c500_a1b2_c3d4;
        let names = ["ata-ST1000LM035-1RK172_WL1ABCDE", "wwn-0x5000c500a1b2c3d4"];
        let model = "ST1000LM035-1RK172";
        for (page_83, page_89) in [
            (libata(model, "WL1ABCDE", Some(wwn)), Vec::new()),
            (Vec::new(), identify_page(model, "WL1ABCDE", wwn)),
            (
                libata("other", "1", None),
                identify_page(model, "WL1ABCDE", wwn),
            ),
        ] {
            let found = ata(&page_83, &page_89).expect("a drive");
            assert_eq!(found.names(), names);
        }
        for (model, serial, want) in [
            (
                "QEMU HARDDISK",
                "QM00001",
                &["ata-QEMU_HARDDISK_QM00001"][..],
            ),
            ("QEMU HARDDISK", "", &["ata-QEMU_HARDDISK"]),
            ("A  B/C", " 1 2 ", &["ata-A_B_C_1_2"]),
        ] {
            let found = ata(&libata(model, serial, None), &[]).expect("a drive");
            assert_eq!(found.names(), want, "{model:?} {serial:?}");
        }
        assert_eq!(ata(&page(0x83, &descriptor(2, 1, b"QEMU    x")), &[]), None);
        assert_eq!(ata(&[], &identify_page("", "", 0)), None);
    }

    #[test]
    fn a_scsi_drive_by_the_best_that_it_says() {
        let naa_5 = descriptor(1, 3, &0x5000_1234_5678_9abc_u64.to_be_bytes());
        let naa_6 = descriptor(1, 3, &[0x60; 16]);
        let eui = descriptor(1, 2, &[0xAB; 8]);
        let vendors = descriptor(2, 0, b"drive-scsi0");
        let t10 = descriptor(2, 1, b"LIO-ORG disk0:1234");
        let of_the_port = descriptor(1, 0x13, &[0x50; 8]);
        for (descriptors, want) in [
            (
                vec![&t10, &naa_5],
                &["scsi-35000123456789abc", "wwn-0x5000123456789abc"][..],
            ),
            (
                vec![&naa_5, &naa_6],
                &[
                    "scsi-360606060606060606060606060606060",
                    "wwn-0x60606060606060606060606060606060",
                ],
            ),
            (vec![&eui, &t10], &["scsi-2abababababababab"]),
            (vec![&vendors, &t10], &["scsi-1LIO-ORG_disk0:1234"]),
            (vec![&vendors], &["scsi-0QEMU_QEMU_HARDDISK_drive-scsi0"]),
            (vec![&of_the_port], &["scsi-SQEMU_QEMU_HARDDISK_77"]),
            (vec![], &["scsi-SQEMU_QEMU_HARDDISK_77"]),
        ] {
            let content: Vec<u8> = descriptors.into_iter().flatten().copied().collect();
            let pages = (page(0x83, &content), page(0x80, b"77"));
            let names = scsi("QEMU", "QEMU HARDDISK   ", &pages.0, &pages.1);
            assert_eq!(names, want);
        }
        assert_eq!(scsi("QEMU", "QEMU HARDDISK", &[], &[]), [""; 0]);
        assert_eq!(scsi("A", "B", &[], &page(0x80, b"    ")), [""; 0]);
    }

    proptest! {
        #[test]
        fn pages_of_garbage(
            mut page_83 in proptest::collection::vec(any::<u8>(), 0..300),
            mut page_89 in proptest::collection::vec(any::<u8>(), 0..700),
            mut page_80 in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            for (page, code) in [(&mut page_83, 0x83), (&mut page_89, 0x89), (&mut page_80, 0x80)] {
                if let Some(byte) = page.get_mut(1) {
                    *byte = code;
                }
            }
            let mut names = scsi("", "\u{1b}[2J", &page_83, &page_80);
            names.extend(ata(&page_83, &page_89).iter().flat_map(Ata::names));
            for name in names {
                let safe = |c: char| !c.is_whitespace() && c != '/' && (!c.is_control() || !c.is_ascii());
                prop_assert!(name.chars().all(safe), "{:?}", name);
            }
        }
    }
}
