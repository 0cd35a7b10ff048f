//! Making a session's container larger.
//!
//! The medium first, then the file system in it, then metadata: cut in between, the session opens, with a file that is
//! longer than its file system, and the next run goes on from there.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use perch_core::manage::permission::Verb;
use perch_core::manage::resize::{CannotResize, Container, Growth, growth};
use perch_core::manage::step::Step;
use perch_core::serving::BaseName;
use perch_core::session::{Mode, Session};
use perch_core::units::{Bytes, Mib, SessionId};
use perch_sys::container::dynfilefs::Server;
use perch_sys::container::{Expandable, GrowError, Image};
use perch_sys::layout::IMAGE;
use perch_sys::{dir, superblock};
use rustix::fs::OFlags;

use crate::account::Account;
use crate::delete::permit;
use crate::done::{Done, Effect};
use crate::error::{Error, FormError};
use crate::live::Live;
use crate::place::Whereabouts;
use crate::store::Store;

/// Makes the container of a session as large as `to`, and its file system with it.
///
/// # Errors
/// If it is refused, or cannot be done: the session can be opened as before, unless its file system was not in order.
pub fn resize(
    store: &Store,
    live: &Live,
    id: SessionId,
    to: Mib,
    effect: Effect,
    stop: &AtomicBool,
) -> Result<Done, Error> {
    if effect == Effect::DryRun {
        let account = Account::read(store, live)?;
        permit(store, &account, Verb::Resize, id)?;
        let growth = look(store, &account, id, to)?;
        return Ok(plan(id, to, growth));
    }
    let locked = store.lock(live)?;
    let lock = permit(store, locked.account(), Verb::Resize, id)?;
    let session = store.session(id)?;
    let mode = mode(store, locked.account(), id)?;
    let what = look(store, locked.account(), id, to)?;
    // The lock of the session's directory keeps others from it. Nobody has to wait for what follows.
    drop(locked);
    if stop.load(Ordering::Relaxed) {
        return Err(Error::Interrupted);
    }
    let before = file_system(&session, mode);
    if what != Growth::Record {
        grow(id, &session, mode, to, stop)?;
    }
    let mut locked = store.lock(live)?;
    let recorded = locked.account().record(id).and_then(|record| record.size);
    let same = what == Growth::FileSystem && before == file_system(&session, mode);
    locked.change(|metadata| {
        let record = metadata.sessions.entry(id).or_default();
        record.mode = Some(mode);
        record.size = Some(to);
    })?;
    drop(lock);
    if same && recorded == Some(to) {
        let length = to.bytes();
        let source = CannotResize::NotLarger { length };
        return Err(FormError::Resize { id, source }.into());
    }
    Ok(plan(id, to, what))
}

fn plan(id: SessionId, to: Mib, growth: Growth) -> Done {
    let grow = (growth != Growth::Record).then_some(Step::Grow { id, size: to });
    let record = Step::Record { id };
    Done {
        id: Some(id),
        steps: grow.into_iter().chain([record]).collect(),
        notes: Vec::new(),
    }
}

fn mode(store: &Store, account: &Account, id: SessionId) -> Result<Mode, Error> {
    let session = account.session(id).ok_or_else(|| store.not_found(id))?;
    Ok(session.mode)
}

fn look(store: &Store, account: &Account, id: SessionId, to: Mib) -> Result<Growth, Error> {
    let session: &Session = account.session(id).ok_or_else(|| store.not_found(id))?;
    let container = Container {
        mode: session.mode,
        disk: session.image,
        file_system: file_system(&store.session(id)?, session.mode),
        allocated: session.allocated,
        recorded: session.size,
    };
    let place = Whereabouts::of(store)?.for_new();
    Ok(growth(&container, to, &place).map_err(|source| FormError::Resize { id, source })?)
}

/// How much of a raw container its file system takes; a dynfilefs one would have to be served for that.
fn file_system(session: &OwnedFd, mode: Mode) -> Option<Bytes> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
    match mode {
        Mode::Raw => {
            let file = dir::open_beneath(session, IMAGE, flags).ok()?;
            let found = superblock::read(&std::fs::File::from(file)).ok()?;
            found?.bytes.map(Bytes)
        }
        Mode::Native | Mode::Dynfilefs => None,
    }
}

fn grow(
    id: SessionId,
    session: &OwnedFd,
    mode: Mode,
    to: Mib,
    stop: &AtomicBool,
) -> Result<(), Error> {
    let failed = |error| match error {
        // A terminal sends Ctrl-C to the programs that are at work, too.
        GrowError::AsItWas(_) if stop.load(Ordering::Relaxed) => Error::Interrupted,
        GrowError::AsItWas(source) => {
            let source = Box::new(source);
            FormError::NotGrown { id, source }.into()
        }
        GrowError::NotInOrder(source) => {
            let source = Box::new(source);
            FormError::NotInOrder { id, source }.into()
        }
    };
    let opened = |source| failed(GrowError::NotInOrder(source));
    match mode {
        Mode::Native => Ok(()),
        Mode::Raw => {
            let image = Image::open(session.as_fd()).map_err(opened)?;
            image.grow(to).map_err(failed)
        }
        Mode::Dynfilefs => {
            let server = Server::new(BaseName::of_session());
            let mut container = Expandable::open(&server, session.as_fd()).map_err(opened)?;
            let grown = container.grow_whole(to);
            let ended = container.close();
            grown.map_err(failed)?;
            match ended {
                true => Ok(()),
                false => Err(Error::StillServed),
            }
        }
    }
}
