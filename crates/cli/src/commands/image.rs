//! `perch image`: a stick or a disc as one file.

mod order;
mod shown;

use std::ops::ControlFlow;

use perch_core::units::Bytes;
use perch_medium::image;

use crate::args::image::Image;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};
use crate::progress::Progress;

/// Carries it out.
pub(crate) fn run(args: Image, output: &Output) -> Result<Outcome, Error> {
    let (file, force, dry_run) = (args.output.clone(), args.force, args.dry_run);
    // Before bundles are looked at, which may take a while.
    image::check_output(&file, force)?;
    let plan = image::plan(order::order(args)?)?;
    let shown = shown::Shown::of(&plan, &file, dry_run);
    if dry_run {
        let message = format!("would make {}", file.display());
        return Ok(Outcome::new(message).text(shown.to_string()).data(&shown));
    }
    // Before there is anything to be removed.
    let interrupt = Interrupt::watch();
    let progress = Progress::of_bytes(output, "writing", plan.content());
    image::make(&plan, &file, force, &mut |at| {
        progress.set_of(at.done, at.total, "writing".to_owned());
        match interrupt.is_asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    drop(progress);
    let message = format!("made {} with {}", file.display(), Bytes(plan.content()));
    Ok(Outcome::new(message).data(&shown))
}
