//! `perch dynfilefs import`: a container of an older dynfilefs into one of today.
//!
//! The copy's main file gets its name when all of it is there and was compared.

use std::ops::ControlFlow;

use dynfilefs::container::{Access, Container, Form};
use dynfilefs::error::Error as ContainerError;
use dynfilefs::files::Files;
use dynfilefs::geometry::Geometry;
use perch_core::units::{Bytes, Mib};
use serde::Serialize;

use crate::args::dynfilefs::Import;
use crate::error::{Error, form_in_words};
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};
use crate::progress::Progress;
use crate::storage::Storage;

/// What was imported, for programs.
#[derive(Serialize)]
struct Imported {
    old: String,
    new: String,
    format: &'static str,
    size: u64,
    data: u64,
    dry_run: bool,
}

pub(super) fn run(args: &Import, output: &Output) -> Result<Outcome, Error> {
    let (old, new) = (Storage::at(&args.old)?, Storage::at(&args.new)?);
    let source = old.open(Access::Read)?;
    let form = source.form();
    if form == Form::Current {
        return Err(Error::NotOld {
            path: args.old.clone(),
        });
    }
    let geometry = Geometry::new(args.split.bytes().0, source.size())?;
    if !new.names()?.is_empty() {
        return Err(new.error(ContainerError::Exists));
    }
    let usage = source.usage().map_err(|error| old.error(error))?;
    let data = Imported {
        old: args.old.display().to_string(),
        new: args.new.display().to_string(),
        format: form_in_words(form),
        size: source.size(),
        data: usage.iter().map(|part| part.used * 4096).sum(),
        dry_run: args.dry_run,
    };
    if !args.dry_run {
        copy(&old, &source, &new, &geometry, output)?;
    }
    let what = match args.dry_run {
        true => "would copy",
        false => "copied",
    };
    let (size, used) = (Mib(data.size >> 20), Bytes(data.data));
    let message = format!(
        "{what} {} to {}: {used} of a disk of {size}",
        data.old, data.new
    );
    Ok(Outcome::new(message).data(&data))
}

/// Makes the copy and compares it; its main file gets its name after that, and before there is no container.
fn copy(
    old: &Storage,
    source: &Container<Files>,
    new: &Storage,
    geometry: &Geometry,
    output: &Output,
) -> Result<(), Error> {
    let files = new.files(Access::Write)?;
    let done = fill(old, source, new, files, geometry, output);
    if done.is_err() {
        new.remove_new(&[]);
    }
    done
}

fn fill(
    old: &Storage,
    source: &Container<Files>,
    new: &Storage,
    files: Files,
    geometry: &Geometry,
    output: &Output,
) -> Result<(), Error> {
    // Before there is anything to be removed.
    let interrupt = Interrupt::watch();
    let target = Container::begin(files, geometry.split(), geometry.size());
    let target = target.map_err(|error| new.error(error))?;
    let progress = Progress::of_bytes(output, "copying", source.size());
    let copied = source.copy_into(&target, |at| {
        let what = if at.verifying { "comparing" } else { "copying" };
        progress.set_of(at.done, at.size, what.to_owned());
        match interrupt.is_asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    drop(progress);
    let copied = copied.map_err(|error| match error {
        ContainerError::CopyDiffers { offset, .. } => Error::CopyDiffers {
            block: offset / 4096,
        },
        // Only the new one is written.
        error @ (ContainerError::Full | ContainerError::Failed) => new.error(error),
        error => old.error(error),
    })?;
    if copied.stopped {
        return Err(Error::Interrupted {
            left: "the old container is as it was, and the copy was removed",
        });
    }
    target.commit().map_err(|error| new.error(error))
}
