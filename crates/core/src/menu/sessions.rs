//! The question which session to open (contract §3.2).
//!
//! What is selected at first is what happens when nobody answers: the default session, or what
//! comes in its place where it is missing or does not fit the running system. The first key of any
//! kind stops the countdown. Escape never answers: there is always a row for what one wants.

mod misfit;
mod view;

use std::time::Duration;

use self::misfit::Misfit;
use super::catalogue::{Catalogue, Counted};
use super::countdown::Countdown;
use super::dialogue::{Dialogue, Key, Line, Screen};
use super::list;
use crate::decide::{Choice, decide, fit};
use crate::facts::{Answer, Facts};
use crate::reason::Then;
use crate::request::{Action, Request};
use crate::session::{Mode, Session, UnionKind};
use crate::units::{Bytes, Mib, SessionId};

/// The list of sessions, and the second screen for one that another system made.
#[derive(Debug)]
pub struct SessionMenu {
    request: Request,
    facts: Facts,
    catalogue: Catalogue,
    /// Most recently used first.
    rows: Vec<Row>,
    /// The number that was asked for and is not there.
    missing: Option<SessionId>,
    selected: usize,
    countdown: Countdown,
    unanswered: Entry,
    typed: String,
    /// A number was typed and entered that no session has.
    no_such: Option<String>,
    second_screen: Option<Misfit>,
}

/// What is known of a session, and fit to be compared and shown.
#[derive(Debug)]
struct Row {
    id: SessionId,
    name: Option<String>,
    mode: Mode,
    version: Option<String>,
    edition: Option<String>,
    union: Option<UnionKind>,
    age: Option<(Counted, u64)>,
    used: Option<Bytes>,
    limit: Option<Mib>,
    is_default: bool,
    failed: Option<String>,
    /// How often it was started in a row without coming up.
    tries: u32,
    fits: bool,
}

/// A row of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    New,
    /// By its place in the list of sessions.
    Session(usize),
    Fresh,
}

impl SessionMenu {
    /// The question about these facts. `now` is the time in seconds since 1970.
    pub fn new(request: &Request, facts: &Facts, catalogue: Catalogue, now: i64) -> Self {
        let mut sessions: Vec<&Session> = facts.store.sessions.iter().collect();
        sessions.sort_by_key(|session| std::cmp::Reverse((session.modified, session.id)));
        let rows: Vec<Row> = sessions
            .into_iter()
            .map(|session| Row::new(session, request, facts, now))
            .collect();
        let missing = match request.action {
            Action::Number(id) => Some(id),
            Action::Off | Action::Resume | Action::New | Action::Ask | Action::Fresh => None,
        };
        let mut menu = Self {
            request: request.clone(),
            facts: facts.clone(),
            catalogue,
            rows,
            missing,
            selected: 0,
            countdown: Countdown::new(request.ask_seconds),
            unanswered: Entry::Fresh,
            typed: String::new(),
            no_such: None,
            second_screen: None,
        };
        menu.unanswered = match menu.decided(Answer::TimedOut) {
            Choice::Resume { id, .. } => menu.find(id).map_or(Entry::Fresh, Entry::Session),
            Choice::Create { .. } => Entry::New,
            Choice::Ram | Choice::Ask => Entry::Fresh,
        };
        menu.selected = menu.place(menu.unanswered);
        menu
    }

