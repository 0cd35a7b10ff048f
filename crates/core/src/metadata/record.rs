//! A record field by field, under the names that both file forms use.

use serde_json::{Map, Value};

use super::Record;
use super::field::{self, Field};

impl Record {
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
    pub(super) fn known(&self) -> Map<String, Value> {
        let text = |text: &Option<String>| text.as_deref().and_then(field::single_line);
        let word = |word: &Option<String>| text(word).filter(|word| word != "unknown");
        [
            ("mode", self.mode.map(|mode| mode.word().into())),
            ("version", word(&self.version).map(Value::from)),
            ("edition", word(&self.edition).map(Value::from)),
            ("union", self.union.map(|union| union.word().into())),
            (
                "size",
                self.size.and_then(field::size_number).map(Value::from),
            ),
            ("failed", text(&self.failed).map(Value::from)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
    }

    /// What is written besides: `extra`, without those a known field has taken the place of.
    pub(super) fn unknown<'a>(
        &'a self,
        known: &'a Map<String, Value>,
    ) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.extra
            .iter()
            .filter(|(name, _)| !known.contains_key(name.as_str()))
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
