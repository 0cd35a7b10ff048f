//! `resize`

use perch_manage::resize::resize;

use super::create::parse_size;
use super::{Sessions, id, outcome};
use crate::args::sessions::resize::Resize;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};
use crate::progress::Progress;

pub(super) fn run(
    args: &Resize,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let id = id(&args.id)?;
    let size = parse_size(&args.size)?;
    let Sessions { live, store } = at()?;
    let interrupt = Interrupt::watch();
    // resize2fs says how far it is to nobody.
    let progress = Progress::of_waiting(output, "making the container larger");
    let effect = args.change.dry_run.into();
    let done = resize(&store, &live, id, size, effect, interrupt.flag())?;
    drop(progress);
    let message = output.say("session-larger", &[("id", &id), ("size", &size)]);
    Ok(outcome(&done, args.change.dry_run, message, output))
}
