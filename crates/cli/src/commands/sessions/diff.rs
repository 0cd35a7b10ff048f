//! `diff`

mod shown;

use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use perch_core::units::SessionId;
use perch_manage::diff::{Change, Over, diff};
use perch_manage::error::Error as ManageError;
use perch_manage::layers::Layers;
use perch_manage::looked::Looked;
use perch_manage::tree::is_blind;

use super::{Sessions, id};
use crate::args::sessions::Diff;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};
use crate::progress::Progress;
use shown::{Lines, Told, text_of};

pub(super) fn run(
    args: &Diff,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let id = id(&args.id)?;
    let path = args.path.as_deref().map(beneath).unwrap_or_default();
    let sessions = at()?;
    let account = sessions.account(output)?;
    let Sessions { live, store } = &sessions;
    let session = account
        .session(id)
        .ok_or_else(|| store_has_none(&sessions, id))?;
    let layers = match &args.bundles {
        Some(dir) => Ok(Layers::of_directory(dir)?),
        None => Layers::of_system(store, live, session)?,
    };
    let layers = match layers {
        Ok(layers) => Some(layers),
        Err(why) => {
            output.notice(format!(
                "{why}; only what the session holds is told (--bundles DIR names others)"
            ));
            None
        }
    };
    for left_out in layers.iter().flat_map(|layers| &layers.left_out) {
        output.notice(format!("left out: {left_out}"));
    }
    if is_blind() {
        output.notice("only root sees which directories replace others: some may be missing");
    }
    let looked = Looked::at(store, live, &account, id)?;
    let over = Over {
        tree: looked.tree(),
        layout: looked.layout(),
        layers: layers.as_ref(),
        path: &path,
    };
    let told = tell(args, over, output)?;
    looked.close()?;
    Ok(finish(id, args, told, layers.as_ref()))
}

/// Compares; lines go out as they are found, where nothing has to be sorted first.
fn tell(args: &Diff, over: Over<'_>, output: &Output) -> Result<Told, Error> {
    let interrupt = Interrupt::watch();
    let progress = Progress::of_waiting(output, "comparing");
    let keeps = !args.summary && (args.by_size || output.is_json());
    let mut kept: Vec<Change> = Vec::new();
    let mut lines = Lines::new(output, over.layers.is_some());
    let summary = diff(
        over,
        &mut |_| match interrupt.is_asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        },
        &mut |change| match (keeps, args.summary) {
            (true, _) => kept.push(change),
            (false, true) => {}
            (false, false) => lines.add(&change),
        },
    )
    .map_err(ManageError::Tree)?;
    drop(progress);
    if args.by_size {
        kept.sort_by(|a, b| {
            let order = b.weight().cmp(&a.weight());
            order.then_with(|| a.path.cmp(&b.path))
        });
    }
    if !output.is_json() {
        kept.drain(..).for_each(|change| lines.add(&change));
    }
    lines.flush();
    Ok(Told {
        changes: kept,
        summary,
    })
}

fn finish(id: SessionId, args: &Diff, told: Told, layers: Option<&Layers>) -> Outcome {
    let text = text_of(id, &told.summary, layers.is_some());
    let message = text.lines().next().unwrap_or_default().to_owned();
    let is_list = !args.summary && told.summary.count() > 0;
    let text = match is_list {
        // Behind the list.
        true => format!("\n{text}"),
        false => text,
    };
    let answer = told.answer(id, layers, !args.summary);
    Outcome::new(message).text(text).data(&answer)
}

fn store_has_none(sessions: &Sessions, id: SessionId) -> ManageError {
    ManageError::NotFound {
        id,
        path: sessions.store.path().to_owned(),
    }
}

/// A path as the tree has it: from the root of the system, with or without the slash before it.
pub(super) fn beneath(path: &Path) -> Vec<u8> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.as_bytes()),
        _ => None,
    });
    names.collect::<Vec<_>>().join(&b'/')
}
