//! `session.json`, the canonical form (contract §1.5).
//!
//! Reading is tolerant of every value and strict about the document: a file cut short by a power
//! failure is an error, so that the caller keeps it under another name and looks elsewhere.

mod layout;

use serde_json::{Map, Value};

use super::intake::{self, Intake};
use super::note::Notes;
use super::record::Known;
use super::{JSON_FILE, Metadata, Note, Record};
use crate::units::SessionId;
use layout::Object;

/// Why a text is no session metadata at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Nothing, or nothing but blanks and NUL bytes: what a power cut leaves of a new file.
    #[error("the file is empty")]
    Empty,
    /// The end is missing.
    #[error("the file is cut short in line {line}")]
    CutShort {
        /// Where it ends, counted from 1.
        line: usize,
    },
    /// Damaged. Nesting deeper than 128 levels counts as damage.
    #[error("the file is not valid JSON in line {line}, column {column}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// Valid, but something other than metadata.
    #[error("the file holds {found} instead of an object")]
    NotAnObject {
        /// What it holds.
        found: &'static str,
    },
}

/// Reads the content of a `session.json`. What it holds that we cannot use is kept, in `foreign`
/// and in the `extra` maps, and noted.
pub fn parse(text: &str) -> Result<(Metadata, Vec<Note>), JsonError> {
    let mut notes = Notes::default();
    let metadata = read(text, JSON_FILE, &mut notes)?;
    Ok((metadata, notes.into_vec()))
}

/// As [`parse`], with notes that name `file`.
pub(super) fn read(text: &str, file: &str, notes: &mut Notes) -> Result<Metadata, JsonError> {
    let mut intake = Intake { file, notes };
    let mut metadata = Metadata::default();
    for (key, value) in document(text)? {
        match (key.as_str(), value) {
            ("default", value) => metadata.default = intake.pointer(&key, &value),
            ("previous", value) => metadata.previous = intake.pointer(&key, &value),
            ("running", value) => metadata.running = intake.pointer(&key, &value),
            ("sessions", Value::Object(entries)) => sessions(entries, &mut metadata, &mut intake),
            ("sessions", Value::Null) => {}
            ("sessions", other) => {
                intake.no_sessions(&other);
                metadata.extra.insert(key, other);
            }
            (_, value) => {
                metadata.extra.insert(key, value);
            }
        }
    }
    Ok(metadata)
}

fn document(text: &str) -> Result<Map<String, Value>, JsonError> {
    // Windows editors leave a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.chars().all(|c| c.is_whitespace() || c == '\0') {
        return Err(JsonError::Empty);
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(document)) => Ok(document),
        Ok(other) => Err(JsonError::NotAnObject {
            found: intake::kind(&other),
        }),
        Err(error) if error.is_eof() => Err(JsonError::CutShort { line: error.line() }),
        Err(error) => Err(JsonError::Syntax {
            line: error.line(),
            column: error.column(),
        }),
    }
}

fn sessions(entries: Map<String, Value>, metadata: &mut Metadata, intake: &mut Intake<'_>) {
    for (key, value) in entries {
        match (key.parse::<SessionId>(), value) {
            (Ok(id), Value::Object(fields)) => {
                let mut record = Record::default();
                for (name, value) in fields {
                    intake.field(&mut record, id, &name, value);
                }
                metadata.sessions.insert(id, record);
            }
            (Ok(id), other) => {
                intake.not_a_record(id, &other);
                metadata.foreign.insert(key, other);
            }
            (Err(_), value) => {
                intake.not_a_session(&key);
                metadata.foreign.insert(key, value);
            }
        }
    }
}

/// The content of `session.json` for this metadata: two blanks of indent, ids as strings, sizes
/// as numbers, `default` always there.
///
/// It ends in a newline, as the boot code's `jq` writes it: a text file does (POSIX, 3.387), and
/// every reader in the field accepts it.
pub fn write(metadata: &Metadata) -> String {
    let mut text = String::with_capacity(160 * (1 + metadata.sessions.len()));
    let mut document = Object::begin(&mut text, 0);
    for (name, pointer) in [
        ("default", metadata.default),
        ("previous", metadata.previous),
        ("running", metadata.running),
    ] {
        match pointer {
            Some(id) => layout::string(document.key(name), &id.to_string()),
            None if name == "default" => document.key(name).push_str("null"),
            None => {}
        }
    }
    let mut sessions = Object::begin(document.key("sessions"), 1);
    for (id, record) in &metadata.sessions {
        add_record(sessions.key(&id.to_string()), record);
    }
    for (key, value) in &metadata.foreign {
        let taken = |id: SessionId| metadata.sessions.contains_key(&id);
        if !key.parse().is_ok_and(taken) {
            sessions.value(key, value);
        }
    }
    sessions.end();
    for (key, value) in &metadata.extra {
        let taken = match key.as_str() {
            "default" | "sessions" => true,
            "previous" => metadata.previous.is_some(),
            "running" => metadata.running.is_some(),
            _ => false,
        };
        if !taken {
            document.value(key, value);
        }
    }
    document.end();
    text.push('\n');
    text
}

fn add_record(text: &mut String, record: &Record) {
    let mut fields = Object::begin(text, 2);
    let known = record.known();
    for (name, value) in &known {
        let text = fields.key(name);
        match value {
            Known::Text(value) => layout::string(text, value),
            Known::Number(number) => text.push_str(&number.to_string()),
        }
    }
    for (name, value) in record.unknown(&known) {
        fields.value(name, value);
    }
    fields.end();
}

#[cfg(test)]
mod tests;
