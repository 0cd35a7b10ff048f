//! `export`

use perch_core::units::Bytes;
use perch_manage::export::{Wish, export};
use perch_manage::work::Work;
use serde::Serialize;

use super::work::Bar;
use super::{Sessions, id, outcome};
use crate::args::sessions::export::Export;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};

/// What `export` has besides.
#[derive(Serialize)]
struct Archive {
    path: String,
    /// Length of the archive in bytes; absent after a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    packed: Option<u64>,
    /// Bytes of content, holes not counted; absent after a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<u64>,
    /// How many files, directories and others; absent after a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<u64>,
    verified: bool,
}

pub(super) fn run(
    args: &Export,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let wish = Wish {
        id: id(&args.id)?,
        path: args.path.clone(),
        level: args.level,
        verify: !args.no_verify,
        replace: args.force,
    };
    let Sessions { live, store } = at()?;
    let interrupt = Interrupt::watch();
    let bar = Bar::new(output);
    let mut tell = |tick| bar.show(tick);
    let mut work = Work::new(interrupt.flag(), &mut tell);
    let effect = args.change.dry_run.into();
    let exported = export(&store, &live, &wish, effect, &mut work)?;
    drop(bar);
    let written = exported.written.as_ref();
    let archive = Archive {
        path: exported.path.display().to_string(),
        packed: written.map(|written| written.packed),
        content: written.map(|written| written.content),
        files: written.map(|written| written.sum.files),
        verified: written.is_some() && wish.verify,
    };
    let message = format!(
        "session {} was exported to {}: {} in {}",
        wish.id,
        archive.path,
        Bytes(archive.content.unwrap_or(0)),
        Bytes(archive.packed.unwrap_or(0))
    );
    Ok(outcome(&exported.done, args.change.dry_run, message, output).data(&archive))
}
