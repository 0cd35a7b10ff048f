//! One command, cut at one call after the other.

use std::fmt;

use crate::cases::Case;
use crate::state::State;
use crate::store::Store;
use crate::template::{Template, command, run, wait_for_others};
use crate::tracer::{Fault, Traced, trace};

/// Without being told otherwise every 41st call is tried.
const SLICE: usize = 41;

/// How many calls are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Effort {
    /// Every which call.
    step: usize,
}

impl Effort {
    /// All calls.
    pub(crate) const ALL: Self = Self { step: 1 };

    /// All calls with `PERCH_KILLS=all`, else a few.
    pub(crate) fn from_environment() -> Self {
        let all = std::env::var_os("PERCH_KILLS").is_some_and(|value| value == "all");
        match all {
            true => Self::ALL,
            false => Self { step: SLICE },
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Proof {
    command: &'static str,
    calls: usize,
    tried: usize,
    pub(crate) lost: Vec<String>,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            command,
            calls,
            tried,
            lost,
        } = self;
        write!(f, "{command} | {calls} | {tried} | {}", lost.len())
    }
}

/// Does `fault` to the command at each of its calls.
pub(crate) fn prove(case: &'static Case, effort: Effort, fault: fn(usize) -> Fault) -> Proof {
    let template = Template::of(case);
    let before = State::of(&template.copy()).unwrap();
    let whole = template.copy();
    let traced = trace(&command(&whole, case.command), Fault::None);
    assert_eq!(traced.status, Some(0), "{}: {traced:?}", case.command);
    let after = State::of(&whole).unwrap();
    let mut proof = Proof {
        command: case.command,
        calls: 0,
        tried: 0,
        lost: Vec::new(),
    };
    // Where a slice begins differs from command to command.
    let mut at = 1 + case.command.len() % effort.step;
    loop {
        let store = template.copy();
        let traced = trace(&command(&store, case.command), fault(at));
        let Some(call) = traced.struck else {
            proof.calls = traced.calls.max(proof.tried);
            return proof;
        };
        proof.tried += 1;
        let judged = judge(&store, case, &traced, fault(at), [&before, &after]);
        if let Err(why) = judged {
            let what = format!(
                "{}, {:?} at {call}: {why}\n  {traced:?}",
                case.command,
                fault(at)
            );
            proof.lost.push(what);
        }
        at += effort.step;
    }
}

fn judge(
    store: &Store,
    case: &Case,
    traced: &Traced,
    fault: Fault,
    [before, after]: [&State; 2],
) -> Result<(), String> {
    wait_for_others(store)?;
    let cut = State::of(store)?;
    cut.is_between(before, after)?;
    match (fault, traced.status) {
        (Fault::Kill(_), None) => {}
        // What failed did not matter.
        (Fault::Fail(..) | Fault::FailSync(_), Some(0)) => after.is_kept_in(&cut)?,
        (Fault::Fail(..) | Fault::FailSync(_), Some(1)) if tells(traced) => {}
        _ => return Err("it did not end as it should".into()),
    }
    // With and without what was left behind the same command works.
    let (Fault::Kill(at) | Fault::Fail(at, _) | Fault::FailSync(at)) = fault else {
        return Ok(());
    };
    if at % 2 == 0 {
        tidy(store)?.is_between(before, after)?;
    }
    let again = run(store, case.command);
    if again.status != 0 && cut != *after {
        return Err(format!("it does not work any more: {again:?}"));
    }
    after.is_kept_in(&State::of(store)?)?;
    after.is_kept_in(&tidy(store)?)
}

/// Whether a failure is told: as an error, or in the account of what was done.
fn tells(traced: &Traced) -> bool {
    traced.err.starts_with("error: ") || traced.out.contains("failed: ")
}

/// Deletes what was left behind and nobody needs.
fn tidy(store: &Store) -> Result<State, String> {
    let said = run(store, "cleanup --days 36500 --yes");
    if said.status != 0 {
        return Err(format!("nothing can be cleaned up: {said:?}"));
    }
    State::of(store)
}
