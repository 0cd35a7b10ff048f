//! What a store holds, read at one moment.

use std::collections::BTreeSet;

use perch_core::manage::permission::Standing;
use perch_core::metadata::{Assembled, Interest, Metadata, Note, Outline, Record};
use perch_core::session::Session;
use perch_core::units::SessionId;
use perch_sys::store;

use crate::error::Error;
use crate::live::Live;
use crate::snapshot;
use crate::standing::{Running, running};
use crate::store::Store;

/// What a store holds.
#[derive(Debug)]
pub struct Account {
    assembled: Assembled,
    running: Running,
    taken: Vec<SessionId>,
    /// Numbers whose snapshots are still there, whatever became of the session.
    reserved: Vec<SessionId>,
}

impl Account {
    /// Reads the store. Of a thousand sessions only those are looked into of which that tells anything: containers,
    /// and those that metadata does not know.
    ///
    /// # Errors
    /// If the store cannot be listed.
    pub fn read(store: &Store, live: &Live) -> Result<Self, Error> {
        let mut found = store::list(store.dir()).map_err(|source| store.failed(source))?;
        let outline = Outline::of(&found.files);
        let mut look = outline.to_look_into(&found.files, Interest::Nothing);
        look.extend(outline.containers());
        store::look_into(store.dir(), &mut found, &look);
        let taken = found.taken();
        let assembled = outline.complete(&found.files);
        Ok(Self {
            running: running(store, live, &assembled),
            assembled,
            taken,
            // Whoever may not look there makes no session either.
            reserved: match snapshot::sessions(store) {
                Err(error) if error.code() == "no-root" => Vec::new(),
                sessions => sessions?,
            },
        })
    }

    /// All sessions, by number.
    pub fn sessions(&self) -> &[Session] {
        &self.assembled.sessions
    }

    /// The session of that number.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions().iter().find(|session| session.id == id)
    }

    /// The one that boots next, if its directory is there.
    pub fn active(&self) -> Option<&Session> {
        self.session(self.metadata().default?)
    }

    /// The one that this system runs from.
    pub fn running(&self) -> Running {
        self.running
    }

    /// What the files say.
    pub fn metadata(&self) -> &Metadata {
        &self.assembled.metadata
    }

    /// What they say of one session; absent where they say nothing.
    pub fn record(&self, id: SessionId) -> Option<&Record> {
        self.metadata().sessions.get(&id)
    }

    /// What is odd about them, the most important first.
    pub fn notes(&self) -> &[Note] {
        &self.assembled.notes
    }

    /// Files that are set aside before anything is written.
    pub(crate) fn quarantine(&self) -> &[String] {
        &self.assembled.quarantine
    }

    /// Whether both files say just that already.
    pub(crate) fn agrees(&self) -> bool {
        self.assembled.agrees
    }

    /// Both files were written.
    pub(crate) fn now_says(&mut self, metadata: Metadata) {
        self.assembled.metadata = metadata;
        self.assembled.quarantine.clear();
        self.assembled.agrees = true;
    }

    /// What a session is to this system. Who else uses it costs time, see
    /// [`claim`](crate::standing::claim).
    pub fn standing(&self, id: SessionId) -> Standing {
        Standing {
            is_default: self.metadata().default == Some(id),
            is_running: self.running.id() == Some(id),
            in_use: None,
        }
    }

    /// The number for a new session; `None` if all are taken.
    pub fn next_id(&self) -> Option<SessionId> {
        let there = self.sessions().iter().map(|session| session.id);
        let others = self.taken.iter().chain(&self.reserved).copied();
        let used: BTreeSet<SessionId> = there.chain(others).collect();
        SessionId::next(&used)
    }

    /// The number for a new session: the one that was chosen, or the next.
    ///
    /// # Errors
    /// If that is taken, or all are.
    pub fn number(&self, chosen: Option<SessionId>) -> Result<SessionId, Error> {
        match chosen {
            Some(id) if self.is_free(id) => Ok(id),
            Some(id) => Err(Error::Taken { id }),
            None => self.next_id().ok_or(Error::NoNumber),
        }
    }

    /// Whether a number is free for a session.
    pub fn is_free(&self, id: SessionId) -> bool {
        self.session(id).is_none() && !self.taken.contains(&id)
    }
}
