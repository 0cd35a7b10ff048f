//! Which session is meant, and where it is.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use perch_core::record;
use perch_core::units::SessionId;
use perch_sys::dir::{self, DirError};
use perch_sys::in_use::running;
use perch_sys::layout::Layout;
use rustix::fs::OFlags;

use super::MarkError;
use crate::args::mark_good::MarkGood;

/// A session in a store.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) store: PathBuf,
    pub(super) id: SessionId,
    /// This system runs from it.
    pub(super) is_running: bool,
}

impl Target {
    /// Finds it; `None` if no session is open and none was named.
    pub(super) fn find(args: &MarkGood) -> Result<Option<Self>, MarkError> {
        if let (Some(dir), Some(id)) = (&args.sessions_dir, args.session) {
            return Ok(Some(Self {
                store: dir.clone(),
                id,
                is_running: false,
            }));
        }
        if !args.dry_run && !rustix::process::geteuid().is_root() {
            return Err(MarkError::NeedsRoot);
        }
        let layout = Layout::of_boot();
        let path = layout.record();
        let text = fs::read_to_string(&path).map_err(|source| match source.kind() {
            ErrorKind::NotFound => MarkError::NotBooted,
            _ => MarkError::Record {
                path: path.clone(),
                source,
            },
        })?;
        let recorded = record::read(&text).map_err(|source| MarkError::NoFacts {
            path: path.clone(),
            source,
        })?;
        let open = recorded.outcome.and_then(|outcome| outcome.session);
        let store = layout.sessions(&recorded.facts);
        let Some(id) = args.session.or(open) else {
            return Ok(None);
        };
        let is_open = open == Some(id);
        if is_open && !runs_from(&store, id, &layout).unwrap_or(false) {
            return Err(MarkError::Stale { id, path });
        }
        Ok(Some(Self {
            store,
            id,
            is_running: is_open,
        }))
    }
}

fn runs_from(store: &PathBuf, id: SessionId, layout: &Layout) -> Result<bool, DirError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let session = dir::open_beneath(dir::open_dir(store)?, id.to_string(), flags)?;
    Ok(running::runs_from(&session, layout))
}
