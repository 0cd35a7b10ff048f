//! From decision to deed and, where a step fails, to the next decision.

use crate::cause::Causes;
use crate::decide::{Choice, Decision, Failure, FailureKind, decide};
use crate::facts::{Answer, Facts};
use crate::in_use::InUse;
use crate::plan::{self, Plan, Step};
use crate::request::Request;
use crate::units::SessionId;

/// Carries out steps. The real one works on the machine, the one in tests records and fails where
/// told to.
pub trait Apply {
    /// Why a step failed.
    type Error: std::error::Error + 'static;

    /// Does one step.
    fn apply(&mut self, step: &Step) -> Result<(), Self::Error>;

    /// Who else uses a session that is about to be opened; `None` if nobody does. From then on nobody
    /// else takes its lock.
    fn in_use(&mut self, id: SessionId) -> Option<InUse>;

    /// What the failure of a step means for the next decision.
    fn kind(&self, error: &Self::Error) -> FailureKind;

    /// Undoes every step done since the last call, latest first.
    fn undo(&mut self);
}

/// What came of a boot.
#[derive(Debug)]
pub struct Outcome {
    /// The decision that was carried out.
    pub decision: Decision,
    /// Its plan.
    pub plan: Plan,
    /// The failures that led there; empty if the first decision held.
    pub failures: Vec<Failure>,
    /// What failed afterwards, without consequence for the boot.
    pub warnings: Vec<Failure>,
}

/// Nothing worked, not even RAM.
#[derive(Debug, thiserror::Error)]
#[error("the system could not be put together: {step} failed: {error}")]
pub struct Exhausted {
    /// The last step that failed.
    pub step: String,
    /// Its error.
    pub error: String,
}

/// Decisions taken at the most: what was asked for, the same without what turned out impossible (a
/// container in place of a native session, no growth), RAM, and RAM through the other union.
const RUNGS: usize = 4;

/// Decides, applies, and on a failure undoes, records and decides again, down to RAM. `layers` are the
/// mounted bundles' file names, lowest first. Where the decision is a question, `ask` answers it, at
/// most once; the answer becomes a fact, so that a record of the facts replays the boot.
pub fn climb<A: Apply>(
    request: &Request,
    facts: &mut Facts,
    layers: &[String],
    on: &mut A,
    ask: &mut dyn FnMut(&Request, &Facts, &Decision) -> Answer,
) -> Result<Outcome, Exhausted> {
    let mut failures: Vec<Failure> = Vec::new();
    for _ in 0..RUNGS {
        let mut decision = decide(request, facts, &failures);
        if decision.choice == Choice::Ask {
            facts.answer = Some(ask(request, facts, &decision));
            decision = decide(request, facts, &failures);
        }
        if let Choice::Resume { id, .. } = decision.choice
            && let Some(session) = facts.store.sessions.iter_mut().find(|it| it.id == id)
            && session.in_use.is_none()
        {
            session.in_use = on.in_use(id);
            decision = decide(request, facts, &failures);
        }
        let plan = plan::boot(&decision, facts, &failures, layers.to_vec());
        match run(&plan.steps, &decision, on) {
            Ok(()) => {
                let warnings = plan
                    .afterwards
                    .iter()
                    .filter_map(|step| failed(step, &decision, on))
                    .collect();
                return Ok(Outcome {
                    decision,
                    plan,
                    failures,
                    warnings,
                });
            }
            Err(failure) => {
                on.undo();
                failures.push(failure);
            }
        }
    }
    let (step, error) = failures
        .pop()
        .map(|failure| (failure.step, failure.error))
        .unwrap_or_default();
    Err(Exhausted { step, error })
}

fn run<A: Apply>(steps: &[Step], decision: &Decision, on: &mut A) -> Result<(), Failure> {
    for step in steps {
        if let Some(failure) = failed(step, decision, on) {
            return Err(failure);
        }
    }
    Ok(())
}

/// Does one step; the failure, if it failed.
fn failed<A: Apply>(step: &Step, decision: &Decision, on: &mut A) -> Option<Failure> {
    let error = on.apply(step).err()?;
    Some(Failure {
        id: decision.choice.session(),
        step: step.to_string(),
        error: Causes(&error).to_string(),
        kind: on.kind(&error),
    })
}

#[cfg(test)]
#[path = "ladder/tests.rs"]
mod tests;
