//! Sessions that the user picks: by number on the command line, or by an answer to the question
//! which one to open.

use super::{Case, Choice};
use crate::facts::Answer;
use crate::reason::{Reason, Then};
use crate::session::Session;
use crate::units::SessionId;

/// What a question without an answer ends in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// As `perchdir=resume`.
    Resume,
    /// RAM: a session was asked for that is not there, and no other may be opened in its place.
    Ram,
}

impl Case<'_> {
    /// Asks, or does what was answered.
    pub(super) fn ask(&mut self, unanswered: Unanswered) -> Choice {
        match self.facts.answer {
            None if self.facts.console => return Choice::Ask,
            None => match unanswered {
                Unanswered::Resume => self.reasons.push(Reason::NobodyToAsk),
                Unanswered::Ram => {}
            },
            Some(Answer::Open(id)) => return self.chosen(id),
            Some(Answer::New) => return self.asked_new(),
            Some(Answer::Fresh) => return self.ram(Reason::FreshAsked),
            Some(Answer::TimedOut) => self.reasons.push(Reason::AskTimedOut {
                resumes: unanswered == Unanswered::Resume,
            }),
        }
        match unanswered {
            Unanswered::Resume => self.resume(),
            Unanswered::Ram => Choice::Ram,
        }
    }

    /// The session that was picked from the list.
    fn chosen(&mut self, id: SessionId) -> Choice {
        match self.facts.store.session(id) {
            Some(session) => {
                self.reasons.push(Reason::SessionChosen { id });
                self.open_explicit(session, Then::Chosen)
            }
            None => self.ram(self.missing(id, false)),
        }
    }

    /// This session or none; where there is somebody, they are asked.
    pub(super) fn by_number(&mut self, id: SessionId) -> Choice {
        match self.facts.store.session(id) {
            Some(session) => {
                self.reasons.push(Reason::NumberAsked { id });
                self.open_explicit(session, Then::Open)
            }
            None if self.facts.console || self.facts.answer.is_some() => {
                let missing = self.missing(id, true);
                self.reasons.push(missing);
                self.ask(Unanswered::Ram)
            }
            None => self.ram(self.missing(id, false)),
        }
    }

    fn missing(&self, id: SessionId, asks: bool) -> Reason {
        let existing = self.facts.store.sessions.iter();
        let existing = existing.map(|session| session.id).collect();
        Reason::NumberMissing { id, existing, asks }
    }

    /// A session that the user picked. Another version or edition is said, not refused; another
    /// union cannot be opened without showing the wrong files.
    fn open_explicit(&mut self, session: &Session, then: Then) -> Choice {
        let id = session.id;
        if let Some(stored) = session.union.filter(|stored| *stored != self.union) {
            return self.ram(Reason::UnionDiffers {
                id,
                stored,
                runs: self.union,
                then: Then::Ram,
            });
        }
        let mut differences = self.differences(session, then);
        self.reasons.append(&mut differences);
        if let Some(asked) = self.asked_mode().filter(|asked| *asked != session.mode) {
            self.reasons.push(Reason::ModeDiffers {
                id,
                stored: session.mode,
                asked,
                then,
            });
        }
        self.open(session)
    }
}
