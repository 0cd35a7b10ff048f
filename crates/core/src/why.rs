//! Why the last boot went as it did: its record (`/run/perch/boot.json`) in plain sentences for people, and in order
//! for programs.
//!
//! A record may come from another machine, so whatever is text in it is escaped where it is shown.

mod asked;
mod boot;
mod found;
mod words;

use serde::Serialize;

pub use asked::{Asked, Given, Origin};
pub use boot::{BadRecord, Boot, Said, read};
pub use found::{Found, FoundStore};
pub use words::{Detail, in_words};

use crate::decide::Failure;
use crate::metadata::Note;
use crate::record::{LeftOut, Stage, Status, Summary};

/// A boot, for programs.
#[derive(Debug, Serialize)]
pub struct Why<'a> {
    /// What came of it.
    pub outcome: &'a Summary,
    /// What was asked for.
    pub asked: Asked,
    /// What was found.
    pub found: Found<'a>,
    /// What was done about sessions, as the boot recorded it.
    pub decision: &'a serde_json::Value,
    /// Why, in the order in which it was found.
    pub reasons: &'a [Said],
    /// Steps that failed and were undone before the decision held.
    pub failed: &'a [Failure],
    /// Everything else that is not as asked for or not in order.
    pub warnings: Vec<Said>,
    /// How long each stage took.
    pub stages: &'a [Stage],
    /// The sum, in microseconds.
    pub total_us: u64,
}

impl<'a> Why<'a> {
    /// What a record says.
    pub fn of(boot: &'a Boot) -> Self {
        Self {
            outcome: &boot.outcome,
            asked: Asked::of(boot),
            found: Found::of(boot),
            decision: &boot.decision,
            reasons: &boot.reasons,
            failed: &boot.failures,
            warnings: warnings(boot),
            stages: &boot.stages,
            total_us: boot
                .stages
                .iter()
                .fold(0, |sum, stage| stage.us.saturating_add(sum)),
        }
    }

    /// One sentence: what came of the boot.
    pub fn headline(&self) -> String {
        let outcome = self.outcome;
        let union = outcome.union;
        let mode = |mode: Option<crate::session::Mode>| match mode {
            Some(mode) => format!("{mode}, {union}"),
            None => union.to_string(),
        };
        match (outcome.status, outcome.session) {
            (Status::Session, Some(id)) if outcome.new => format!(
                "This boot made session {id} ({}): changes are kept.",
                mode(outcome.mode)
            ),
            (Status::Session, Some(id)) => format!(
                "Session {id} is open ({}): changes are kept.",
                mode(outcome.mode)
            ),
            (Status::Session, None) => "A session is open: changes are kept.".to_owned(),
            (Status::Ram, _) => {
                "Changes stay in RAM, as asked for: they are lost at power-off.".to_owned()
            }
            (Status::RamFallback, _) => {
                "Changes stay in RAM although a session was asked for: they are lost at power-off."
                    .to_owned()
            }
        }
    }
}

/// What is not in order, besides the reasons: each once.
fn warnings(boot: &Boot) -> Vec<Said> {
    let said = |code: &str, text: String| Said {
        code: code.to_owned(),
        text,
        warning: true,
    };
    let oddities = boot.oddities.iter();
    let oddities = oddities.map(|oddity| said(oddity.code.word(), oddity.to_string()));
    let notes = boot.facts.store.notes.iter();
    let notes = notes.map(|note: &Note| said(&note.code, note.to_string()));
    // Each of these is a notice as well since there are notices.
    let left_out = boot.left_out.iter().filter(|left| !is_noticed(boot, left));
    let left_out = left_out.map(|left| {
        let text = format!("the system runs without {}: {}", left.path, left.why);
        said("bundle-left-out", text)
    });
    let afterwards = boot.warnings.iter().filter(|failure| {
        !boot
            .notices
            .iter()
            .any(|notice| notice.text.contains(&failure.error))
    });
    let afterwards = afterwards.map(|failure| {
        let text = format!("{} failed: {}", failure.step, failure.error);
        said("step-failed-afterwards", text)
    });
    let notices = boot.notices.iter().filter(|notice| notice.warning);
    let mut all: Vec<Said> = oddities
        .chain(notes)
        .chain(left_out)
        .chain(afterwards)
        .collect();
    for notice in notices {
        if !all.contains(notice) {
            all.push(notice.clone());
        }
    }
    all
}

fn is_noticed(boot: &Boot, left: &LeftOut) -> bool {
    let of_file = left.path.rsplit('/').next().unwrap_or(&left.path);
    boot.notices
        .iter()
        .any(|notice| notice.code.contains("bundle") && notice.text.contains(of_file))
}
