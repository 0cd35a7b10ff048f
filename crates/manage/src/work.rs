//! Long work: how far it is, and whether it is to go on.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;
use crate::tree::Progress;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Adds up what there is.
    Measuring,
    /// Copies files.
    Copying,
    /// Compares the copy with the original.
    Comparing,
    /// Writes an archive.
    Packing,
    /// Reads an archive that was written.
    Verifying,
    /// Finds out what an archive is.
    Surveying,
    /// Reads an archive, and writes files.
    Unpacking,
}

/// How far work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// What is being done.
    pub phase: Phase,
    /// How much of it is done.
    pub done: Progress,
    /// How many bytes there are; absent where nobody knows yet.
    pub total: Option<u64>,
}

/// Long work under way.
pub struct Work<'a> {
    stop: &'a AtomicBool,
    tell: &'a mut dyn FnMut(Tick),
}

impl<'a> Work<'a> {
    /// Work that is told about as it goes, and that ends when `stop` is set.
    pub fn new(stop: &'a AtomicBool, tell: &'a mut dyn FnMut(Tick)) -> Self {
        Self { stop, tell }
    }

    /// Set when the work is to end.
    pub fn stop(&self) -> &AtomicBool {
        self.stop
    }

    /// Watches one part of the work.
    pub fn watch(
        &mut self,
        phase: Phase,
        total: Option<u64>,
    ) -> impl FnMut(Progress) -> ControlFlow<()> {
        move |done| {
            (self.tell)(Tick { phase, done, total });
            match self.stop.load(Ordering::Relaxed) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
    }

    /// Ends the work if that is wanted.
    ///
    /// # Errors
    /// If it is.
    pub fn go_on(&self) -> Result<(), Error> {
        match self.stop.load(Ordering::Relaxed) {
            true => Err(Error::Interrupted),
            false => Ok(()),
        }
    }

    /// What came of it. A terminal sends Ctrl-C to the programs that are at work, too, so what fails then fails because
    /// of that.
    ///
    /// # Errors
    /// Those of the work.
    pub fn outcome<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        outcome.map_err(|error| match self.stop.load(Ordering::Relaxed) {
            true => Error::Interrupted,
            false => error,
        })
    }
}
