//! Labels and UUIDs as text. A label is whatever somebody typed, or worse; a UUID is ours to write.

/// A label of single bytes: up to the first NUL, UTF-8 with `�` for what is none.
pub(crate) fn label(raw: &[u8]) -> Option<String> {
    let text = raw.split(|&byte| byte == 0).next()?;
    clean(&String::from_utf8_lossy(text))
}

/// A label of 16-bit units: up to the first NUL, `�` for half a surrogate pair.
pub(crate) fn label_utf16(units: impl Iterator<Item = u16>) -> Option<String> {
    let text = char::decode_utf16(units.take_while(|&unit| unit != 0));
    let text: String = text
        .map(|found| found.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    clean(&text)
}

/// The 16-bit units of `raw`, low byte first; a last odd byte is dropped.
pub(crate) fn utf16_le(raw: &[u8]) -> impl Iterator<Item = u16> {
    let (pairs, _) = raw.as_chunks();
    pairs.iter().map(|&pair| u16::from_le_bytes(pair))
}

/// The 16-bit units of `raw`, high byte first; a last odd byte is dropped.
pub(crate) fn utf16_be(raw: &[u8]) -> impl Iterator<Item = u16> {
    let (pairs, _) = raw.as_chunks();
    pairs.iter().map(|&pair| u16::from_be_bytes(pair))
}

/// Without control characters, which could drive a terminal, and without blanks at the end, which
/// pad the field. `None` if nothing is left.
fn clean(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let text = text.trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A UUID as in RFC 9562, section 4; `None` for the nil UUID, which stands for "none".
pub(crate) fn uuid(raw: [u8; 16]) -> Option<String> {
    if raw == [0; 16] {
        return None;
    }
    let mut text = String::with_capacity(36);
    for (index, byte) in raw.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    Some(text)
}

/// The serial number of a FAT or exFAT volume: `1A2B-3C4D`.
pub(crate) fn volume_serial(serial: u32) -> String {
    format!("{:04X}-{:04X}", serial >> 16, serial & 0xFFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_lose_what_is_not_text() {
        for (raw, want) in [
            (&b"persistence\0\0garbage"[..], Some("persistence")),
            (b"LIVE       ", Some("LIVE")),
            (b"two words  \0", Some("two words")),
            (b"  indented", Some("  indented")),
            (b"\x1b[2Jx\x07\n\x7f", Some("[2Jx")),
            (b"pad \x01\x02", Some("pad")),
            ("Zürich".as_bytes(), Some("Zürich")),
            (b"Z\x81rich", Some("Z\u{FFFD}rich")),
            ("a\u{9b}31mb".as_bytes(), Some("a31mb")), // the one-character form of ESC [
            (b"\0hidden", None),
            (b"   ", None),
            (b"", None),
        ] {
            assert_eq!(label(raw).as_deref(), want, "raw {raw:?}");
        }
    }

    #[test]
    fn wide_labels_too() {
        for (units, want) in [
            (&[0x53, 0x42, 0, 0x58][..], Some("SB")),
            (&[0xD83D, 0xDC27, 0x20], Some("🐧")),
            (&[0xD83D, 0x41], Some("\u{FFFD}A")),
            (&[0x1b, 0x41], Some("A")),
            (&[], None),
        ] {
            let found = label_utf16(units.iter().copied());
            assert_eq!(found.as_deref(), want, "units {units:x?}");
        }
        assert!(utf16_le(b"A\0B\0C").eq([0x41, 0x42]));
        assert!(utf16_be(b"\0A\0BC").eq([0x41, 0x42]));
    }

    #[test]
    fn uuids_are_written_as_blkid_writes_them() {
        let bytes = std::array::from_fn(|index| index as u8 * 0x11);
        let text = uuid(bytes);
        assert_eq!(
            text.as_deref(),
            Some("00112233-4455-6677-8899-aabbccddeeff")
        );
        assert_eq!(uuid([0; 16]), None);
        assert_eq!(volume_serial(0x0A2B_003C), "0A2B-003C");
    }
}
