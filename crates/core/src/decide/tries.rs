//! Sessions that do not come up: which try a boot is, and what is resumed once a session has none left.
//!
//! Only the default gives way, and only to `perchdir=resume`: whoever names a session gets it. It stays
//! the default, so that it comes back when its tries are forgotten, and until then every boot goes the
//! same way and says so. What is opened in its place is counted as well, and RAM needs no count: there is
//! no circle.

use super::{Case, Choice};
use crate::decide::fit;
use crate::facts::Facts;
use crate::reason::{Reason, Then};
use crate::request::Request;
use crate::session::{Mode, Session};
use crate::units::SessionId;

/// Which try of its session a boot is, from 1; `None` where nothing is counted: without a session, by
/// `perchtries=0`, and for a system that never said that it had come up.
pub(super) fn this_try(request: &Request, facts: &Facts, choice: Choice) -> Option<u32> {
    request.tries?;
    let metadata = &facts.store.metadata;
    let (id, before) = match choice {
        Choice::Ram | Choice::Ask => return None,
        Choice::Resume { id, .. } => (id, metadata.tries(id)),
        // Its number may have been another one's.
        Choice::Create { id, .. } => (id, 0),
    };
    metadata
        .reports(id, &facts.system)
        .then(|| before.saturating_add(1))
}

/// The session in whose place another one is opened, and which stays the default.
pub(super) fn passed_over(reasons: &[Reason], choice: Choice) -> Option<SessionId> {
    reasons.iter().find_map(|reason| {
        if let Reason::TriesUsedUp { id, instead, .. } = reason
            && instead.is_some()
            && *instead == choice.session()
        {
            return Some(*id);
        }
        None
    })
}

impl Case<'_> {
    /// Whether a session was started as often as it may.
    fn has_no_try_left(&self, id: SessionId) -> bool {
        let tries = self.facts.store.metadata.tries(id);
        self.request.tries.is_some_and(|most| tries >= most)
    }

    /// What is done in place of resuming `session`, if it has no try left: the session that came up last
    /// of those that fit, else RAM.
    pub(super) fn instead_of(&mut self, session: &Session) -> Option<Choice> {
        let id = session.id;
        if !self.has_no_try_left(id) {
            return None;
        }
        let metadata = &self.facts.store.metadata;
        let good = |session: &Session| metadata.sessions.get(&session.id)?.good;
        let others = self.facts.store.sessions.iter();
        let instead = others
            .filter(|other| other.id != id && self.comes_up(other))
            .filter_map(|other| Some((good(other)?, other)))
            .max_by_key(|(good, other)| (*good, other.id))
            .map(|(_, other)| other.clone());
        self.reasons.push(Reason::TriesUsedUp {
            id,
            tries: metadata.tries(id),
            instead: instead.as_ref().map(|other| other.id),
        });
        Some(match instead {
            Some(other) => self.open(&other),
            None => Choice::Ram,
        })
    }

    /// Whether a session that has come up once can be expected to do so again.
    fn comes_up(&self, session: &Session) -> bool {
        let mode = session.mode;
        let fits = fit::differences(session, self.facts, self.union, Then::Ram).is_empty();
        let asked = self.asked_mode().is_none_or(|asked| asked == mode);
        let native = mode != Mode::Native || self.facts.store.fs.holds_native();
        let opens = native && self.facts.modes.contains(&mode);
        fits && asked && opens && !self.has_no_try_left(session.id)
    }
}

#[cfg(test)]
#[path = "tries/tests.rs"]
mod tests;
