//! Moving something to the trash.

use std::os::fd::{AsFd, BorrowedFd};

use perch_core::metadata::Record;
use perch_core::units::SessionId;

use super::{Kept, TRASH};
use crate::change::Locked;
use crate::error::Error;
use crate::shelf;
use crate::store::Store;
use crate::time::Time;

/// What leftovers of other programs are called.
const LEFTOVER: &str = "leftover";
/// How many pieces of one name there are at most.
const MOST: u32 = 100_000;

/// Moves a session to the trash. Metadata still speaks of it, which readers pass over. Returns its name there.
pub(crate) fn put(locked: &Locked<'_>, id: SessionId) -> Result<String, Error> {
    let record = locked.account().record(id).cloned().unwrap_or_default();
    let store = locked.store();
    put_form(store, id, record, (store.dir(), &id.to_string()))
}

/// Moves a directory to the trash in which a session was, or still is in another form.
pub(crate) fn put_form(
    store: &Store,
    id: SessionId,
    record: Record,
    from: (BorrowedFd<'_>, &str),
) -> Result<String, Error> {
    let kept = Kept {
        id: Some(id),
        deleted: Time::now().seconds(),
        record,
    };
    move_in(store, from, &id.to_string(), &kept)
}

/// Moves what another program left behind to the trash.
pub(crate) fn put_leftover(store: &Store, name: &str) -> Result<(), Error> {
    let kept = Kept {
        deleted: Time::now().seconds(),
        ..Kept::default()
    };
    move_in(store, (store.dir(), name), LEFTOVER, &kept).map(|_| ())
}

/// Moves a directory into the trash, as `called` with a number behind it.
fn move_in(
    store: &Store,
    from: (BorrowedFd<'_>, &str),
    called: &str,
    kept: &Kept,
) -> Result<String, Error> {
    let trash = shelf::open_or_make(store, store.dir(), TRASH)?;
    let text = serde_json::to_vec(kept).unwrap_or_default();
    let names = (1..=MOST).map(|number| format!("{called}-{number}"));
    shelf::put(store, trash.as_fd(), names, from, &text)
}
