//! What the files alone tell, and which session directories have to be looked into beside them.
//!
//! A store may hold a thousand sessions, and each look costs a dozen system calls and reads from the
//! stick. A boot needs it for the session it may open, and for those that no file tells of.

use std::collections::BTreeSet;

use super::super::{Metadata, conf, json};
use super::read::Reader;
use super::{Assembled, Source, StoreFiles, choose, directories};
use crate::metadata::{JSON_FILE, Record};
use crate::session::Mode;
use crate::units::SessionId;

/// The sessions that a decision can depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// None: no session is opened, or a new one.
    Nothing,
    /// The default, and all of them where it is not clear which one that is.
    Default {
        /// How many tries a session has. Of a default that used them up, what is opened in its place is of
        /// interest too; absent where no tries are counted.
        tries: Option<u32>,
    },
    /// The one with this number, and all of them where it is not there.
    Number(SessionId),
    /// All of them: somebody chooses.
    All,
}

/// What the files of a store tell, before its directories are looked into.
pub struct Outline {
    metadata: Metadata,
    source: Source,
    /// Whether the directories have to fill in what was lost.
    recovered: bool,
    /// Whether `session.conf` is, to the byte, what would be written for this metadata.
    mirrored: bool,
    reader: Reader,
}

impl Outline {
    /// Reads the files. Directories count by their names only.
    pub fn of(files: &StoreFiles) -> Self {
        let mut reader = Reader::default();
        let json = reader.json(&files.json, JSON_FILE);
        let mirrored = match &json {
            Ok(json) => files.conf.is(&conf::write(&json.metadata)),
            Err(_) => false,
        };
        let (metadata, source, recovered) = match json {
            // The usual case, and a quick one: what is a mirror to the byte needs no reading.
            Ok(json) if mirrored => (json.metadata, Source::Json, false),
            json => {
                let conf = reader.conf(&files.conf);
                choose(files, json, conf, &mut reader)
            }
        };
        Self {
            mirrored,
            metadata,
            source,
            recovered,
            reader,
        }
    }

    /// The directories among `files.unseen` that have to be looked into, by number: the ones of
    /// interest, and every one whose mode or union no file tells.
    pub fn to_look_into(&self, files: &StoreFiles, interest: Interest) -> Vec<SessionId> {
        let unseen: BTreeSet<SessionId> = files.unseen.iter().copied().collect();
        let one = match interest {
            Interest::Nothing => None,
            Interest::Default { .. } => self.metadata.default,
            Interest::Number(id) => Some(id),
            Interest::All => None,
        };
        let all = self.recovered
            || match interest {
                Interest::Nothing => false,
                Interest::Default { .. } | Interest::Number(_) => {
                    !one.is_some_and(|id| files.has(id))
                }
                Interest::All => true,
            };
        let exhausted = match (interest, one) {
            (Interest::Default { tries: Some(most) }, Some(id)) => self.metadata.tries(id) >= most,
            _ => false,
        };
        let good = |id: &SessionId| {
            let record = self.metadata.sessions.get(id);
            exhausted && record.is_some_and(|record| record.good.is_some())
        };
        let untold = |id: &SessionId| !self.metadata.sessions.get(id).is_some_and(tells);
        unseen
            .into_iter()
            .filter(|id| all || one == Some(*id) || untold(id) || good(id))
            .collect()
    }

    /// The sessions that the files know as containers, whose directories tell more: how large they are.
    pub fn containers(&self) -> Vec<SessionId> {
        let is_container =
            |record: &Record| matches!(record.mode, Some(Mode::Raw | Mode::Dynfilefs));
        let all = self.metadata.sessions.iter();
        all.filter(|(_, record)| is_container(record))
            .map(|(id, _)| *id)
            .collect()
    }

