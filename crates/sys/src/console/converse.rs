//! A question on every console at once: keys in, only changed lines out, the first answer wins.
//!
//! Nothing here waits for a terminal: each has a queue of its own, and one that is slow, stuck or
//! pulled out holds up neither the others nor the clock.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use perch_core::menu::dialogue::Dialogue;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::keys::Token;
use super::terminals::Terminals;
use super::view::View;

/// A dialogue that wants its next tick in the past must not take the whole processor.
const SHORTEST: Duration = Duration::from_millis(10);
/// How often in a row there may be news right after the news; then nobody is taking them.
const MOST_NEWS: u32 = 1000;

/// How a question ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending<A> {
    /// Somebody answered.
    Answered {
        /// What.
        answer: A,
        /// On which console, its name below `/dev/`.
        on: String,
    },
    /// The time was up: this is the dialogue's own answer.
    ByItself(A),
    /// Every console is gone.
    NobodyLeft,
}

/// Puts the question on every terminal until it is answered, its time is up, or no terminal is left.
///
/// When one of `wake` can be read, `news` is called: it takes what is there and tells the dialogue.
/// Afterwards the screens are empty and the terminals as they were before.
pub fn converse<D: Dialogue>(
    terminals: Terminals,
    dialogue: &mut D,
    wake: &[BorrowedFd<'_>],
    mut news: impl FnMut(&mut D),
) -> Ending<D::Answer> {
    let begin = Instant::now();
    let mut views: Vec<View> = terminals.list.into_iter().map(View::new).collect();
    let mut wake: Vec<Source<'_>> = wake.iter().map(|fd| Source { fd: *fd, row: 0 }).collect();
    loop {
        if let Some(answer) = dialogue.tick(begin.elapsed()) {
            return Ending::ByItself(answer);
        }
        views.retain_mut(|view| view.draw(dialogue).is_ok());
        if views.is_empty() {
            return Ending::NobodyLeft;
        }
        let now = begin.elapsed();
        let next = dialogue.next_tick(now).map(|tick| tick.max(now + SHORTEST));
        let until = views.iter().filter_map(View::deadline).chain(next).min();
        let ready = wait(&views, &wake, until.map(|until| until.saturating_sub(now)));

        let now = begin.elapsed();
        let (of_views, of_wake) = ready.split_at(views.len());
        let mut of_views = of_views.iter();
        let mut answer = None;
        views.retain_mut(|view| {
            let ready = of_views.next().copied().unwrap_or(PollFlags::empty());
            if answer.is_some() {
                return true;
            }
            let Ok(tokens) = view.read(ready, now) else {
                return false;
            };
            for token in tokens {
                match token {
                    Token::Key(key) => {
                        if let Some(given) = dialogue.key(key) {
                            answer = Some((given, view.name().to_owned()));
                            return true;
                        }
                    }
                    Token::Cursor { row, column } => view.learn_size(column, row),
                }
            }
            true
        });
        if let Some((answer, on)) = answer {
            return Ending::Answered { answer, on };
        }
        if of_wake.iter().any(|flags| !flags.is_empty()) {
            news(dialogue);
        }
        let mut of_wake = of_wake.iter();
        wake.retain_mut(|source| source.goes_on(of_wake.next().copied()));
    }
}

/// Something that has news now and then.
struct Source<'a> {
    fd: BorrowedFd<'a>,
    /// How often in a row it had some.
    row: u32,
}

impl Source<'_> {
    /// Whether it is worth asking again; the other end may be closed, which would be news for ever.
    fn goes_on(&mut self, flags: Option<PollFlags>) -> bool {
        let flags = flags.unwrap_or(PollFlags::empty());
        let mut again = [PollFd::from_borrowed_fd(self.fd, PollFlags::IN)];
        let again = poll(&mut again, Some(&Timespec::default())).is_ok_and(|ready| ready > 0);
        self.row = if again { self.row + 1 } else { 0 };
        !flags.intersects(PollFlags::HUP | PollFlags::NVAL) && self.row < MOST_NEWS
    }
}

/// Waits until a terminal or a source is ready, at most `timeout`; what each is ready for, the
/// terminals first.
fn wait(views: &[View], wake: &[Source<'_>], timeout: Option<Duration>) -> Vec<PollFlags> {
    let timeout = timeout.map(|timeout| Timespec::try_from(timeout).unwrap_or_default());
    let terminals = views
        .iter()
        .map(|view| PollFd::from_borrowed_fd(view.fd(), view.interest()));
    let sources = wake
        .iter()
        .map(|source| PollFd::from_borrowed_fd(source.fd, PollFlags::IN));
    let mut all: Vec<PollFd<'_>> = terminals.chain(sources).collect();
    // Interrupted, or no memory: nothing is ready, and the clock decides.
    let _ = poll(&mut all, timeout.as_ref());
    all.iter().map(PollFd::revents).collect()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
