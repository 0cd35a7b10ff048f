//! `snapshot` and `rollback`

use std::fmt::Write;
use std::sync::atomic::AtomicBool;

use perch_core::units::{Bytes, SessionId};
use perch_manage::done::Done;
use perch_manage::rename::Labels;
use perch_manage::snapshot::{self, Snapshot};
use perch_manage::time::Time;
use perch_manage::work::Work;
use serde::Serialize;

use super::work::Bar;
use super::{Sessions, id, listed, outcome};
use crate::args::sessions::snapshot as args;
use crate::ask;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};
use crate::progress::Progress;

/// A snapshot, for programs.
#[derive(Serialize)]
struct Shown<'a> {
    /// The session that it is of.
    id: SessionId,
    /// Its number, by which it is named.
    snapshot: u32,
    name: Option<&'a str>,
    note: Option<&'a str>,
    mode: Option<&'static str>,
    /// When it was made: ISO 8601, local, without a zone.
    made: Option<String>,
    size: Option<u64>,
    allocated: Option<u64>,
    /// It is what the session was before it went back to the snapshot of that number.
    replaced_by: Option<u32>,
    schema: u32,
}

/// What changes have besides.
#[derive(Serialize)]
struct Which {
    snapshot: u32,
}

pub(super) fn make(
    args: &args::Snapshot,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let id = id(args.id.as_deref().unwrap_or_default())?;
    let labels = Labels {
        name: args.name.clone(),
        note: args.note.clone(),
    };
    labels.check()?;
    let Sessions { live, store } = at()?;
    let interrupt = Interrupt::watch();
    let bar = Bar::new(output);
    let mut tell = |tick| bar.show(tick);
    let mut work = Work::new(interrupt.flag(), &mut tell);
    let effect = args.change.dry_run.into();
    let taken = snapshot::take(&store, &live, id, &labels, effect, &mut work)?;
    drop(bar);
    let number = taken.number;
    let message = format!("snapshot {number} of session {id} was made");
    let which = Which { snapshot: number };
    Ok(outcome(&taken.done, args.change.dry_run, message, output).data(&which))
}

pub(super) fn rollback(
    args: &args::Rollback,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let id = id(&args.id)?;
    let Sessions { live, store } = at()?;
    let interrupt = Interrupt::watch();
    let bar = Bar::new(output);
    let mut tell = |tick| bar.show(tick);
    let mut work = Work::new(interrupt.flag(), &mut tell);
    let (wanted, effect) = (args.snapshot.as_deref(), args.change.dry_run.into());
    let (number, done) = snapshot::rollback(&store, &live, id, wanted, effect, &mut work)?;
    drop(bar);
    let message = format!(
        "session {id} is what it was at snapshot {number}; take that back with: rollback {id}"
    );
    let which = Which { snapshot: number };
    Ok(outcome(&done, args.change.dry_run, message, output).data(&which))
}

pub(super) fn list(
    args: &args::List,
    at: impl FnOnce() -> Result<Sessions, Error>,
) -> Result<Outcome, Error> {
    let only = args.id.as_deref().map(id).transpose()?;
    let store = at()?.store;
    let found = snapshot::list(&store, only)?;
    let usages = snapshot::usage(&store, &found, &AtomicBool::new(false));
    let mut text = String::new();
    let shown = found.iter().zip(usages).map(|(it, usage)| {
        text.push_str(&line(it, usage.map(|usage| usage.allocated)));
        Shown {
            id: it.session,
            snapshot: it.number,
            name: it.name.as_deref(),
            note: it.note.as_deref(),
            mode: it.record.mode.map(|mode| mode.word()),
            made: it.made.map(Time::iso),
            size: usage.map(|usage| usage.apparent.0),
            allocated: usage.map(|usage| usage.allocated.0),
            replaced_by: it.replaced_by,
            schema: 1,
        }
    });
    let shown: Vec<Shown> = shown.collect();
    if text.is_empty() {
        "There are no snapshots".clone_into(&mut text);
    }
    Ok(Outcome::new(text).answer(&shown))
}

fn line(it: &Snapshot, size: Option<Bytes>) -> String {
    let mut text = format!("session {}  snapshot {}", it.session, it.number);
    let before = |number| format!("before going back to {number}");
    for word in [
        it.name.as_ref().map(|name| format!("\"{name}\"")),
        it.record.mode.map(|mode| mode.to_string()),
        size.map(|size| size.to_string()),
        it.made.map(|time| format!("made {}", time.plain())),
        it.replaced_by.map(before),
        it.note.clone(),
    ]
    .into_iter()
    .flatten()
    {
        let _ = write!(text, "  {word}");
    }
    text.push('\n');
    text
}

pub(super) fn delete(
    args: &args::Delete,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let id = id(&args.id)?;
    let Sessions { live, store } = at()?;
    if !args.change.dry_run {
        store.check_writable()?;
    }
    let mut wanted: Vec<Snapshot> = Vec::new();
    for name in &args.snapshots {
        let found = snapshot::find(&store, id, Some(name))?;
        if !wanted.contains(&found) {
            wanted.push(found);
        }
    }
    let plan = Done {
        id: Some(id),
        steps: snapshot::plan_remove(&wanted),
        notes: Vec::new(),
    };
    if args.change.dry_run {
        return Ok(outcome(&plan, true, String::new(), output));
    }
    if !args.yes {
        output.show(&listed(&plan.steps));
        ask::whether_to_go_on(output)?;
    }
    let interrupt = Interrupt::watch();
    let progress = Progress::of_waiting(output, "deleting");
    snapshot::remove(store.lock(&live)?, &wanted, interrupt.flag())?;
    drop(progress);
    let message = format!("snapshots deleted for good: {}", wanted.len());
    Ok(outcome(&plan, false, message, output))
}
