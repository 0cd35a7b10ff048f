//! Snapshots: what a session was at a moment, kept beside the sessions.
//!
//! `.snapshots/3/1/session` is the directory of session 3 as it was, `.snapshots/3/1/record.json` what is known of it.
//! No program takes a name with a dot in front for a session, and nobody opens what is in it: going back makes a copy.
//! Where the file system can share blocks (Btrfs, XFS) a snapshot takes room only for what changes later. Files are never
//! shared as a whole (hard links): they would change with the session.

mod follow;
mod put;
mod remove;
mod rollback;
mod take;

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::AtomicBool;

use perch_core::metadata::Record;
use perch_core::units::SessionId;
use perch_sys::dir::{self, Content, Kind};
use perch_sys::usage::{self, Usage};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::error::{Error, FormError};
use crate::shelf::{LONGEST, RECORD, SESSION};
use crate::staged::open_in;
use crate::store::Store;
use crate::time::Time;

pub(crate) use follow::{come_back, go_along};
pub(crate) use put::put;
pub use remove::{plan_remove, remove};
pub use rollback::rollback;
pub use take::{Taken, take};

/// Their name in the store.
pub const SNAPSHOTS: &str = ".snapshots";

/// What is kept beside a snapshot.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// When it was made, in seconds since 1970.
    #[serde(default)]
    pub(crate) made: i64,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// What there is to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// The snapshot that took its place; absent where somebody wanted this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replaced_by: Option<u32>,
    /// What metadata said of the session.
    #[serde(default)]
    pub(crate) record: Record,
}

/// One snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The session that it is of.
    pub session: SessionId,
    /// Its number among those of the session.
    pub number: u32,
    /// When it was made; absent where that is not known.
    pub made: Option<Time>,
    /// What it is called.
    pub name: Option<String>,
    /// What there is to say about it.
    pub note: Option<String>,
    /// It is what the session was before it went back to the snapshot of that number.
    pub replaced_by: Option<u32>,
    /// What metadata said of the session.
    pub record: Record,
}

/// All snapshots of a session, or of all sessions: by session and number.
///
/// # Errors
/// If they cannot be read.
pub fn list(store: &Store, only: Option<SessionId>) -> Result<Vec<Snapshot>, Error> {
    let mut found = Vec::new();
    for id in sessions(store)? {
        if only.is_none_or(|only| only == id)
            && let Some(shelf) = open(store, id)?
        {
            let entries = dir::list(&shelf).map_err(|source| store.failed(source))?;
            let directories = entries.iter().filter(|it| it.kind == Kind::Directory);
            let numbers = directories.filter_map(|entry| number(entry.name.to_str()?));
            let whole = numbers.filter(|number| is_whole(&shelf, *number));
            found.extend(whole.map(|number| look(&shelf, id, number)));
        }
    }
    found.sort_by_key(|it| (it.session, it.number));
    Ok(found)
}

/// The numbers of all sessions that have snapshots.
pub(crate) fn sessions(store: &Store) -> Result<Vec<SessionId>, Error> {
    let failed = |source| store.failed(source);
    let shelves = match open_in(store, SNAPSHOTS) {
        Ok(shelves) => shelves,
        Err(error) if error.errno() == Some(Errno::NOENT) => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let entries = dir::list(&shelves).map_err(failed)?;
    let names = entries.iter().filter_map(|entry| entry.name.to_str());
    Ok(names.filter_map(|name| name.parse().ok()).collect())
}

fn look(shelf: &OwnedFd, session: SessionId, number: u32) -> Snapshot {
    let kept = match dir::read_bounded(shelf, format!("{number}/{RECORD}"), LONGEST) {
        Ok(Content::Bytes { bytes, .. }) => serde_json::from_slice::<Kept>(&bytes).ok(),
        Ok(Content::Absent | Content::TooLarge { .. } | Content::NotAFile) | Err(_) => None,
    };
    let made = kept.as_ref().map(|kept| Time::new(kept.made, 0));
    let kept = kept.unwrap_or_default();
    Snapshot {
        session,
        number,
        made,
        name: kept.name,
        note: kept.note,
        replaced_by: kept.replaced_by,
        record: kept.record,
    }
}

/// A session is in it, not only the beginnings of a move.
fn is_whole(shelf: &OwnedFd, number: u32) -> bool {
    dir::open_dir_beneath(shelf, format!("{number}/{SESSION}")).is_ok()
}

/// What they take.
pub fn usage(store: &Store, snapshots: &[Snapshot], stop: &AtomicBool) -> Vec<Option<Usage>> {
    let name = |it: &Snapshot| format!("{}/{}", it.session, it.number);
    let names: Vec<String> = snapshots.iter().map(name).collect();
    match open_in(store, SNAPSHOTS) {
        Ok(shelves) => usage::of_all(shelves.as_fd(), &names, stop),
        Err(_) => vec![None; snapshots.len()],
    }
}

/// The snapshot that `wanted` names among those of a session: its number, or what it is called, of several the last;
/// without that the last one of all.
///
/// # Errors
/// If there is none.
pub fn find(store: &Store, id: SessionId, wanted: Option<&str>) -> Result<Snapshot, Error> {
    let mut all = list(store, Some(id))?;
    let found = match wanted {
        None => all.pop(),
        Some(wanted) => {
            let by_number = all.iter().rfind(|it| Some(it.number) == number(wanted));
            let by_name = || all.iter().rfind(|it| it.name.as_deref() == Some(wanted));
            by_number.or_else(by_name).cloned()
        }
    };
    let wanted = wanted.map(|wanted| wanted.chars().take(64).collect());
    Ok(found.ok_or(FormError::NoSnapshot { id, wanted })?)
}

/// The shelf of a session; `None` if it has none.
fn open(store: &Store, id: SessionId) -> Result<Option<OwnedFd>, Error> {
    match open_in(store, &format!("{SNAPSHOTS}/{id}")) {
        Ok(shelf) => Ok(Some(shelf)),
        Err(error) if error.errno() == Some(Errno::NOENT) => Ok(None),
        Err(error) => Err(store.failed(error)),
    }
}

/// Reads a number as it is written.
fn number(text: &str) -> Option<u32> {
    text.parse::<SessionId>().ok().map(SessionId::get)
}
