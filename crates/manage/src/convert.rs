//! Giving a session another form: another mode, or a container of another size.
//!
//! The new form is made beside the sessions, filled, closed, opened again and compared with the old one, file by
//! file. Only then the two change places ([`crate::swap`]).

mod form;

use std::os::fd::{AsFd, OwnedFd};

use perch_core::manage::convert::{self as decide, CannotConvert};
use perch_core::manage::create::Sized;
use perch_core::manage::permission::Verb;
use perch_core::manage::room::Load;
use perch_core::manage::step::Step;
use perch_core::metadata::Record;
use perch_core::session::{Mode, Session};
use perch_core::units::{Bytes, Mib, SessionId};
use perch_sys::in_use::mounted;
use rustix::fs::{AtFlags, fstat, statat};
use rustix::process::geteuid;

use crate::account::Account;
use crate::change::Locked;
use crate::content::{Access, Content};
use crate::copy::{touch, union};
use crate::create::record_new;
use crate::delete::{Fate, permit};
use crate::done::{Done, Effect};
use crate::error::{Error, FormError};
use crate::live::Live;
use crate::place::Whereabouts;
use crate::staged::Staged;
use crate::store::Store;
use crate::swap::{Former, Swap, make_durable};
use crate::work::Work;

/// The form that a session is to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// How it keeps its data.
    pub mode: Mode,
    /// The size of its container; absent for what suits it.
    pub size: Option<Mib>,
    /// Whose form that is.
    pub target: Target,
}

/// Whose form it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The session's own, and this becomes of the one that it had.
    InPlace(Fate),
    /// That of a new session with the same content.
    NewSession,
}

impl Wish {
    /// The session has just this form: it was on its way there.
    fn is_met_by(&self, session: &Session) -> bool {
        let size = session.image.map(Bytes::whole_mib);
        matches!(self.target, Target::InPlace(_))
            && self.mode == session.mode
            && (self.size.is_none() || self.size == size)
    }
}

/// What was decided before anything is begun.
struct Plan {
    sized: Sized,
    load: Load,
}

/// Converts a session.
///
/// # Errors
/// If it is refused, or cannot be done: the session is then as it was.
pub fn convert(
    store: &Store,
    live: &Live,
    id: SessionId,
    wish: &Wish,
    effect: Effect,
    work: &mut Work<'_>,
) -> Result<Done, Error> {
    let converted = begin(store, live, id, wish, effect, work);
    work.outcome(converted)
}

