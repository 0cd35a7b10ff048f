//! The decision: what was asked for and what was found, to what is done about sessions.
//!
//! One function, [`decide`], for every boot and every attempt of a boot: contract §3.1, column OURS.
//! It never opens another session than the one asked for by number, never reuses a number, and
//! ends in RAM with a reason wherever a session cannot be had.

pub mod fit;
mod fullness;
mod interest;
mod opening;
mod question;
mod tries;

use serde::{Deserialize, Serialize};

use self::fit::choose_union;
pub use self::interest::interest;
use crate::facts::{Facts, StoreState};
use crate::reason::{Reason, Then};
use crate::request::{Action, Request};
use crate::session::{Mode, Session, UnionKind};
use crate::sizing;
use crate::units::{Mib, SessionId};

/// What is done about sessions, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What is done.
    #[serde(flatten)]
    pub choice: Choice,
    /// The union that joins the layers.
    pub union: UnionKind,
    /// The size beyond which the session's container does not grow by itself; absent for none, and for a
    /// container that never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<Mib>,
    /// Which try of the session this boot is, from 1: so it is recorded until its system says that it has
    /// come up. Absent where nothing is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries: Option<u32>,
    /// The default session that has no try left, in whose place this one is opened: it stays the default.
    /// Absent where none was passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed_over: Option<SessionId>,
    /// Why, in the order in which it was found.
    pub reasons: Vec<Reason>,
}

/// What is done about sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "choice")]
pub enum Choice {
    /// Changes stay in RAM.
    Ram,
    /// An existing session is opened.
    Resume {
        /// Its number.
        id: SessionId,
        /// Its mode.
        mode: Mode,
        /// The size that its container grows to first; absent if it stays as it is, or is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        grow: Option<Mib>,
    },
    /// A new session is made.
    Create {
        /// Its number.
        id: SessionId,
        /// Its mode.
        mode: Mode,
        /// The size of its container; absent for a native session.
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<Mib>,
        /// The default that an incompatible system passed over; absent if none was.
        #[serde(skip_serializing_if = "Option::is_none")]
        instead_of: Option<SessionId>,
    },
    /// The user is asked.
    Ask,
}

impl Choice {
    /// Whether the session is in a container that grows while it is used.
    fn grows_by_itself(self) -> bool {
        match self {
            Self::Ram | Self::Ask => false,
            Self::Resume { mode, .. } | Self::Create { mode, .. } => mode == Mode::Dynfilefs,
        }
    }

    /// The session that is opened or made; `None` for RAM and for a question.
    pub fn session(self) -> Option<SessionId> {
        match self {
            Self::Ram | Self::Ask => None,
            Self::Resume { id, .. } | Self::Create { id, .. } => Some(id),
        }
    }
}

/// A step that failed earlier in this boot and was undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The session it was for.
    pub id: Option<SessionId>,
    /// The step, in words.
    pub step: String,
    /// The error.
    pub error: String,
    /// What it means for the next decision.
    #[serde(default, skip_serializing_if = "FailureKind::is_other")]
    pub kind: FailureKind,
}

/// What a failed step means for the next decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The store's file system turned out unable to hold a native session: a container may do.
    NotNative,
    /// The session is in use by somebody else.
    InUse,
    /// The session's container could not grow, but can be used as it is.
    NotGrown,
    /// The session deleted every program that can be started as init.
    NoInit,
    /// Anything else: RAM is next.
    #[default]
    Other,
}

impl FailureKind {
    fn is_other(&self) -> bool {
        *self == Self::Other
    }
}

/// Decides what is done about sessions. Pure: the same facts give the same decision anywhere.
///
/// A step that failed is undone, and its failure is an input to the next decision. A probe that the
/// store's file system did not pass, or a container that could not grow, changes what is known or
/// asked for. After any other failure the decision is RAM: nothing else the user did not ask for is
/// opened or made in its place.
pub fn decide(request: &Request, facts: &Facts, failures: &[Failure]) -> Decision {
    let mut reasons = Vec::new();
    reasons.extend(several_media(facts));
    if request.wants_persistence() {
        reasons.extend(facts.growth.as_ref().map(Reason::of_growth));
    }
    let union = match ram_failed(failures) && facts.unions.contains(&UnionKind::Overlayfs) {
        true => UnionKind::Overlayfs,
        false => choose_union(request, facts, &mut reasons),
    };
    let choice = match opening::learn(request, facts, failures, &mut reasons) {
        None => Choice::Ram,
        Some((request, facts)) => {
            let choice = choose(&request, &facts, union, &mut reasons);
            reasons.extend(fullness::warning(choice, &facts));
            choice
        }
    };
    let tries = tries::this_try(request, facts, choice);
    if let (Some(id), Some(tries @ 2..)) = (choice.session(), tries) {
        let tries = tries - 1;
        reasons.push(Reason::TriedBefore { id, tries });
    }
    Decision {
        choice,
        union,
        tries,
        passed_over: tries::passed_over(&reasons, choice),
        cap: sizing::cap(request.size).filter(|_| choice.grows_by_itself()),
        reasons,
    }
}

/// The medium was asked for by a name that others have as well.
fn several_media(facts: &Facts) -> Option<Reason> {
    let medium = &facts.medium;
    (!medium.namesakes.is_empty()).then(|| Reason::SeveralMedia {
        device: medium.device.clone(),
        others: medium.namesakes.clone(),
    })
}

/// Whether even the boot without a session failed: what is left to change is the union. No session
/// is open by then, so nothing is shown through the wrong one.
fn ram_failed(failures: &[Failure]) -> bool {
    failures.iter().any(|failure| failure.id.is_none())
}

