//! A second session of one that is there.

use std::os::fd::{AsFd, OwnedFd};

use perch_core::manage::create::Sized;
use perch_core::manage::fill::fill;
use perch_core::manage::permission::Verb;
use perch_core::manage::step::Step;
use perch_core::metadata::Record;
use perch_core::session::{Mode, Session, UnionKind};
use perch_core::units::{Bytes, Mib, SessionId};
use rustix::fs::{Timespec, Timestamps, UTIME_NOW, futimens};

use crate::account::Account;
use crate::archive::Layout;
use crate::content::{Access, Content};
use crate::create::record_as;
use crate::done::{Done, Effect};
use crate::error::Error;
use crate::live::Live;
use crate::place::Whereabouts;
use crate::staged::Staged;
use crate::store::Store;
use crate::tree::{Losses, Report};
use crate::work::{Phase, Work};

/// What is to be copied, and what the copy is to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The session.
    pub from: SessionId,
    /// The number of the copy; absent for the next one.
    pub to: Option<SessionId>,
    /// How the copy keeps its data; absent for the same way.
    pub mode: Option<Mode>,
    /// The size of its container; absent for one that has room.
    pub size: Option<Mib>,
}

/// File systems on which a copy shares its blocks with the original.
pub(crate) const SHARING: [&str; 3] = ["btrfs", "xfs", "bcachefs"];
/// How many of the things that were not kept are told.
const TOLD: usize = 5;

/// Copies a session. The default stays as it is.
///
/// # Errors
/// If it is refused, or there is no room, or the medium fails; nothing is left of the copy then.
pub fn copy(
    store: &Store,
    live: &Live,
    wish: &Wish,
    effect: Effect,
    work: &mut Work<'_>,
) -> Result<Done, Error> {
    if effect == Effect::Real {
        store.check_writable()?;
    }
    let copied = begin(store, live, wish, effect, work);
    work.outcome(copied)
}

fn begin(
    store: &Store,
    live: &Live,
    wish: &Wish,
    effect: Effect,
    work: &mut Work<'_>,
) -> Result<Done, Error> {
    let account = Account::read(store, live)?;
    let number = account.number(wish.to)?;
    let content = Content::open(store, &account, Verb::Copy, wish.from, Access::Read)?;
    let session = account.session(wish.from);
    let session = session.ok_or_else(|| store.not_found(wish.from))?;
    let mut plan = plan(store, session, wish, &content, work)?;
    let mut done = Done {
        id: Some(number),
        steps: plan.steps(wish.from, number),
        notes: std::mem::take(&mut plan.notes),
    };
    if effect == Effect::DryRun {
        content.close()?;
        return Ok(done);
    }
    let mut staged = Staged::new(store)?;
    let new = staged.make_session()?;
    let report = copy_files(&new, &plan, &content, work)?;
    content.close()?;
    done.notes.extend(told(&report.losses));
    work.go_on()?;
    let record = Record {
        mode: Some(plan.mode),
        version: session.version.clone(),
        edition: session.edition.clone(),
        union: Some(plan.union),
        size: plan.size,
        ..Record::default()
    };
    let id = record_as(staged, store, live, record, wish.to)?;
    done.id = Some(id);
    done.steps = plan.steps(wish.from, id);
    Ok(done)
}

/// What the copy is like.
#[derive(Debug)]
struct Plan {
    mode: Mode,
    size: Option<Mib>,
    union: UnionKind,
    /// What is read and written.
    content: Bytes,
    notes: Vec<String>,
}

impl Plan {
    fn steps(&self, from: SessionId, id: SessionId) -> Vec<Step> {
        let Self { mode, size, .. } = *self;
        vec![
            Step::MakeSession { id, mode, size },
            Step::CopyFiles { from, id },
            Step::Record { id },
        ]
    }
}

fn plan(
    store: &Store,
    session: &Session,
    wish: &Wish,
    content: &Content,
    work: &mut Work<'_>,
) -> Result<Plan, Error> {
    let mode = wish.mode.unwrap_or(session.mode);
    let measure = content.measure(&mut work.watch(Phase::Measuring, None))?;
    let place = Whereabouts::of(store)?;
    let shares = session.mode == Mode::Native && SHARING.contains(&&*place.fs_type);
    let former = session.image.map(Bytes::whole_mib).or(session.size);
    let sized = fill(
        mode,
        wish.size,
        former,
        measure.load,
        shares,
        &place.for_new(),
    );
    let Sized { size, note } = sized?;
    let mut notes: Vec<String> = note.iter().map(ToString::to_string).collect();
    notes.extend(repaired(content, session.id));
    if content.layout() == Layout::Flat && session.union == Some(UnionKind::Overlayfs) {
        notes.push(format!(
            "the files of session {} lie where overlayfs does not look; in the copy they lie where it does",
            session.id
        ));
    }
    Ok(Plan {
        mode,
        size,
        union: union(session.union, content.layout()),
        content: measure.content,
        notes,
    })
}

/// That what was read is not quite what is there.
pub(crate) fn repaired(content: &Content, id: SessionId) -> Option<String> {
    let said = content.repaired()?;
    Some(format!(
        "the container of session {id} was repaired in memory before it was read, and is as it was: {said}"
    ))
}

/// The union that the copy is for: the one whose marks are in the files.
pub(crate) fn union(recorded: Option<UnionKind>, layout: Layout) -> UnionKind {
    match layout {
        Layout::Overlayfs => UnionKind::Overlayfs,
        Layout::Aufs => UnionKind::Aufs,
        Layout::Flat => recorded.unwrap_or(UnionKind::Overlayfs),
    }
}

fn copy_files(
    session: &OwnedFd,
    plan: &Plan,
    from: &Content,
    work: &mut Work<'_>,
) -> Result<Report, Error> {
    let to = Content::make(session.as_fd(), plan.mode, plan.size, plan.union)?;
    let total = Some(plan.content.0);
    let report = to.fill_from(from.tree(), &mut work.watch(Phase::Copying, total))?;
    to.close()?;
    touch(session)?;
    Ok(report)
}

/// A session of aufs has its files directly in its directory, which got the time of the original by that: it was used
/// now, and is not old enough to be cleaned up (contract C23).
pub(crate) fn touch(session: &OwnedFd) -> Result<(), Error> {
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_NOW,
    };
    let times = Timestamps {
        last_access: now,
        last_modification: now,
    };
    futimens(session, &times).map_err(Error::NotDurable)
}

/// What the new place could not keep.
pub(crate) fn told(losses: &Losses) -> Vec<String> {
    let mut told: Vec<String> = losses
        .first
        .iter()
        .take(TOLD)
        .map(ToString::to_string)
        .collect();
    let more = losses
        .count
        .saturating_sub(u64::try_from(told.len()).unwrap_or(0));
    if more > 0 {
        told.push(format!("and {more} more things could not be kept"));
    }
    told
}
