//! `create`

use perch_core::session::Mode;
use perch_core::units::Mib;
use perch_manage::create::{Wish, create};
use perch_manage::error::Error as ManageError;
use perch_manage::rename::Labels;

use super::{Sessions, outcome};
use crate::args::sessions::Create;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};
use crate::progress::Progress;

pub(super) fn run(
    args: &Create,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let wish = wish(args)?;
    let sessions = at()?;
    let interrupt = Interrupt::watch();
    let _progress = (wish.mode != Mode::Native && !args.change.dry_run)
        .then(|| Progress::of_waiting(output, "making the container"));
    let done = create(
        &sessions.store,
        &sessions.live,
        &wish,
        args.change.dry_run.into(),
        interrupt.flag(),
    )?;
    drop(_progress);
    let id = done.id.map(|id| id.to_string()).unwrap_or_default();
    let message = output.say("session-made", &[("id", &id), ("mode", &wish.mode)]);
    Ok(outcome(&done, args.change.dry_run, message, output))
}

fn wish(args: &Create) -> Result<Wish, Error> {
    let mode = args.mode_option.as_ref().or(args.mode.as_ref());
    let mode = mode.map(|word| super::mode(word)).transpose()?;
    let size = args.size_option.as_ref().or(args.size.as_ref());
    Ok(Wish {
        mode: mode.unwrap_or(Mode::Native),
        size: size.map(|text| parse_size(text)).transpose()?,
        labels: Labels {
            name: args.name.clone(),
            note: args.note.clone(),
        },
    })
}

/// Reads a size that somebody wants.
pub(super) fn parse_size(text: &str) -> Result<Mib, ManageError> {
    let bad = || ManageError::BadSize(text.chars().take(32).collect());
    let size: Mib = text.parse().map_err(|_| bad())?;
    match size {
        Mib(0) => Err(bad()),
        size => Ok(size),
    }
}
