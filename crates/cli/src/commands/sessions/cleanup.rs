//! `cleanup`

use perch_core::manage::step::Step;
use perch_core::units::SessionId;
use perch_manage::cleanup::{Old, clean_up};
use serde::Serialize;

use super::{Sessions, listed, planned};
use crate::args::sessions::Cleanup;
use crate::ask;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};
use crate::progress::Progress;

/// What came of it, for programs (contract §4.4).
#[derive(Serialize)]
struct Cleaned<'a> {
    deleted_count: usize,
    errors: Vec<String>,
    deleted: Vec<SessionId>,
    /// How many pieces of the trash are gone.
    emptied_count: usize,
    /// How many leftovers are gone.
    tidied_count: usize,
    /// Sessions as old that stay.
    kept: Vec<Kept>,
    dry_run: bool,
    steps: &'a [Step],
}

#[derive(Serialize)]
struct Kept {
    id: SessionId,
    code: &'static str,
}

pub(super) fn run(args: &Cleanup, sessions: &Sessions, output: &Output) -> Result<Outcome, Error> {
    let Sessions { live, store } = sessions;
    if !args.change.dry_run {
        store.check_writable()?;
    }
    let old = Old::find(store, &sessions.account(output)?, args.days)?;
    let steps = old.steps();
    let kept = || {
        let kept = old.kept.iter();
        let kept = kept.map(|(id, why)| Kept {
            id: *id,
            code: why.code(),
        });
        kept.collect()
    };
    let nothing = || Cleaned {
        deleted_count: 0,
        errors: Vec::new(),
        deleted: Vec::new(),
        emptied_count: 0,
        tidied_count: 0,
        kept: kept(),
        dry_run: args.change.dry_run,
        steps: &steps,
    };
    if args.change.dry_run {
        return Ok(planned(&steps).data(&nothing()));
    }
    if old.is_empty() {
        let message = output.say("nothing-unused", &[("days", &args.days)]);
        return Ok(Outcome::new(message).data(&nothing()));
    }
    // Programs that know the session manager of MiniOS expect no question; sessions can be restored.
    if !args.yes && ask::is_possible(output) {
        output.show(&listed(&steps));
        ask::whether_to_go_on(output)?;
    }
    let interrupt = Interrupt::watch();
    let progress = Progress::of_waiting(output, "cleaning up");
    let done = clean_up(store, live, args.days, &old, interrupt.flag(), &mut || {})?;
    drop(progress);
    let deleted = done.deleted.len();
    let mut message = output.say("cleaned", &[("count", &deleted)]);
    for (count, what) in [
        (done.emptied, "cleaned-emptied"),
        (done.tidied, "cleaned-tidied"),
        (done.errors.len(), "cleaned-failed"),
    ] {
        if count > 0 {
            message.push_str(", ");
            message.push_str(&output.say(what, &[("count", &count)]));
        }
    }
    let failed = !done.errors.is_empty();
    let text = match failed {
        true => format!("{message}\n  {}", done.errors.join("\n  ")),
        false => message.clone(),
    };
    let outcome = Outcome::new(message).text(text).data(&Cleaned {
        deleted_count: deleted,
        errors: done.errors,
        deleted: done.deleted,
        emptied_count: done.emptied,
        tidied_count: done.tidied,
        ..nothing()
    });
    Ok(match failed {
        true => outcome.found("incomplete"),
        false => outcome,
    })
}
