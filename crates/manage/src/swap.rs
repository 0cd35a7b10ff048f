//! Another directory in the place of a session's: made whole beside it, and then put there so that the number of the
//! session leads to the old one or the new one, each whole, whenever somebody is cut off.
//!
//! In the working directory a note tells what is being done ([`Swap`]). Whoever takes the lock of the store finishes
//! what somebody else was cut off in ([`resume`]); what follows from what is found is decided in
//! `perch_core::manage::swap`. While the two change places metadata says no mode, so that the files tell it.

mod note;
mod resume;

use std::os::fd::{AsFd, BorrowedFd};

use perch_core::metadata::Record;
use perch_core::units::SessionId;
use perch_sys::replace::{exchange, has_lasting_inodes, move_to_free, sync_names};
use rustix::fs::{AtFlags, renameat, statat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::change::Locked;
use crate::error::{Error, FormError};
use crate::snapshot::Kept;
use crate::staged::{NEW, OLD, Staged};
pub(crate) use note::is_note;
pub use resume::{Pending, pending};
pub(crate) use resume::{is_pending, resume_all};

/// In the working directory: the new directory, whole; after an exchange the old one.
const READY: &str = ".perch-ready";
/// In the working directory, where the file system cannot exchange them: the old one.
const WAS: &str = ".perch-was";

/// What is put in the place of what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Swap {
    /// The session.
    pub(crate) id: SessionId,
    /// What metadata says of it.
    pub(crate) before: Record,
    /// What it is to say.
    pub(crate) after: Record,
    /// What becomes of what it was.
    pub(crate) former: Former,
    /// The new directory; absent where numbers of inodes do not last.
    #[serde(default)]
    inode: Option<u64>,
}

/// What becomes of what the session was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Former {
    /// It goes to the trash.
    Trash,
    /// It becomes a snapshot, of which this is known.
    Snapshot(Box<Kept>),
    /// It is deleted.
    Gone,
}

impl Swap {
    /// A session in the form that `after` tells.
    pub(crate) fn new(id: SessionId, before: Record, after: Record, former: Former) -> Self {
        Self {
            id,
            before,
            after,
            former,
            inode: None,
        }
    }

    /// Gives the directory in `staged`, which is whole and on the medium, the number of the session. What is returned has
    /// still to be cleared.
    pub(crate) fn carry_out<'a>(
        mut self,
        staged: Staged<'a>,
        locked: &mut Locked<'a>,
    ) -> Result<Option<Staged<'a>>, Error> {
        let place = staged.dir();
        let failed = locked.store().step("put the new form in its place");
        if has_lasting_inodes(place) {
            let new = statat(place, NEW, AtFlags::SYMLINK_NOFOLLOW).map_err(&failed)?;
            self.inode = Some(new.st_ino);
        }
        note::write(locked.store(), place, &self)?;
        let changed = renameat(place, NEW, place, READY)
            .and_then(|()| sync_names(place))
            .map_err(&failed)
            .and_then(|()| self.forget_mode(locked))
            .and_then(|()| self.change_places(locked, place).map_err(&failed));
        if let Err(error) = changed {
            // Back to what it was, or on to what it is to be: whatever is nearer.
            let _ = resume::resume(locked, place);
            return Err(error);
        }
        // From here on the session is the new one.
        let id = self.id;
        resume::resume(locked, place).map_err(|source| {
            let source = Box::new(source);
            FormError::NotPutAway { id, source }
        })?;
        let rest = statat(place, OLD, AtFlags::SYMLINK_NOFOLLOW).is_ok();
        Ok(rest.then_some(staged))
    }

    /// From now on the files tell the mode.
    fn forget_mode(&self, locked: &mut Locked<'_>) -> Result<(), Error> {
        locked.change(|metadata| {
            let record = metadata.sessions.entry(self.id).or_default();
            (record.mode, record.size) = (None, None);
        })
    }

    fn change_places(&self, locked: &Locked<'_>, place: BorrowedFd<'_>) -> Result<(), Errno> {
        let (store, number) = (locked.store().dir(), self.id.to_string());
        match exchange(place, READY, store, &number) {
            Ok(()) => {
                // The number first: it has to lead somewhere.
                let synced = sync_names(store).and_then(|()| sync_names(place));
                if synced.is_err() {
                    // A failure leaves everything where it was, as far as the medium allows.
                    let _ = exchange(place, READY, store, &number);
                }
                synced
            }
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                move_to_free(store, &number, place, WAS)?;
                sync_names(place)?;
                sync_names(store)?;
                move_to_free(place, READY, store, &number)?;
                sync_names(store)?;
                sync_names(place)
            }
            Err(error) => Err(error),
        }
    }
}

/// Puts what `after` says into a record, as far as nobody has changed it since it was as `before` says.
fn update(record: &mut Record, before: &Record, after: &Record) {
    if record.mode.is_none() || record.mode == before.mode {
        (record.mode, record.size) = (after.mode, after.size);
    }
    let texts = |record: &Record| {
        let Record {
            version,
            edition,
            failed,
            ..
        } = record.clone();
        [version, edition, failed]
    };
    let (was, wanted) = (texts(before), texts(after));
    let fields = [&mut record.version, &mut record.edition, &mut record.failed];
    for ((field, was), wanted) in fields.into_iter().zip(was).zip(wanted) {
        if *field == was {
            *field = wanted;
        }
    }
    if record.union == before.union {
        record.union = after.union;
    }
    if record.tries == before.tries {
        record.tries = after.tries;
    }
}

/// Makes a directory durable that was filled: before it is put anywhere.
pub(crate) fn make_durable(locked: &Staged<'_>, filled: impl AsFd) -> Result<(), Error> {
    locked.sync_all()?;
    perch_sys::durable::settle(filled).map_err(Error::NotDurable)
}