fn begin(
    store: &Store,
    live: &Live,
    id: SessionId,
    wish: &Wish,
    effect: Effect,
    work: &mut Work<'_>,
) -> Result<Done, Error> {
    let failed = |source: CannotConvert| Error::from(FormError::Convert { id, source });
    let (account, resumed) = match effect {
        Effect::DryRun => (Account::read(store, live)?, false),
        // Whatever somebody was cut off in is finished first.
        Effect::Real => {
            let locked = store.lock(live)?;
            let resumed = locked.has_resumed(id);
            (locked.into_account(), resumed)
        }
    };
    let lock = permit(store, &account, Verb::Convert, id)?;
    let session = account.session(id).ok_or_else(|| store.not_found(id))?;
    let asked = decide::Wish {
        from: session.mode,
        size: session.image.map(Bytes::whole_mib),
        to: wish.mode,
        asked: wish.size,
    };
    if resumed && wish.is_met_by(session) {
        return Ok(Done {
            id: Some(id),
            ..Done::default()
        });
    }
    let place = Whereabouts::of(store)?.for_new();
    decide::check(&asked, &place).map_err(failed)?;
    let dir = store.session(id)?;
    let number = match wish.target {
        Target::InPlace(_) => id,
        Target::NewSession => account.next_id().ok_or(Error::NoNumber)?,
    };
    let planned = |plan: &Plan| done(id, number, wish, plan);
    let content = match effect {
        // To look into it takes root; what it takes from outside is more than enough.
        Effect::DryRun if !geteuid().is_root() => None,
        _ => Some(Content::of(
            dir.as_fd(),
            session.mode,
            session.union,
            Access::Read,
        )?),
    };
    let load = match &content {
        Some(content) => form::load(content, work)?,
        None => form::load_from_outside(store, id),
    };
    let sized = decide::size(&asked, load, &place).map_err(failed)?;
    let plan = Plan { sized, load };
    let content = match (effect, content) {
        (Effect::Real, Some(content)) => content,
        (_, content) => {
            content.map_or(Ok(()), Content::close)?;
            return Ok(planned(&plan));
        }
    };
    let mut staged = Staged::new(store)?;
    let new = staged.make_session()?;
    let recorded_union = session.union.or(live.union);
    let form = form::Form {
        mode: wish.mode,
        size: plan.sized.size,
        union: union(recorded_union, content.layout()),
    };
    let made = form.make(&content, &new, plan.load.blocks, work);
    content.close()?;
    made?;
    touch(&new)?;
    make_durable(&staged, &new)?;
    work.go_on()?;
    let mut finished = planned(&plan);
    match wish.target {
        Target::NewSession => {
            let record = account.record(id).cloned().unwrap_or_default();
            let record = recorded(record, session, &form);
            finished.id = Some(record_new(staged, store, live, record)?);
        }
        Target::InPlace(fate) => {
            let mut locked = store.lock(live)?;
            still_there(&locked, id, &dir)?;
            let before = locked.account().record(id).cloned().unwrap_or_default();
            let after = recorded(before.clone(), session, &form);
            let former = match fate {
                Fate::Trash => Former::Trash,
                Fate::Gone => Former::Gone,
            };
            let swap = Swap::new(id, before, after, former);
            let rest = swap.carry_out(staged, &mut locked)?;
            // Nobody has to wait for what follows.
            drop(locked);
            if let Some(rest) = rest {
                // The session is converted, whoever wants this to stop.
                let go_on = std::sync::atomic::AtomicBool::new(false);
                rest.clear(&go_on, &mut || {})?;
            }
        }
    }
    drop(lock);
    Ok(finished)
}

/// What metadata says of the new form.
fn recorded(record: Record, session: &Session, form: &form::Form) -> Record {
    Record {
        mode: Some(form.mode),
        size: form.size,
        union: record.union.or(session.union),
        // It was about the form that it has no more.
        failed: None,
        ..record
    }
}

/// Nobody put another directory in the place of the one that was copied, or mounted what is in it.
fn still_there(locked: &Locked<'_>, id: SessionId, dir: &OwnedFd) -> Result<(), Error> {
    let store = locked.store();
    let failed = store.step("look at the session once more");
    let here = fstat(dir).map_err(&failed)?;
    let there = statat(store.dir(), id.to_string(), AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
    let is_running = locked.account().standing(id).is_running;
    let same = (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino);
    match same && !is_running && mounted::find(dir).is_none() {
        true => Ok(()),
        false => Err(FormError::Changed { id }.into()),
    }
}

fn done(id: SessionId, number: SessionId, wish: &Wish, plan: &Plan) -> Done {
    let size = plan.sized.size;
    let mode = wish.mode;
    let steps = match wish.target {
        Target::NewSession => vec![
            Step::MakeSession {
                id: number,
                mode,
                size,
            },
            Step::CopyContent { id },
            Step::Record { id: number },
        ],
        Target::InPlace(fate) => vec![
            Step::MakeForm { id, mode, size },
            Step::CopyContent { id },
            Step::PutInPlace { id },
            match fate {
                Fate::Trash => Step::FormerToTrash { id },
                Fate::Gone => Step::RemoveFormer { id },
            },
            Step::Record { id },
        ],
    };
    Done {
        id: Some(number),
        steps,
        notes: plan.sized.note.iter().map(ToString::to_string).collect(),
    }
}
