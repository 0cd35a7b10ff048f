//! What a session is called: one line that no terminal and no line of `session.conf` stumbles over.
//!
//! Name and note are keys of our own in a session's entry (`name`, `note`). Old tools keep or ignore them.

use serde_json::Value;

use crate::metadata::Record;
use crate::quoted::is_harmful;

/// The longest name, in characters.
const LONGEST_NAME: usize = 64;
/// The longest note, in characters.
const LONGEST_NOTE: usize = 500;

/// The name or the note of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// A few words that stand for it.
    Name,
    /// What there is to say about it.
    Note,
}

/// Why a text is no name, or no note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLabel {
    /// Characters that end a line, steer a terminal or change the direction of writing.
    #[error("a {} is one line of plain text", .0.key())]
    NotPlain(Field),
    /// Too many characters.
    #[error("a {} has at most {} characters", .0.key(), .0.longest())]
    TooLong(Field),
    /// It would be read back as nothing.
    #[error("this word stands for no {} at all", .0.key())]
    Reserved(Field),
}

impl Field {
    /// Its key in both metadata files.
    pub fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Note => "note",
        }
    }

    fn longest(self) -> usize {
        match self {
            Self::Name => LONGEST_NAME,
            Self::Note => LONGEST_NOTE,
        }
    }

    /// What the record holds; absent also where it is no text, or one that steers a terminal.
    pub fn of(self, record: &Record) -> Option<&str> {
        let text = record.extra.get(self.key()).and_then(Value::as_str);
        text.filter(|text| !text.chars().any(is_harmful))
    }

    /// Takes a text from a user: without blanks around it, and `None` if it is empty.
    ///
    /// # Errors
    /// Why it cannot be kept.
    pub fn check(self, text: &str) -> Result<Option<String>, BadLabel> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if text.chars().any(is_harmful) {
            return Err(BadLabel::NotPlain(self));
        }
        if text.chars().count() > self.longest() {
            return Err(BadLabel::TooLong(self));
        }
        if matches!(text, "None" | "null" | "unknown") {
            return Err(BadLabel::Reserved(self));
        }
        Ok(Some(text.to_owned()))
    }

    /// Writes it into the record, or takes it out.
    pub fn set(self, record: &mut Record, text: Option<String>) {
        match text {
            Some(text) => {
                record.extra.insert(self.key().to_owned(), text.into());
            }
            None => {
                record.extra.shift_remove(self.key());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::id;
    use crate::metadata::{FileRead, Metadata, StoreFiles, assemble, conf, json};

    #[test]
    fn only_plain_lines_are_taken() {
        use BadLabel::*;
        for (text, want) in [
            ("Büro", Ok(Some("Büro"))),
            ("  two words ", Ok(Some("two words"))),
            ("a=b # \"c\"", Ok(Some("a=b # \"c\""))),
            ("", Ok(None)),
            ("  ", Ok(None)),
            ("a\nb", Err(NotPlain(Field::Name))),
            ("a\u{1b}[2Jb", Err(NotPlain(Field::Name))),
            ("a\u{202e}b", Err(NotPlain(Field::Name))),
            ("a\u{2028}b", Err(NotPlain(Field::Name))),
            ("null", Err(Reserved(Field::Name))),
        ] {
            let got = Field::Name.check(text);
            assert_eq!(got, want.map(|text| text.map(str::to_owned)), "{text:?}");
        }
        let long = "ä".repeat(LONGEST_NAME + 1);
        assert_eq!(Field::Name.check(&long), Err(TooLong(Field::Name)));
        assert!(Field::Note.check(&long).is_ok());
    }

    #[test]
    fn both_files_keep_it() {
        let mut metadata = Metadata::default();
        let record = metadata.sessions.entry(id(3)).or_default();
        Field::Name.set(record, Some("12=x".into()));
        Field::Note.set(record, Some("7".into()));
        let text = |text: String| FileRead::Text { text, modified: 1 };
        for files in [
            StoreFiles {
                json: text(json::write(&metadata)),
                ..StoreFiles::default()
            },
            StoreFiles {
                conf: text(conf::write(&metadata)),
                ..StoreFiles::default()
            },
        ] {
            let record = assemble(&files).metadata.sessions.remove(&id(3)).unwrap();
            assert_eq!(Field::Name.of(&record), Some("12=x"), "{files:?}");
            assert_eq!(Field::Note.of(&record), Some("7"), "{files:?}");
        }
        let record = metadata.sessions.get_mut(&id(3)).unwrap();
        Field::Name.set(record, None);
        assert_eq!(Field::Name.of(record), None);
    }
}
