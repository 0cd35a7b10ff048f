//! Deleting what is in the trash for good.

use std::os::fd::AsFd;
use std::sync::atomic::AtomicBool;

use perch_core::manage::step::Step;

use super::{Item, open};
use crate::change::Locked;
use crate::done::Done;
use crate::error::Error;
use crate::staged::Staged;
use crate::store::Store;

/// Takes these pieces out of the trash at once; what is returned has still to be cleared.
pub(crate) fn take_out<'a>(store: &'a Store, items: &[Item]) -> Result<Vec<Staged<'a>>, Error> {
    let Some(trash) = open(store)? else {
        return Ok(Vec::new());
    };
    let mut taken = Vec::new();
    for item in items {
        let mut staged = Staged::new(store)?;
        staged.take(trash.as_fd(), &item.name)?;
        taken.push(staged);
    }
    Ok(taken)
}

/// Deletes these pieces for good.
///
/// # Errors
/// If something is left.
pub fn empty(
    locked: Locked<'_>,
    items: &[Item],
    stop: &AtomicBool,
    progress: &mut dyn FnMut(),
) -> Result<Done, Error> {
    let taken = take_out(locked.store(), items)?;
    // Nobody has to wait for what follows.
    drop(locked);
    for staged in taken {
        staged.clear(stop, progress)?;
    }
    Ok(Done {
        steps: plan_empty(items),
        ..Done::default()
    })
}

/// What is done to delete these pieces.
pub fn plan_empty(items: &[Item]) -> Vec<Step> {
    let step = |item: &Item| Step::EmptyTrash {
        item: item.name.clone(),
    };
    items.iter().map(step).collect()
}
