//! Moving a session out of the trash.

use std::os::fd::{AsFd, OwnedFd};

use perch_core::manage::step::Step;
use perch_sys::replace::move_durably;
use rustix::fs::{AtFlags, Timespec, Timestamps, UTIME_NOW, utimensat};
use rustix::io::Errno;

use super::{Item, TRASH, find, list, open};
use crate::account::Account;
use crate::change::Locked;
use crate::done::Done;
use crate::error::Error;
use crate::shelf::{self, SESSION};
use crate::snapshot;
use crate::staged::open_in;
use crate::store::Store;

/// What is done to restore a piece: it gets its old number, or where that is taken the next one.
///
/// # Errors
/// If there is no such piece.
pub fn plan_restore(store: &Store, account: &Account, wanted: &str) -> Result<(Item, Done), Error> {
    let item = find(&list(store)?, wanted)?;
    let old = item.id.filter(|id| account.is_free(*id));
    let id = old.or_else(|| account.next_id()).ok_or(Error::NoNumber)?;
    let mut notes = Vec::new();
    if let Some(was) = item.id.filter(|was| *was != id) {
        notes.push(format!(
            "there is another session {was} by now, so this one becomes {id}"
        ));
    }
    let steps = vec![
        Step::Restore {
            item: item.name.clone(),
            id,
        },
        Step::Record { id },
    ];
    Ok((
        item,
        Done {
            id: Some(id),
            steps,
            notes,
        },
    ))
}

/// Records a piece again, and moves it out of the trash.
///
/// # Errors
/// If there is none, or it cannot be moved.
pub fn restore(locked: &mut Locked<'_>, wanted: &str) -> Result<Done, Error> {
    let (item, done) = plan_restore(locked.store(), locked.account(), wanted)?;
    let store = locked.store();
    let failed = store.step("move it out of the trash");
    let Some(id) = done.id else {
        return Err(Error::NoNumber);
    };
    let place = open_in(store, &format!("{TRASH}/{}", item.name));
    let place = place.map_err(|source| store.failed(source))?;
    // Whoever wants it back uses it: the next cleanup is not to take it away again.
    let _ = touch(&place);
    let mut record = item.record.clone();
    record.tries = None;
    locked.with_record(id, record, |_| {
        move_durably(place.as_fd(), SESSION, store.dir(), &id.to_string()).map_err(failed)
    })?;
    snapshot::come_back(store, &format!("{TRASH}/{}", item.name), id)?;
    // Nothing but its record is left, which the next emptying takes if this fails.
    if let Ok(Some(trash)) = open(store) {
        shelf::clear(trash.as_fd(), &item.name);
    }
    Ok(done)
}

fn touch(place: &OwnedFd) -> Result<(), Errno> {
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_NOW,
    };
    let times = Timestamps {
        last_access: now,
        last_modification: now,
    };
    utimensat(place, SESSION, &times, AtFlags::SYMLINK_NOFOLLOW)
}
