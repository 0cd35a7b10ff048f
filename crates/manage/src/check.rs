//! How a session is: metadata against what is there, its container, the file system in that, and its files.
//!
//! Nothing is written unless repairs are asked for, and then only what needs no decision is repaired. What somebody uses
//! is only read, and its container not at all.

mod container;
mod files;
mod records;

use std::os::fd::{AsFd, BorrowedFd};

use perch_core::in_use::InUse;
use perch_core::manage::check::{Finding, Verdict, verdict};
use perch_core::session::{Mode, Session};
use perch_core::units::{Bytes, SessionId};
use perch_sys::in_use::Lock;
use rustix::fs::fstatvfs;

use crate::account::Account;
use crate::content::{Access, Content};
use crate::error::Error;
use crate::live::Live;
use crate::looked::Looked;
use crate::standing::{claim, claim_to_read};
use crate::store::Store;
use crate::tree::Watch;
pub use files::Counts;

/// Less free space than this is told, in bytes; as a boot does.
const ENOUGH: Bytes = Bytes(64 << 20);
/// Of a small file system one in so many bytes is enough.
const SHARE: u64 = 50;

/// What may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// Nothing is written.
    No,
    /// What needs no decision is repaired.
    Safe,
}

/// A session that was looked over.
#[derive(Debug)]
pub struct Checked {
    /// Its number.
    pub id: SessionId,
    /// How it keeps its data; absent where nothing is there.
    pub mode: Option<Mode>,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// What its files are; absent where they could not be read.
    pub files: Option<Counts>,
}

/// Every session there is, or that metadata speaks of.
pub fn all(account: &Account) -> Vec<SessionId> {
    let there = account.sessions().iter().map(|session| session.id);
    let recorded = account.metadata().sessions.keys().copied();
    let mut ids: Vec<SessionId> = there.chain(recorded).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Looks a session over.
///
/// # Errors
/// If there is no such session, if repairs are asked for and may not be made, or if `watch` wants an end.
pub fn check(
    store: &Store,
    live: &Live,
    account: &Account,
    id: SessionId,
    repair: Repair,
    watch: &mut Watch<'_>,
) -> Result<Checked, Error> {
    let mut findings = Vec::new();
    let Some(session) = account.session(id) else {
        records::gone(store, account, id, &mut findings)?;
        return Ok(done(id, None, findings, None));
    };
    records::look(account, session, &mut findings);
    let dir = store.session(id)?;
    records::directory(dir.as_fd(), session, &mut findings);
    let files = match claimed(store, account, id, repair)? {
        // The lock is held until everything was looked at.
        Ok(_lock) => by_itself(dir.as_fd(), session, repair, watch, &mut findings)?,
        Err(user) => in_use(store, live, account, id, &user, watch, &mut findings)?,
    };
    room(
        store.dir(),
        "the medium",
        "medium-nearly-full",
        &mut findings,
    );
    Ok(done(id, Some(session.mode), findings, files))
}

fn done(
    id: SessionId,
    mode: Option<Mode>,
    mut findings: Vec<Finding>,
    files: Option<Counts>,
) -> Checked {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    Checked {
        id,
        mode,
        verdict: verdict(&findings),
        findings,
        files,
    }
}

/// Makes sure that a session stays as it is while it is looked over.
fn claimed(
    store: &Store,
    account: &Account,
    id: SessionId,
    repair: Repair,
) -> Result<Result<Option<Lock>, InUse>, Error> {
    if account.standing(id).is_running {
        let at = Some("/".to_owned());
        return Ok(Err(InUse::Mounted {
            device: "the running system".to_owned(),
            at,
        }));
    }
    match repair {
        Repair::No => claim_to_read(store, id),
        Repair::Safe => claim(store, id),
    }
}

/// One that nobody uses.
fn by_itself(
    dir: BorrowedFd<'_>,
    session: &Session,
    repair: Repair,
    watch: &mut Watch<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Option<Counts>, Error> {
    if session.mode != Mode::Native {
        container::look(dir, session.mode, repair, findings);
        // What is damaged is not given to the kernel.
        if !verdict(findings).is_good() {
            return Ok(None);
        }
    }
    let content = match Content::of(dir, session.mode, session.union, Access::Read) {
        Ok(content) => content,
        // One that was never opened holds nothing, which only root is shown as a directory.
        Err(Error::Empty(_)) => return Ok(Some(Counts::default())),
        Err(error) => {
            findings.push(unreadable(&error));
            return Ok(None);
        }
    };
    if session.mode != Mode::Native {
        let root = content.root();
        room(root, "its container", "container-nearly-full", findings);
    }
    let counts = files::look(
        content.root(),
        content.tree(),
        content.layout(),
        session,
        watch,
        findings,
    )?;
    content.close()?;
    Ok(counts)
}

/// One that somebody uses: only what is seen anyway.
fn in_use(
    store: &Store,
    live: &Live,
    account: &Account,
    id: SessionId,
    user: &InUse,
    watch: &mut Watch<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Option<Counts>, Error> {
    let Some(session) = account.session(id) else {
        return Ok(None);
    };
    let text = match account.standing(id).is_running {
        true => "this system runs from it: its container was not checked".to_owned(),
        false => format!("{user}: only what lies around it was checked"),
    };
    findings
        .push(Finding::note("in-use", text).next("boot another session to have all of it checked"));
    if !account.standing(id).is_running {
        return Ok(None);
    }
    let looked = match Looked::at(store, live, account, id) {
        Ok(looked) => looked,
        Err(error) => {
            findings.push(unreadable(&error));
            return Ok(None);
        }
    };
    let (root, tree, layout) = (looked.root(), looked.tree(), looked.layout());
    files::look(root, tree, layout, session, watch, findings)
}

fn unreadable(error: &Error) -> Finding {
    let text = perch_core::cause::Causes(error).to_string();
    let next = error.hint();
    let next = next.unwrap_or_else(|| "look at the kernel's log, and check the medium".to_owned());
    Finding::wrong("unreadable", text, next)
}

/// Tells where there is little room.
fn room(place: BorrowedFd<'_>, what: &str, code: &'static str, findings: &mut Vec<Finding>) {
    let Ok(space) = fstatvfs(place) else {
        return;
    };
    let bytes = |blocks: u64| Bytes(blocks.saturating_mul(space.f_frsize));
    let (free, total) = (bytes(space.f_bavail), bytes(space.f_blocks));
    if free < ENOUGH.min(Bytes(total.0 / SHARE)) {
        let text = format!("{what} has only {free} of {total} free");
        let next = "delete what is not needed, or make it larger with resize";
        findings.push(Finding::note(code, text).next(next));
    }
    if space.f_files > 0 && space.f_favail < space.f_files / 100 {
        let text = format!(
            "{what} has only {} free inodes for new files",
            space.f_favail
        );
        findings.push(Finding::note(code, text).next("delete files that are not needed"));
    }
}
