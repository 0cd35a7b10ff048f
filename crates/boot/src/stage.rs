//! How long each stage of the boot took.

use std::time::Instant;

use perch_core::record::Stage;

/// Times stages: each ends where the next one begins.
#[derive(Debug)]
pub struct Clock {
    since: Instant,
    done: Vec<Stage>,
}

impl Clock {
    /// Starts the first stage now.
    pub fn start() -> Self {
        Self {
            since: Instant::now(),
            done: Vec::new(),
        }
    }

    /// Ends a stage, and begins the next.
    pub fn end(&mut self, name: &'static str) {
        let now = Instant::now();
        let took = now.duration_since(self.since);
        self.since = now;
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.done.push(Stage {
            name: name.into(),
            us,
            ms: us.saturating_add(500) / 1000,
        });
    }

    /// The stages so far, in order.
    pub fn stages(&self) -> &[Stage] {
        &self.done
    }

    /// A line for each stage and one for the sum.
    pub fn table(&self) -> Vec<String> {
        let line = |name: &str, us: u64| format!("{name:<10} {:>9.1} ms", us as f64 / 1000.0);
        let sum = self.done.iter().map(|stage| stage.us).sum();
        self.done
            .iter()
            .map(|stage| line(&stage.name, stage.us))
            .chain([line("in all", sum)])
            .collect()
    }
}
