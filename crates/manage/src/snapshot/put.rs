//! Putting a directory among the snapshots of a session.

use std::os::fd::{AsFd, BorrowedFd};

use perch_core::units::SessionId;

use super::{Kept, SNAPSHOTS, list};
use crate::error::Error;
use crate::shelf;
use crate::store::Store;

/// How many snapshots a session has at most.
const MOST: u32 = 100_000;

/// The number that the next snapshot gets: numbers are not used again while there is a larger one.
pub(super) fn next(store: &Store, id: SessionId) -> Result<u32, Error> {
    let last = list(store, Some(id))?.last().map_or(0, |last| last.number);
    Ok(last.saturating_add(1))
}

/// Moves a directory, which was the session or a copy of it, among its snapshots. Returns its number.
pub(crate) fn put(
    store: &Store,
    id: SessionId,
    kept: &Kept,
    from: (BorrowedFd<'_>, &str),
) -> Result<u32, Error> {
    let first = next(store, id)?;
    let shelves = shelf::open_or_make(store, store.dir(), SNAPSHOTS)?;
    let shelf = shelf::open_or_make(store, shelves.as_fd(), &id.to_string())?;
    let names = (first..=MOST).map(|number| number.to_string());
    let text = serde_json::to_vec(kept).unwrap_or_default();
    let name = shelf::put(store, shelf.as_fd(), names, from, &text)?;
    name.parse().map_err(|_| Error::NoNumber)
}
