//! Opening a session and making one: which mode it gets, how large its container becomes, and what
//! a failed attempt changes.

use std::borrow::Cow;

use super::{Case, Choice, Failure, FailureKind};
use crate::facts::Facts;
use crate::reason::Reason;
use crate::request::Request;
use crate::session::{Mode, Session};
use crate::sizing::{self, Image, Room};
use crate::units::{Mib, SessionId};

/// The request and the facts as earlier failures of this boot leave them; `None` if nothing but RAM
/// is left. Says why.
pub(super) fn learn<'a>(
    request: &'a Request,
    facts: &'a Facts,
    failures: &[Failure],
    reasons: &mut Vec<Reason>,
) -> Option<(Cow<'a, Request>, Cow<'a, Facts>)> {
    let mut request = Cow::Borrowed(request);
    let mut facts = Cow::Borrowed(facts);
    let mut only_ram = false;
    for failure in failures {
        match (failure.kind, failure.id) {
            (FailureKind::NotNative, _) => {
                facts.to_mut().store.native_refused = Some(failure.error.clone());
            }
            (FailureKind::NotGrown, Some(id)) => {
                request.to_mut().size = None;
                reasons.push(Reason::NotGrown {
                    id,
                    why: failure.error.clone(),
                });
            }
            (FailureKind::NoInit, Some(id)) => {
                reasons.push(Reason::NoInit { id });
                only_ram = true;
            }
            (FailureKind::NotGrown | FailureKind::NoInit, None)
            | (FailureKind::InUse | FailureKind::Other, _) => {
                reasons.push(Reason::StepFailed {
                    id: failure.id,
                    step: failure.step.clone(),
                    error: failure.error.clone(),
                });
                only_ram = true;
            }
        }
    }
    (!only_ram).then_some((request, facts))
}

impl Case<'_> {
    /// The mode asked for, as far as the store's file system can do it: a native session asked for
    /// on FAT means a container, at the first boot and at every later one.
    pub(super) fn asked_mode(&self) -> Option<Mode> {
        self.request.mode.map(|mode| match mode {
            Mode::Native if !self.holds_native() => Mode::Dynfilefs,
            mode => mode,
        })
    }

    pub(super) fn open(&mut self, session: &Session) -> Choice {
        let (id, mode) = (session.id, session.mode);
        if let Some(by) = &session.in_use {
            let (id, by) = (Some(id), by.clone());
            if !self.request.force {
                self.reasons
                    .retain(|said| !matches!(said, Reason::DefaultResumed { .. }));
                return self.ram(Reason::SessionInUse { id, by });
            }
            self.reasons.push(Reason::OpenedInUse { id, by });
        }
        let store = &self.facts.store;
        if mode == Mode::Native && !store.fs.holds_native() {
            return self.ram(Reason::NativeImpossible {
                fs: store.fs,
                instead: None,
            });
        }
        if !self.facts.modes.contains(&mode) {
            return self.ram(Reason::ModeUnavailable { mode });
        }
        if mode != Mode::Native && !self.facts.tools.e2fsck {
            self.reasons.push(Reason::NoE2fsck { id });
        }
        if self.request.mode == Some(Mode::Native)
            && mode == Mode::Dynfilefs
            && !self.holds_native()
        {
            let reason = self.native_impossible(Some(mode));
            self.reasons.push(reason);
        }
        let grow = self.grow(session);
        Choice::Resume { id, mode, grow }
    }

    /// The size that a container grows to before it is opened.
    fn grow(&mut self, session: &Session) -> Option<Mib> {
        let mode = session.mode;
        let length = session.image.filter(|_| mode != Mode::Native)?;
        let image = Image {
            length,
            allocated: session.allocated,
        };
        let (size, reason) = sizing::grow(session.id, mode, self.request.size, image, self.room());
        let tools = self.facts.tools;
        // What a dynfilefs container holds grows while it is mounted: the kernel does it.
        if mode == Mode::Raw && size.is_some() && !(tools.resize2fs && tools.e2fsck) {
            self.reasons.push(Reason::NoResize2fs { id: session.id });
            return None;
        }
        self.reasons.extend(reason);
        size
    }

    pub(super) fn make(&mut self, id: SessionId, instead_of: Option<SessionId>) -> Choice {
        let asked = self.request.mode.unwrap_or(Mode::Native);
        let mode = if asked == Mode::Native && !self.holds_native() {
            let instead = Mode::Dynfilefs;
            let instead = self.facts.modes.contains(&instead).then_some(instead);
            let reason = self.native_impossible(instead);
            match instead {
                None => return self.make_none(reason),
                Some(instead) => {
                    self.reasons.push(reason);
                    instead
                }
            }
        } else {
            asked
        };
        if !self.facts.modes.contains(&mode) {
            return self.make_none(Reason::ModeUnavailable { mode });
        }
        let size = match mode {
            Mode::Native => None,
            Mode::Dynfilefs | Mode::Raw if !self.facts.tools.mke2fs => {
                return self.make_none(Reason::NoMke2fs { mode });
            }
            Mode::Dynfilefs | Mode::Raw => {
                match sizing::create(mode, self.request.size, self.room()) {
                    Err(reason) => return self.make_none(reason),
                    Ok(sized) => {
                        self.reasons.extend(sized.reasons);
                        Some(sized.size)
                    }
                }
            }
        };
        Choice::Create {
            id,
            mode,
            size,
            instead_of,
        }
    }

    /// RAM in place of a new session.
    fn make_none(&mut self, reason: Reason) -> Choice {
        // What was said of its start is no longer true.
        self.reasons
            .retain(|said| !matches!(said, Reason::FirstSession { .. }));
        self.ram(reason)
    }

    /// Whether the store's file system can hold a native session, as far as its kind and a probe tell.
    fn holds_native(&self) -> bool {
        let store = &self.facts.store;
        store.native_refused.is_none() && store.fs.holds_native()
    }

    fn native_impossible(&self, instead: Option<Mode>) -> Reason {
        let store = &self.facts.store;
        match &store.native_refused {
            Some(why) => Reason::NativeRefused {
                why: why.clone(),
                instead,
            },
            None => Reason::NativeImpossible {
                fs: store.fs,
                instead,
            },
        }
    }

    fn room(&self) -> Room {
        Room {
            fs: self.facts.store.fs,
            free: self.facts.store.free,
        }
    }
}
