//! What a store says about its sessions, from all that was found in it: the files that hold, the
//! files that do not, and the session directories themselves.
//!
//! Nothing is decided about the boot here, nothing is read and nothing written. A directory is
//! always a session, whatever the files say; an entry without a directory stays an entry.

mod directories;
mod files;
mod merge;
mod outline;
mod read;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::note::{Note, code};
use super::{BACKUP_FILE, CONF_FILE, JSON_FILE, Metadata, conf};
use crate::session::Session;
use crate::units::SessionId;
pub use files::{Contents, FileRead, SessionDir, StoreFiles};
pub use outline::{Interest, Outline};
use read::{Dated, Reader, Useless};

/// Where the metadata came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// There was none, and no session either.
    None,
    /// `session.json`; `session.conf` says the same or is of no use.
    Json,
    /// `session.conf` alone.
    Conf,
    /// Two files that said different things.
    Merged,
    /// `session.json.bak`.
    Backup,
    /// `last_session.txt` for the default, the directories for the rest.
    Legacy,
    /// The directories alone.
    Rebuilt,
}

/// What the store says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assembled {
    /// The metadata to go on with, and to write when there is something to write.
    pub metadata: Metadata,
    /// One session for every directory, sorted by number.
    pub sessions: Vec<Session>,
    /// Where the metadata came from.
    pub source: Source,
    /// Names in the store that have to be renamed before anything is written there: damaged files
    /// are kept for the user, not replaced.
    pub quarantine: Vec<String>,
    /// Whether `session.json` and `session.conf` both are, to the byte, what would be written for
    /// this metadata.
    pub agrees: bool,
    /// What the user should know, the most important first.
    pub notes: Vec<Note>,
}

/// Makes one account of all that was found in a store. Total: whatever the files hold, every
/// directory comes out as a session.
///
/// The order is `session.json`, `session.conf`, backup, number of an old system, directories
/// (contract §1.6 and rule 5 of §3.1). Two files that differ are joined. See [`Outline`] for a store
/// whose directories are looked into as far as needed.
pub fn assemble(files: &StoreFiles) -> Assembled {
    Outline::of(files).complete(files)
}

/// The metadata, its source, and whether the directories have to fill in what was lost.
fn choose(
    files: &StoreFiles,
    json: Result<Dated, Useless>,
    conf: Result<Dated, Useless>,
    reader: &mut Reader,
) -> (Metadata, Source, bool) {
    match (json, conf) {
        (Ok(json), Ok(conf)) => {
            let conf_is_newer = conf.modified > json.modified;
            let joined = join(
                JSON_FILE,
                &json.metadata,
                &conf.metadata,
                conf_is_newer,
                reader,
            );
            match joined {
                Some(metadata) => (metadata, Source::Merged, false),
                None => (json.metadata, Source::Json, false),
            }
        }
        (Ok(json), Err(_)) => (json.metadata, Source::Json, false),
        (Err(Useless::Absent), Ok(conf)) => (conf.metadata, Source::Conf, false),
        (Err(Useless::Bad), Ok(conf)) => {
            let (metadata, source) = conf_and_backup(files, conf, reader);
            (metadata, source, true)
        }
        (Err(json), Err(conf)) => {
            let modern = json == Useless::Bad || conf == Useless::Bad;
            let (metadata, source) = without_either(files, modern, reader);
            (metadata, source, true)
        }
    }
}

/// `session.json` is damaged: its backup may still know sessions that the line form, written by
/// some other system, never heard of.
fn conf_and_backup(files: &StoreFiles, conf: Dated, reader: &mut Reader) -> (Metadata, Source) {
    reader.notes.push(Note::new(
        code::RECOVERED,
        format!("The session list was taken from {CONF_FILE}."),
    ));
    let Ok(mut backup) = reader.json(&files.backup, BACKUP_FILE) else {
        return (conf.metadata, Source::Conf);
    };
    // What was deleted since must not come back.
    let exists: BTreeSet<SessionId> = files.ids().collect();
    backup.metadata.sessions.retain(|id, _| exists.contains(id));
    backup.metadata.forget_tries();
    // The backup is the older content of a file written before this one: it wins no tie.
    let conf_is_newer = conf.modified >= backup.modified;
    let (backup, conf) = (backup.metadata, conf.metadata);
    match join(BACKUP_FILE, &backup, &conf, conf_is_newer, reader) {
        Some(metadata) => (metadata, Source::Merged),
        None => (backup, Source::Conf),
    }
}

/// Joins `file` with `session.conf` if they differ. `None` if the latter is what would have been
/// written beside the former: then `file` says it all.
fn join(
    file: &str,
    json: &Metadata,
    conf: &Metadata,
    conf_is_newer: bool,
    reader: &mut Reader,
) -> Option<Metadata> {
    let (mirror, _) = conf::parse(&conf::write(json));
    if mirror == *conf {
        return None;
    }
    let preferred = if conf_is_newer { CONF_FILE } else { file };
    reader.notes.push(Note::new(
        code::MERGED,
        format!(
            "{file} and {CONF_FILE} differ and were joined; where they differ, {preferred} counts."
        ),
    ));
    Some(merge::merge(json, conf, conf_is_newer))
}

/// Neither of the two files is of use. `modern` says that one of them is there: then a number
/// left by an old system is older than what was lost, and the directories know better.
fn without_either(files: &StoreFiles, modern: bool, reader: &mut Reader) -> (Metadata, Source) {
    if let Ok(mut backup) = reader.json(&files.backup, BACKUP_FILE) {
        backup.metadata.forget_tries();
        reader.notes.push(Note::new(
            code::RECOVERED,
            format!("The session list was taken from {BACKUP_FILE}."),
        ));
        return (backup.metadata, Source::Backup);
    }
    if !modern && let Some(id) = reader.legacy(&files.legacy) {
        let metadata = Metadata {
            default: Some(id),
            ..Metadata::default()
        };
        return (metadata, Source::Legacy);
    }
    if files.ids().next().is_none() {
        return (Metadata::default(), Source::None);
    }
    reader.notes.push(Note::new(
        code::REBUILT,
        format!(
            "No session list was found ({JSON_FILE}, {CONF_FILE}); it was rebuilt from the session \
             directories."
        ),
    ));
    (Metadata::default(), Source::Rebuilt)
}

#[cfg(test)]
mod tests;
