//! `perch dynfilefs import`: a container of an older dynfilefs into one of today.
//!
//! The copy has a name of its own until it is complete and was compared; its main file gets the right name last.

use std::path::Path;

use dynfilefs::container::{Access, Container, Form};
use dynfilefs::error::Error as ContainerError;
use dynfilefs::files::Files;
use dynfilefs::geometry::Geometry;
use perch_core::units::{Bytes, Mib};
use rustix::fs::{fsync, renameat};
use serde::Serialize;

use super::create::make;
use crate::args::dynfilefs::Import;
use crate::error::{Error, form_in_words};
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};
use crate::progress::Progress;
use crate::storage::Storage;

/// Bytes that are copied at a time.
const CHUNK: usize = 1 << 20;
/// Bytes between two flushes: a slow stick is not left with minutes of work for the end.
const FLUSH: u64 = 64 << 20;

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

/// Makes the copy under a name of its own, compares it, and gives it the right name.
fn copy(
    old: &Storage,
    source: &Container<Files>,
    new: &Storage,
    geometry: &Geometry,
    output: &Output,
) -> Result<(), Error> {
    let staged = new.beside(format!("{}.import", new.base()))?;
    let names = staged.names()?;
    if !names.is_empty() {
        return Err(Error::Leftover {
            path: new.path().to_owned(),
            names,
        });
    }
    let interrupt = Interrupt::watch();
    let done = make(&staged, geometry)
        .and_then(|()| fill(old, source, &staged, output, &interrupt))
        .and_then(|()| compare(old, source, &staged, output, &interrupt))
        .and_then(|()| name(&staged, new));
    if done.is_err() {
        staged.remove_new(&[]);
    }
    done
}

fn fill(
    old: &Storage,
    source: &Container<Files>,
    staged: &Storage,
    output: &Output,
    interrupt: &Interrupt,
) -> Result<(), Error> {
    let target = staged.open(Access::Write)?;
    let progress = Progress::of_bytes(output, "copying", source.size());
    let mut since_flush = 0;
    in_chunks(source.size(), interrupt, |offset, len| {
        let mut bytes = vec![0; len];
        source
            .read(offset, &mut bytes)
            .map_err(|error| old.error(error))?;
        target
            .write(offset, &bytes)
            .map_err(|error| staged.error(error))?;
        since_flush += len as u64;
        if since_flush >= FLUSH {
            target.flush().map_err(|error| staged.error(error))?;
            since_flush = 0;
        }
        progress.set(offset);
        Ok(())
    })?;
    target.flush().map_err(|error| staged.error(error))
}

fn compare(
    old: &Storage,
    source: &Container<Files>,
    staged: &Storage,
    output: &Output,
    interrupt: &Interrupt,
) -> Result<(), Error> {
    let copy = staged.open(Access::Read)?;
    let progress = Progress::of_bytes(output, "comparing", source.size());
    in_chunks(source.size(), interrupt, |offset, len| {
        let (mut want, mut got) = (vec![0; len], vec![0; len]);
        source
            .read(offset, &mut want)
            .map_err(|error| old.error(error))?;
        copy.read(offset, &mut got)
            .map_err(|error| staged.error(error))?;
        progress.set(offset);
        match want.iter().zip(&got).position(|(want, got)| want != got) {
            Some(at) => Err(Error::CopyDiffers {
                block: (offset + at as u64) / 4096,
            }),
            None => Ok(()),
        }
    })
}

/// Goes through a disk in steps, until somebody wants to stop.
fn in_chunks(
    size: u64,
    interrupt: &Interrupt,
    mut step: impl FnMut(u64, usize) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut offset = 0;
    while offset < size {
        if interrupt.is_asked() {
            return Err(Error::Interrupted {
                left: "the old container is as it was, and the copy was removed",
            });
        }
        let len = CHUNK.min(usize::try_from(size - offset).unwrap_or(CHUNK));
        step(offset, len)?;
        offset += len as u64;
    }
    Ok(())
}

/// Gives all files their names, the main file last: before it is there no container is.
fn name(staged: &Storage, new: &Storage) -> Result<(), Error> {
    let error = |name: &str, source: rustix::io::Errno| Error::File {
        what: "rename",
        path: new.path().with_file_name(Path::new(name)),
        source: source.into(),
    };
    let names = staged.names()?;
    let (main, parts): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name == staged.base());
    let sync = || fsync(new.directory()).map_err(|source| error(new.base(), source));
    for group in [parts, main] {
        for from in group {
            let rest = from.strip_prefix(staged.base()).unwrap_or_default();
            let to = format!("{}{rest}", new.base());
            renameat(staged.directory(), &from, new.directory(), &to)
                .map_err(|source| error(&from, source))?;
        }
        sync()?;
    }
    Ok(())
}
