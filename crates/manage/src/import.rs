//! A session out of an archive, which is not believed.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use perch_core::decide::fit::misfits;
use perch_core::manage::create::{CannotCreate, Sized};
use perch_core::manage::fill::fill;
use perch_core::manage::room::Load;
use perch_core::manage::step::Step;
use perch_core::metadata::Record;
use perch_core::session::{Mode, Session, UnionKind};
use perch_core::units::{Bytes, Mib, SessionId};

use crate::account::Account;
use crate::archive::{About, Imported, Limits, Policy, ReadError, Survey, inspect, read, survey};
use crate::content::Content;
use crate::copy::{told, touch, union};
use crate::create::record_new;
use crate::done::{Done, Effect};
use crate::error::{Error, TransferError};
use crate::live::Live;
use crate::place::Whereabouts;
use crate::staged::Staged;
use crate::store::Store;
use crate::work::{Phase, Work};

/// What is to be imported, and how.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// The archive.
    pub archive: PathBuf,
    /// How the session keeps its data; absent for the way that it did.
    pub mode: Option<Mode>,
    /// The size of its container; absent for one that has room.
    pub size: Option<Mib>,
    /// Whether another mode is chosen if the medium cannot hold that of the archive, and another system is no matter.
    pub auto_convert: bool,
    /// Whether another system is no matter.
    pub any_system: bool,
    /// Whether files that are not those of the archive's list are taken too.
    pub any_files: bool,
    /// What is let in.
    pub policy: Policy,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// The session, and the steps.
    pub done: Done,
    /// How it keeps its data.
    pub mode: Mode,
    /// What is known of it.
    pub about: About,
    /// What was in the archive.
    pub imported: Imported,
}

/// What a file takes beyond its bytes: the rest of its last block, or what a directory takes.
const PER_ENTRY: u64 = 4096;

/// Makes a session of an archive. The default stays as it is. A dry run reads the whole archive.
///
/// # Errors
/// If the archive is refused, or there is no room, or the medium fails; nothing is left of the session then.
pub fn import(
    store: &Store,
    live: &Live,
    wish: &Wish,
    effect: Effect,
    work: &mut Work<'_>,
) -> Result<Outcome, Error> {
    if effect == Effect::Real {
        store.check_writable()?;
    }
    let imported = begin(store, live, wish, effect, work);
    work.outcome(imported)
}

fn begin(
    store: &Store,
    live: &Live,
    wish: &Wish,
    effect: Effect,
    work: &mut Work<'_>,
) -> Result<Outcome, Error> {
    let archive = open(&wish.archive)?;
    let place = Whereabouts::of(store)?;
    let limits = Limits {
        bytes: place.total.0,
        ..Limits::default()
    };
    let survey = survey(&archive, limits, &mut work.watch(Phase::Surveying, None))?;
    let plan = plan(&survey, live, wish, &place)?;
    let number = Account::read(store, live)?.number(None)?;
    let total = Some(survey.bytes);
    if effect == Effect::DryRun {
        let mut watch = work.watch(Phase::Unpacking, total);
        let imported = inspect(&archive, &survey, limits, wish.policy, &mut watch)?;
        return outcome(wish, &plan, number, survey, imported);
    }
    let mut staged = Staged::new(store)?;
    let session = staged.make_session()?;
    let content = Content::make(session.as_fd(), plan.mode, plan.size, plan.union)?;
    let imported = read(
        &archive,
        &survey,
        limits,
        wish.policy,
        content.tree(),
        &mut work.watch(Phase::Unpacking, total),
    )?;
    content.close()?;
    touch(&session)?;
    work.go_on()?;
    let mut outcome = outcome(wish, &plan, number, survey, imported)?;
    let About {
        version, edition, ..
    } = outcome.about.clone();
    let record = Record {
        mode: Some(plan.mode),
        version,
        edition,
        union: Some(plan.union),
        size: plan.size,
        ..Record::default()
    };
    let id = record_new(staged, store, live, record)?;
    outcome.done.id = Some(id);
    outcome.done.steps = plan.steps(&wish.archive, id);
    Ok(outcome)
}

