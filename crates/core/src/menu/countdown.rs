//! The time in which a question waits for its first key.

use std::time::Duration;

/// Counts down until a key is pressed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Countdown {
    /// When it ends; absent once it was stopped, or where there is none.
    end: Option<Duration>,
    elapsed: Duration,
}

impl Countdown {
    /// `seconds` is how long; absent means for ever.
    pub(super) fn new(seconds: Option<u32>) -> Self {
        Self {
            end: seconds.map(|seconds| Duration::from_secs(u64::from(seconds))),
            elapsed: Duration::ZERO,
        }
    }

    /// Somebody is there.
    pub(super) fn stop(&mut self) {
        self.end = None;
    }

    /// Whether the time is over.
    pub(super) fn tick(&mut self, elapsed: Duration) -> bool {
        self.elapsed = elapsed;
        self.end.is_some_and(|end| elapsed >= end)
    }

    /// When the seconds that are left change next.
    pub(super) fn next_tick(&self, elapsed: Duration) -> Option<Duration> {
        let next = Duration::from_secs(elapsed.as_secs().saturating_add(1));
        self.end.map(|end| end.min(next))
    }

    /// Whole seconds left, rounded up; `None` if nothing ends.
    pub(super) fn left(&self) -> Option<u64> {
        let left = self.end?.saturating_sub(self.elapsed);
        Some(left.as_secs() + u64::from(left.subsec_nanos() > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_down_to_the_end_and_no_further() {
        let at = Duration::from_millis;
        let mut countdown = Countdown::new(Some(3));
        for (elapsed, over, left, next) in [
            (0, false, 3, 1000),
            (999, false, 3, 1000),
            (1000, false, 2, 2000),
            (2500, false, 1, 3000),
            (3000, true, 0, 3000),
            (9000, true, 0, 3000),
        ] {
            assert_eq!(countdown.tick(at(elapsed)), over, "{elapsed}");
            assert_eq!(countdown.left(), Some(left), "{elapsed}");
            assert_eq!(
                countdown.next_tick(at(elapsed)),
                Some(at(next)),
                "{elapsed}"
            );
        }
        countdown.stop();
        assert!(!countdown.tick(at(9000)));
        assert_eq!(countdown.next_tick(at(9000)), None);
    }

    #[test]
    fn without_an_end_it_never_ends() {
        let mut countdown = Countdown::new(None);
        assert!(!countdown.tick(Duration::MAX));
        assert_eq!(
            (countdown.left(), countdown.next_tick(Duration::MAX)),
            (None, None)
        );
    }
}
