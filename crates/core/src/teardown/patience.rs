//! How long one step of a shutdown is waited for: as long as something is still being written.

use std::time::Duration;

/// How long nothing may happen.
pub const STUCK: Duration = Duration::from_secs(120);
/// How long one step may take whatever happens.
pub const LONGEST: Duration = Duration::from_secs(60 * 60);
/// How often the user is told.
const SAY: Duration = Duration::from_secs(5);

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Nothing.
    Wait,
    /// The user is told that the step takes this long already.
    Say {
        /// Since when it runs.
        since: Duration,
    },
    /// The step will not end.
    GiveUp,
}

/// Watches one step.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    began: Duration,
    said: Duration,
    changed: Duration,
    unwritten: Option<u64>,
}

impl Patience {
    /// From `now` on, counted from any moment.
    pub fn begin(now: Duration) -> Self {
        Self {
            began: now,
            said: now,
            changed: now,
            unwritten: None,
        }
    }

    /// Looks at how much is `unwritten`, in any unit: as long as that changes, something happens.
    pub fn look(&mut self, now: Duration, unwritten: Option<u64>) -> Word {
        if unwritten != self.unwritten {
            self.unwritten = unwritten;
            self.changed = now;
        }
        let since = |then: Duration| now.saturating_sub(then);
        if since(self.changed) >= STUCK || since(self.began) >= LONGEST {
            return Word::GiveUp;
        }
        if since(self.said) >= SAY {
            self.said = now;
            return Word::Say {
                since: since(self.began),
            };
        }
        Word::Wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_step_that_writes_is_waited_for_and_one_that_does_not_ends() {
        let mut patience = Patience::begin(seconds(100));
        let say = |since| Word::Say {
            since: seconds(since),
        };
        for (now, unwritten, want) in [
            (101, Some(900), Word::Wait),
            (105, Some(800), say(5)),
            (106, Some(700), Word::Wait),
            (300, Some(600), say(200)),
            (419, Some(600), say(319)),
            (420, Some(600), Word::GiveUp),
            // It had only paused.
            (421, Some(500), Word::Wait),
            (422, None, Word::Wait),
            (542, None, Word::GiveUp),
            (100 + 3600, Some(1), Word::GiveUp),
        ] {
            assert_eq!(patience.look(seconds(now), unwritten), want, "at {now}");
        }
        assert_eq!(
            patience.look(seconds(0), Some(1)),
            Word::Wait,
            "a clock that goes back"
        );
    }
}
