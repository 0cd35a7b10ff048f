//! What came of a boot: said on the consoles, and left behind for the running system.

use perch_core::cause::Causes;
use perch_core::ladder::Outcome;
use perch_core::notice::Notice;
use perch_core::record::{Record, Status, Summary};
use perch_sys::kmsg::{self, Kmsg};

use crate::handover;

/// Says what came of it: the outcome always, each reason, and loudly if something is not as asked for.
pub fn say(summary: &Summary, outcome: &Outcome) {
    for reason in &outcome.decision.reasons {
        if reason.is_warning() {
            log::warn!("{reason} [{}]", reason.code());
        } else {
            log::info!("{reason} [{}]", reason.code());
        }
    }
    for warning in &outcome.warnings {
        kmsg::tell(Notice::StepFailedAfterwards {
            step: warning.step.clone(),
            error: warning.error.clone(),
        });
    }
    match summary.status {
        Status::RamFallback => kmsg::tell(Notice::RamFallback {
            union: outcome.decision.union,
        }),
        Status::Session | Status::Ram => log::info!("{}", outcome.decision),
    }
}

/// Writes the record; where that fails it is said, and the boot goes on.
pub fn leave(record: &Record<'_>) {
    if let Err(error) = handover::leave_record(record) {
        let error = Causes(&error).to_string();
        kmsg::tell(Notice::RecordNotWritten { error });
    }
}

/// The log so far, a line each with its time since the kernel started.
pub fn lines(log: &Kmsg) -> Vec<String> {
    let (lines, dropped) = log.lines();
    let line = |line: kmsg::Line| format!("{:9.3} {}", line.since_boot.as_secs_f64(), line.text);
    let mut lines: Vec<String> = lines.into_iter().map(line).collect();
    if dropped > 0 {
        lines.push(format!("{dropped} more lines"));
    }
    lines
}
