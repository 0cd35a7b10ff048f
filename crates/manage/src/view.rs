//! A session as programs see it: the keys and types of the session manager of MiniOS in their order, ours behind
//! them (contract §4.4).

use std::sync::atomic::AtomicBool;

use perch_core::decide::fit::{Misfit, misfits};
use perch_core::manage::label::Field;
use perch_core::metadata::Record;
use perch_core::session::{Mode, Session};
use perch_core::units::{Bytes, Mib, SessionId};
use perch_sys::usage::{self, Usage};
use serde::Serialize;

use crate::account::Account;
use crate::live::Live;
use crate::standing::Running;
use crate::store::Store;
use crate::time::Time;
use crate::used::last_use;

/// What stands for everything that is not known.
const UNKNOWN: &str = "unknown";
/// The version of this form; keys may be added within one.
const SCHEMA: u32 = 1;

/// A session, for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionView {
    /// Its number.
    pub id: String,
    /// Its mode.
    pub mode: String,
    /// Version of the system that wrote it.
    pub version: String,
    /// Edition of that system.
    pub edition: String,
    /// The union that wrote it.
    pub union: String,
    /// The lengths of all its files, in bytes; 0 where they could not be added up.
    pub size: u64,
    /// The same for people.
    pub size_formatted: String,
    /// The size of the disk in its container; absent for a native one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_size: Option<u64>,
    /// The same for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_size_formatted: Option<String>,
    /// When it was used last: ISO 8601, local, without a zone.
    pub modified: Option<String>,
    /// Its directory.
    pub path: String,
    /// It boots next.
    pub is_default: bool,
    /// This system runs from it.
    pub is_running: bool,
    /// Only if the running session's directory is missing: `running_missing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    /// What it takes on the file system, in bytes; absent where that could not be told.
    pub allocated: Option<u64>,
    /// It was written by a system like this one.
    pub compatible: bool,
    /// Why not.
    pub reasons: Vec<Why>,
    /// What it is called.
    pub name: Option<String>,
    /// What there is to say about it.
    pub note: Option<String>,
    /// How many boots in a row opened it without saying that the system had come up.
    pub tries: u32,
    /// Its system has said at some time that it had come up.
    pub good: bool,
    /// Why the last attempt to open it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// [`SCHEMA`]
    pub schema: u32,
    /// When it was used last, to be printed for people.
    #[serde(skip)]
    pub used: Option<Time>,
}

/// A reason, with the code that a boot has for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Why {
    /// A stable word.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
}

impl SessionView {
    /// All sessions of a store, by number.
    pub fn all(store: &Store, live: &Live, account: &Account) -> Vec<Self> {
        let all: Vec<&Session> = account.sessions().iter().collect();
        Self::of(store, live, account, &all)
    }

    /// One session.
    pub fn one(store: &Store, live: &Live, account: &Account, id: SessionId) -> Option<Self> {
        let session = account.session(id)?;
        Self::of(store, live, account, &[session]).pop()
    }

    /// The session that the system runs from, also if its directory is missing.
    pub fn running(store: &Store, live: &Live, account: &Account) -> Option<Self> {
        match account.running() {
            Running::No => None,
            Running::Session(id) => Self::one(store, live, account, id),
            Running::Missing(id) => Some(Self::missing(store, account, id)),
        }
    }

    fn of(store: &Store, live: &Live, account: &Account, sessions: &[&Session]) -> Vec<Self> {
        let names: Vec<String> = sessions.iter().map(|it| it.id.to_string()).collect();
        let go_on = AtomicBool::new(false);
        let usages = usage::of_all(store.dir(), &names, &go_on);
        sessions
            .iter()
            .zip(usages)
            .map(|(session, usage)| Self::made(store, live, account, session, usage))
            .collect()
    }

    fn made(
        store: &Store,
        live: &Live,
        account: &Account,
        session: &Session,
        usage: Option<Usage>,
    ) -> Self {
        let id = session.id;
        let unknown = Record::default();
        let record = account.record(id).unwrap_or(&unknown);
        let standing = account.standing(id);
        let apparent = usage.map_or(Bytes(0), |usage| usage.apparent);
        let total = total(session);
        let used = last_use(store, session);
        let misfits = misfits(session, &live.system, live.union);
        let word = |word: &Option<String>| word.clone().unwrap_or_else(|| UNKNOWN.to_owned());
        let union = session.union.map_or(UNKNOWN, |union| union.word());
        Self {
            id: id.to_string(),
            mode: session.mode.word().to_owned(),
            version: word(&session.version),
            edition: word(&session.edition),
            union: union.to_owned(),
            size: apparent.0,
            size_formatted: apparent.to_string(),
            total_size: total.map(|total| total.0),
            total_size_formatted: total.map(|total| total.to_string()),
            modified: used.map(Time::iso),
            path: store.path().join(id.to_string()).display().to_string(),
            is_default: standing.is_default,
            is_running: standing.is_running,
            status: None,
            allocated: usage.map(|usage| usage.allocated.0),
            compatible: misfits.is_empty(),
            reasons: misfits.iter().map(why).collect(),
            name: Field::Name.of(record).map(str::to_owned),
            note: Field::Note.of(record).map(str::to_owned),
            tries: record.tries.unwrap_or(0),
            good: record.good.is_some(),
            failed: record.failed.clone(),
            schema: SCHEMA,
            used,
        }
    }

    /// The running session, of which only the number is known.
    fn missing(store: &Store, account: &Account, id: SessionId) -> Self {
        let unknown = || UNKNOWN.to_owned();
        Self {
            id: id.to_string(),
            mode: unknown(),
            version: unknown(),
            edition: unknown(),
            union: unknown(),
            size: 0,
            size_formatted: Bytes(0).to_string(),
            total_size: None,
            total_size_formatted: None,
            modified: None,
            path: store.path().join(id.to_string()).display().to_string(),
            is_default: account.metadata().default == Some(id),
            is_running: true,
            status: Some("running_missing"),
            allocated: None,
            compatible: true,
            reasons: Vec::new(),
            name: None,
            note: None,
            tries: 0,
            good: false,
            failed: None,
            schema: SCHEMA,
            used: None,
        }
    }
}

/// The size of the disk in a container: its files know better than metadata.
fn total(session: &Session) -> Option<Bytes> {
    match session.mode {
        Mode::Native => None,
        Mode::Raw | Mode::Dynfilefs => session.image.or(session.size.map(Mib::bytes)),
    }
}

fn why(misfit: &Misfit) -> Why {
    Why {
        code: misfit.code(),
        message: misfit.to_string(),
    }
}
