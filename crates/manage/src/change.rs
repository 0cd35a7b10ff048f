//! Changing metadata: read, changed and written back under the one lock of the store.

use std::time::Duration;

use perch_core::metadata::{Metadata, Record};
use perch_core::units::SessionId;
use perch_sys::store::{self, StoreLock, WriteError};
use rustix::process::geteuid;

use crate::account::Account;
use crate::error::Error;
use crate::live::Live;
use crate::place::Whereabouts;
use crate::store::Store;
use crate::swap::resume_all;

/// How long other programs may take to change the sessions; each does for a moment only.
const PATIENCE: Duration = Duration::from_secs(60);

/// A store that nobody else changes, and what it holds.
#[derive(Debug)]
pub struct Locked<'a> {
    store: &'a Store,
    account: Account,
    /// Sessions that somebody was cut off in replacing, which was finished now.
    resumed: Vec<SessionId>,
    _lock: StoreLock,
}

impl Store {
    /// Refuses whoever may not change the store, before anything is begun.
    ///
    /// # Errors
    /// Without root, or if the store is read-only.
    pub fn check_writable(&self) -> Result<(), Error> {
        if !geteuid().is_root() {
            return Err(Error::NeedsRoot);
        }
        match Whereabouts::of(self)?.is_read_only {
            true => Err(Error::ReadOnly {
                path: self.path().to_owned(),
            }),
            false => Ok(()),
        }
    }

    /// Takes the lock of the store, finishes what others were cut off in, and reads what it holds.
    ///
    /// # Errors
    /// If it may not be written, or somebody else has the lock for a minute.
    pub fn lock(&self, live: &Live) -> Result<Locked<'_>, Error> {
        self.check_writable()?;
        let path = || self.path().to_owned();
        let lock = StoreLock::take(self.dir(), PATIENCE).map_err(|source| Error::Lock {
            path: path(),
            source,
        })?;
        store::remove_leftovers(self.dir()).map_err(|source| Error::Trash {
            path: path(),
            source,
        })?;
        let mut locked = Locked {
            store: self,
            account: Account::read(self, live)?,
            resumed: Vec::new(),
            _lock: lock,
        };
        locked.resumed = resume_all(&mut locked)?;
        if !locked.resumed.is_empty() {
            locked.account = Account::read(self, live)?;
        }
        Ok(locked)
    }
}

impl<'a> Locked<'a> {
    /// The store.
    pub fn store(&self) -> &'a Store {
        self.store
    }

    /// What it holds.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Whether somebody was cut off in replacing that session, which was finished when the lock was taken.
    pub fn has_resumed(&self, id: SessionId) -> bool {
        self.resumed.contains(&id)
    }

    /// Lets others change the store, and returns what it held.
    pub fn into_account(self) -> Account {
        self.account
    }

    /// Changes metadata and writes both files, unless they say just that already. Damaged ones are set aside.
    ///
    /// # Errors
    /// If they cannot be written: each is then old or new.
    pub fn change(&mut self, change: impl FnOnce(&mut Metadata)) -> Result<(), Error> {
        let mut after = self.account.metadata().clone();
        change(&mut after);
        let same = after == *self.account.metadata() && self.account.agrees();
        if same && self.account.quarantine().is_empty() {
            return Ok(());
        }
        let written = store::write(self.store.dir(), &after, self.account.quarantine());
        written.map_err(|source: WriteError| Error::Write {
            path: self.store.path().to_owned(),
            source,
        })?;
        self.account.now_says(after);
        Ok(())
    }

    /// Records a session, and has `place` put it where the record says: should that fail, the record is as it was. Cut
    /// in between, metadata speaks of a session that is not there, which every reader passes over.
    ///
    /// # Errors
    /// Those of `place`, or if metadata cannot be written; `place` was not called then.
    pub fn with_record(
        &mut self,
        id: SessionId,
        record: Record,
        place: impl FnOnce(&Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let before = self.account.record(id).cloned();
        self.change(|metadata| {
            metadata.sessions.insert(id, record);
        })?;
        let placed = place(self);
        if placed.is_err() {
            // The first error is the one to tell.
            let _ = self.change(|metadata| {
                metadata.sessions.remove(&id);
                metadata.sessions.extend(before.map(|record| (id, record)));
            });
        }
        placed
    }
}
