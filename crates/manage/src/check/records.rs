//! Metadata against what is there.

use std::os::fd::BorrowedFd;

use perch_core::manage::check::Finding;
use perch_core::quoted::Quoted;
use perch_core::session::{Mode, Session};
use perch_core::units::SessionId;
use perch_sys::container::is_file_of_one;
use perch_sys::dir;
use perch_sys::layout::{IMAGE, IMAGE_UNFINISHED, UPPER, WORK};

use crate::account::Account;
use crate::error::Error;
use crate::store::Store;
use crate::trash;

/// A session that only metadata knows. One that is made is recorded before it gets its place, so an entry alone is no
/// loss; one that boots used is.
pub(super) fn gone(
    store: &Store,
    account: &Account,
    id: SessionId,
    findings: &mut Vec<Finding>,
) -> Result<(), Error> {
    let Some(record) = account.record(id) else {
        return Err(store.not_found(id));
    };
    let metadata = account.metadata();
    let pointers = [metadata.default, metadata.previous, metadata.running];
    let was_used = pointers.contains(&Some(id)) || record.good.is_some() || record.tries.is_some();
    let items = trash::list(store).unwrap_or_default();
    let in_trash = items.iter().find(|item| item.id == Some(id));
    findings.push(match (in_trash, was_used) {
        (Some(item), _) => Finding::note("in-trash", "it was deleted, and is in the trash")
            .next(format!("perch trash restore {} brings it back", item.name)),
        (None, true) => Finding::lost(
            "no-directory",
            "it was used, and its directory is gone",
            "bring the directory back from a copy of the medium; nothing of it is here",
        ),
        (None, false) => Finding::note(
            "never-finished",
            "metadata speaks of it, and there is no directory: it was never finished, or deleted",
        ),
    });
    Ok(())
}

/// What metadata says of a session that is there.
pub(super) fn look(account: &Account, session: &Session, findings: &mut Vec<Finding>) {
    let id = session.id;
    let Some(record) = account.record(id) else {
        let text = "metadata does not speak of it: mode and union are told from its files";
        findings.push(
            Finding::note("not-recorded", text).next(format!("perch activate {id} records it")),
        );
        return;
    };
    if let Some(recorded) = record.mode.filter(|mode| *mode != session.mode) {
        findings.push(Finding::note(
            "mode-differs",
            format!(
                "metadata says {recorded}, its files are {}: the files count",
                session.mode
            ),
        ));
    }
    if let Some(why) = &record.failed {
        findings.push(Finding::note(
            "failed-before",
            format!("a boot could not open it: {}", Quoted(why)),
        ));
    }
    if let Some(tries) = record.tries.filter(|tries| *tries > 0) {
        let text = format!("it was started {tries} times without saying that it had come up");
        let next = format!("perch mark-good {id} gives it all its tries again");
        findings.push(Finding::note("tries", text).next(next));
    }
}

/// What lies in its directory.
pub(super) fn directory(dir: BorrowedFd<'_>, session: &Session, findings: &mut Vec<Finding>) {
    let Ok(entries) = dir::list(dir) else {
        // Whatever comes next fails, and says why.
        return;
    };
    let has = |wanted: &str| entries.iter().any(|entry| entry.name == wanted);
    let raw = has(IMAGE);
    let dynfilefs = entries.iter().any(|entry| is_file_of_one(&entry.name));
    let native = has(UPPER) && has(WORK);
    if [raw, dynfilefs, native]
        .into_iter()
        .filter(|it| *it)
        .count()
        > 1
    {
        let text = format!(
            "its directory holds more than one content; boots show that of mode {}",
            session.mode
        );
        findings.push(Finding::wrong(
            "several-contents",
            text,
            "look at the other one, and move it out of the session's directory",
        ));
    }
    if has(IMAGE_UNFINISHED) {
        let text = format!("{IMAGE_UNFINISHED} is left of a container that was never finished");
        findings.push(Finding::note("unfinished", text).next("it can be deleted"));
    }
    let empty = match session.mode {
        Mode::Raw => !raw,
        Mode::Dynfilefs => !dynfilefs,
        Mode::Native => false,
    };
    if empty {
        findings.push(Finding::lost(
            "no-container",
            format!("the files of its {} container are gone", session.mode),
            "bring them back from a copy; nothing of it is here",
        ));
    }
}
