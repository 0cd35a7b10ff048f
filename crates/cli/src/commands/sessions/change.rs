//! `activate` and `rename`: metadata alone changes.

use perch_core::units::SessionId;
use perch_manage::activate::activate as activate_session;
use perch_manage::rename::{Labels, rename as rename_session};
use serde::Serialize;

use super::{Sessions, id, outcome};
use crate::args::sessions::{Activate, Rename};
use crate::error::Error;
use crate::output::{Outcome, Output};

/// What `activate` has besides.
#[derive(Serialize)]
struct Former {
    /// The session that would have booted next.
    former: Option<SessionId>,
}

pub(super) fn activate(
    args: &Activate,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let id = id(&args.id)?;
    let Sessions { live, store } = at()?;
    let activated = activate_session(&store, &live, id, args.change.dry_run.into())?;
    let message = match activated.former {
        Some(former) if former == id => format!("session {id} boots next already"),
        Some(former) => output.say("session-next-in-place", &[("id", &id), ("former", &former)]),
        None => output.say("session-next", &[("id", &id)]),
    };
    let former = Former {
        former: activated.former,
    };
    Ok(outcome(&activated.done, args.change.dry_run, message, output).data(&former))
}

pub(super) fn rename(
    args: &Rename,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let id = id(&args.id)?;
    let labels = Labels {
        name: args.name.clone(),
        note: args.note.clone(),
    };
    labels.check()?;
    let Sessions { live, store } = at()?;
    let done = rename_session(&store, &live, id, &labels, args.change.dry_run.into())?;
    let message = match args.name.as_deref().map(str::trim) {
        Some("") => output.say("session-nameless", &[("id", &id)]),
        Some(name) => output.say("session-called", &[("id", &id), ("name", &name)]),
        None => output.say("session-noted", &[("id", &id)]),
    };
    Ok(outcome(&done, args.change.dry_run, message, output))
}
