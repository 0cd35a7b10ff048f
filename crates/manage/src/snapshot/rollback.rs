//! Going back to a snapshot.

use std::os::fd::AsFd;

use perch_core::manage::permission::Verb;
use perch_core::manage::step::Step;
use perch_core::metadata::Record;
use perch_core::session::Mode;
use perch_core::units::SessionId;

use super::take::{check_room, copy};
use super::{Kept, SNAPSHOTS, find};
use crate::account::Account;
use crate::copy::touch;
use crate::delete::permit;
use crate::done::{Done, Effect};
use crate::error::Error;
use crate::live::Live;
use crate::shelf::SESSION;
use crate::staged::{Staged, open_in};
use crate::store::Store;
use crate::swap::{Former, Swap, make_durable};
use crate::time::Time;
use crate::work::Work;

/// Makes a session what it was when a snapshot was made: the one that `wanted` names, or the last. What it is now
/// becomes a snapshot.
///
/// # Errors
/// If it is refused, or cannot be done: the session is then as it was.
pub fn rollback(
    store: &Store,
    live: &Live,
    id: SessionId,
    wanted: Option<&str>,
    effect: Effect,
    work: &mut Work<'_>,
) -> Result<(u32, Done), Error> {
    if effect == Effect::Real {
        store.check_writable()?;
    }
    let account = match effect {
        Effect::DryRun => Account::read(store, live)?,
        // Whatever somebody was cut off in is finished first.
        Effect::Real => store.lock(live)?.into_account(),
    };
    let lock = permit(store, &account, Verb::Rollback, id)?;
    let session = account.session(id).ok_or_else(|| store.not_found(id))?;
    let snapshot = find(store, id, wanted)?;
    let number = snapshot.number;
    let mode = snapshot.record.mode.unwrap_or(Mode::Native);
    let kept_as = super::put::next(store, id)?;
    let path = format!("{SNAPSHOTS}/{id}/{number}/{SESSION}");
    let total = check_room(store, &path, mode)?;
    let done = Done {
        id: Some(id),
        steps: vec![
            Step::CopySnapshot { id, number },
            Step::PutInPlace { id },
            Step::Snapshot {
                id,
                number: kept_as,
            },
            Step::Record { id },
        ],
        notes: Vec::new(),
    };
    if effect == Effect::DryRun {
        return Ok((number, done));
    }
    let from = open_in(store, &path).map_err(|source| store.failed(source))?;
    let mut staged = Staged::new(store)?;
    let new = staged.make_session()?;
    copy(from.as_fd(), new.as_fd(), mode, total, work)?;
    touch(&new)?;
    make_durable(&staged, &new)?;
    let mut locked = store.lock(live)?;
    let before = locked.account().record(id).cloned().unwrap_or_default();
    let former = Former::Snapshot(Box::new(Kept {
        made: Time::now().seconds(),
        replaced_by: Some(number),
        record: Record {
            mode: Some(session.mode),
            ..before.clone()
        },
        ..Kept::default()
    }));
    let after = after(&before, snapshot.record);
    let swap = Swap::new(id, before, after, former);
    swap.carry_out(staged, &mut locked)?;
    drop(lock);
    Ok((number, done))
}

/// What is known of the session then: what the snapshot says of its content, what it is called now.
fn after(now: &Record, snapshot: Record) -> Record {
    Record {
        mode: snapshot.mode,
        size: snapshot.size,
        version: snapshot.version,
        edition: snapshot.edition,
        union: snapshot.union,
        // Both are about the content that it has no more.
        failed: None,
        tries: None,
        ..now.clone()
    }
}
