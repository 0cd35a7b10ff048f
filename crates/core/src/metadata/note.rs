//! What a reader of metadata has to tell the user: a sentence, and a slug for programs.
//!
//! A note never stops anything. What makes a file useless is an error of its reader.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Something noticed while reading the store's files, worth a line in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What kind of thing it is: one of the words in [`code`], stable across releases.
    pub code: Cow<'static, str>,
    /// A whole sentence that names the file and the session. Text taken from files is escaped
    /// and cut short in it, so it is safe to print.
    pub text: String,
}

/// The words a [`Note`] is marked with.
pub mod code {
    /// An entry whose key is no session number: kept in the file, not used.
    pub const ENTRY_IGNORED: &str = "metadata-entry-ignored";
    /// A value that says nothing we can read: kept in the file, treated as absent.
    pub const VALUE_UNREADABLE: &str = "metadata-value-unreadable";
    /// `default`, `previous` or `running` names no session: treated as absent.
    pub const POINTER_IGNORED: &str = "metadata-pointer-ignored";
    /// A file cannot be understood as a whole; another source was used.
    pub const DAMAGED: &str = "metadata-damaged";
    /// The medium did not give a file's content; another source was used.
    pub const READ_FAILED: &str = "metadata-read-failed";
    /// `session.json` and `session.conf` disagreed and were joined.
    pub const MERGED: &str = "metadata-merged";
    /// The backup or the number left by an old system was used.
    pub const RECOVERED: &str = "metadata-recovered";
    /// Nothing but the session directories was left to go by.
    pub const REBUILT: &str = "metadata-rebuilt";
    /// Metadata tells no mode; the files in the directory did.
    pub const MODE_DETECTED: &str = "session-mode-detected";
    /// Metadata tells a mode that the files in the directory rule out.
    pub const MODE_CORRECTED: &str = "session-mode-corrected";
    /// Container and directory tree lie side by side; only one of them is shown.
    pub const MODE_AMBIGUOUS: &str = "session-mode-ambiguous";
    /// There was more to tell than fits.
    pub const MORE: &str = "more-notes";

    const LIST: Option<&str> = Some("perchdir=ask shows which sessions there are");

    /// Every code, with what the user can do; absent where perch has done all there is to do.
    pub const ALL: [(&str, Option<&str>); 12] = [
        (
            ENTRY_IGNORED,
            Some("sessions are named by numbers, without a leading zero"),
        ),
        (VALUE_UNREADABLE, None),
        (
            POINTER_IGNORED,
            Some("name the session at boot once: perchdir= and its number"),
        ),
        (DAMAGED, LIST),
        (
            READ_FAILED,
            Some("check the medium from another system with fsck"),
        ),
        (MERGED, None),
        (RECOVERED, LIST),
        (REBUILT, LIST),
        (MODE_DETECTED, None),
        (MODE_CORRECTED, None),
        (
            MODE_AMBIGUOUS,
            Some("move the one that is not needed out of the session's directory"),
        ),
        (MORE, None),
    ];
}

impl Note {
    /// A note of kind `code` (see [`code`]).
    pub fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self {
            code: Cow::Borrowed(code),
            text: text.into(),
        }
    }
}

impl Note {
    /// What the user can do; absent where there is nothing to do, and for a code of another release.
    pub fn hint(&self) -> Option<&'static str> {
        let (_, hint) = code::ALL.iter().find(|(code, _)| *code == self.code)?;
        *hint
    }
}

/// The sentence, and the next step in parentheses.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hint() {
            Some(hint) => write!(f, "{} ({hint}).", self.text.trim_end_matches('.')),
            None => f.write_str(&self.text),
        }
    }
}

/// Notes about single entries. A hostile file can hold any number of bad ones, so only the
/// first [`Notes::MOST`] are kept and the rest are counted.
#[derive(Debug, Default)]
pub(super) struct Notes {
    kept: Vec<Note>,
    more: usize,
}

impl Notes {
    /// How many are kept.
    pub(super) const MOST: usize = 50;

    /// Keeps or counts one note.
    pub(super) fn add(&mut self, code: &'static str, text: impl Into<String>) {
        if self.kept.len() < Self::MOST {
            self.kept.push(Note::new(code, text));
        } else {
            self.more += 1;
        }
    }

    /// All kept ones, and one more that tells how many were not.
    pub(super) fn into_vec(mut self) -> Vec<Note> {
        if self.more > 0 {
            let text = format!("And {} more like these.", self.more);
            self.kept.push(Note::new(code::MORE, text));
        }
        self.kept
    }
}

/// Text from a file as it may appear in a sentence: quoted, escaped, at most 40 characters.
pub(super) fn quoted(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    let dots = if start.len() < text.len() { "..." } else { "" };
    format!("\"{}{dots}\"", start.escape_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_bounded_and_say_how_many_are_missing() {
        let mut notes = Notes::default();
        for n in 0..1000 {
            notes.add(code::ENTRY_IGNORED, format!("entry {n}"));
        }
        let notes = notes.into_vec();
        assert_eq!(notes.len(), Notes::MOST + 1);
        let last = notes.last().unwrap();
        assert_eq!(last.code, code::MORE);
        assert_eq!(last.to_string(), "And 950 more like these.");
    }

    #[test]
    fn quoted_text_cannot_steer_a_terminal() {
        assert_eq!(quoted("a\u{1b}[2J\n"), "\"a\\u{1b}[2J\\n\"");
        assert_eq!(quoted(&"ä".repeat(41)).matches("\\u").count(), 40);
    }
}
