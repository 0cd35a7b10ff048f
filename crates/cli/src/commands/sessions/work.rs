//! Long work on a terminal: one bar, whatever is done.

use perch_manage::work::{Phase, Tick};

use crate::output::Output;
use crate::progress::Progress;

/// A bar that shows how far work is.
pub(super) struct Bar(Progress);

impl Bar {
    pub(super) fn new(output: &Output) -> Self {
        Self(Progress::of_bytes(output, words(Phase::Measuring), 0))
    }

    pub(super) fn show(&self, tick: Tick) {
        let words = words(tick.phase);
        match tick.total {
            Some(total) => self.0.set_of(tick.done.bytes, total, words.to_owned()),
            None => {
                let files = tick.done.entries;
                self.0.set_of(0, 0, format!("{words}: {files} files"));
            }
        }
    }
}

fn words(phase: Phase) -> &'static str {
    match phase {
        Phase::Measuring => "adding up",
        Phase::Copying => "copying",
        Phase::Comparing => "comparing",
        Phase::Packing => "packing",
        Phase::Verifying => "reading back",
        Phase::Surveying => "looking at the archive",
        Phase::Unpacking => "unpacking",
    }
}
