//! Making a snapshot.

use std::os::fd::{AsFd, BorrowedFd};

use perch_core::manage::create::CannotCreate;
use perch_core::manage::label::Field;
use perch_core::manage::permission::Verb;
use perch_core::manage::step::Step;
use perch_core::metadata::Record;
use perch_core::session::Mode;
use perch_core::sizing::RESERVE;
use perch_core::units::{Bytes, SessionId};
use perch_sys::usage;

use super::Kept;
use super::put::{next, put};
use crate::account::Account;
use crate::copy::SHARING;
use crate::delete::permit_by;
use crate::done::{Done, Effect};
use crate::error::{Error, FormError};
use crate::live::Live;
use crate::place::Whereabouts;
use crate::rename::Labels;
use crate::staged::{NEW, Staged};
use crate::standing::claim_to_read;
use crate::store::Store;
use crate::swap::make_durable;
use crate::time::Time;
use crate::tree;
use crate::work::{Phase, Work};

/// A snapshot that was made, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its number.
    pub number: u32,
    /// What was done.
    pub done: Done,
}

/// Makes a snapshot of a session that stands still.
///
/// # Errors
/// If it is refused, or cannot be made: nothing of it is left then.
pub fn take(
    store: &Store,
    live: &Live,
    id: SessionId,
    labels: &Labels,
    effect: Effect,
    work: &mut Work<'_>,
) -> Result<Taken, Error> {
    labels.check()?;
    let taken = |number| Taken {
        number,
        done: Done {
            id: Some(id),
            steps: vec![Step::Snapshot { id, number }],
            notes: Vec::new(),
        },
    };
    if effect == Effect::Real {
        store.check_writable()?;
    }
    let account = match effect {
        Effect::DryRun => Account::read(store, live)?,
        // Whatever somebody was cut off in is finished first.
        Effect::Real => store.lock(live)?.into_account(),
    };
    let lock = permit_by(store, &account, Verb::Snapshot, id, claim_to_read)?;
    let session = account.session(id).ok_or_else(|| store.not_found(id))?;
    let total = check_room(store, &id.to_string(), session.mode)?;
    if effect == Effect::DryRun {
        return Ok(taken(next(store, id)?));
    }
    let mut staged = Staged::new(store)?;
    let new = staged.make_session()?;
    copy(
        store.session(id)?.as_fd(),
        new.as_fd(),
        session.mode,
        total,
        work,
    )?;
    make_durable(&staged, &new)?;
    let locked = store.lock(live)?;
    let text = |field: Field, text: &Option<String>| match text {
        Some(text) => field.check(text),
        None => Ok(None),
    };
    let kept = Kept {
        made: Time::now().seconds(),
        name: text(Field::Name, &labels.name)?,
        note: text(Field::Note, &labels.note)?,
        replaced_by: None,
        record: Record {
            mode: Some(session.mode),
            ..locked.account().record(id).cloned().unwrap_or_default()
        },
    };
    let number = put(store, id, &kept, (staged.dir(), NEW))?;
    drop(lock);
    Ok(taken(number))
}

/// Refuses a copy that would fill the medium; returns how much there is to copy.
pub(super) fn check_room(store: &Store, name: &str, mode: Mode) -> Result<Bytes, Error> {
    let go_on = std::sync::atomic::AtomicBool::new(false);
    let Some(usage) = usage::of(store.dir(), name, &go_on) else {
        return Ok(Bytes(0));
    };
    let place = Whereabouts::of(store)?;
    let needed = usage.allocated.0.saturating_add(RESERVE.bytes().0);
    if !SHARING.contains(&place.fs_type.as_str()) && needed > place.free.0 {
        return Err(Error::CannotCreate(CannotCreate::NoSpace {
            mode,
            asked: usage.allocated.whole_mib(),
            free: place.free,
            most: None,
        }));
    }
    Ok(usage.allocated)
}

/// Copies the directory of a session, whole and as it is.
pub(super) fn copy(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    mode: Mode,
    total: Bytes,
    work: &mut Work<'_>,
) -> Result<(), Error> {
    let mut watch = work.watch(Phase::Copying, Some(total.0));
    let report = tree::copy(from, to, &mut watch);
    drop(watch);
    let report = work.outcome(report.map_err(Error::Tree))?;
    // Who owns a container, and when it was written, is nothing that it depends on.
    match report.losses.first.first() {
        Some(loss) if mode == Mode::Native => Err(FormError::Lost {
            count: report.losses.count,
            first: loss.to_string(),
        })?,
        _ => work.go_on(),
    }
}