fn open(path: &Path) -> Result<File, Error> {
    let failed = |source| {
        let path = path.to_owned();
        Error::from(TransferError::Open { path, source })
    };
    let file = File::open(path).map_err(failed)?;
    match file.metadata().map_err(failed)?.is_file() {
        true => Ok(file),
        false => Err(failed(std::io::ErrorKind::InvalidInput.into())),
    }
}

/// What the session is like.
#[derive(Debug)]
struct Plan {
    mode: Mode,
    size: Option<Mib>,
    union: UnionKind,
    notes: Vec<String>,
}

impl Plan {
    fn steps(&self, archive: &Path, id: SessionId) -> Vec<Step> {
        let Self { mode, size, .. } = *self;
        let path = archive.display().to_string();
        vec![
            Step::MakeSession { id, mode, size },
            Step::Unpack { path, id },
            Step::Record { id },
        ]
    }
}

fn plan(survey: &Survey, live: &Live, wish: &Wish, place: &Whereabouts) -> Result<Plan, Error> {
    let about = &survey.manifest.about;
    let any_system = wish.any_system || wish.auto_convert || wish.mode.is_some();
    let misfits = misfits(&session(about), &live.system, live.union);
    if !misfits.is_empty() && !any_system {
        return Err(TransferError::Misfit(misfits).into());
    }
    let place = place.for_new();
    let modes = place.abilities.modes();
    let mode = match wish.mode {
        Some(mode) => mode,
        None if modes.contains(&about.mode) || !wish.auto_convert => about.mode,
        None => modes.first().copied().unwrap_or(about.mode),
    };
    let load = Load {
        blocks: Bytes(
            survey
                .bytes
                .saturating_add(survey.entries.saturating_mul(PER_ENTRY)),
        ),
        entries: survey.entries,
    };
    let sized = fill(mode, wish.size, None, load, false, &place);
    let Sized { size, note } = sized.map_err(|error| convertible(error, wish))?;
    let mut notes: Vec<String> = misfits
        .iter()
        .map(|misfit| format!("it is of another system: {misfit}"))
        .collect();
    notes.extend(note.iter().map(ToString::to_string));
    Ok(Plan {
        mode,
        size,
        union: union(about.union, survey.layout),
        notes,
    })
}

/// A mode that nobody chose can be left to the medium.
fn convertible(error: CannotCreate, wish: &Wish) -> Error {
    match (error, wish.mode) {
        (CannotCreate::Mode { mode, fs_type, .. }, None) => {
            TransferError::Mode { mode, fs_type }.into()
        }
        (error, _) => error.into(),
    }
}

/// As a system that looks for one of its own sees it.
fn session(about: &About) -> Session {
    Session {
        id: SessionId::FIRST,
        mode: about.mode,
        version: about.version.clone(),
        edition: about.edition.clone(),
        union: about.union,
        size: None,
        image: None,
        allocated: None,
        modified: None,
        in_use: None,
    }
}

fn outcome(
    wish: &Wish,
    plan: &Plan,
    id: SessionId,
    survey: Survey,
    imported: Imported,
) -> Result<Outcome, Error> {
    let mut notes = plan.notes.clone();
    match (imported.is_listed, wish.any_files) {
        (true, _) => {}
        (false, false) => return Err(ReadError::List.into()),
        (false, true) => notes.push(
            "the files are not those of the archive's list: it was changed, or is not complete"
                .to_owned(),
        ),
    }
    notes.extend(told(&imported.losses));
    Ok(Outcome {
        done: Done {
            id: Some(id),
            steps: plan.steps(&wish.archive, id),
            notes,
        },
        mode: plan.mode,
        about: survey.manifest.about,
        imported,
    })
}
