//! What came of an operation, whatever it was.

use perch_core::manage::step::Step;
use perch_core::units::SessionId;

/// What was done, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// The session; of a new one the number that it got.
    pub id: Option<SessionId>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What is not as asked for.
    pub notes: Vec<String>,
}

/// Whether something is done or only planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Done.
    Real,
    /// Shown what would be done: nothing is written, no root is needed.
    DryRun,
}

impl From<bool> for Effect {
    /// Of an option `--dry-run`.
    fn from(dry_run: bool) -> Self {
        match dry_run {
            true => Self::DryRun,
            false => Self::Real,
        }
    }
}
