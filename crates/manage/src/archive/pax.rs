//! Extended headers: records `LENGTH KEY=VALUE\n`. POSIX.1-2017 pax, "pax Extended Header".

use crate::tree::{Time, Xattr};

/// How GNU tar, bsdtar and star call extended attributes.
pub(super) const XATTR: &[u8] = b"SCHILY.xattr.";

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
}

/// What is wrong with an extended header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an extended header cannot be read")]
pub struct PaxError;

/// Appends a record. Its length counts its own digits.
pub(super) fn put(records: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut len = rest + 1;
    while rest + len.to_string().len() > len {
        len = rest + len.to_string().len();
    }
    records.extend_from_slice(len.to_string().as_bytes());
    records.push(b' ');
    records.extend_from_slice(key);
    records.push(b'=');
    records.extend_from_slice(value);
    records.push(b'\n');
}

/// Appends an extended attribute. GNU tar escapes in names what would end them.
pub(super) fn put_xattr(records: &mut Vec<u8>, xattr: &Xattr) {
    let mut key = XATTR.to_vec();
    for &byte in &xattr.name {
        match byte {
            b'%' => key.extend_from_slice(b"%25"),
            b'=' => key.extend_from_slice(b"%3D"),
            _ => key.push(byte),
        }
    }
    put(records, &key, &xattr.value);
}

/// The name of an attribute from the rest of its key.
pub(super) fn xattr_name(key: &[u8]) -> Vec<u8> {
    let mut name = Vec::new();
    let mut rest = key;
    while let Some((&first, behind)) = rest.split_first() {
        let (byte, behind) = match (first, behind) {
            (b'%', [b'2', b'5', behind @ ..]) => (b'%', behind),
            (b'%', [b'3', b'D', behind @ ..]) => (b'=', behind),
            _ => (first, behind),
        };
        name.push(byte);
        rest = behind;
    }
    name
}

/// The records of an extended header, in their order.
pub(super) fn parse(mut bytes: &[u8]) -> Result<Vec<Record<'_>>, PaxError> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let blank = bytes.iter().position(|&b| b == b' ').ok_or(PaxError)?;
        let len: usize = decimal(bytes.get(..blank).unwrap_or_default())
            .and_then(|len| usize::try_from(len).ok())
            .ok_or(PaxError)?;
        let record = bytes.get(blank + 1..len).ok_or(PaxError)?;
        let record = record.strip_suffix(b"\n").ok_or(PaxError)?;
        let equals = record.iter().position(|&b| b == b'=').ok_or(PaxError)?;
        let (key, value) = (record.get(..equals), record.get(equals + 1..));
        records.push(Record {
            key: key.ok_or(PaxError)?,
            value: value.ok_or(PaxError)?,
        });
        bytes = bytes.get(len..).ok_or(PaxError)?;
    }
    Ok(records)
}

/// Digits and nothing else, up to the largest number.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// A time as decimal number of seconds.
pub(super) fn time_text(time: Time) -> String {
    match time.seconds {
        seconds if seconds < 0 && time.nanoseconds > 0 => {
            let fraction = 1_000_000_000 - time.nanoseconds;
            format!("-{}.{fraction:09}", (seconds + 1).unsigned_abs())
        }
        seconds if time.nanoseconds == 0 => seconds.to_string(),
        seconds => format!("{seconds}.{:09}", time.nanoseconds),
    }
}

/// Reads what [`time_text`] writes; digits behind the ninth do not count.
pub(super) fn time(text: &[u8]) -> Option<Time> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let mut parts = text.splitn(2, |&byte| byte == b'.');
    let seconds = i64::try_from(decimal(parts.next()?)?).ok()?;
    let mut nanoseconds = 0;
    if let Some(fraction) = parts.next() {
        if !fraction.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let digits = fraction.iter().copied().chain(std::iter::repeat(b'0'));
        for digit in digits.take(9) {
            nanoseconds = nanoseconds * 10 + u32::from(digit - b'0');
        }
    }
    Some(match (negative, nanoseconds) {
        (false, _) => Time {
            seconds,
            nanoseconds,
        },
        (true, 0) => Time {
            seconds: -seconds,
            nanoseconds: 0,
        },
        (true, _) => Time {
            seconds: -seconds - 1,
            nanoseconds: 1_000_000_000 - nanoseconds,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_count_their_own_length() {
        for len in 0..2000 {
            let value = vec![b'v'; len];
            let mut bytes = Vec::new();
            put(&mut bytes, b"key", &value);
            let want = Record {
                key: b"key",
                value: &value,
            };
            assert_eq!(parse(&bytes), Ok(vec![want]), "{len}");
        }
        let mut bytes = Vec::new();
        put(&mut bytes, b"path", b"x");
        assert_eq!(bytes, b"9 path=x\n");
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for text in [
            &b"10 path=xy"[..],
            b"8 path=x\n",
            b"5 pat\n",
            b"0 \n",
            b"-1 a=b\n",
            b"99999999999999999999 a=b\n",
            b"18446744073709551615 a=b\n",
            b"a=b\n",
        ] {
            assert_eq!(parse(text), Err(PaxError), "{text:?}");
        }
    }

    #[test]
    fn times_before_1970_have_fractions_too() {
        for (seconds, nanoseconds, text) in [
            (0, 0, "0"),
            (1_763_736_000, 1, "1763736000.000000001"),
            (-1, 750_000_000, "-0.250000000"),
            (-2, 0, "-2"),
            (-2, 500_000_000, "-1.500000000"),
        ] {
            let value = Time {
                seconds,
                nanoseconds,
            };
            assert_eq!(time_text(value), text);
            assert_eq!(time(text.as_bytes()), Some(value), "{text}");
        }
        for text in ["", "-", ".5", "1.x", "+1", "99999999999999999999"] {
            assert_eq!(time(text.as_bytes()), None, "{text}");
        }
        let cut = Time {
            seconds: 1,
            nanoseconds: 500_000_000,
        };
        assert_eq!(time(b"1.50000000099"), Some(cut));
    }

    #[test]
    fn names_of_attributes_may_have_any_character() {
        let xattr = Xattr {
            name: b"user.a=b%25%3D".into(),
            value: b"=\n\0".into(),
        };
        let mut bytes = Vec::new();
        put_xattr(&mut bytes, &xattr);
        let records = parse(&bytes).unwrap();
        assert_eq!(records[0].value, xattr.value);
        let key = records[0].key.strip_prefix(XATTR).unwrap();
        assert_eq!(xattr_name(key), xattr.name);
    }
}
