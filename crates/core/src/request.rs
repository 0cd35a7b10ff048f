//! What was asked for at boot, as types.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::filter::Filter;
use crate::session::{Mode, UnionKind};
use crate::units::{Mib, SessionId};

/// What the boot parameters ask for (contract §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What to do about sessions.
    pub action: Action,
    /// Where the session store is.
    pub place: Place,
    /// How a session is to keep its data; absent leaves it to the session, native for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// How large a new container is to be; absent means the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// Which union to use; absent means the best that the kernel has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub union: Option<UnionKind>,
    /// Where the bundles are.
    pub source: Source,
    /// How long to wait for the medium, in seconds.
    pub wait_seconds: u32,
    /// What to do when the medium is not found in that time.
    pub on_missing: OnMissing,
    /// The ending of bundle file names, without the dot.
    pub extension: String,
    /// Bundles to use and no others; absent means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Filter>,
    /// Bundles not to use, applied after `load`; absent means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noload: Option<Filter>,
    /// The real init, from `init=`; absent means the usual places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<String>,
    /// Show how long each stage took.
    #[serde(default)]
    pub timing: bool,
    /// Say more on the console.
    #[serde(default)]
    pub debug: bool,
}

/// What to do about sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// No persistence was asked for: changes stay in RAM.
    Off,
    /// Go on with the default session.
    Resume,
    /// Start a new session.
    New,
    /// Let the user choose.
    Ask,
    /// Changes stay in RAM, said so explicitly.
    Fresh,
    /// Open this session and no other.
    Number(SessionId),
}

/// Where the session store is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// `changes/` in the data directory of the boot medium.
    Medium,
    /// Somewhere else, as written after `perchdir=`.
    Elsewhere(String),
}

/// A container size asked for with `perchsize=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Size {
    /// This many mebibytes.
    Exactly(Mib),
    /// `perchsize=0`: 90 % of the free space at once.
    MostOfFree,
}

/// Where the data directory is, from `from=`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Source {
    /// The device; absent means any device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The directory below its root, without slashes at the ends; absent means the usual name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dir: Option<String>,
}

/// How a block device is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Identity {
    /// A device node, without `/dev/`: `sda1`, `mapper/ventoy`.
    Node(String),
    /// The label of its file system.
    Label(String),
    /// The UUID of its file system, as `blkid` writes it.
    Uuid(String),
    /// The UUID of the partition.
    PartUuid(String),
    /// The name of the partition in a GPT.
    PartLabel(String),
}

/// What to do when the data directory is not found in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnMissing {
    /// Go on looking at each device that appears.
    #[default]
    Retry,
    /// Start a shell, if the initramfs carries one; else as `Retry`.
    Shell,
    /// Restart the machine after a minute.
    Reboot,
    /// Switch the machine off after a minute.
    Poweroff,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            action: Action::Off,
            place: Place::Medium,
            mode: None,
            size: None,
            union: None,
            source: Source::default(),
            wait_seconds: 45,
            on_missing: OnMissing::default(),
            extension: "sb".to_owned(),
            load: None,
            noload: None,
            init: None,
            timing: false,
            debug: false,
        }
    }
}

impl Request {
    /// Any persistence parameter switches persistence on; a more exact action stays.
    pub fn ask_for_persistence(&mut self) {
        if self.action == Action::Off {
            self.action = Action::Resume;
        }
    }

    /// Whether changes were meant to survive this boot.
    pub fn wants_persistence(&self) -> bool {
        !matches!(self.action, Action::Off | Action::Fresh)
    }
}

impl Identity {
    /// Takes the device part off `/dev/…[/dir]`, `label:L[/dir]`, `uuid:`, `partuuid:`,
    /// `partlabel:`; the rest is the directory. `None` if the text names no device.
    pub fn parse(text: &str) -> Option<(Self, String)> {
        fn cut(text: &str) -> (String, String) {
            let (head, tail) = text.split_once('/').unwrap_or((text, ""));
            (head.to_owned(), tail.to_owned())
        }
        type Make = fn(String) -> Identity;
        const FORMS: [(&str, Make); 8] = [
            ("label:", Identity::Label),
            ("uuid:", Identity::Uuid),
            ("partuuid:", Identity::PartUuid),
            ("partlabel:", Identity::PartLabel),
            ("/dev/disk/by-label/", Identity::Label),
            ("/dev/disk/by-uuid/", Identity::Uuid),
            ("/dev/disk/by-partuuid/", Identity::PartUuid),
            ("/dev/disk/by-partlabel/", Identity::PartLabel),
        ];
        for (prefix, make) in FORMS {
            if let Some(rest) = text.strip_prefix(prefix) {
                let (name, dir) = cut(rest);
                return (!name.is_empty()).then(|| (make(name), dir));
            }
        }
        let node = text.strip_prefix("/dev/")?;
        let (name, dir) = match node.strip_prefix("mapper/") {
            Some(rest) => {
                let (name, dir) = cut(rest);
                (format!("mapper/{name}"), dir)
            }
            None => cut(node),
        };
        (!name.is_empty() && name != "mapper/").then_some((Self::Node(name), dir))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(name) => write!(f, "/dev/{name}"),
            Self::Label(label) => write!(f, "label:{label}"),
            Self::Uuid(uuid) => write!(f, "uuid:{uuid}"),
            Self::PartUuid(uuid) => write!(f, "partuuid:{uuid}"),
            Self::PartLabel(label) => write!(f, "partlabel:{label}"),
        }
    }
}