/// What is asked for. The word after the place may be a directory's name (contract §2.1).
fn action(request: &Request, facts: &Facts) -> Action {
    action_there(request, facts.store.word_is_directory)
}

fn action_there(request: &Request, word_is_directory: bool) -> Action {
    match request.action {
        Action::New | Action::Ask | Action::Fresh if word_is_directory => Action::Resume,
        action => action,
    }
}

fn ram(reasons: &mut Vec<Reason>, reason: Reason) -> Choice {
    reasons.push(reason);
    Choice::Ram
}

fn choose(request: &Request, facts: &Facts, union: UnionKind, reasons: &mut Vec<Reason>) -> Choice {
    let action = action(request, facts);
    match action {
        Action::Off => return ram(reasons, Reason::NotAsked),
        Action::Fresh => return ram(reasons, Reason::FreshAsked),
        Action::Resume | Action::New | Action::Ask | Action::Number(_) => {}
    }
    if request.place != facts.store.place {
        return ram(
            reasons,
            Reason::StoreNotFound {
                why: format!("{} was not looked for", request.place),
            },
        );
    }
    if let Some(by) = &facts.store.in_use {
        let (id, by) = (None, by.clone());
        if !request.force {
            return ram(reasons, Reason::SessionInUse { id, by });
        }
        reasons.push(Reason::OpenedInUse { id, by });
    }
    match &facts.store.state {
        StoreState::ReadOnly(why) => {
            return ram(reasons, Reason::StoreReadOnly { why: why.clone() });
        }
        StoreState::Unusable(why) => {
            return ram(reasons, Reason::StoreUnusable { why: why.clone() });
        }
        StoreState::NotFound(why) => {
            return ram(reasons, Reason::StoreNotFound { why: why.clone() });
        }
        StoreState::Missing => reasons.push(Reason::StoreMade),
        StoreState::Ready => {}
    }
    let mut case = Case {
        request,
        facts,
        union,
        reasons,
    };
    let choice = match action {
        Action::Number(id) => case.by_number(id),
        Action::New => case.asked_new(),
        Action::Ask if facts.store.sessions.is_empty() => case.resume(),
        Action::Ask => case.ask(question::Unanswered::Resume),
        Action::Off | Action::Fresh | Action::Resume => case.resume(),
    };
    if choice == Choice::Ram {
        reasons.retain(|reason| *reason != Reason::StoreMade);
    }
    choice
}

/// One decision in the making, once the store is known to be usable.
struct Case<'a> {
    request: &'a Request,
    facts: &'a Facts,
    union: UnionKind,
    reasons: &'a mut Vec<Reason>,
}

impl Case<'_> {
    fn ram(&mut self, reason: Reason) -> Choice {
        ram(self.reasons, reason)
    }

    /// The default session, else the one used last, else the first one.
    fn resume(&mut self) -> Choice {
        let store = &self.facts.store;
        let default = store.metadata.default;
        let session = match default.and_then(|id| store.session(id)) {
            Some(session) => session,
            None => match (store.most_recent(), default) {
                (None, _) => {
                    return self.create(None, |id| Reason::FirstSession { id });
                }
                (Some(recent), Some(default)) => {
                    self.reasons.push(Reason::DefaultMissing {
                        default,
                        instead: recent.id,
                    });
                    recent
                }
                (Some(recent), None) => {
                    self.reasons.push(Reason::NoDefault { instead: recent.id });
                    recent
                }
            },
        };
        let id = session.id;
        let Some(next) = store.next_id() else {
            return self.ram(Reason::NoNumberLeft);
        };
        // Nothing is recorded of it, and nothing is in it.
        let blank = session.union.is_none() && session.version.is_none();
        if blank && session.mode == Mode::Native && !store.fs.holds_native() {
            // A power cut during the first start leaves a directory: to resume it would mean RAM for ever.
            return self.make(next, Some(id));
        }
        let mut differences = self.differences(session, Then::New(next));
        if let Some(asked) = self.asked_mode().filter(|asked| *asked != session.mode) {
            differences.insert(
                0,
                Reason::ModeDiffers {
                    id,
                    stored: session.mode,
                    asked,
                    then: Then::New(next),
                },
            );
        }
        if !differences.is_empty() {
            self.reasons.append(&mut differences);
            return self.make(next, Some(id));
        }
        if let Some(instead) = self.instead_of(session) {
            return instead;
        }
        if default == Some(id) {
            self.reasons.push(Reason::DefaultResumed { id });
        }
        self.open(session)
    }

    fn asked_new(&mut self) -> Choice {
        if self.facts.store.sessions.is_empty() {
            self.create(None, |id| Reason::FirstSession { id })
        } else {
            self.create(None, |id| Reason::NewAsked { id })
        }
    }

    fn differences(&self, session: &Session, then: Then) -> Vec<Reason> {
        fit::differences(session, self.facts, self.union, then)
    }

    fn create(
        &mut self,
        instead_of: Option<SessionId>,
        reason: impl FnOnce(SessionId) -> Reason,
    ) -> Choice {
        match self.facts.store.next_id() {
            Some(id) => {
                self.reasons.push(reason(id));
                self.make(id, instead_of)
            }
            None => self.ram(Reason::NoNumberLeft),
        }
    }
}

#[cfg(test)]
#[path = "decide/answer_tests.rs"]
mod answer_tests;
#[cfg(test)]
#[path = "decide/tests.rs"]
mod tests;