    /// The account, now that `files` holds what was looked into as well.
    pub fn complete(self, files: &StoreFiles) -> Assembled {
        let outline = if self.recovered {
            // What was lost depends on which directories turned out to be sessions.
            Self::of(files)
        } else {
            self
        };
        let Self {
            mut metadata,
            source,
            recovered,
            mirrored,
            mut reader,
        } = outline;
        let mirrored = mirrored.then(|| metadata.clone());
        if recovered {
            directories::complete(&mut metadata, &files.dirs);
        }
        let sessions = directories::sessions(files, &mut metadata, &mut reader.details);
        let agrees = files.json.is(&json::write(&metadata))
            && (mirrored.as_ref() == Some(&metadata) || files.conf.is(&conf::write(&metadata)));
        let mut notes = reader.notes;
        notes.extend(reader.details.into_vec());
        Assembled {
            metadata,
            sessions,
            source,
            quarantine: reader.quarantine,
            agrees,
            notes,
        }
    }
}

/// Whether a record makes looking into the directory needless, unless the session is opened.
fn tells(record: &Record) -> bool {
    match record.mode {
        None => false,
        Some(Mode::Native) => record.union.is_some(),
        // A container hides its union from us anyway.
        Some(Mode::Dynfilefs | Mode::Raw) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::FileRead;

    fn id(number: u32) -> SessionId {
        SessionId::new(number).unwrap()
    }

    /// A store with directories 1 to 5. The files tell mode and union of 1, 2 and 5, the mode of 4, and
    /// nothing of 3; 2 and 5 have come up once, and 2 used up its tries since.
    fn store(default: &str) -> StoreFiles {
        let text = format!(
            r#"{{"default": {default}, "sessions": {{
                "1": {{"mode": "native", "union": "overlayfs"}},
                "2": {{"mode": "raw", "tries": 3, "good": 1}},
                "4": {{"mode": "native"}},
                "5": {{"mode": "raw", "good": 2}}}}}}"#
        );
        StoreFiles {
            json: FileRead::Text { text, modified: 1 },
            unseen: [5, 4, 3, 2, 1].map(id).to_vec(),
            ..StoreFiles::default()
        }
    }

    #[test]
    fn only_what_no_file_tells_and_what_is_opened_is_looked_into() {
        use Interest::{All, Nothing, Number};
        const DEFAULT: Interest = Interest::Default { tries: Some(3) };
        for (default, interest, want) in [
            ("\"1\"", Nothing, &[3, 4][..]),
            ("\"1\"", DEFAULT, &[1, 3, 4]),
            ("\"1\"", Number(id(2)), &[2, 3, 4]),
            ("\"1\"", All, &[1, 2, 3, 4, 5]),
            // Which one was used last, only the directories tell.
            ("null", DEFAULT, &[1, 2, 3, 4, 5]),
            ("\"9\"", DEFAULT, &[1, 2, 3, 4, 5]),
            // Another one has to be picked.
            ("\"1\"", Number(id(9)), &[1, 2, 3, 4, 5]),
            // One that did not come up gives way to one that did.
            ("\"2\"", DEFAULT, &[2, 3, 4, 5]),
            ("\"2\"", Interest::Default { tries: Some(4) }, &[2, 3, 4]),
            ("\"2\"", Interest::Default { tries: None }, &[2, 3, 4]),
        ] {
            let files = store(default);
            let got = Outline::of(&files).to_look_into(&files, interest);
            let want: Vec<_> = want.iter().map(|number| id(*number)).collect();
            assert_eq!(got, want, "default {default}, {interest:?}");
        }
        let lost = StoreFiles {
            json: FileRead::NotText,
            ..store("null")
        };
        let got = Outline::of(&lost).to_look_into(&lost, Nothing);
        assert_eq!(got, [1, 2, 3, 4, 5].map(id), "nothing is told by any file");
    }

    #[test]
    fn a_directory_that_was_not_looked_into_is_a_session_as_recorded() {
        let files = store("\"2\"");
        let got = Outline::of(&files).complete(&files);
        let first = got.sessions.first().unwrap();
        assert_eq!(first.union, Some(crate::session::UnionKind::Overlayfs));
        assert_eq!((got.sessions.len(), first.modified), (5, None));
        assert_eq!(got.sessions[1].mode, Mode::Raw);
    }
}
