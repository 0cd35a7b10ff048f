//! Values on their way in: the same reading for both file forms, with a note for each value that
//! cannot be used.

use serde_json::Value;

use super::Record;
use super::field::{self, Field};
use super::note::{Notes, code, quoted};
use crate::units::SessionId;

/// Reads the values of one file.
pub(super) struct Intake<'a> {
    /// Its name, for the notes.
    pub(super) file: &'a str,
    /// Where the notes go.
    pub(super) notes: &'a mut Notes,
}

impl Intake<'_> {
    /// Reads `default`, `previous` or `running`. One that names no session is dropped rather than
    /// kept: older systems build paths from it (contract B25).
    pub(super) fn pointer(&mut self, name: &str, value: &Value) -> Option<SessionId> {
        match field::id(value) {
            Field::Known(id) => Some(id),
            Field::Absent => None,
            Field::Unreadable => {
                let (file, shown) = (self.file, shown(value));
                self.notes.add(
                    code::POINTER_IGNORED,
                    format!("{file}: \"{name}\" is ignored, since {shown} is no session number."),
                );
                None
            }
        }
    }

    /// Gives a field to the record of session `id`.
    pub(super) fn field(&mut self, record: &mut Record, id: SessionId, name: &str, value: Value) {
        if !record.take(name, value) {
            // It is kept there, readable or not.
            let shown = record.extra.get(name).map(shown).unwrap_or_default();
            let file = self.file;
            self.notes.add(
                code::VALUE_UNREADABLE,
                format!("{file}: the {name} of session {id} cannot be read ({shown})."),
            );
        }
    }

    /// Notes an entry whose key is no session number.
    pub(super) fn not_a_session(&mut self, key: &str) {
        let (file, key) = (self.file, quoted(key));
        self.notes.add(
            code::ENTRY_IGNORED,
            format!("{file}: the entry {key} is ignored, since this is no session number."),
        );
    }

    /// Notes an entry of a session that is no set of fields.
    pub(super) fn not_a_record(&mut self, id: SessionId, value: &Value) {
        let (file, kind) = (self.file, kind(value));
        self.notes.add(
            code::ENTRY_IGNORED,
            format!("{file}: the entry of session {id} is ignored, since it holds {kind}."),
        );
    }

    /// Notes a `sessions` that holds no entries.
    pub(super) fn no_sessions(&mut self, value: &Value) {
        let (file, kind) = (self.file, kind(value));
        self.notes.add(
            code::VALUE_UNREADABLE,
            format!("{file}: \"sessions\" holds {kind}, so no entry of it can be used."),
        );
    }
}

/// A value as it may appear in a sentence.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Number(number) => number.to_string(),
        other => kind(other).to_owned(),
    }
}

/// What sort of value this is, for a sentence.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
