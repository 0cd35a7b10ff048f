//! Making a session.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use perch_core::manage::create as sizes;
use perch_core::manage::step::Step;
use perch_core::metadata::Record;
use perch_core::serving::BaseName;
use perch_core::session::Mode;
use perch_core::units::{Mib, SessionId};
use perch_sys::container::dynfilefs::Server;
use perch_sys::container::{Expandable, Image};

use crate::account::Account;
use crate::content::check_native;
use crate::done::{Done, Effect};
use crate::error::Error;
use crate::live::Live;
use crate::place::Whereabouts;
use crate::rename::Labels;
use crate::staged::Staged;
use crate::store::Store;

/// What a new session is to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// How it keeps its data.
    pub mode: Mode,
    /// The size of its container; absent for the usual one.
    pub size: Option<Mib>,
    /// What it is called.
    pub labels: Labels,
}

/// Makes a session. The default stays as it is.
///
/// # Errors
/// If none can be had like that, or it cannot be made; nothing is left of it then.
pub fn create(
    store: &Store,
    live: &Live,
    wish: &Wish,
    effect: Effect,
    stop: &AtomicBool,
) -> Result<Done, Error> {
    wish.labels.check()?;
    if effect == Effect::Real {
        store.check_writable()?;
    }
    let place = Whereabouts::of(store)?.for_new();
    let sizes::Sized { size, note } = sizes::size(wish.mode, wish.size, &place)?;
    let done = |id| Done {
        id: Some(id),
        steps: vec![
            Step::MakeSession {
                id,
                mode: wish.mode,
                size,
            },
            Step::Record { id },
        ],
        notes: note.iter().map(ToString::to_string).collect(),
    };
    if effect == Effect::DryRun {
        return Account::read(store, live)?.number(None).map(done);
    }
    let mut staged = Staged::new(store)?;
    let session = staged.make_session()?;
    fill(&session, wish.mode, size, stop)?;
    if stop.load(Ordering::Relaxed) {
        return Err(Error::Interrupted);
    }
    let mut record = Record {
        mode: Some(wish.mode),
        version: live.system.version.clone(),
        edition: live.system.edition.clone(),
        union: live.union,
        size,
        ..Record::default()
    };
    wish.labels.write_into(&mut record)?;
    record_new(staged, store, live, record).map(done)
}

/// Gives a session that was made its number, and records it: first, since an entry without a directory is passed over
/// by every reader, while a session without its entry would have lost its name and what it was made for.
///
/// # Errors
/// If no number is free or the medium fails; nothing of it is left then.
pub fn record_new(
    staged: Staged<'_>,
    store: &Store,
    live: &Live,
    record: Record,
) -> Result<SessionId, Error> {
    record_as(staged, store, live, record, None)
}

/// As [`record_new`], with the number that somebody chose.
///
/// # Errors
/// Also if that is taken.
pub fn record_as(
    staged: Staged<'_>,
    store: &Store,
    live: &Live,
    record: Record,
    chosen: Option<SessionId>,
) -> Result<SessionId, Error> {
    let mut locked = store.lock(live)?;
    let id = locked.account().number(chosen)?;
    locked.with_record(id, record, |locked| staged.settle(locked, id))?;
    Ok(id)
}

/// Makes what a session of that mode consists of, in its empty directory.
///
/// # Errors
/// If its file system cannot hold it, or the medium fails.
pub fn fill(
    session: &OwnedFd,
    mode: Mode,
    size: Option<Mib>,
    stop: &AtomicBool,
) -> Result<(), Error> {
    let container = |error| match stop.load(Ordering::Relaxed) {
        // A terminal sends Ctrl-C to the programs that are at work, too.
        true => Error::Interrupted,
        false => Error::Container(Box::new(error)),
    };
    match (mode, size) {
        (Mode::Native, _) => check_native(session.as_fd()),
        (Mode::Raw, size) => {
            let size = size.unwrap_or(perch_core::sizing::DEFAULT);
            Image::make(session.as_fd(), size).map_err(container)?;
            Ok(())
        }
        (Mode::Dynfilefs, size) => {
            let size = size.unwrap_or(perch_core::sizing::DEFAULT);
            let server = Server::new(BaseName::of_session());
            let made = Expandable::make(&server, session.as_fd(), size).map_err(container)?;
            match made.close() {
                true => Ok(()),
                false => Err(Error::StillServed),
            }
        }
    }
}
