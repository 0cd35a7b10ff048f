//! Quantities and numbers that reach us as text: parsed once, checked, then only types.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of bytes.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// A number of mebibytes (2^20 bytes), the unit of every container size that users type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mib(pub u64);

impl Mib {
    /// The same size in bytes; saturates at the largest number.
    pub fn bytes(self) -> Bytes {
        Bytes(self.0.saturating_mul(1 << 20))
    }
}

/// Why a text is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is not a size: give MiB as a number, or M, GiB or TiB behind it", .0.escape_default())]
pub struct BadSize(pub String);

/// `4000`, `4000M`, `4000MB`, `4G`, `4GB`, `1T`, `4GiB`, `1TiB`, in any case. G is 1000 MiB and T is
/// 1 000 000 MiB, as boot entries in the field mean them; GiB and TiB count 1024.
impl FromStr for Mib {
    type Err = BadSize;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadSize(text.chars().take(32).collect());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| bad())?;
        let factor = match unit.to_ascii_lowercase().as_str() {
            "" | "m" | "mb" | "mib" => 1,
            "g" | "gb" => 1000,
            "gib" => 1024,
            "t" | "tb" => 1_000_000,
            "tib" => 1 << 20,
            _ => return Err(bad()),
        };
        number.checked_mul(factor).map(Self).ok_or_else(bad)
    }
}

impl Bytes {
    /// The whole mebibytes that fit into this size.
    pub fn whole_mib(self) -> Mib {
        Mib(self.0 >> 20)
    }
}

impl fmt::Display for Mib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MiB", self.0)
    }
}

/// One decimal, steps of 1024, no blank: `0.0B`, `8.2MB`, `58.6GB`, as the session manager of
/// MiniOS prints sizes.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
        let mut unit = 0;
        let mut rest = self.0 as f64;
        while rest >= 1024.0 && unit < UNITS.len() - 1 {
            rest /= 1024.0;
            unit += 1;
        }
        write!(f, "{rest:.1}{}", UNITS.get(unit).unwrap_or(&"TB"))
    }
}

/// The number of a session: 1 to 999 999 999, written without leading zeros.
///
/// It names a directory in the store, so nothing but such a number ever becomes a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u32);

/// Why a text is no session number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{}\" is not a session number (1 to 999999999, no leading zero)",
    .0.escape_default()
)]
pub struct BadSessionId(pub String);

impl SessionId {
    /// The first session of a store.
    pub const FIRST: SessionId = SessionId(1);
    /// The largest number a session can have.
    pub const MAX: u32 = 999_999_999;

    /// The session with this number; `None` outside 1 to 999 999 999.
    pub fn new(number: u32) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number))
    }

    /// The number for a new session beside those: one above the largest; once that is taken, the smallest
    /// free one. `None` only if every number is taken.
    pub fn next(used: &BTreeSet<Self>) -> Option<Self> {
        match used.last() {
            None => Some(Self::FIRST),
            Some(largest) => Self::new(largest.get() + 1).or_else(|| {
                (1..=Self::MAX)
                    .filter_map(Self::new)
                    .find(|id| !used.contains(id))
            }),
        }
    }

    /// The number itself.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl FromStr for SessionId {
    type Err = BadSessionId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadSessionId(text.chars().take(32).collect());
        let plain = (1..=9).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_digit())
            && !text.starts_with('0');
        if !plain {
            return Err(bad());
        }
        text.parse().ok().and_then(Self::new).ok_or_else(bad)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A string, as in `session.json`.
impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A string or a number: both are in the field.
impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Number(u64),
        }
        let text = match Form::deserialize(deserializer)? {
            Form::Text(text) => text,
            Form::Number(number) => number.to_string(),
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_numbers_are_plain_decimals() {
        for (text, want) in [
            ("1", Some(1)),
            ("10", Some(10)),
            ("999999999", Some(999_999_999)),
            ("1000000000", None),
            ("0", None),
            ("007", None),
            ("", None),
            (" 1", None),
            ("1.bak", None),
            ("../1", None),
            ("-1", None),
            ("+1", None),
            ("٣", None),
        ] {
            assert_eq!(text.parse().ok().map(SessionId::get), want, "text {text:?}");
        }
    }

    #[test]
    fn sizes_read_as_the_session_manager_prints_them() {
        for (bytes, want) in [
            (0, "0.0B"),
            (1023, "1023.0B"),
            (67_108_864, "64.0MB"),
            (8_598_323, "8.2MB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), want);
        }
    }
}
