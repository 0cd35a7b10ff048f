//! `check`

use std::fmt::Write;
use std::ops::ControlFlow;

use perch_core::manage::check::{Finding, Verdict};
use perch_core::quoted::Escaped;
use perch_core::session::Mode;
use perch_core::units::SessionId;
use perch_manage::check::{Checked, Counts, Repair, all, check};
use serde::Serialize;

use super::{Sessions, id};
use crate::args::sessions::Check;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};
use crate::progress::Progress;

/// One session, for programs.
#[derive(Serialize)]
struct Shown {
    id: SessionId,
    mode: Option<Mode>,
    verdict: Verdict,
    findings: Vec<Finding>,
    files: Option<Counts>,
}

/// All of them.
#[derive(Serialize)]
struct Answer {
    verdict: Verdict,
    sessions: Vec<Shown>,
}

pub(super) fn run(
    args: &Check,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let ids: Result<Vec<SessionId>, Error> = args.ids.iter().map(|text| id(text)).collect();
    let mut ids = ids?;
    let sessions = at()?;
    let account = sessions.account(output)?;
    let Sessions { live, store } = &sessions;
    let repair = match args.repair {
        true => {
            store.check_writable()?;
            Repair::Safe
        }
        false => Repair::No,
    };
    if ids.is_empty() {
        ids = all(&account);
    }
    let interrupt = Interrupt::watch();
    let mut shown = Vec::new();
    for id in ids {
        let progress = Progress::of_waiting(output, "checking");
        progress.say(format!("checking session {id}"));
        let checked = check(
            store,
            live,
            &account,
            id,
            repair,
            &mut |_| match interrupt.is_asked() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            },
        )?;
        drop(progress);
        output.show(&paragraph(&checked));
        shown.push(checked);
    }
    Ok(outcome(shown))
}

fn outcome(checked: Vec<Checked>) -> Outcome {
    let worst = checked.iter().map(|it| it.verdict).max();
    let verdict = worst.unwrap_or(Verdict::Healthy);
    let of = |wanted: Verdict| checked.iter().filter(|it| it.verdict == wanted).count();
    let sums = [
        Verdict::Healthy,
        Verdict::Repaired,
        Verdict::NeedsYou,
        Verdict::Lost,
    ];
    let sums: Vec<String> = sums
        .into_iter()
        .filter(|verdict| of(*verdict) > 0)
        .map(|verdict| format!("{} {verdict}", of(verdict)))
        .collect();
    let message = match sums.is_empty() {
        true => "there is no session".to_owned(),
        false => format!("sessions: {}", sums.join(", ")),
    };
    let answer = Answer {
        verdict,
        sessions: checked.into_iter().map(Shown::from).collect(),
    };
    let outcome = Outcome::new(message).data(&answer);
    match verdict {
        Verdict::Healthy | Verdict::Repaired => outcome,
        Verdict::NeedsYou => outcome.found("needs-you"),
        Verdict::Lost => outcome.found("lost"),
    }
}

impl From<Checked> for Shown {
    fn from(checked: Checked) -> Self {
        let Checked {
            id,
            mode,
            verdict,
            findings,
            files,
        } = checked;
        Self {
            id,
            mode,
            verdict,
            findings,
            files,
        }
    }
}

fn paragraph(checked: &Checked) -> String {
    let mut text = format!("session {}: {}\n", checked.id, checked.verdict);
    for finding in &checked.findings {
        let _ = writeln!(text, "  {} [{}]", Escaped(&finding.text), finding.code);
        if let Some(next) = &finding.next {
            let _ = writeln!(text, "    next: {}", Escaped(next));
        }
    }
    text
}
