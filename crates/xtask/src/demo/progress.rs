//! Lines that say what is going on, with the seconds since the start.

use std::io::Write as _;
use std::time::Instant;

/// The clock of one run.
pub struct Progress(Instant);

impl Progress {
    /// Starts the clock.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// One line.
    pub fn say(&self, text: &str) {
        // A reader who closed the pipe misses only text.
        let _ = writeln!(
            std::io::stdout(),
            "[{:6.1} s] {text}",
            self.0.elapsed().as_secs_f64()
        );
    }

    /// Lines that belong to the one before.
    pub fn block(&self, text: &str) {
        for line in text.lines() {
            let _ = writeln!(std::io::stdout(), "             {line}");
        }
    }
}
