//! What was found: the medium, its bundles, and the sessions.

use serde::Serialize;

use super::Boot;
use crate::bundle::Bundle;
use crate::facts::{Medium, Store, StoreState};
use crate::metadata::{Metadata, Record};
use crate::session::{Session, System};
use crate::units::{Bytes, SessionId};

/// What was found, for programs.
#[derive(Debug, Serialize)]
pub struct Found<'a> {
    /// The system that booted.
    pub system: &'a System,
    /// Its kernel.
    pub kernel: &'a str,
    /// The perch that booted it.
    pub perch: &'a str,
    /// The medium with the bundles.
    pub medium: &'a Medium,
    /// The sessions.
    pub store: FoundStore<'a>,
}

/// The sessions, for programs.
#[derive(Debug, Serialize)]
pub struct FoundStore<'a> {
    /// Whether they could be used.
    pub state: &'a StoreState,
    /// Where they are, in words.
    pub place: String,
    /// Free space there; absent where it could not be learnt.
    pub free: Option<Bytes>,
    /// The session that boots next, as it was before this boot; absent where none was recorded.
    pub default: Option<SessionId>,
    /// Each of them.
    pub sessions: &'a [Session],
}

impl<'a> Found<'a> {
    pub(super) fn of(boot: &'a Boot) -> Self {
        let facts = &boot.facts;
        Self {
            system: &facts.system,
            kernel: &boot.kernel,
            perch: &boot.perch,
            medium: &facts.medium,
            store: FoundStore {
                state: &facts.store.state,
                place: place(&facts.store, &facts.medium),
                free: facts.store.free,
                default: facts.store.metadata.default,
                sessions: &facts.store.sessions,
            },
        }
    }

    /// The medium in a sentence.
    pub(super) fn medium_in_words(&self) -> String {
        let medium = self.medium;
        let Medium {
            device, fs, dir, ..
        } = medium;
        let bundles = match medium.bundles.len() {
            1 => "1 bundle".to_owned(),
            count => format!("{count} bundles"),
        };
        let inside = match &medium.image {
            Some(image) => format!(" of the image /{}", image.trim_start_matches('/')),
            None => String::new(),
        };
        let copied = match medium.in_ram {
            true => "; the system runs from a copy in RAM",
            false => "",
        };
        format!("the medium is /dev/{device} ({fs}): {bundles} in /{dir}{inside}{copied}")
    }

    /// The store in a sentence.
    pub(super) fn store_in_words(&self) -> String {
        let FoundStore { state, place, .. } = &self.store;
        let room = match self.store.free {
            Some(free) => format!("; {free} were free"),
            None => String::new(),
        };
        match state {
            StoreState::Ready => {
                let count = match self.store.sessions {
                    [] => "no session".to_owned(),
                    [one] => format!("session {}", one.id),
                    many => format!("{} sessions ({})", many.len(), numbers(many)),
                };
                format!("{count} in {place}{room}")
            }
            StoreState::Missing => format!("no directory with sessions yet in {place}{room}"),
            StoreState::NotFound(why) => format!("no place for sessions: {why}"),
            StoreState::ReadOnly(why) => format!("sessions cannot be opened in {place}: {why}"),
            StoreState::Unusable(why) => format!("sessions cannot be read in {place}: {why}"),
        }
    }

    /// The bundles, a line each.
    pub(super) fn bundles_in_words(&self) -> impl Iterator<Item = String> {
        self.medium.bundles.iter().map(|bundle: &Bundle| {
            let damage = match &bundle.damage {
                Some(damage) => format!(", damaged: {damage}"),
                None => String::new(),
            };
            format!("bundle {} ({}{damage})", bundle.path, bundle.size)
        })
    }
}

/// One session, as metadata and its files had it.
pub(super) fn session_in_words(session: &Session, metadata: &Metadata) -> String {
    let name = metadata.sessions.get(&session.id).and_then(Record::name);
    let name = name.map(|name| format!("called {name}"));
    let mut words: Vec<String> = name.into_iter().collect();
    words.push(session.mode.to_string());
    words.extend(session.union.map(|union| union.to_string()));
    words.extend(session.version.iter().map(|it| format!("version {it}")));
    words.extend(session.edition.clone());
    words.extend(session.size.map(|size| format!("up to {size}")));
    words.extend(session.allocated.map(|taken| format!("takes {taken}")));
    words.extend(session.in_use.as_ref().map(ToString::to_string));
    format!("session {}: {}", session.id, words.join(", "))
}

/// How many numbers are told.
const TOLD: usize = 10;

fn numbers(sessions: &[Session]) -> String {
    let told = sessions.iter().take(TOLD);
    let mut words: Vec<String> = told.map(|session| session.id.to_string()).collect();
    if sessions.len() > TOLD {
        words.push("…".to_owned());
    }
    words.join(", ")
}

fn place(store: &Store, medium: &Medium) -> String {
    match (&store.device, &store.dir) {
        (Some(device), Some(dir)) => format!("/{dir} on /dev/{device} ({})", store.fs),
        (Some(device), None) => format!("the root of /dev/{device} ({})", store.fs),
        (None, Some(dir)) => format!("/{dir} on the medium"),
        (None, None) => format!("/{}/changes on the medium", medium.dir),
    }
}
