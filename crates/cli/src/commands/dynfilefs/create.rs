//! `perch dynfilefs create`

use std::os::fd::AsFd;
use std::time::Duration;

use dynfilefs::container::{self, Access};
use dynfilefs::error::Error as ContainerError;
use dynfilefs::geometry::Geometry;
use perch_core::serving::{self, BaseName};
use perch_core::units::{Bytes, Mib};
use perch_sys::container::dynfilefs::{ServeError, Server};
use perch_sys::container::format;
use rustix::process::geteuid;
use serde::Serialize;

use super::count;
use crate::args::dynfilefs::{Create, Format};
use crate::error::Error;
use crate::output::Outcome;
use crate::storage::Storage;

/// How long the server of a new container may take to end.
const END: Duration = Duration::from_secs(300);

/// A container that was made, or would be.
#[derive(Serialize)]
struct Created {
    path: String,
    size: u64,
    split: u64,
    parts: u32,
    dry_run: bool,
}

pub(super) fn run(args: &Create) -> Result<Outcome, Error> {
    let geometry = Geometry::new(args.split.bytes().0, args.size.bytes().0)?;
    let storage = Storage::at(&args.file)?;
    if args.dry_run {
        let there = storage.names()?;
        if !there.is_empty() {
            return Err(storage.error(ContainerError::Exists));
        }
    } else {
        match args.format {
            None => make(&storage, &geometry)?,
            Some(Format::Ext4) => make_formatted(&storage, &geometry)?,
        }
    }
    let created = Created {
        path: args.file.display().to_string(),
        size: geometry.size(),
        split: geometry.split(),
        parts: geometry.parts(),
        dry_run: args.dry_run,
    };
    let what = match args.dry_run {
        true => "would create",
        false => "created",
    };
    let parts = count(created.parts.into(), "part");
    let split = Mib(created.split >> 20);
    let size = Mib(created.size >> 20);
    let message = format!(
        "{what} {}: {size} in {parts} of at most {split}",
        created.path
    );
    Ok(Outcome::new(message).data(&created))
}

/// Makes a container with an ext4 on its disk: it is none before both are there.
fn make_formatted(storage: &Storage, geometry: &Geometry) -> Result<(), Error> {
    if !geteuid().is_root() {
        return Err(Error::NeedsRoot {
            what: "making a file system",
        });
    }
    check_place(storage, geometry)?;
    let failed = |source: ServeError| Error::Serve {
        path: storage.path().to_owned(),
        source: Box::new(source),
    };
    let base = BaseName::try_from(storage.base().to_owned()).map_err(|_| Error::Name {
        path: storage.path().to_owned(),
    })?;
    let (split, size) = (Bytes(geometry.split()), Bytes(geometry.size()));
    // Without a commit the server removes what it made.
    let mut served = Server::new(base)
        .create_split(
            storage.directory().as_fd(),
            split.whole_mib(),
            size.whole_mib(),
        )
        .map_err(failed)?;
    let disk = served.file(true).map_err(failed)?;
    format(disk, serving::DISK).map_err(|source| Error::Format {
        source: Box::new(source),
    })?;
    served.commit().map_err(failed)?;
    let user = storage.user();
    match served.wait(END) {
        true => Ok(()),
        false => Err(Error::StillRunning { user }),
    }
}

/// Makes a container, or leaves nothing behind.
pub(super) fn make(storage: &Storage, geometry: &Geometry) -> Result<(), Error> {
    let before = storage.names()?;
    check_place(storage, geometry)?;
    let files = storage.files(Access::Write)?;
    container::create(&files, geometry.split(), geometry.size()).map_err(|error| {
        drop(files);
        storage.remove_new(&before);
        storage.error(error)
    })
}

/// Refuses what the format does not look at.
fn check_place(storage: &Storage, geometry: &Geometry) -> Result<(), Error> {
    let names = storage.names()?;
    // Parts that it will not have are of another container.
    let own = |name: &String| {
        let rest = name.strip_prefix(storage.base()).unwrap_or_default();
        let number = rest
            .strip_prefix('.')
            .and_then(|number| number.parse().ok());
        number.is_none_or(|number: u32| number < geometry.parts())
    };
    if !names.iter().all(own) {
        return Err(storage.error(ContainerError::Exists));
    }
    Ok(())
}
