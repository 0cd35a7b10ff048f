//! What is done with sessions.

mod change;
mod check;
mod cleanup;
mod commit;
mod convert;
mod copy;
mod create;
mod delete;
mod diff;
mod export;
mod import;
mod look;
mod report;
mod resize;
mod snapshot;
mod trash;
mod work;

use std::path::PathBuf;

use perch_core::manage::step::Step;
use perch_core::session::Mode;
use perch_core::units::SessionId;
use perch_manage::account::Account;
use perch_manage::done::Done;
use perch_manage::error::Error as ManageError;
use perch_manage::live::Live;
use perch_manage::store::Store;
use perch_manage::swap;
use serde::Serialize;

use crate::args::sessions::snapshot::SnapshotCommand;
use crate::args::sessions::{SessionsCommand, StoreDir, TrashCommand};
use crate::error::Error;
use crate::output::{Outcome, Output};

/// Carries out one command; `before` is the directory that was named before it.
pub(crate) fn run(
    command: SessionsCommand,
    before: Option<PathBuf>,
    output: &Output,
) -> Result<Outcome, Error> {
    use SessionsCommand::*;
    let at = |dir: &StoreDir| Sessions::at(before.as_ref().or(dir.sessions_dir.first()));
    match command {
        List(dir) => look::list(&at(&dir)?, output),
        Active(dir) => look::active(&at(&dir)?, output),
        Running(dir) => look::running(&at(&dir)?, output),
        Info(dir) => report::info(&at(&dir)?, output),
        Status(dir) => Ok(report::status(at(&dir), output)),
        Create(args) => create::run(&args, || at(&args.change.store), output),
        Activate(args) => change::activate(&args, || at(&args.change.store), output),
        Rename(args) => change::rename(&args, || at(&args.change.store), output),
        Delete(args) => delete::run(&args, || at(&args.change.store), output),
        Resize(args) => resize::run(&args, || at(&args.change.store), output),
        Check(args) => check::run(&args, || at(&args.store), output),
        Commit(args) => commit::run(&args, || at(&args.store), output),
        Diff(args) => diff::run(&args, || at(&args.store), output),
        Copy(args) => copy::run(&args, || at(&args.change.store), output),
        Export(args) => export::run(&args, || at(&args.change.store), output),
        Import(args) => import::run(&args, || at(&args.change.store), output),
        Convert(args) => convert::run(&args, || at(&args.change.store), output),
        Snapshot(args) => match &args.command {
            None => snapshot::make(&args, || at(&args.change.store), output),
            Some(SnapshotCommand::List(args)) => snapshot::list(args, || at(&args.store)),
            Some(SnapshotCommand::Delete(args)) => {
                snapshot::delete(args, || at(&args.change.store), output)
            }
        },
        Rollback(args) => snapshot::rollback(&args, || at(&args.change.store), output),
        Cleanup(args) => cleanup::run(&args, &at(&args.change.store)?, output),
        Trash { store, command } => {
            let at = |dir: &StoreDir| {
                at(if store.sessions_dir.is_empty() {
                    dir
                } else {
                    &store
                })
            };
            match command {
                Some(TrashCommand::Restore(args)) => {
                    trash::restore(&args, &at(&args.change.store)?, output)
                }
                Some(TrashCommand::Empty(args)) => {
                    trash::empty(&args, &at(&args.change.store)?, output)
                }
                Some(TrashCommand::List(dir)) => trash::list(&at(&dir)?),
                None => trash::list(&at(&store)?),
            }
        }
    }
}

/// The sessions that are meant, and the system that they are looked at from.
struct Sessions {
    live: Live,
    store: Store,
}

impl Sessions {
    fn at(dir: Option<&PathBuf>) -> Result<Self, Error> {
        let live = Live::look();
        let store = match dir {
            Some(dir) => Store::open(dir)?,
            None => Store::find(&live)?,
        };
        Ok(Self { live, store })
    }

    /// Reads the store; what is odd about its files is said.
    fn account(&self, output: &Output) -> Result<Account, Error> {
        let account = Account::read(&self.store, &self.live)?;
        for note in account.notes() {
            output.notice(note.to_string());
        }
        for away in swap::pending(&self.store)?.iter().filter(|it| it.is_away) {
            output.notice(format!(
                "Session {} was being replaced when somebody was cut off: it is whole in {}, and the next \
                 command that changes something puts it back in its place.",
                away.id, away.name
            ));
        }
        Ok(account)
    }
}

/// Reads a session's number, before anything is looked at.
fn id(text: &str) -> Result<SessionId, Error> {
    Ok(text.parse().map_err(ManageError::InvalidId)?)
}

/// Reads the word for a mode.
fn mode(word: &str) -> Result<Mode, Error> {
    Ok(word.parse().map_err(ManageError::BadMode)?)
}

/// What a change has for programs.
#[derive(Serialize)]
struct Changed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<SessionId>,
    dry_run: bool,
    steps: &'a [Step],
}

/// What came of a change: its sentence, or the steps that it would take.
fn outcome(done: &Done, dry_run: bool, message: String, output: &Output) -> Outcome {
    for note in &done.notes {
        output.notice(note);
    }
    let data = Changed {
        id: done.id,
        dry_run,
        steps: &done.steps,
    };
    match dry_run {
        true => planned(&done.steps).data(&data),
        false => Outcome::new(message).data(&data),
    }
}

/// What would be done.
fn planned(steps: &[Step]) -> Outcome {
    if steps.is_empty() {
        return Outcome::new("nothing would be done");
    }
    let words: Vec<String> = steps.iter().map(ToString::to_string).collect();
    let message = format!("would {}", words.join("; "));
    Outcome::new(message).text(format!("Would:\n{}", listed(steps)))
}

fn listed(steps: &[Step]) -> String {
    steps.iter().map(|step| format!("  {step}\n")).collect()
}
