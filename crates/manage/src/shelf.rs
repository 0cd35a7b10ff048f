//! Places in the store for what is no session that boots: what was deleted, and how sessions once were.
//!
//! `SHELF/NAME/session` is a directory as sessions have it, `SHELF/NAME/record.json` what there is to know about it. The
//! record is durable before the directory is there, which moves by one rename(2).

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use perch_sys::dir;
use perch_sys::replace::{move_durably, replace_file, sync_names};
use rustix::fs::{AtFlags, Mode, mkdirat, unlinkat};
use rustix::io::Errno;

use crate::error::Error;
use crate::store::Store;

/// The session's name in its place.
pub(crate) const SESSION: &str = "session";
/// The name of what is kept beside it.
pub(crate) const RECORD: &str = "record.json";
/// The same while it is written.
const RECORD_UNFINISHED: &str = "record.json.new";
/// The longest record that is read.
pub(crate) const LONGEST: usize = 1 << 16;
/// Others need not look into it.
const MODE: Mode = Mode::from_raw_mode(0o700);

/// Opens the directory `name` in `parent`, which is made if it is missing.
pub(crate) fn open_or_make(
    store: &Store,
    parent: BorrowedFd<'_>,
    name: &str,
) -> Result<OwnedFd, Error> {
    let failed = store.step("make a directory");
    match mkdirat(parent, name, MODE) {
        Ok(()) => sync_names(parent).map_err(&failed)?,
        Err(Errno::EXIST) => {}
        Err(error) => return Err(failed(error)),
    }
    dir::open_dir_beneath(parent, name).map_err(|source| store.failed(source))
}

/// Moves the directory `from` of `old` to the shelf, under the first of `names` that is free, with `record` beside it.
/// Returns that name.
pub(crate) fn put(
    store: &Store,
    shelf: BorrowedFd<'_>,
    mut names: impl Iterator<Item = String>,
    (old, from): (BorrowedFd<'_>, &str),
    record: &[u8],
) -> Result<String, Error> {
    let failed = store.step("make a directory");
    let name = loop {
        let name = names.next().ok_or(Error::NoNumber)?;
        match mkdirat(shelf, &*name, MODE) {
            Ok(()) => break name,
            // Somebody was cut off before there was anything in it.
            Err(Errno::EXIST) if clear(shelf, &name) => {
                mkdirat(shelf, &*name, MODE).map_err(&failed)?;
                break name;
            }
            Err(Errno::EXIST) => {}
            Err(error) => return Err(failed(error)),
        }
    };
    match fill(store, shelf, &name, (old, from), record) {
        Ok(()) => Ok(name),
        Err(error) => {
            // Unless the medium failed so badly that it could not be moved back.
            clear(shelf, &name);
            Err(error)
        }
    }
}

fn fill(
    store: &Store,
    shelf: BorrowedFd<'_>,
    name: &str,
    (old, from): (BorrowedFd<'_>, &str),
    record: &[u8],
) -> Result<(), Error> {
    let failed = store.step("move it within the store");
    let place = dir::open_dir_beneath(shelf, name).map_err(|source| store.failed(source))?;
    replace_file(&place, RECORD, record, 0o600).map_err(|source| Error::Trash {
        path: store.path().to_owned(),
        source,
    })?;
    sync_names(shelf).map_err(&failed)?;
    move_durably(old, from, place.as_fd(), SESSION).map_err(failed)
}

/// Removes a place in which nothing is but its record. False if more is in it.
pub(crate) fn clear(shelf: BorrowedFd<'_>, name: &str) -> bool {
    let place = dir::open_dir_beneath(shelf, name);
    let Ok(entries) = place.and_then(dir::list) else {
        return false;
    };
    let is_record = |entry: &OsStr| entry == RECORD || entry == RECORD_UNFINISHED;
    if !entries.iter().all(|entry| is_record(&entry.name)) {
        return false;
    }
    for entry in [RECORD, RECORD_UNFINISHED] {
        let _ = unlinkat(shelf, format!("{name}/{entry}"), AtFlags::empty());
    }
    unlinkat(shelf, name, AtFlags::REMOVEDIR).is_ok()
}
