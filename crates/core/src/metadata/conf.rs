//! `session.conf`, the mirror in line form (contract §1.6), kept for systems that read nothing
//! else.
//!
//! Reading never fails. Lines that say nothing to us are kept in [`Metadata::extra`], so they
//! reach both files again. Not everything fits in here when writing: values that are no text,
//! entries that belong to no session, and how often sessions were tried are in `session.json` only.

mod line;

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::intake::Intake;
use super::note::Notes;
use super::record::{Known, TRIES};
use super::{CONF_FILE, Metadata, Note, Record, field};
use crate::units::SessionId;
use line::Line;

/// Where [`Metadata::extra`] keeps comments, and lines that have no key: a list of texts.
pub const KEPT_LINES: &str = "conf_lines";

/// Reads the content of a `session.conf`. The last line for a key counts.
pub fn parse(text: &str) -> (Metadata, Vec<Note>) {
    let mut notes = Notes::default();
    let metadata = read(text, &mut notes);
    (metadata, notes.into_vec())
}

pub(super) fn read(text: &str, notes: &mut Notes) -> Metadata {
    let file = CONF_FILE;
    let mut intake = Intake { file, notes };
    let mut metadata = Metadata::default();
    let mut kept = Vec::new();
    for line in lines(text) {
        match line {
            Line::Blank => {}
            Line::Kept(line) => kept.push(Value::from(line)),
            Line::Pointer { name, value } => {
                let id = intake.pointer(name, &value.into());
                match name {
                    "default" => metadata.default = id,
                    "previous" => metadata.previous = id,
                    _ => metadata.running = id,
                }
            }
            Line::Field { name, key, value } => match key.parse::<SessionId>() {
                Ok(id) => {
                    let record = metadata.sessions.entry(id).or_default();
                    intake.field(record, id, name, value.into());
                }
                // Gathered in the shape that such an entry has in JSON.
                Err(_) => {
                    let entry = metadata.foreign.entry(key).or_insert_with(|| {
                        intake.not_a_session(key);
                        Value::Object(Map::new())
                    });
                    if let Value::Object(fields) = entry {
                        fields.insert(name.to_owned(), value.into());
                    }
                }
            },
            Line::Other { key, value } => {
                metadata.extra.insert(key.to_owned(), value.into());
            }
        }
    }
    if !kept.is_empty() {
        metadata.extra.insert(KEPT_LINES.to_owned(), kept.into());
    }
    metadata
}

/// Whether any line is one that a `session.conf` is made of. If none is, the file is either
/// empty or something else under this name.
pub(super) fn is_recognisable(text: &str) -> bool {
    lines(text).any(|line| matches!(line, Line::Pointer { .. } | Line::Field { .. }))
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.split('\n')
        .map(|line| Line::read(line.strip_suffix('\r').unwrap_or(line)))
}

/// The content of `session.conf` for this metadata.
pub fn write(metadata: &Metadata) -> String {
    // Four or five lines a session.
    let mut text = String::with_capacity(128 * (1 + metadata.sessions.len()));
    for (name, id) in [
        ("default", metadata.default),
        ("previous", metadata.previous),
        ("running", metadata.running),
    ] {
        // `default=` without a value is part of the initial file; the others are left out.
        if id.is_some() || name == "default" {
            let value = id.map(|id| id.to_string()).unwrap_or_default();
            add(
                &mut text,
                Line::Pointer {
                    name,
                    value: &value,
                },
            );
        }
    }
    for (id, record) in &metadata.sessions {
        add_record(&mut text, *id, record);
    }
    for (key, value) in &metadata.extra {
        if let Some(value) = line_form(value) {
            add(&mut text, Line::Other { key, value: &value });
        }
    }
    if let Some(Value::Array(kept)) = metadata.extra.get(KEPT_LINES) {
        for line in kept.iter().filter_map(Value::as_str) {
            add(&mut text, Line::Kept(line));
        }
    }
    text
}

fn add_record(text: &mut String, id: SessionId, record: &Record) {
    let key = id.to_string();
    let mut field = |name: &str, value: &str| {
        let key = &key;
        add(text, Line::Field { name, key, value });
    };
    let known = record.known();
    for (name, value) in known.iter().filter(|(name, _)| *name != TRIES) {
        match value {
            Known::Text(text) => field(name, text),
            Known::Number(number) => field(name, &number.to_string()),
        }
    }
    for (name, value) in record.unknown(&known) {
        let Some(value) = line_form(value) else {
            continue;
        };
        // As text it may be readable where it was not in JSON (`"version": true`). Then the two
        // files would disagree, so it stays in JSON alone.
        let mut again = Record::default();
        again.take(name, value.as_str().into());
        if again.extra.contains_key(name) {
            field(name, &value);
        }
    }
}

/// Appends a line if it reads back as what is meant. So neither a key nor a value from a file
/// can become a line of another meaning, and what does not fit the form is left out.
fn add(text: &mut String, meant: Line<'_>) {
    let start = text.len();
    let written = write!(text, "{meant}").is_ok();
    let holds = |line: &str| !field::has_break(line) && Line::read(line) == meant;
    if written && text.get(start..).is_some_and(holds) {
        text.push('\n');
    } else {
        text.truncate(start);
    }
}

/// How a value looks in line form; `None` for those that are more than one word or line.
pub(super) fn line_form(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests;
