//! How far long work is: a bar on a terminal, and nothing anywhere else.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Output;

const BYTES: &str = "{msg} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}";
const STEPS: &str = "{msg} {wide_bar} {percent} %";

/// A bar; it goes when this value does.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Work whose length is known in bytes.
    pub(crate) fn of_bytes(output: &Output, what: &'static str, total: u64) -> Self {
        Self::new(output, what, total, BYTES)
    }

    /// Work that goes through several rounds.
    pub(crate) fn of_steps(output: &Output, what: &'static str) -> Self {
        Self::new(output, what, 1, STEPS)
    }

    /// Work of some seconds whose length nobody knows: a sign of life.
    pub(crate) fn of_waiting(output: &Output, what: &'static str) -> Self {
        let bar = Self::new(output, what, 1, "{spinner} {msg} {elapsed}");
        bar.0.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    fn new(output: &Output, what: &'static str, total: u64, template: &str) -> Self {
        let target = match output.wants_progress() && stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(output.words().progress(what));
        Self(bar)
    }

    /// So much of it is done.
    pub(crate) fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    /// What is done now.
    pub(crate) fn say(&self, what: String) {
        self.0.set_message(what);
    }

    /// So much of this round is done.
    pub(crate) fn set_of(&self, done: u64, total: u64, message: String) {
        self.0.set_message(message);
        self.0.set_length(total);
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
