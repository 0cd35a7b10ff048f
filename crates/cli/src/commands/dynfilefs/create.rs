//! `perch dynfilefs create`

use dynfilefs::container::{self, Access};
use dynfilefs::error::Error as ContainerError;
use dynfilefs::geometry::Geometry;
use perch_core::units::Mib;
use serde::Serialize;

use super::count;
use crate::args::dynfilefs::Create;
use crate::error::Error;
use crate::output::Outcome;
use crate::storage::Storage;

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
        make(&storage, &geometry)?;
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

/// Makes a container, or leaves nothing behind.
pub(super) fn make(storage: &Storage, geometry: &Geometry) -> Result<(), Error> {
    let before = storage.names()?;
    // Parts that it will not have are of another container.
    let own = |name: &String| {
        let rest = name.strip_prefix(storage.base()).unwrap_or_default();
        let number = rest
            .strip_prefix('.')
            .and_then(|number| number.parse().ok());
        number.is_none_or(|number: u32| number < geometry.parts())
    };
    if !before.iter().all(own) {
        return Err(storage.error(ContainerError::Exists));
    }
    let files = storage.files(Access::Write)?;
    container::create(&files, geometry.split(), geometry.size()).map_err(|error| {
        drop(files);
        storage.remove_new(&before);
        storage.error(error)
    })
}
