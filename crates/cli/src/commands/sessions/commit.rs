//! `commit`

use std::ops::ControlFlow;

use perch_core::quoted::PathShown;
use perch_core::units::{Bytes, SessionId};
use perch_manage::commit::{
    Choice, CommitError, Compression, LeftOut, Options, Source, Survey, commit, survey,
};
use perch_manage::error::Error as ManageError;
use perch_manage::looked::Looked;
use perch_manage::tree::Progress as Done;
use rustix::process::geteuid;
use serde::Serialize;

use super::diff::beneath;
use super::{Sessions, id};
use crate::args::sessions::Commit;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};
use crate::progress::Progress;

/// What was made, for programs.
#[derive(Serialize)]
struct Made {
    id: SessionId,
    output: String,
    /// Files, directories and all others, those on the way counted.
    entries: u64,
    /// Lengths of all files.
    bytes: u64,
    /// Length of the module; absent where none was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    packed: Option<u64>,
    dry_run: bool,
}

pub(super) fn run(
    args: &Commit,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let id = id(&args.id)?;
    let paths = |paths: &[std::path::PathBuf]| paths.iter().map(|it| beneath(it)).collect();
    let choice = Choice {
        paths: paths(&args.paths),
        excluded: paths(&args.exclude),
    };
    let options = Options {
        out: args.output.clone(),
        replace: args.force,
        compression: match args.compress.as_str() {
            "xz" => Compression::Xz,
            "gzip" => Compression::Gzip,
            _ => Compression::Zstd,
        },
    };
    let sessions = at()?;
    let account = sessions.account(output)?;
    let Sessions { live, store } = &sessions;
    if !geteuid().is_root() {
        // Marks that nobody sees would be lost in silence.
        return Err(ManageError::NeedsRootTo("making a module of a session").into());
    }
    if options.out.extension().is_none_or(|it| it != "sb") {
        output.notice("a boot takes only modules whose names end with .sb");
    }
    let looked = Looked::at(store, live, &account, id)?;
    if looked.is_running() {
        output.notice("this system runs from it: no module is made if something changes meanwhile");
    }
    let source = Source {
        tree: looked.tree(),
        layout: looked.layout(),
        choice: &choice,
    };
    let outcome = make(args, id, &source, &options, output);
    let outcome = outcome.map_err(ManageError::Commit)?;
    looked.close()?;
    Ok(outcome)
}

fn make(
    args: &Commit,
    id: SessionId,
    source: &Source<'_>,
    options: &Options,
    output: &Output,
) -> Result<Outcome, CommitError> {
    let interrupt = Interrupt::watch();
    let stop = || match interrupt.is_asked() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    let waiting = Progress::of_waiting(output, "looking at the files");
    let chosen = survey(source, &mut |_| stop())?;
    drop(waiting);
    tell(&chosen.left_out, output);
    let mut packed = None;
    if !args.dry_run {
        // All of it is read twice: to be packed, and to be compared.
        let total = chosen.bytes.saturating_mul(2);
        let progress = Progress::of_bytes(output, "making the module", total);
        let (mut before, mut last) = (0, 0);
        let length = commit(source, &chosen, options, &mut |done: Done| {
            if done.bytes < last {
                before += last;
            }
            last = done.bytes;
            progress.set(before + last);
            stop()
        })?;
        packed = Some(length);
    }
    Ok(told(args, id, &chosen, packed))
}

fn told(args: &Commit, id: SessionId, chosen: &Survey, packed: Option<u64>) -> Outcome {
    let path = args.output.display();
    let (entries, bytes) = (chosen.entries, Bytes(chosen.bytes));
    let message = match packed {
        Some(packed) => format!(
            "{path} was made of session {id}: {entries} entries with {bytes}, packed {}",
            Bytes(packed)
        ),
        None => format!("{path} would be made of session {id}: {entries} entries with {bytes}"),
    };
    Outcome::new(message).data(&Made {
        id,
        output: path.to_string(),
        entries,
        bytes: bytes.0,
        packed,
        dry_run: args.dry_run,
    })
}

fn tell(left_out: &LeftOut, output: &Output) {
    let LeftOut {
        sockets,
        attributes,
        first,
        times,
    } = left_out;
    if *sockets > 0 {
        output.notice(format!(
            "{sockets} sockets are left out: no program listens on them"
        ));
    }
    if let Some(first) = first {
        output.notice(format!(
            "{attributes} entries lose ACLs or other attributes that squashfs has no place for, the first is /{}",
            PathShown(first)
        ));
    }
    if *times > 0 {
        output.notice(format!(
            "{times} entries get another time: squashfs knows 1970 to 2106"
        ));
    }
}
