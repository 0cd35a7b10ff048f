//! The trash of a store: what was deleted, until somebody empties it.
//!
//! `.trash/7-1/session` is what session 7 was, `.trash/7-1/record.json` what metadata said of it. No program
//! takes a name with a dot in front for a session, and the move is one rename(2) within the file system.

mod empty;
mod put;
mod restore;

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::AtomicBool;

use perch_core::metadata::Record;
use perch_core::units::SessionId;
use perch_sys::dir::{self, Content, Kind};
use perch_sys::usage::{self, Usage};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shelf::{LONGEST, RECORD, SESSION};
use crate::staged::open_in;
use crate::store::Store;
use crate::time::Time;

pub(crate) use self::empty::take_out;
pub use self::empty::{empty, plan_empty};
pub(crate) use self::put::{put, put_form, put_leftover};
pub use self::restore::{plan_restore, restore};

/// The trash's name in the store.
pub const TRASH: &str = ".trash";

/// What is kept beside a session in the trash.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Kept {
    /// The number that it had; absent for a leftover.
    #[serde(default)]
    id: Option<SessionId>,
    /// When it was deleted, in seconds since 1970.
    #[serde(default)]
    deleted: i64,
    /// What metadata said of it.
    #[serde(default)]
    record: Record,
}

/// One piece of the trash.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its name in the trash.
    pub name: String,
    /// The number that it had; absent for what an interrupted program left behind.
    pub id: Option<SessionId>,
    /// When it was deleted; absent where that is not known.
    pub deleted: Option<Time>,
    /// What metadata said of it.
    pub record: Record,
    /// A session is in it, not only the beginnings of a move.
    pub is_whole: bool,
}

/// All that is in the trash, the latest last.
///
/// # Errors
/// If it cannot be read.
pub fn list(store: &Store) -> Result<Vec<Item>, Error> {
    let Some(trash) = open(store)? else {
        return Ok(Vec::new());
    };
    let entries = dir::list(&trash).map_err(|source| store.failed(source))?;
    let mut items: Vec<Item> = entries
        .iter()
        .filter(|entry| entry.kind == Kind::Directory)
        .filter_map(|entry| Some(item(&trash, entry.name.to_str()?)))
        .collect();
    items.sort_by(|a, b| (a.deleted, a.id, &a.name).cmp(&(b.deleted, b.id, &b.name)));
    Ok(items)
}

fn item(trash: &OwnedFd, name: &str) -> Item {
    let path = format!("{name}/{RECORD}");
    let kept = match dir::read_bounded(trash, path, LONGEST) {
        Ok(Content::Bytes { bytes, .. }) => serde_json::from_slice::<Kept>(&bytes).ok(),
        Ok(Content::Absent | Content::TooLarge { .. } | Content::NotAFile) | Err(_) => None,
    };
    let by_name = || name.split_once('-').and_then(|(id, _)| id.parse().ok());
    let kept_id = kept.as_ref().and_then(|kept| kept.id);
    Item {
        name: name.to_owned(),
        id: kept_id.or_else(by_name),
        deleted: kept.as_ref().map(|kept| Time::new(kept.deleted, 0)),
        record: kept.map(|kept| kept.record).unwrap_or_default(),
        is_whole: dir::open_dir_beneath(trash, format!("{name}/{SESSION}")).is_ok(),
    }
}

/// What the pieces take.
pub fn usage(store: &Store, items: &[Item], stop: &AtomicBool) -> Vec<Option<Usage>> {
    let names: Vec<String> = items.iter().map(|item| item.name.clone()).collect();
    match open(store) {
        Ok(Some(trash)) => usage::of_all(trash.as_fd(), &names, stop),
        Ok(None) | Err(_) => vec![None; items.len()],
    }
}

/// The piece that `wanted` names: its name, or the number of a session, of several the one deleted last.
///
/// # Errors
/// If there is none.
pub fn find(items: &[Item], wanted: &str) -> Result<Item, Error> {
    let whole = || items.iter().filter(|item| item.is_whole);
    let by_name = whole().find(|item| item.name == wanted);
    let by_number = || {
        let id: SessionId = wanted.parse().ok()?;
        whole().rfind(|item| item.id == Some(id))
    };
    let found = by_name.or_else(by_number).cloned();
    found.ok_or_else(|| Error::NotInTrash(wanted.chars().take(64).collect()))
}

fn open(store: &Store) -> Result<Option<OwnedFd>, Error> {
    match open_in(store, TRASH) {
        Ok(trash) => Ok(Some(trash)),
        Err(error) if error.errno() == Some(Errno::NOENT) => Ok(None),
        Err(error) => Err(store.failed(error)),
    }
}
