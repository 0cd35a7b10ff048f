//! `load=` and `noload=`: which bundles are used (contract §2.3, §2.5).

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use regex_lite::Regex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A choice of bundles: alternatives, separated by commas.
///
/// A number (`03`) or a range (`00-03`) means the number that a file name starts with. Anything else is
/// an extended regular expression that may match anywhere in the path relative to the data directory.
#[derive(Debug, Clone)]
pub struct Filter {
    text: String,
    alternatives: Vec<Alternative>,
}

#[derive(Debug, Clone)]
enum Alternative {
    Numbers(RangeInclusive<u64>),
    Pattern(Regex),
}

/// Why a text chooses no bundles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFilter {
    /// Nothing between two commas, or nothing at all.
    #[error("has an empty part")]
    Empty,
    /// A range whose end is below its start.
    #[error("has a range that ends before it starts")]
    Backwards,
    /// No regular expression.
    #[error("has a part that is neither a number, nor a range, nor a regular expression")]
    Pattern,
}

impl Filter {
    /// Whether the bundle with this path, relative to the data directory, is among the chosen.
    pub fn matches(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.alternatives
            .iter()
            .any(|alternative| match alternative {
                Alternative::Numbers(range) => number(name).is_some_and(|n| range.contains(&n)),
                Alternative::Pattern(pattern) => pattern.is_match(path),
            })
    }
}

/// The number that a file name starts with, if it starts with one.
fn number(name: &str) -> Option<u64> {
    name.starts_with(|c: char| c.is_ascii_digit())
        .then(|| crate::bundle::leading_number(name))
}

impl FromStr for Alternative {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = |text: &str| -> Option<u64> {
            let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| text.parse().unwrap_or(u64::MAX))
        };
        if text.is_empty() {
            return Err(BadFilter::Empty);
        }
        if let Some(number) = digits(text) {
            return Ok(Self::Numbers(number..=number));
        }
        if let Some((from, to)) = text.split_once('-')
            && let (Some(from), Some(to)) = (digits(from), digits(to))
        {
            if from > to {
                return Err(BadFilter::Backwards);
            }
            return Ok(Self::Numbers(from..=to));
        }
        Regex::new(text)
            .map(Self::Pattern)
            .map_err(|_| BadFilter::Pattern)
    }
}

impl FromStr for Filter {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self {
            text: text.to_owned(),
            alternatives: text.split(',').map(str::parse).collect::<Result<_, _>>()?,
        })
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Filters are equal if they are written alike.
impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Filter {}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULES: [&str; 6] = [
        "00-core",
        "01-kernel-6.1.0-03-amd64",
        "02-firmware",
        "03-gui",
        "10-foo",
        "modules/11-2002bar",
    ];

    /// Contract §2.5, column OURS.
    #[test]
    fn numbers_mean_the_leading_number() {
        for (filter, want) in [
            ("00-03", &[0, 1, 2, 3][..]),
            ("03", &[3]),
            ("00-01,10", &[0, 1, 4]),
            ("1-3", &[1, 2, 3]),
            ("08-10", &[4]),
            ("11", &[5]),
            ("gui", &[3]),
            ("^modules/", &[5]),
            ("bar$,core", &[0, 5]),
            ("(foo|gui)", &[3, 4]),
            ("99999999999999999999", &[]),
        ] {
            let filter: Filter = filter.parse().unwrap();
            let got: Vec<_> = (0..MODULES.len())
                .filter(|&at| filter.matches(MODULES[at]))
                .collect();
            assert_eq!(got, want, "{filter}");
        }
    }

    #[test]
    fn what_chooses_nothing_is_refused() {
        for (text, want) in [
            ("", BadFilter::Empty),
            ("01,,02", BadFilter::Empty),
            ("3-1", BadFilter::Backwards),
            ("(", BadFilter::Pattern),
            ("a{1000}{1000}{1000}", BadFilter::Pattern),
        ] {
            assert_eq!(text.parse::<Filter>().unwrap_err(), want, "{text:?}");
        }
    }

    #[test]
    fn a_bundle_without_a_number_is_not_number_0() {
        let zero: Filter = "00".parse().unwrap();
        assert!(!zero.matches("plain.sb"));
    }
}