    /// A session's size became known.
    pub fn set_used(&mut self, id: SessionId, used: Bytes) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.id == id) {
            row.used = Some(used);
        }
    }

    /// What the boot does when this is the answer. Asked of the decision itself, so that the question
    /// cannot promise anything else.
    fn decided(&mut self, answer: Answer) -> Choice {
        self.facts.answer = Some(answer);
        decide(&self.request, &self.facts, &[]).choice
    }

    fn find(&self, id: SessionId) -> Option<usize> {
        self.rows.iter().position(|row| row.id == id)
    }

    fn len(&self) -> usize {
        self.rows.len() + 2
    }

    fn entry(&self, at: usize) -> Entry {
        match at.checked_sub(1) {
            None => Entry::New,
            Some(session) if session < self.rows.len() => Entry::Session(session),
            Some(_) => Entry::Fresh,
        }
    }

    fn place(&self, entry: Entry) -> usize {
        match entry {
            Entry::New => 0,
            Entry::Session(session) => session + 1,
            Entry::Fresh => self.rows.len() + 1,
        }
    }

    fn choose(&mut self) -> Option<Answer> {
        let at = match self.entry(self.selected) {
            Entry::New => return Some(Answer::New),
            Entry::Fresh => return Some(Answer::Fresh),
            Entry::Session(at) => at,
        };
        let id = self.rows.get(at)?.id;
        let answer = Answer::Open(id);
        let opens = self.decided(answer).session() == Some(id);
        let session = self.facts.store.session(id)?;
        let union = fit::union_for(&self.request, &self.facts, session);
        let differences = fit::differences(session, &self.facts, union, Then::Chosen);
        if opens && differences.is_empty() {
            return Some(answer);
        }
        let mode = Some(session.mode).filter(|mode| !self.facts.modes.contains(mode));
        self.second_screen = Some(Misfit::new(id, differences, mode, opens));
        None
    }

    /// A digit more or less: the session of that number is selected, if there is one.
    fn type_number(&mut self, key: Key) {
        const LONGEST: usize = 9;
        self.no_such = None;
        match key {
            Key::Char(digit) if self.typed.len() < LONGEST => self.typed.push(digit),
            Key::Backspace => {
                self.typed.pop();
            }
            _ => {}
        }
        let found = self.typed.parse().ok().and_then(|id| self.find(id));
        if let Some(at) = found {
            self.selected = self.place(Entry::Session(at));
        }
    }

    /// Whether Enter is to be refused, because what was typed is not what is selected.
    fn typed_nothing(&mut self) -> bool {
        let typed = std::mem::take(&mut self.typed);
        if typed.is_empty() || typed.parse().is_ok_and(|id| self.find(id).is_some()) {
            return false;
        }
        self.no_such = Some(typed);
        true
    }
}

impl Row {
    fn new(session: &Session, request: &Request, facts: &Facts, now: i64) -> Self {
        let store = &facts.store;
        let record = store.metadata.sessions.get(&session.id);
        let union = fit::union_for(request, facts, session);
        let differences = fit::differences(session, facts, union, Then::Chosen);
        Self {
            id: session.id,
            name: record.and_then(|record| record.name()).map(str::to_owned),
            mode: session.mode,
            version: session.version.clone(),
            edition: session.edition.clone(),
            union: session.union,
            age: session.modified.and_then(|then| age(then, now)),
            used: None,
            limit: session.size,
            is_default: store.metadata.default == Some(session.id),
            failed: record.and_then(|record| record.failed.clone()),
            tries: store.metadata.tries(session.id),
            fits: differences.is_empty() && facts.modes.contains(&session.mode),
        }
    }
}

/// How long ago, in the largest unit that is not zero. `None` where the clocks do not tell: not
/// recorded, or in the future.
fn age(then: i64, now: i64) -> Option<(Counted, u64)> {
    let seconds = u64::try_from(now.checked_sub(then)?).ok()?;
    if then <= 0 {
        return None;
    }
    Some(match seconds {
        0..60 => (Counted::Seconds, seconds),
        60..3600 => (Counted::Minutes, seconds / 60),
        3600..86400 => (Counted::Hours, seconds / 3600),
        _ => (Counted::Days, seconds / 86400),
    })
}

impl Dialogue for SessionMenu {
    type Answer = Answer;

    fn key(&mut self, key: Key) -> Option<Answer> {
        self.countdown.stop();
        if let Some(misfit) = &mut self.second_screen {
            return match misfit.key(key)? {
                misfit::Verdict::Open(id) => Some(Answer::Open(id)),
                misfit::Verdict::Back => {
                    self.second_screen = None;
                    None
                }
            };
        }
        if matches!(key, Key::Char('0'..='9') | Key::Backspace) {
            self.type_number(key);
            return None;
        }
        if key == Key::Enter {
            return if self.typed_nothing() {
                None
            } else {
                self.choose()
            };
        }
        self.typed.clear();
        self.no_such = None;
        match key {
            Key::Char('n' | 'N') => return Some(Answer::New),
            Key::Char('f' | 'F') => return Some(Answer::Fresh),
            key => {
                if let Some(at) = list::step(key, self.selected, self.len()) {
                    self.selected = at;
                }
            }
        }
        None
    }

    fn tick(&mut self, elapsed: Duration) -> Option<Answer> {
        self.countdown.tick(elapsed).then_some(Answer::TimedOut)
    }

    fn next_tick(&self, elapsed: Duration) -> Option<Duration> {
        self.countdown.next_tick(elapsed)
    }

    fn render(&self, screen: &Screen) -> Vec<Line> {
        match &self.second_screen {
            Some(misfit) => misfit.render(self.catalogue, screen),
            None => self.list(screen),
        }
    }
}

#[cfg(test)]
#[path = "sessions/tests.rs"]
mod tests;
