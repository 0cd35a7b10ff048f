//! A record field by field, under the names that both file forms use.

use std::borrow::Cow;

use serde_json::Value;

use super::Record;
use super::field::{self, Field};

/// The one field that the line form does not hold.
pub(super) const TRIES: &str = "tries";

/// The value of a known field, as it is written.
#[derive(Debug, PartialEq)]
pub(super) enum Known<'a> {
    /// One line of text.
    Text(Cow<'a, str>),
    /// A size.
    Number(u64),
}

impl Record {
    /// The name that somebody gave the session: the text under the key `name` (`session_name[N]` in the line form).
    /// Absent where it is empty or no text.
    pub fn name(&self) -> Option<&str> {
        let name = self.extra.get("name")?.as_str()?.trim();
        (!name.is_empty()).then_some(name)
    }

    /// Takes a field as a file gives it, in place of what was there under that name. Unknown
    /// names, and known ones with a value we cannot read, are kept in `extra`.
    ///
    /// False if the name is known and the value unreadable.
    pub(super) fn take(&mut self, name: &str, value: Value) -> bool {
        let readable = match name {
            "mode" => put(field::choice(&value), &mut self.mode),
            "version" => put(field::word(&value), &mut self.version),
            "edition" => put(field::word(&value), &mut self.edition),
            "union" => put(field::choice(&value), &mut self.union),
            "size" => put(field::size(&value), &mut self.size),
            "failed" => put(field::line(&value), &mut self.failed),
            TRIES => put(field::count(&value), &mut self.tries),
            "good" => put(field::count(&value), &mut self.good),
            _ => {
                self.extra.insert(name.to_owned(), value);
                return true;
            }
        };
        if readable {
            self.extra.shift_remove(name);
        } else {
            self.extra.insert(name.to_owned(), value);
        }
        readable
    }

    /// The known fields that are present, in the order in which they are written.
    pub(super) fn known(&self) -> Vec<(&'static str, Known<'_>)> {
        fn text(text: &Option<String>) -> Option<Cow<'_, str>> {
            text.as_deref().and_then(field::single_line)
        }
        let word = |word| text(word).filter(|word| word != "unknown");
        let number = |number: Option<u32>| number.map(u64::from).map(Known::Number);
        let fixed = |word| Known::Text(Cow::Borrowed(word));
        [
            ("mode", self.mode.map(|mode| fixed(mode.word()))),
            ("version", word(&self.version).map(Known::Text)),
            ("edition", word(&self.edition).map(Known::Text)),
            ("union", self.union.map(|union| fixed(union.word()))),
            (
                "size",
                self.size.and_then(field::size_number).map(Known::Number),
            ),
            ("failed", text(&self.failed).map(Known::Text)),
            (TRIES, number(self.tries)),
            ("good", number(self.good)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    /// What is written besides: `extra`, without those a known field has taken the place of.
    pub(super) fn unknown<'a>(
        &'a self,
        known: &'a [(&'static str, Known<'_>)],
    ) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.extra
            .iter()
            .filter(|(name, _)| !known.iter().any(|(known, _)| known == name))
    }
}

/// False if unreadable. The slot then becomes empty: the last value counts, readable or not.
fn put<T>(field: Field<T>, slot: &mut Option<T>) -> bool {
    let (value, readable) = match field {
        Field::Known(value) => (Some(value), true),
        Field::Absent => (None, true),
        Field::Unreadable => (None, false),
    };
    *slot = value;
    readable
}
