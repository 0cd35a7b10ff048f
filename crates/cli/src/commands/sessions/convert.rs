//! `convert`

use perch_core::manage::permission::Verb;
use perch_manage::convert::{Target, Wish, convert};
use perch_manage::delete::{Fate, permit};
use perch_manage::work::Work;

use super::create::parse_size;
use super::work::Bar;
use super::{Sessions, id, mode, outcome};
use crate::args::sessions::convert::Convert;
use crate::ask;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};

pub(super) fn run(
    args: &Convert,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let id = id(&args.id)?;
    let wish = wish(args)?;
    let sessions = at()?;
    let Sessions { live, store } = &sessions;
    if args.purge && !args.yes && !args.change.dry_run {
        // Nobody is asked about what is refused anyway.
        store.check_writable()?;
        permit(store, &sessions.account(output)?, Verb::Convert, id)?;
        let form = "the form that it has now is deleted for good";
        output.show(&format!("session {id} is converted, and {form}\n"));
        ask::whether_to_go_on(output)?;
    }
    let interrupt = Interrupt::watch();
    let bar = Bar::new(output);
    let mut tell = |tick| bar.show(tick);
    let done = convert(
        store,
        live,
        id,
        &wish,
        args.change.dry_run.into(),
        &mut Work::new(interrupt.flag(), &mut tell),
    )?;
    drop(bar);
    let mode = wish.mode;
    let message = match wish.target {
        Target::NewSession => {
            let new = done.id.map(|id| id.to_string()).unwrap_or_default();
            format!("session {new} was made ({mode}); session {id} is as it was")
        }
        Target::InPlace(Fate::Trash) => {
            format!("session {id} is {mode} now; the form that it had is in the trash")
        }
        Target::InPlace(Fate::Gone) => format!("session {id} is {mode} now"),
    };
    Ok(outcome(&done, args.change.dry_run, message, output))
}

fn wish(args: &Convert) -> Result<Wish, Error> {
    let size = args.size.as_ref().map(|text| parse_size(text));
    Ok(Wish {
        mode: mode(&args.mode)?,
        size: size.transpose()?,
        target: match (args.new_session, args.purge) {
            (true, _) => Target::NewSession,
            (false, true) => Target::InPlace(Fate::Gone),
            (false, false) => Target::InPlace(Fate::Trash),
        },
    })
}
