//! One value of metadata: what it says, whichever way it is spelt.
//!
//! Boot code and session manager of the field disagree about types (contract §1.5), and an
//! absent value has been seen as null, "", "None" and "unknown". Both file forms come through
//! here, so that they read alike.

use std::borrow::Cow;
use std::str::FromStr;

use serde_json::Value;

use crate::units::{Bytes, Mib, SessionId};

/// Sizes above this are bytes, up to this they are MiB.
///
/// The session manager of MiniOS takes values above 100 000 for bytes. That is too low for us:
/// 100 000 MiB are 98 GiB, and a container may well be larger. 100 000 000 MiB are 95 TiB, which
/// none is, while 100 000 000 bytes are 95 MiB, below what a container of any use has.
const LARGEST_MIB: u64 = 100_000_000;

/// What a value says.
#[derive(Debug, PartialEq)]
pub(super) enum Field<T> {
    /// Nothing, and it means to: null, empty, `None`, `unknown`.
    Absent,
    /// This.
    Known(T),
    /// Something, but nothing we know how to read.
    Unreadable,
}

impl<T> Field<T> {
    fn and_then<U>(self, read: impl FnOnce(T) -> Field<U>) -> Field<U> {
        match self {
            Self::Absent => Field::Absent,
            Self::Known(value) => read(value),
            Self::Unreadable => Field::Unreadable,
        }
    }
}

/// A line of free text, without blanks around it. Text with control characters is unreadable:
/// it would reach terminals, and could not be written in line form.
pub(super) fn line(value: &Value) -> Field<String> {
    match value {
        Value::Null => Field::Absent,
        Value::String(text) => match text.trim() {
            "" | "None" | "null" => Field::Absent,
            text if has_break(text) => Field::Unreadable,
            text => Field::Known(text.to_owned()),
        },
        // A build date may have lost its quotes; a fraction has lost more (5.10 is not 5.1).
        Value::Number(number) if number.is_u64() => Field::Known(number.to_string()),
        _ => Field::Unreadable,
    }
}

/// As [`line()`], for fields in which `unknown` stands for absent.
pub(super) fn word(value: &Value) -> Field<String> {
    line(value).and_then(|text| match text.as_str() {
        "unknown" => Field::Absent,
        _ => Field::Known(text),
    })
}

/// A word of a closed set.
pub(super) fn choice<T: FromStr>(value: &Value) -> Field<T> {
    word(value).and_then(|text| text.parse().map_or(Field::Unreadable, Field::Known))
}

/// A session number, as string or number.
pub(super) fn id(value: &Value) -> Field<SessionId> {
    line(value).and_then(|text| text.parse().map_or(Field::Unreadable, Field::Known))
}

/// A size as string or number, in MiB or (above [`LARGEST_MIB`]) in bytes. Zero is absent: the
/// boot code of MiniOS overwrites the size with 0 at every resume (contract B12).
pub(super) fn size(value: &Value) -> Field<Mib> {
    let number = match value {
        Value::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(whole), _) => Field::Known(whole),
            (None, Some(float)) => whole(float),
            (None, None) => Field::Unreadable,
        },
        other => word(other).and_then(|text| text.parse().map_or(Field::Unreadable, Field::Known)),
    };
    number.and_then(|number: u64| match number {
        0 => Field::Absent,
        mib if mib <= LARGEST_MIB => Field::Known(Mib(mib)),
        bytes => Field::Known(Bytes(bytes).whole_mib()),
    })
}

/// A number of times, as string or number. None at all is absent.
pub(super) fn count(value: &Value) -> Field<u32> {
    let number = match value {
        Value::Number(number) => number.as_u64().map_or(Field::Unreadable, Field::Known),
        other => word(other).and_then(|text| text.parse().map_or(Field::Unreadable, Field::Known)),
    };
    number.and_then(|number: u64| match u32::try_from(number) {
        Ok(0) => Field::Absent,
        Ok(number) => Field::Known(number),
        Err(_) => Field::Unreadable,
    })
}

/// `4000.0` is a whole number that went through a language without integers.
fn whole(float: f64) -> Field<u64> {
    // Up to 2^53 every whole number has an exact f64, so the cast is exact as well.
    if float >= 0.0 && float <= (1_u64 << 53) as f64 && float.fract() == 0.0 {
        Field::Known(float as u64)
    } else {
        Field::Unreadable
    }
}

/// The number that [`size`] reads back as `size`; `None` for zero, which is the same as absent.
pub(super) fn size_number(size: Mib) -> Option<u64> {
    match size {
        Mib(0) => None,
        Mib(mib) if mib <= LARGEST_MIB => Some(mib),
        large => Some(large.bytes().0),
    }
}

/// Whether a character ends a line for some reader, or steers a terminal. Besides the control
/// characters these are the two separators that Python's `str.splitlines` honours.
pub(super) fn breaks_line(c: char) -> bool {
    c.is_control() || c == '\u{2028}' || c == '\u{2029}'
}

