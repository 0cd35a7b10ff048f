//! What interrupted programs left in a store, and what of it nobody can need.
//!
//! The existing session manager converts a session in a working directory, deletes the old one, and moves the new one
//! to its place. Cut in between, the working directory is the only copy: it is never deleted here, but goes to the
//! trash. What this library leaves behind is known by its names, and is no copy of anything.

use std::ffi::OsStr;

use perch_core::manage::step::Step;
use perch_sys::dir::{self, Kind};
use perch_sys::in_use::Lock;
use rustix::fs::{AtFlags, fstat, unlinkat};

use crate::error::Error;
use crate::staged::{NEW, OLD, Staged, is_working_directory, open_in};
use crate::store::Store;
use crate::swap::{is_note, is_pending};
use crate::time::Time;
use crate::trash;

/// How old a working directory of another program is before it counts as left behind, in seconds: as there.
const DAY: u64 = 24 * 60 * 60;

/// Something that was left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Its name in the store.
    pub name: String,
    /// It may hold a session.
    pub is_precious: bool,
}

impl Leftover {
    /// What is done with it.
    pub fn step(&self) -> Step {
        let name = self.name.clone();
        match self.is_precious {
            true => Step::KeepLeftover { name },
            false => Step::RemoveLeftover { name },
        }
    }
}

/// All that was left behind; what somebody is at work in is not.
///
/// # Errors
/// If the store cannot be listed.
pub fn list(store: &Store) -> Result<Vec<Leftover>, Error> {
    let entries = dir::list(store.dir()).map_err(|source| store.failed(source))?;
    let found = entries.iter().filter(|entry| entry.kind == Kind::Directory);
    let found = found.filter_map(|entry| look(store, entry.name.to_str()?));
    Ok(found.collect())
}

/// `None` for what is no leftover.
fn look(store: &Store, name: &str) -> Option<Leftover> {
    if !is_working_directory(name) {
        return None;
    }
    let dir = open_in(store, name).ok()?;
    if is_pending(&dir) {
        // Whoever changes something finishes that first.
        return None;
    }
    let entries = dir::list(&dir).ok()?;
    let nobodys = |name: &OsStr| name == NEW || name == OLD || is_note(name);
    let ours = !entries.is_empty() && entries.iter().all(|it| nobodys(&it.name));
    let changed = fstat(&dir).ok()?.st_mtime;
    // Whoever is at work in ours has its lock.
    Lock::take(dir).ok()?;
    let age = Time::now().seconds_since(Time::new(changed, 0));
    (ours || age >= DAY).then(|| Leftover {
        name: name.to_owned(),
        is_precious: !ours && !entries.is_empty(),
    })
}

/// Deletes it, or moves it to the trash. What is returned has still to be cleared.
pub(crate) fn tidy<'a>(store: &'a Store, leftover: &Leftover) -> Result<Option<Staged<'a>>, Error> {
    let name = &*leftover.name;
    if leftover.is_precious {
        trash::put_leftover(store, name)?;
        return Ok(None);
    }
    if unlinkat(store.dir(), name, AtFlags::REMOVEDIR).is_ok() {
        return Ok(None);
    }
    let mut staged = Staged::new(store)?;
    staged.take(store.dir(), name)?;
    Ok(Some(staged))
}
