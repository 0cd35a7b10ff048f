//! Moving something to the trash: what is kept beside it is durable before it moves.

use std::os::fd::{AsFd, OwnedFd};

use perch_core::units::SessionId;
use perch_sys::dir;
use perch_sys::replace::{move_durably, replace_file, sync_names};
use rustix::fs::{AtFlags, Mode, mkdirat, statat, unlinkat};
use rustix::io::Errno;

use super::{Kept, RECORD, SESSION, TRASH};
use crate::change::Locked;
use crate::error::Error;
use crate::staged::open_in;
use crate::store::Store;
use crate::time::Time;

/// What leftovers of other programs are called.
const LEFTOVER: &str = "leftover";
/// How many pieces of one name there are at most.
const MOST: u32 = 100_000;

/// Moves a session to the trash. Metadata still speaks of it, which readers pass over.
pub(crate) fn put(locked: &Locked<'_>, id: SessionId) -> Result<(), Error> {
    let record = locked.account().record(id).cloned().unwrap_or_default();
    move_in(
        locked.store(),
        &id.to_string(),
        &id.to_string(),
        &Kept {
            id: Some(id),
            deleted: Time::now().seconds(),
            record,
        },
    )
}

/// Moves what another program left behind to the trash.
pub(crate) fn put_leftover(store: &Store, name: &str) -> Result<(), Error> {
    move_in(
        store,
        name,
        LEFTOVER,
        &Kept {
            deleted: Time::now().seconds(),
            ..Kept::default()
        },
    )
}

/// Moves the directory `from` of the store into the trash, as `called` with a number behind it.
fn move_in(store: &Store, from: &str, called: &str, kept: &Kept) -> Result<(), Error> {
    let failed = store.step("move it to the trash");
    let mode = Mode::from_raw_mode(0o700);
    match mkdirat(store.dir(), TRASH, mode) {
        Ok(()) => sync_names(store.dir()).map_err(&failed)?,
        Err(Errno::EXIST) => {}
        Err(error) => return Err(failed(error)),
    }
    let trash = open_in(store, TRASH).map_err(|source| store.failed(source))?;
    let mut numbers = 1..=MOST;
    let name = loop {
        let number = numbers.next().ok_or(Error::NoNumber)?;
        let name = format!("{called}-{number}");
        match mkdirat(&trash, &*name, mode) {
            Ok(()) => break name,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(failed(error)),
        }
    };
    let moved = fill(store, &trash, &name, from, kept);
    // It is there still if the medium failed so badly that it could not be moved back.
    let within = statat(
        &trash,
        format!("{name}/{SESSION}"),
        AtFlags::SYMLINK_NOFOLLOW,
    );
    if moved.is_err() && matches!(within, Err(Errno::NOENT)) {
        let _ = unlinkat(&trash, format!("{name}/{RECORD}"), AtFlags::empty());
        let _ = unlinkat(&trash, &*name, AtFlags::REMOVEDIR);
    }
    moved
}

fn fill(store: &Store, trash: &OwnedFd, name: &str, from: &str, kept: &Kept) -> Result<(), Error> {
    let failed = store.step("move it to the trash");
    let place = dir::open_dir_beneath(trash, name).map_err(|source| store.failed(source))?;
    let text = serde_json::to_vec(kept).unwrap_or_default();
    replace_file(&place, RECORD, &text, 0o600).map_err(|source| Error::Trash {
        path: store.path().to_owned(),
        source,
    })?;
    sync_names(trash.as_fd()).map_err(&failed)?;
    move_durably(store.dir(), from, place.as_fd(), SESSION).map_err(failed)
}
