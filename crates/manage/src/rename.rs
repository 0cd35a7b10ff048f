//! Giving a session a name, and a note.

use perch_core::manage::label::Field;
use perch_core::manage::step::Step;
use perch_core::metadata::Record;
use perch_core::units::SessionId;

use crate::account::Account;
use crate::done::{Done, Effect};
use crate::error::Error;
use crate::live::Live;
use crate::store::Store;

/// What a session is to be called. What is absent stays; an empty text takes it away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels {
    /// A few words that stand for it.
    pub name: Option<String>,
    /// What there is to say about it.
    pub note: Option<String>,
}

impl Labels {
    /// Refuses what cannot be kept.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), Error> {
        self.write_into(&mut Record::default())
    }

    /// Writes them into the record of a session.
    ///
    /// # Errors
    /// If they cannot be kept; some may have been written by then.
    pub fn write_into(&self, record: &mut Record) -> Result<(), Error> {
        for (field, text) in [(Field::Name, &self.name), (Field::Note, &self.note)] {
            if let Some(text) = text {
                field.set(record, field.check(text)?);
            }
        }
        Ok(())
    }
}

/// Records name and note.
///
/// # Errors
/// If there is no such session, or they cannot be kept or recorded.
pub fn rename(
    store: &Store,
    live: &Live,
    id: SessionId,
    labels: &Labels,
    effect: Effect,
) -> Result<Done, Error> {
    labels.check()?;
    let done = Done {
        id: Some(id),
        steps: vec![Step::Rename { id }],
        notes: Vec::new(),
    };
    let exists = |account: &Account| {
        let session = account.session(id).map(|_| ());
        session.ok_or_else(|| store.not_found(id))
    };
    if effect == Effect::DryRun {
        exists(&Account::read(store, live)?)?;
        return Ok(done);
    }
    let mut locked = store.lock(live)?;
    exists(locked.account())?;
    let mut record = locked.account().record(id).cloned().unwrap_or_default();
    labels.write_into(&mut record)?;
    locked.change(|metadata| {
        metadata.sessions.insert(id, record);
    })?;
    Ok(done)
}
