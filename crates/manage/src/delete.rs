//! Deleting a session: to the trash, or for good.

use std::sync::atomic::AtomicBool;

use perch_core::manage::permission::{Refusal, Verb, refuse};
use perch_core::manage::step::Step;
use perch_core::units::SessionId;
use perch_sys::in_use::Lock;

use crate::account::Account;
use crate::change::Locked;
use crate::done::{Done, Effect};
use crate::error::Error;
use crate::live::Live;
use crate::snapshot;
use crate::staged::Staged;
use crate::standing::{Claimed, claim};
use crate::store::Store;
use crate::trash;

/// What becomes of a deleted session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It lies in the trash until that is emptied.
    Trash,
    /// It is gone.
    Gone,
}

/// Deletes a session, unless it boots next, runs, or is used. `progress` is told of every file that is gone.
///
/// # Errors
/// If it is refused, or cannot be done.
pub fn delete(
    store: &Store,
    live: &Live,
    id: SessionId,
    fate: Fate,
    effect: Effect,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(),
) -> Result<Done, Error> {
    if effect == Effect::DryRun {
        permit(store, &Account::read(store, live)?, Verb::Delete, id)?;
        return Ok(plan(id, fate));
    }
    let mut locked = store.lock(live)?;
    let lock = permit(store, locked.account(), Verb::Delete, id)?;
    let removed = take_away(&mut locked, id, fate)?;
    // Nobody has to wait for what follows.
    drop(locked);
    if let Some(staged) = removed {
        staged.clear(stop, progress)?;
    }
    drop(lock);
    Ok(plan(id, fate))
}

fn plan(id: SessionId, fate: Fate) -> Done {
    let first = match fate {
        Fate::Trash => Step::MoveToTrash { id },
        Fate::Gone => Step::Remove { id },
    };
    Done {
        id: Some(id),
        steps: vec![first, Step::Forget { id }],
        notes: Vec::new(),
    }
}

/// Makes sure that a session is there and that this may be done with it; while the returned lock is held, nobody
/// opens it.
///
/// # Errors
/// If there is none, or the matrix of permissions refuses.
pub fn permit(
    store: &Store,
    account: &Account,
    verb: Verb,
    id: SessionId,
) -> Result<Option<Lock>, Error> {
    permit_by(store, account, verb, id, claim)
}

/// As [`permit`], with the lock that `claim` takes.
pub(crate) fn permit_by(
    store: &Store,
    account: &Account,
    verb: Verb,
    id: SessionId,
    claim: fn(&Store, SessionId) -> Claimed,
) -> Result<Option<Lock>, Error> {
    account.session(id).ok_or_else(|| store.not_found(id))?;
    let refused = |refusal: Refusal| Error::Refused { id, verb, refusal };
    let mut standing = account.standing(id);
    if let Some(refusal) = refuse(verb, &standing) {
        return Err(refused(refusal));
    }
    let user = match claim(store, id)? {
        Ok(lock) => return Ok(lock),
        Err(user) => user,
    };
    standing.in_use = Some(user);
    match refuse(verb, &standing) {
        Some(refusal) => Err(refused(refusal)),
        None => Ok(None),
    }
}

/// Takes a session out of the store and of its metadata. Cut in between, metadata speaks of a session that is not
/// there, which every reader passes over. What is returned has still to be cleared.
pub(crate) fn take_away<'a>(
    locked: &mut Locked<'a>,
    id: SessionId,
    fate: Fate,
) -> Result<Option<Staged<'a>>, Error> {
    let store = locked.store();
    let (staged, place) = match fate {
        Fate::Trash => (
            None,
            format!("{}/{}", trash::TRASH, trash::put(locked, id)?),
        ),
        Fate::Gone => {
            let mut staged = Staged::new(store)?;
            staged.take(store.dir(), &id.to_string())?;
            let place = staged.old();
            (Some(staged), place)
        }
    };
    locked.change(|metadata| {
        metadata.sessions.remove(&id);
        for pointer in [
            &mut metadata.default,
            &mut metadata.previous,
            &mut metadata.running,
        ] {
            *pointer = pointer.filter(|at| *at != id);
        }
    })?;
    snapshot::go_along(store, id, &place)?;
    Ok(staged)
}
