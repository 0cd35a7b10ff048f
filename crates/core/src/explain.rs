//! A decision in words: what was asked, what is done, why, and by which steps. The same text at
//! boot, on a desk (`perch-init explain`) and in golden tests.

use std::fmt::{self, Write};

use serde::Serialize;

use crate::cmdline::{self, Oddity};
use crate::decide::{Choice, Decision, Failure, decide};
use crate::facts::Facts;
use crate::plan::{self, Plan};

/// What a boot with these parameters does about these facts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Parameters that were not understood.
    pub oddities: Vec<Oddity>,
    /// Notes on the store's metadata.
    pub notes: Vec<String>,
    /// What is done.
    pub decision: Decision,
    /// How.
    pub plan: Plan,
}

/// Decides as a boot would, without doing anything. `failures` are steps that failed before; none at
/// the first attempt.
pub fn explain(command_line: &str, facts: &Facts, failures: &[Failure]) -> Explanation {
    let (request, oddities) = cmdline::parse(command_line);
    let decision = decide(&request, facts, failures);
    let layers = facts
        .medium
        .bundles
        .iter()
        .filter(|bundle| bundle.damage.is_none())
        .map(|bundle| bundle.name().to_owned())
        .collect();
    let plan = plan::boot(&decision, facts, failures, layers);
    let notes = facts.store.notes.iter();
    let notes = notes
        .map(|note| format!("{note} [{}]", note.code))
        .collect();
    Explanation {
        oddities,
        notes,
        decision,
        plan,
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for oddity in &self.oddities {
            writeln!(f, "warning: {oddity} [{}]", oddity.code.word())?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        writeln!(f, "decision: {}", self.decision)?;
        for reason in &self.decision.reasons {
            writeln!(f, "because: {reason} [{}]", reason.code())?;
        }
        // What is done depends on the answer.
        if self.decision.choice == Choice::Ask {
            return Ok(());
        }
        for (number, step) in self.plan.steps.iter().enumerate() {
            writeln!(f, "step {}: {step}", number + 1)?;
        }
        for step in &self.plan.afterwards {
            writeln!(f, "afterwards: {step}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.choice)?;
        f.write_char(' ')?;
        write!(f, "(union {})", self.union)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ram => f.write_str("keep changes in RAM, they are lost at power-off"),
            Self::Resume { id, mode, grow } => {
                write!(f, "resume session {id}, mode {mode}")?;
                grow.map_or(Ok(()), |size| write!(f, ", grown to {size}"))
            }
            Self::Create { id, mode, size, .. } => {
                write!(f, "start new session {id}, mode {mode}")?;
                size.map_or(Ok(()), |size| write!(f, ", {size}"))
            }
            Self::Ask => f.write_str("ask which session to open"),
        }
    }
}
