//! From the outcome of reading a file to metadata, or to a reason why not.

use super::super::note::{Notes, code, quoted};
use super::super::{BACKUP_FILE, CONF_FILE, LEGACY_FILE, Metadata, Note, conf, json};
use super::FileRead;
use crate::quoted::Quoted;
use crate::units::SessionId;

/// Why a file gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Useless {
    /// There is no such file.
    Absent,
    /// It is there and of no use.
    Bad,
}

/// Metadata and when it was written, in seconds since 1970.
pub(super) struct Dated {
    pub(super) metadata: Metadata,
    pub(super) modified: i64,
}

/// Reads files and gathers what there is to say about them.
#[derive(Default)]
pub(super) struct Reader {
    /// About whole files: few, and first.
    pub(super) notes: Vec<Note>,
    /// About single entries.
    pub(super) details: Notes,
    /// Names to be renamed before anything is written.
    pub(super) quarantine: Vec<String>,
}

impl Reader {
    /// Reads a file in JSON form.
    pub(super) fn json(&mut self, read: &FileRead, file: &str) -> Result<Dated, Useless> {
        let (text, modified) = self.text(read, file)?;
        match json::read(text, file, &mut self.details) {
            Ok(metadata) => {
                // Writing puts a list of sessions in the place of whatever this is.
                if metadata.extra.contains_key("sessions") {
                    self.set_aside(file);
                }
                Ok(Dated { metadata, modified })
            }
            Err(error) => {
                self.damaged(file, error);
                Err(Useless::Bad)
            }
        }
    }

    /// Reads the line form. A file in which no line is ours is damaged, unless it holds nothing.
    pub(super) fn conf(&mut self, read: &FileRead) -> Result<Dated, Useless> {
        let (text, modified) = self.text(read, CONF_FILE)?;
        if conf::is_recognisable(text) {
            let metadata = conf::read(text, &mut self.details);
            return Ok(Dated { metadata, modified });
        }
        if text.trim().is_empty() {
            self.notes.push(Note::new(
                code::DAMAGED,
                format!("{CONF_FILE} is empty and is not used."),
            ));
        } else {
            self.damaged(CONF_FILE, "no line of it is known");
        }
        Err(Useless::Bad)
    }

    /// Reads the number that systems before 2025 left.
    pub(super) fn legacy(&mut self, read: &FileRead) -> Option<SessionId> {
        let (text, _) = self.text(read, LEGACY_FILE).ok()?;
        let id = text.trim().parse().ok();
        self.notes.push(match id {
            Some(id) => Note::new(
                code::RECOVERED,
                format!("The default session {id} was taken from {LEGACY_FILE}."),
            ),
            None => Note::new(
                code::POINTER_IGNORED,
                format!(
                    "{LEGACY_FILE} is ignored, since {} is no session number.",
                    quoted(text.trim())
                ),
            ),
        });
        id
    }

    fn text<'a>(&mut self, read: &'a FileRead, file: &str) -> Result<(&'a str, i64), Useless> {
        match read {
            FileRead::Text { text, modified } => return Ok((text, *modified)),
            FileRead::Absent => return Err(Useless::Absent),
            FileRead::TooLarge { bytes } => {
                self.damaged(file, format_args!("it is {bytes} bytes long"));
            }
            FileRead::NotText => self.damaged(file, "it is not text"),
            FileRead::NotAFile => {
                self.damaged(file, "it is not a regular file");
                // Nothing can be renamed over a directory, so even the backup has to make way.
                self.set_aside(file);
            }
            FileRead::Unreadable { error } => self.notes.push(Note::new(
                code::READ_FAILED,
                format!("{file} could not be read: {}.", Quoted(error)),
            )),
        }
        Err(Useless::Bad)
    }

    /// A damaged file is set aside, except for those that are only ever a second choice.
    fn damaged(&mut self, file: &str, why: impl std::fmt::Display) {
        self.notes.push(Note::new(
            code::DAMAGED,
            format!("{file} is damaged and is not used: {why}."),
        ));
        if file != BACKUP_FILE && file != LEGACY_FILE {
            self.set_aside(file);
        }
    }

    fn set_aside(&mut self, file: &str) {
        if file != LEGACY_FILE && !self.quarantine.iter().any(|name| name == file) {
            self.quarantine.push(file.to_owned());
        }
    }
}
