//! `perch mark-good`: the system has come up, so the tries of its session are forgotten.

mod error;
mod target;

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use perch_core::metadata::{Interest, Metadata, Outline};
use perch_sys::dir;
use perch_sys::store::{self, StoreLock};
use serde::Serialize;

use crate::args::mark_good::MarkGood;
use crate::error::Error;
use crate::output::Outcome;
pub(crate) use error::MarkError;
use target::Target;

/// How long another program may take to change the sessions.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was recorded, for programs.
#[derive(Serialize)]
struct Marked {
    /// Absent where none is open.
    session: Option<String>,
    sessions_dir: Option<String>,
    /// How many tries were counted before.
    tries: u32,
    changed: bool,
    dry_run: bool,
}

pub(crate) fn run(args: &MarkGood) -> Result<Outcome, Error> {
    Ok(mark(args)?)
}

fn mark(args: &MarkGood) -> Result<Outcome, MarkError> {
    let Some(target) = Target::find(args)? else {
        let message = "no session is open, so none is marked: changes stay in RAM";
        return Ok(Outcome::new(message).data(&Marked {
            session: None,
            sessions_dir: None,
            tries: 0,
            changed: false,
            dry_run: args.dry_run,
        }));
    };
    let path = || target.store.clone();
    let dir = dir::open_dir(&target.store).map_err(|source| MarkError::Store {
        path: path(),
        source,
    })?;
    // Without a lock: where there is nothing to write, the medium is not touched at all.
    let mut change = Change::look(dir.as_fd(), &target)?;
    if change.is_one() && !args.dry_run {
        let lock = StoreLock::take(dir.as_fd(), PATIENCE);
        let _lock = lock.map_err(|source| MarkError::Lock {
            path: path(),
            source,
        })?;
        // What was read before may have changed until the lock was there.
        change = Change::look(dir.as_fd(), &target)?;
        change
            .write(dir.as_fd())
            .map_err(|source| MarkError::Write {
                path: path(),
                source,
            })?;
    }
    let changed = change.is_one();
    Ok(
        Outcome::new(message(&target, changed, args.dry_run)).data(&Marked {
            session: Some(target.id.to_string()),
            sessions_dir: Some(target.store.display().to_string()),
            tries: change.before.tries(target.id),
            changed: changed && !args.dry_run,
            dry_run: args.dry_run,
        }),
    )
}

fn message(target: &Target, changed: bool, dry_run: bool) -> String {
    let id = target.id;
    match (target.is_running, changed, dry_run) {
        (true, true, false) => format!("session {id} has come up, and is marked good"),
        (true, true, true) => format!("session {id} would be marked good"),
        (true, false, _) => format!("session {id} is marked good already"),
        (false, true, false) => format!("session {id} has all its tries again"),
        (false, true, true) => format!("session {id} would get all its tries again"),
        (false, false, _) => format!("session {id} has all its tries already"),
    }
}

/// What metadata says, and what it is to say.
struct Change {
    before: Metadata,
    after: Metadata,
    /// The mirror says the same as the file itself.
    agrees: bool,
    quarantine: Vec<String>,
}

impl Change {
    fn look(store: BorrowedFd<'_>, target: &Target) -> Result<Self, MarkError> {
        let failed = |source| MarkError::Store {
            path: target.store.clone(),
            source,
        };
        let mut found = store::list(store).map_err(failed)?;
        let outline = Outline::of(&found.files);
        let ids = outline.to_look_into(&found.files, Interest::Nothing);
        store::look_into(store, &mut found, &ids);
        if !found.files.has(target.id) {
            return Err(MarkError::NoSession {
                id: target.id,
                path: target.store.clone(),
            });
        }
        let assembled = outline.complete(&found.files);
        let before = assembled.metadata;
        let mut after = before.clone();
        if target.is_running {
            after.mark_good(target.id);
        } else {
            after.forget_tries_of(target.id);
        }
        Ok(Self {
            before,
            after,
            agrees: assembled.agrees,
            quarantine: assembled.quarantine,
        })
    }

    fn is_one(&self) -> bool {
        self.after != self.before
    }

    fn write(&self, store: BorrowedFd<'_>) -> Result<(), store::WriteError> {
        if !self.is_one() {
            return Ok(());
        }
        if self.agrees && self.after.differs_in_tries_only(&self.before) {
            return store::write_counts(store, &self.after);
        }
        store::write(store, &self.after, &self.quarantine).map(|_| ())
    }
}
