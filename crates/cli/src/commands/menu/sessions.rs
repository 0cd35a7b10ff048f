//! Sessions that have a name, for entries of their own.

use std::os::fd::AsFd;

use perch_core::metadata::assemble;
use perch_medium::menu::NamedSession;
use perch_sys::dir::open_dir;
use perch_sys::store;
use rustix::io::Errno;

use super::MenuFailure;
use super::medium::Medium;
use crate::output::Output;

/// The sessions of the medium that have a name, by number. A session that is gone has no entry.
pub(super) fn named(medium: &Medium, output: &Output) -> Result<Vec<NamedSession>, MenuFailure> {
    if !medium.is_usual_store {
        output.notice(
            "the sessions are at a place that was named at boot, which the menu does not name: no entries for them",
        );
        return Ok(Vec::new());
    }
    let failed = |source| MenuFailure::Sessions {
        store: medium.store.clone(),
        source,
    };
    let dir = match open_dir(&medium.store) {
        Ok(dir) => dir,
        Err(error) if error.errno() == Some(Errno::NOENT) => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let found = store::read(dir.as_fd()).map_err(failed)?;
    let assembled = assemble(&found.files);
    let named = assembled.sessions.iter().filter_map(|session| {
        let record = assembled.metadata.sessions.get(&session.id)?;
        Some(NamedSession {
            id: session.id,
            name: record.name()?.to_owned(),
        })
    });
    Ok(named.collect())
}
