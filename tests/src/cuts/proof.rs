//! How much is tried, and what came of it.

use std::fmt;

use super::state::Sampling;

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How the states of a volatile cache are sampled.
    pub sampling: Sampling,
    /// Of all states at most so many are judged, evenly spread; `None` judges all.
    pub states: Option<usize>,
    /// So many of them are also booted by perch, evenly spread.
    pub boots: usize,
    /// A load is done in part only: by this divided.
    pub load_by: u32,
    /// The disk ignores flushes, so that something must be lost: only for loads, to try the proof itself.
    pub lying: bool,
}

impl Effort {
    /// Every state, or of a load as many as are wanted.
    pub fn all() -> Self {
        Self {
            sampling: Sampling::default(),
            states: None,
            boots: 4,
            load_by: 1,
            lying: false,
        }
    }

    /// As much as fits into a test run.
    pub fn slice() -> Self {
        Self {
            states: Some(16),
            boots: 1,
            load_by: 8,
            ..Self::all()
        }
    }
}

/// What came of one case.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// Its name.
    pub case: String,
    /// Logged writes and flushes.
    pub writes: usize,
    /// See `writes`.
    pub flushes: usize,
    /// States judged, and those that were booted as well.
    pub states: usize,
    /// See `states`.
    pub boots: usize,
    /// States in which a metadata file was missing while another told the same.
    pub absent: usize,
    /// States that the file system's own checker had something against, as the kernel left them.
    pub unclean: usize,
    /// What was lost, and in which state.
    pub lost: Vec<String>,
}

impl Proof {
    pub(super) fn judged(&mut self, state: &str, mut wrong: Vec<String>) {
        // fsck speaks of one file in several lines.
        wrong.dedup();
        if !wrong.is_empty() {
            self.lost.push(format!("{state}: {}", wrong.join("; ")));
        }
    }

    /// The head of the table that proofs print as.
    pub const HEAD: &str = "writes flushes states boots absent unclean  lost  case";
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:6} {:7} {:6} {:5} {:6} {:7} {:5}  {}",
            self.writes,
            self.flushes,
            self.states,
            self.boots,
            self.absent,
            self.unclean,
            self.lost.len(),
            self.case
        )?;
        self.lost
            .iter()
            .try_for_each(|lost| write!(f, "\n    {lost}"))
    }
}
