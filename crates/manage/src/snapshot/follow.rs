//! Snapshots go where their session goes: into the trash and out of it.
//!
//! The session moves first. Cut in between, its snapshots wait where they were; no new session gets its number
//! ([`sessions`](super::sessions)), and when it comes back they are its own again.

use std::os::fd::AsFd;

use perch_core::units::SessionId;
use perch_sys::dir::open_dir_beneath;
use perch_sys::replace::{move_to_free, sync_names};
use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;

use super::SNAPSHOTS;
use crate::error::Error;
use crate::shelf;
use crate::staged::open_in;
use crate::store::Store;

/// Their name beside a session that is not in its place.
const BESIDE: &str = "snapshots";

/// Moves the snapshots of a session into the directory `to` of the store.
pub(crate) fn go_along(store: &Store, id: SessionId, to: &str) -> Result<(), Error> {
    let failed = store.step("move the snapshots of the session");
    let Ok(shelves) = open_in(store, SNAPSHOTS) else {
        return Ok(());
    };
    let to = open_in(store, to).map_err(|source| store.failed(source))?;
    match move_to_free(shelves.as_fd(), &id.to_string(), to.as_fd(), BESIDE) {
        Ok(()) => {}
        Err(Errno::NOENT) => return Ok(()),
        Err(error) => return Err(failed(error)),
    }
    sync_names(to.as_fd())
        .and_then(|()| sync_names(shelves.as_fd()))
        .map_err(failed)?;
    remove_empty(store, id);
    Ok(())
}

/// Moves the snapshots in the directory `from` of the store to a session.
pub(crate) fn come_back(store: &Store, from: &str, id: SessionId) -> Result<(), Error> {
    let failed = store.step("move the snapshots of the session");
    let from = open_in(store, from).map_err(|source| store.failed(source))?;
    if open_dir_beneath(&from, BESIDE).is_err() {
        return Ok(());
    }
    let shelves = shelf::open_or_make(store, store.dir(), SNAPSHOTS)?;
    match move_to_free(from.as_fd(), BESIDE, shelves.as_fd(), &id.to_string()) {
        Ok(()) => sync_names(shelves.as_fd())
            .and_then(|()| sync_names(from.as_fd()))
            .map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

/// Removes the directories that no snapshot is in any more.
pub(super) fn remove_empty(store: &Store, id: SessionId) {
    let _ = unlinkat(store.dir(), format!("{SNAPSHOTS}/{id}"), AtFlags::REMOVEDIR);
    let _ = unlinkat(store.dir(), SNAPSHOTS, AtFlags::REMOVEDIR);
}
