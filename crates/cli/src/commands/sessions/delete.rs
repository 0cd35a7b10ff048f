//! `delete`

use perch_core::manage::permission::Verb;
use perch_manage::delete::{Fate, delete, permit};

use super::{Sessions, id, outcome};
use crate::args::sessions::Delete;
use crate::ask;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};
use crate::progress::Progress;

pub(super) fn run(
    args: &Delete,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let id = id(&args.id)?;
    let sessions = at()?;
    let Sessions { live, store } = &sessions;
    let fate = match args.purge {
        true => Fate::Gone,
        false => Fate::Trash,
    };
    if args.purge && !args.yes && !args.change.dry_run {
        // Nobody is asked about what is refused anyway.
        store.check_writable()?;
        permit(store, &sessions.account(output)?, Verb::Delete, id)?;
        let what = output.say("goes-for-good", &[("id", &id)]);
        output.show(&format!("{what}\n"));
        ask::whether_to_go_on(output)?;
    }
    let interrupt = Interrupt::watch();
    let progress = Progress::of_waiting(output, "deleting");
    let done = delete(
        store,
        live,
        id,
        fate,
        args.change.dry_run.into(),
        interrupt.flag(),
        &mut || {},
    )?;
    drop(progress);
    let message = match fate {
        Fate::Trash => output.say("session-in-trash", &[("id", &id)]),
        Fate::Gone => output.say("session-gone", &[("id", &id)]),
    };
    Ok(outcome(&done, args.change.dry_run, message, output))
}
