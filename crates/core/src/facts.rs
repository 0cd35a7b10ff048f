//! What was found: the machine, the medium and the session store.
//!
//! Facts are plain data that a boot writes to `/run/perch/boot.json`, so that its decision can be
//! replayed elsewhere (`perch-init explain`).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::bundle::Bundle;
use crate::fs::FsKind;
use crate::in_use::InUse;
use crate::metadata::{Assembled, Metadata, Note, Source};
use crate::partition_growth::Outcome;
use crate::request::Place;
use crate::session::{Mode, Session, System, UnionKind};
use crate::units::{Bytes, SessionId};

/// Everything that a decision depends on, besides the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The running system.
    pub system: System,
    /// Union file systems that the running kernel has, and perch can use.
    pub unions: Vec<UnionKind>,
    /// Session modes that this program can open and create with what it carries.
    pub modes: Vec<Mode>,
    /// Programs for container file systems that this program can run.
    #[serde(default)]
    pub tools: Tools,
    /// Whether somebody can be asked.
    pub console: bool,
    /// What the user answered when asked which session to open; absent while nobody was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// The medium with the bundles.
    pub medium: Medium,
    /// The session store on it.
    pub store: Store,
    /// What there is to say of a partition that can grow; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<Outcome>,
}

/// Programs of e2fsprogs that are at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tools {
    /// mke2fs(8): a new container can be made.
    pub mke2fs: bool,
    /// e2fsck(8): a container can be checked before it is used.
    pub e2fsck: bool,
    /// resize2fs(8): a container can grow.
    pub resize2fs: bool,
}

/// The answer to the question which session to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// This session, also one that another version or edition wrote: the user was told and went on.
    Open(SessionId),
    /// A new session.
    New,
    /// No session: changes stay in RAM.
    Fresh,
    /// None in the time given: go on with the default.
    TimedOut,
}

/// The medium that the system runs from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Medium {
    /// The device's name below `/dev/`.
    pub device: String,
    /// What its superblock says it is.
    pub fs: FsKind,
    /// The data directory, relative to the medium's root or that of the image; empty for the root itself.
    pub dir: String,
    /// The ISO file that holds the data directory; absent if the file system itself does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Other devices that answer to the name by which the medium was asked for, and were not looked at:
    /// below `/dev/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namesakes: Vec<String>,
    /// The system runs from a copy in RAM, and the medium is only there for the sessions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_ram: bool,
    /// Why the medium cannot be written; absent if nothing speaks against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwritable: Option<String>,
    /// Its bundles, lowest first.
    pub bundles: Vec<Bundle>,
}

/// The directory that holds the sessions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Store {
    /// Whether it can be used.
    pub state: StoreState,
    /// The place that was asked for when it was looked up.
    #[serde(default)]
    pub place: Place,
    /// The device that it lies on, below `/dev/`; absent where that is the medium.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The store's path on its file system; absent for the usual one in the data directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dir: Option<String>,
    /// The word after the place is the name of a directory with sessions, not an action.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub word_is_directory: bool,
    /// The file system it lies on.
    pub fs: FsKind,
    /// Free space there; absent where it could not be learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<Bytes>,
    /// The size of that file system; absent where it could not be learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Bytes>,
    /// What the file system lacks for a native session, as a probe in this boot found; absent where
    /// none was made or nothing was missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native_refused: Option<String>,
    /// The other machine that has the file system open for writing; absent where none has, or where the
    /// device is not shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_use: Option<InUse>,
    /// Each session whose directory exists, by number.
    #[serde(default)]
    pub sessions: Vec<Session>,
    /// Numbers that something else than a session directory has: not to be given to a new session.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<SessionId>,
    /// What the store records.
    #[serde(default)]
    pub metadata: Metadata,
    /// Where that record was read from.
    pub source: Source,
    /// Whether the files already say just that, so that nothing needs to be written.
    pub agrees: bool,
    /// Files that cannot be read as metadata: renamed before anything is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantine: Vec<String>,
    /// Oddities met while reading.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// Whether the session store can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "why")]
pub enum StoreState {
    /// It is there and its medium can be written.
    Ready,
    /// It is not there, but can be made.
    Missing,
    /// The device that it was said to lie on did not appear, or is not clear; why.
    NotFound(String),
    /// Its medium cannot be written; why.
    ReadOnly(String),
    /// It cannot be read or is no directory; why.
    Unusable(String),
}

impl Store {
    /// Takes over what the store's files and directories say.
    pub fn take(&mut self, assembled: Assembled) {
        let Assembled {
            metadata,
            sessions,
            source,
            quarantine,
            agrees,
            notes,
        } = assembled;
        self.metadata = metadata;
        self.sessions = sessions;
        self.source = source;
        self.quarantine = quarantine;
        self.agrees = agrees;
        self.notes = notes;
    }

    /// The session with this number, if its directory exists.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == id)
    }

    /// The number for a new session, see [`SessionId::next`].
    pub fn next_id(&self) -> Option<SessionId> {
        let sessions = self.sessions.iter().map(|session| session.id);
        let used: BTreeSet<SessionId> = sessions.chain(self.taken.iter().copied()).collect();
        SessionId::next(&used)
    }

    /// The session that was changed last; of several the one with the largest number.
    pub fn most_recent(&self) -> Option<&Session> {
        self.sessions
            .iter()
            .max_by_key(|session| (session.modified, session.id))
    }
}
