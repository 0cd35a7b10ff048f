//! Having a session boot next.

use perch_core::manage::step::Step;
use perch_core::units::SessionId;

use crate::account::Account;
use crate::done::{Done, Effect};
use crate::error::Error;
use crate::live::Live;
use crate::store::Store;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activated {
    /// What was done.
    pub done: Done,
    /// The session that would have booted next; absent if there was none.
    pub former: Option<SessionId>,
}

/// Makes a session the default. It gets all its tries again: whoever chooses it has a reason to.
///
/// # Errors
/// If there is no such session, or it cannot be recorded.
pub fn activate(
    store: &Store,
    live: &Live,
    id: SessionId,
    effect: Effect,
) -> Result<Activated, Error> {
    if effect == Effect::DryRun {
        return plan(store, &Account::read(store, live)?, id);
    }
    let mut locked = store.lock(live)?;
    let activated = plan(store, locked.account(), id)?;
    locked.change(|metadata| {
        metadata.default = Some(id);
        metadata.previous = metadata.previous.filter(|previous| *previous != id);
        metadata.forget_tries_of(id);
    })?;
    Ok(activated)
}

fn plan(store: &Store, account: &Account, id: SessionId) -> Result<Activated, Error> {
    account.session(id).ok_or_else(|| store.not_found(id))?;
    Ok(Activated {
        done: Done {
            id: Some(id),
            steps: vec![Step::Activate { id }],
            notes: Vec::new(),
        },
        former: account.active().map(|session| session.id),
    })
}
