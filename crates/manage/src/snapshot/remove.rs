//! Deleting snapshots.

use std::sync::atomic::AtomicBool;

use perch_core::manage::step::Step;

use super::{Snapshot, open};
use crate::change::Locked;
use crate::done::Done;
use crate::error::Error;
use crate::staged::Staged;

/// What is done to delete these.
pub fn plan_remove(snapshots: &[Snapshot]) -> Vec<Step> {
    let step = |it: &Snapshot| Step::RemoveSnapshot {
        id: it.session,
        number: it.number,
    };
    snapshots.iter().map(step).collect()
}

/// Deletes these for good.
///
/// # Errors
/// If something is left.
pub fn remove(
    locked: Locked<'_>,
    snapshots: &[Snapshot],
    stop: &AtomicBool,
) -> Result<Done, Error> {
    use std::os::fd::AsFd;
    let store = locked.store();
    let mut taken = Vec::new();
    for snapshot in snapshots {
        if let Some(shelf) = open(store, snapshot.session)? {
            let mut staged = Staged::new(store)?;
            staged.take(shelf.as_fd(), &snapshot.number.to_string())?;
            taken.push(staged);
        }
    }
    for snapshot in snapshots {
        super::follow::remove_empty(store, snapshot.session);
    }
    // Nobody has to wait for what follows.
    drop(locked);
    for staged in taken {
        staged.clear(stop, &mut || {})?;
    }
    Ok(Done {
        steps: plan_remove(snapshots),
        ..Done::default()
    })
}
