//! Cleaning up: sessions that were not used for long, what lies in the trash as long, and leftovers.

use std::sync::atomic::AtomicBool;

use perch_core::cause::Causes;
use perch_core::manage::age::{self, Used};
use perch_core::manage::permission::Refusal;
use perch_core::manage::step::Step;
use perch_core::units::SessionId;

use crate::account::Account;
use crate::delete::{Fate, take_away};
use crate::error::Error;
use crate::leftovers::{self, Leftover, tidy};
use crate::live::Live;
use crate::staged::Staged;
use crate::standing::claim;
use crate::store::Store;
use crate::time::Time;
use crate::trash::{self, Item};
use crate::used::last_use;

/// What is cleaned up.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Old {
    /// Sessions that go to the trash.
    pub sessions: Vec<SessionId>,
    /// Sessions as old that stay, and why.
    pub kept: Vec<(SessionId, Refusal)>,
    /// Pieces of the trash that are deleted.
    pub trash: Vec<Item>,
    /// What interrupted programs left behind.
    pub leftovers: Vec<Leftover>,
}

impl Old {
    /// Finds what was not used for so many days.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn find(store: &Store, account: &Account, days: u32) -> Result<Self, Error> {
        let now = Time::now();
        let mut used = Vec::new();
        for session in account.sessions() {
            // One that is gone meanwhile is no matter of ours.
            let Some(time) = last_use(store, session) else {
                continue;
            };
            let mut found = Used {
                id: session.id,
                age: now.seconds_since(time),
                standing: account.standing(session.id),
            };
            if age::is_old(found.age, days) {
                found.standing.in_use = claim(store, session.id)?.err();
            }
            used.push(found);
        }
        let age::Sorted { old, kept } = age::sort(&used, days);
        let is_old = |item: &Item| {
            let age = item
                .deleted
                .map_or(u64::MAX, |time| now.seconds_since(time));
            age::is_old(age, days)
        };
        Ok(Self {
            sessions: old,
            kept,
            trash: trash::list(store)?.into_iter().filter(is_old).collect(),
            leftovers: leftovers::list(store)?,
        })
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.trash.is_empty() && self.leftovers.is_empty()
    }

    /// What is done about it.
    pub fn steps(&self) -> Vec<Step> {
        let sessions = self.sessions.iter();
        let sessions = sessions.flat_map(|&id| [Step::MoveToTrash { id }, Step::Forget { id }]);
        let mut steps: Vec<Step> = sessions.collect();
        steps.extend(trash::plan_empty(&self.trash));
        steps.extend(self.leftovers.iter().map(Leftover::step));
        steps
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Cleaned {
    /// Sessions that are in the trash now.
    pub deleted: Vec<SessionId>,
    /// How many pieces of the trash are gone.
    pub emptied: usize,
    /// How many leftovers are gone.
    pub tidied: usize,
    /// What failed; everything else was done all the same.
    pub errors: Vec<String>,
}

/// Cleans up what `expected` says, as far as it is still so.
///
/// # Errors
/// If nothing could be begun.
pub fn clean_up(
    store: &Store,
    live: &Live,
    days: u32,
    expected: &Old,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(),
) -> Result<Cleaned, Error> {
    let mut locked = store.lock(live)?;
    // Somebody may have used one while the user was asked.
    let mut old = Old::find(store, locked.account(), days)?;
    old.sessions.retain(|id| expected.sessions.contains(id));
    old.trash.retain(|item| expected.trash.contains(item));
    old.leftovers.retain(|it| expected.leftovers.contains(it));
    let mut cleaned = Cleaned::default();
    let mut removed: Vec<Staged<'_>> = Vec::new();
    let told = |what: String, error: &Error| format!("{what}: {}", Causes(error));
    for item in &old.trash {
        match trash::take_out(store, std::slice::from_ref(item)) {
            Ok(taken) => {
                removed.extend(taken);
                cleaned.emptied += 1;
            }
            Err(error) => cleaned.errors.push(told(item.name.clone(), &error)),
        }
    }
    for id in old.sessions {
        let outcome = claim(store, id).and_then(|claimed| match claimed {
            Ok(lock) => take_away(&mut locked, id, Fate::Trash).map(|_| lock),
            Err(user) => Err(Error::Refused {
                id,
                verb: perch_core::manage::permission::Verb::Cleanup,
                refusal: Refusal::InUse(user),
            }),
        });
        match outcome {
            Ok(_) => cleaned.deleted.push(id),
            Err(error) => cleaned.errors.push(told(format!("session {id}"), &error)),
        }
    }
    for leftover in &old.leftovers {
        match tidy(store, leftover) {
            Ok(staged) => {
                removed.extend(staged);
                cleaned.tidied += 1;
            }
            Err(error) => cleaned.errors.push(told(leftover.name.clone(), &error)),
        }
    }
    // Nobody has to wait for what follows.
    drop(locked);
    for staged in removed {
        if let Err(error) = staged.clear(stop, progress) {
            cleaned.errors.push(Causes(&error).to_string());
        }
    }
    Ok(cleaned)
}
