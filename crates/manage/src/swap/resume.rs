//! Finishing what was begun, from whatever is found.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use perch_core::manage::swap::{Next, Seen, next};
use perch_core::units::SessionId;
use perch_sys::dir;
use perch_sys::in_use::Lock;
use perch_sys::replace::{move_to_free, sync_names};
use rustix::fs::{AtFlags, Stat, renameat, statat, unlinkat};

use super::{Former, READY, Swap, WAS, note, update};
use crate::change::Locked;
use crate::error::Error;
use crate::snapshot;
use crate::staged::{NEW, OLD, is_working_directory, open_in};
use crate::store::Store;
use crate::trash;

/// A session whose directory somebody was replacing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The working directory.
    pub name: String,
    /// The session.
    pub id: SessionId,
    /// Its number leads to nothing before this is finished.
    pub is_away: bool,
}

/// All whose directory was being replaced when somebody was cut off; the next change of the store finishes it.
///
/// # Errors
/// If the store cannot be listed.
pub fn pending(store: &Store) -> Result<Vec<Pending>, Error> {
    let entries = dir::list(store.dir()).map_err(|source| store.failed(source))?;
    let names = entries.iter().filter_map(|entry| entry.name.to_str());
    let found = names.filter_map(|name| {
        let (_, swap) = abandoned(store, name)?;
        Some(Pending {
            name: name.to_owned(),
            id: swap.id,
            is_away: stat(store.dir(), &swap.id.to_string()).is_none(),
        })
    });
    Ok(found.collect())
}

/// Whether that is a working directory in which something has still to be finished.
pub(crate) fn is_pending(place: impl AsFd) -> bool {
    note::read(place.as_fd()).is_some()
}

/// Finishes whatever somebody was cut off in. Returns the sessions of which that was so.
pub(crate) fn resume_all(locked: &mut Locked<'_>) -> Result<Vec<SessionId>, Error> {
    let store = locked.store();
    let mut resumed = Vec::new();
    for found in pending(store)? {
        if let Some((lock, _)) = abandoned(store, &found.name) {
            resumed.push(found.id);
            // What does not succeed is tried again the next time, and stands in nobody's way until then.
            let _ = resume(locked, lock.dir().as_fd());
            let _ = unlinkat(store.dir(), &*found.name, AtFlags::REMOVEDIR);
        }
    }
    Ok(resumed)
}

/// A working directory with a note, in which nobody is at work any more.
fn abandoned(store: &Store, name: &str) -> Option<(Lock, Swap)> {
    if !is_working_directory(name) {
        return None;
    }
    let place: OwnedFd = open_in(store, name).ok()?;
    note::read(place.as_fd())?;
    let lock = Lock::take(place).ok()?;
    // Whoever had the lock may have finished meanwhile.
    let swap = note::read(lock.dir().as_fd())?;
    Some((lock, swap))
}

/// Finishes what the note in a working directory tells of.
pub(super) fn resume(locked: &mut Locked<'_>, place: BorrowedFd<'_>) -> Result<(), Error> {
    let Some(swap) = note::read(place) else {
        return Ok(());
    };
    let store = locked.store();
    let failed = store.step("put the new form in its place");
    match next(look(store, place, &swap)) {
        Next::GiveUp => give_up(locked, place, &swap)?,
        Next::Place => {
            let number = swap.id.to_string();
            move_to_free(place, READY, store.dir(), &number)
                .and_then(|()| sync_names(store.dir()))
                .and_then(|()| sync_names(place))
                .map_err(failed)?;
            put_away(locked, place, &swap, WAS)?;
        }
        Next::PutReadyAway => put_away(locked, place, &swap, READY)?,
        Next::PutWasAway => put_away(locked, place, &swap, WAS)?,
        Next::KeepOld => {
            trash::put_form(store, swap.id, swap.before.clone(), (place, WAS))?;
            give_up(locked, place, &swap)?;
        }
        Next::Nothing => record(locked, &swap)?,
    }
    note::remove(store, place)
}

fn look(store: &Store, place: BorrowedFd<'_>, swap: &Swap) -> Seen {
    let session = stat(store.dir(), &swap.id.to_string());
    let has = |name| stat(place, name).is_some();
    Seen {
        unfinished: has(NEW) || has(OLD),
        ready: has(READY),
        was: has(WAS),
        session: session.is_some(),
        session_is_new: session.is_some_and(|it| Some(it.st_ino) == swap.inode),
    }
}

fn stat(dir: BorrowedFd<'_>, name: &str) -> Option<Stat> {
    statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).ok()
}

/// The session is what it was; the new directory is nobody's.
fn give_up(locked: &mut Locked<'_>, place: BorrowedFd<'_>, swap: &Swap) -> Result<(), Error> {
    locked.change(|metadata| {
        if let Some(record) = metadata.sessions.get_mut(&swap.id)
            && record.mode.is_none()
        {
            (record.mode, record.size) = (swap.before.mode, swap.before.size);
        }
    })?;
    // Under this name whoever cleans up deletes it.
    let failed = locked.store().step("give up the new form");
    match stat(place, READY) {
        Some(_) => renameat(place, READY, place, NEW).map_err(failed),
        None => Ok(()),
    }
}

fn record(locked: &mut Locked<'_>, swap: &Swap) -> Result<(), Error> {
    locked.change(|metadata| {
        let record = metadata.sessions.entry(swap.id).or_default();
        update(record, &swap.before, &swap.after);
    })
}

/// The session is the new one; `name` is what it was.
fn put_away(
    locked: &mut Locked<'_>,
    place: BorrowedFd<'_>,
    swap: &Swap,
    name: &str,
) -> Result<(), Error> {
    record(locked, swap)?;
    let store = locked.store();
    if stat(place, name).is_none() {
        return Ok(());
    }
    match &swap.former {
        Former::Trash => {
            trash::put_form(store, swap.id, swap.before.clone(), (place, name)).map(|_| ())
        }
        Former::Snapshot(kept) => snapshot::put(store, swap.id, kept, (place, name)).map(|_| ()),
        Former::Gone => {
            let failed = store.step("move away what is to be deleted");
            renameat(place, name, place, OLD).map_err(failed)
        }
    }
}
