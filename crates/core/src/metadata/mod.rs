//! The store's own record of its sessions: `session.json`, its mirror `session.conf`, and what
//! older systems left (contract §1.5, §1.6).
//!
//! Text in, [`Metadata`] out, and back. What we do not understand survives the round trip.
//! [`json`] and [`conf`] know one form each; [`assemble`](mod@assemble) decides what the store
//! says when its files are missing, damaged or of two minds. Reading and replacing the files is
//! not done here.

pub mod assemble;
pub mod conf;
mod field;
mod good;
mod intake;
pub mod json;
mod note;
#[cfg(test)]
mod properties;
mod record;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::session::{Mode, UnionKind};
use crate::units::{Mib, SessionId};

pub use assemble::{Assembled, Contents, FileRead, Interest, Outline, SessionDir, Source};
pub use assemble::{StoreFiles, assemble};
pub use json::JsonError;
pub use note::{Note, code};

/// The name of the canonical file.
pub const JSON_FILE: &str = "session.json";
/// The name of its mirror in line form, kept for systems that read nothing else.
pub const CONF_FILE: &str = "session.conf";
/// The previous content of the canonical file.
pub const BACKUP_FILE: &str = "session.json.bak";
/// Slax and MiniOS before 2025: the number of the last session, nothing else.
pub const LEGACY_FILE: &str = "last_session.txt";

/// All that the store records about its sessions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Metadata {
    /// The session to resume next; absent in a new store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<SessionId>,
    /// The default before an incompatible system made a new one, so that the way back is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<SessionId>,
    /// The session that the last boot opened; absent after a boot without persistence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<SessionId>,
    /// What is recorded of each session, whether or not its directory exists.
    #[serde(default)]
    pub sessions: BTreeMap<SessionId, Record>,
    /// Entries below `sessions` whose key is no session number: kept, never acted upon.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub foreign: Map<String, Value>,
    /// Keys beside the known ones: kept as they are.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// What metadata says of one session. Every field may be absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Record {
    /// How it keeps its data. A word that names no mode stays in `extra` and leaves this absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Version of the system that wrote it; absent where empty or `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Edition of the system that wrote it; absent where empty or `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// Union that wrote it. A word that names none stays in `extra` and leaves this absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub union: Option<UnionKind>,
    /// Size limit of a container; absent for native sessions and where it is 0 or unreadable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Mib>,
    /// Why the last attempt to open it failed; absent when it worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// How often it was opened in a row without its system's word that it had come up; absent after that
    /// word, and where nothing is counted. In `session.json` only, so that a boot writes one file for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<u32>,
    /// The session's place in the order in which sessions were last said to have come up: the largest was
    /// the last. Absent where its system never said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<u32>,
    /// Keys beside the known ones, and known ones with values we cannot read: kept as they are.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}