/// Whether any character does. Nearly all text is plain, and that is quickly seen.
pub(super) fn has_break(text: &str) -> bool {
    let plain = |b: u8| (b' '..=b'~').contains(&b);
    !text.bytes().all(plain) && text.chars().any(breaks_line)
}

/// `text` as a value that [`line()`] reads back: each character that breaks a line becomes a blank.
/// `None` if nothing is left of it.
pub(super) fn single_line(text: &str) -> Option<Cow<'_, str>> {
    let is_one = text.trim().len() == text.len() && !has_break(text);
    if is_one && !matches!(text, "" | "None" | "null") {
        return Some(Cow::Borrowed(text));
    }
    let text: String = text
        .chars()
        .map(|c| if breaks_line(c) { ' ' } else { c })
        .collect();
    match line(&Value::String(text)) {
        Field::Known(text) => Some(Cow::Owned(text)),
        Field::Absent | Field::Unreadable => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes_come_in_several_forms() {
        for (value, want) in [
            (json!(4000), Field::Known(Mib(4000))),
            (json!("4000"), Field::Known(Mib(4000))),
            (json!(" 4000 "), Field::Known(Mib(4000))),
            (json!(4000.0), Field::Known(Mib(4000))),
            (json!(150_000), Field::Known(Mib(150_000))),
            (json!(100_000_000), Field::Known(Mib(100_000_000))),
            (json!(104_857_600), Field::Known(Mib(100))),
            (json!("4194304000"), Field::Known(Mib(4000))),
            (json!(u64::MAX), Field::Known(Mib((1 << 44) - 1))),
            (json!(0), Field::Absent),
            (json!("0"), Field::Absent),
            (json!(null), Field::Absent),
            (json!(""), Field::Absent),
            (json!("unknown"), Field::Absent),
            (json!(-5), Field::Unreadable),
            (json!(1.5), Field::Unreadable),
            (json!(1e300), Field::Unreadable),
            (json!("4000M"), Field::Unreadable),
            (json!("99999999999999999999"), Field::Unreadable),
            (json!([4000]), Field::Unreadable),
            (json!(true), Field::Unreadable),
        ] {
            assert_eq!(size(&value), want, "value {value}");
        }
    }

    #[test]
    fn counts_are_whole_and_not_negative() {
        for (value, want) in [
            (json!(3), Field::Known(3)),
            (json!("3"), Field::Known(3)),
            (json!(0), Field::Absent),
            (json!(null), Field::Absent),
            (json!(-1), Field::Unreadable),
            (json!(1.5), Field::Unreadable),
            (json!(1_u64 << 32), Field::Unreadable),
            (json!("three"), Field::Unreadable),
            (json!(true), Field::Unreadable),
        ] {
            assert_eq!(count(&value), want, "value {value}");
        }
    }

    #[test]
    fn written_sizes_read_back() {
        for mib in [1, 4000, 100_000_000, 100_000_001, 1 << 43] {
            let number = size_number(Mib(mib)).unwrap();
            assert_eq!(size(&json!(number)), Field::Known(Mib(mib)));
        }
        assert_eq!(size_number(Mib(0)), None);
    }

    #[test]
    fn numbers_of_sessions_come_as_strings_and_numbers() {
        let two = SessionId::new(2).unwrap();
        for (value, want) in [
            (json!("2"), Field::Known(two)),
            (json!(2), Field::Known(two)),
            (json!(" 2"), Field::Known(two)),
            (json!(null), Field::Absent),
            (json!(""), Field::Absent),
            (json!("None"), Field::Absent),
            (json!("null"), Field::Absent),
            (json!("02"), Field::Unreadable),
            (json!("../2"), Field::Unreadable),
            (json!(0), Field::Unreadable),
            (json!(-2), Field::Unreadable),
            (json!(2.5), Field::Unreadable),
            (json!({"id": 2}), Field::Unreadable),
        ] {
            assert_eq!(id(&value), want, "value {value}");
        }
    }

    #[test]
    fn text_is_one_printable_line() {
        for (value, want) in [
            (json!(" 5.1.1\n"), Field::Known("5.1.1".to_owned())),
            (json!(20_250_101), Field::Known("20250101".to_owned())),
            (json!("unknown"), Field::Absent),
            (json!(5.1), Field::Unreadable),
            (json!("5\n1"), Field::Unreadable),
            (json!("5\u{1b}[2J1"), Field::Unreadable),
            (json!("5\u{2028}1"), Field::Unreadable),
            (json!(["5"]), Field::Unreadable),
        ] {
            assert_eq!(word(&value), want, "value {value}");
        }
        assert_eq!(single_line("a\nb\r").as_deref(), Some("a b"));
        assert_eq!(single_line("\n"), None);
    }
}
