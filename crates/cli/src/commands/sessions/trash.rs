//! `trash`: what was deleted.

use std::fmt::Write;
use std::sync::atomic::AtomicBool;

use perch_core::manage::label::Field;
use perch_core::units::{Bytes, SessionId};
use perch_manage::done::Done;
use perch_manage::time::Time;
use perch_manage::trash::{self, Item};
use serde::Serialize;

use super::{Sessions, listed, outcome};
use crate::args::sessions::{Empty, Restore};
use crate::ask;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};
use crate::progress::Progress;

/// A piece of the trash, for programs.
#[derive(Serialize)]
struct Shown {
    /// By which it is restored.
    name: String,
    /// The number that it had.
    id: Option<SessionId>,
    mode: Option<&'static str>,
    /// When it was deleted: ISO 8601, local, without a zone.
    deleted: Option<String>,
    size: Option<u64>,
    allocated: Option<u64>,
    session_name: Option<String>,
    /// It can be restored.
    whole: bool,
    schema: u32,
}

pub(super) fn list(sessions: &Sessions) -> Result<Outcome, Error> {
    let store = &sessions.store;
    let items = trash::list(store)?;
    let usages = trash::usage(store, &items, &AtomicBool::new(false));
    let mut shown = Vec::new();
    let mut text = String::new();
    for (item, usage) in items.iter().zip(usages) {
        let size = usage.map(|usage| usage.allocated);
        text.push_str(&line(item, size));
        shown.push(Shown {
            name: item.name.clone(),
            id: item.id,
            mode: item.record.mode.map(|mode| mode.word()),
            deleted: item.deleted.map(Time::iso),
            size: usage.map(|usage| usage.apparent.0),
            allocated: size.map(|size| size.0),
            session_name: Field::Name.of(&item.record).map(str::to_owned),
            whole: item.is_whole,
            schema: 1,
        });
    }
    if text.is_empty() {
        "The trash is empty".clone_into(&mut text);
    }
    Ok(Outcome::new(text).answer(&shown))
}

fn line(item: &Item, size: Option<Bytes>) -> String {
    let mut text = item.name.clone();
    let mode = item.record.mode.map(|mode| mode.to_string());
    let name = Field::Name
        .of(&item.record)
        .map(|name| format!("\"{name}\""));
    let deleted = item.deleted.map(|time| format!("deleted {}", time.plain()));
    let broken = (!item.is_whole).then(|| "cannot be restored".to_owned());
    let size = size.map(|size| size.to_string());
    for word in [name, mode, size, deleted, broken].into_iter().flatten() {
        let _ = write!(text, "  {word}");
    }
    text.push('\n');
    text
}

pub(super) fn restore(
    args: &Restore,
    sessions: &Sessions,
    output: &Output,
) -> Result<Outcome, Error> {
    let Sessions { live, store } = sessions;
    let done = if args.change.dry_run {
        let account = sessions.account(output)?;
        trash::plan_restore(store, &account, &args.name)?.1
    } else {
        let mut locked = store.lock(live)?;
        trash::restore(&mut locked, &args.name)?
    };
    let id = done.id.map(|id| id.to_string()).unwrap_or_default();
    let message = output.say("session-back", &[("id", &id)]);
    Ok(outcome(&done, args.change.dry_run, message, output))
}

pub(super) fn empty(args: &Empty, sessions: &Sessions, output: &Output) -> Result<Outcome, Error> {
    let Sessions { live, store } = sessions;
    if !args.change.dry_run {
        store.check_writable()?;
    }
    let all = trash::list(store)?;
    let mut wanted = Vec::new();
    for name in &args.names {
        wanted.push(trash::find(&all, name)?);
    }
    if args.names.is_empty() {
        wanted = all;
    }
    let plan = Done {
        steps: trash::plan_empty(&wanted),
        ..Done::default()
    };
    if args.change.dry_run {
        return Ok(outcome(&plan, true, String::new(), output));
    }
    if wanted.is_empty() {
        let message = output.say("trash-empty", &[]);
        return Ok(outcome(&plan, false, message, output));
    }
    if !args.yes {
        output.show(&listed(&plan.steps));
        ask::whether_to_go_on(output)?;
    }
    let interrupt = Interrupt::watch();
    let progress = Progress::of_waiting(output, "deleting");
    let locked = store.lock(live)?;
    let done = trash::empty(locked, &wanted, interrupt.flag(), &mut || {})?;
    drop(progress);
    let message = output.say("trash-emptied", &[("count", &wanted.len())]);
    Ok(outcome(&done, false, message, output))
}
