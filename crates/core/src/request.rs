//! What was asked for at boot, as types.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::filter::Filter;
pub use crate::identity::Identity;
use crate::menu::language::Language;
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
    /// The directory that holds them where `source` names none; set for all boots ([`settings`](crate::settings)).
    #[serde(
        default = "usual_live_name",
        skip_serializing_if = "is_usual_live_name"
    )]
    pub live_name: String,
    /// How long to wait for the medium, in seconds.
    pub wait_seconds: u32,
    /// How long to wait for the device of a session store elsewhere, in seconds.
    pub store_wait_seconds: u32,
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
    /// How long a question waits for the first key, in seconds; absent means for ever, because the
    /// user said so (`asktimeout=0`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_seconds: Option<u32>,
    /// The language of questions.
    #[serde(default)]
    pub language: Language,
    /// The small partition that an image brought along may become the one for sessions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grow_partition: bool,
    /// Copy the data directory to RAM first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toram: Option<ToRam>,
    /// How often a session is started in a row without its system's word that it has come up, before
    /// another is resumed in its place; absent where nothing is counted (`perchtries=0`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<u32>,
    /// Open what is in use all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// Other machines may have the disks open, although it does not show.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lease: bool,
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

/// Where the session store is (contract §2.1). Directories are relative, without slashes at the ends;
/// empty for the root of the file system.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Nothing was said: `changes/` in the data directory of the boot medium, or the partition that
    /// was made for it on the same disk (contract §1.7).
    #[default]
    Medium,
    /// A directory of the boot medium's file system.
    Directory(Spot),
    /// A directory of another device.
    Device {
        /// Which device.
        identity: Identity,
        /// Where on it.
        spot: Spot,
    },
    /// A directory of a device that the user picks.
    AskDisk {
        /// The directory there.
        dir: String,
    },
}

/// A directory that holds the session store, or is to hold it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Spot {
    /// Its path.
    pub dir: String,
    /// The action word that followed it: `new` in `perchdir=/dev/sdb1/mine/new`. Where `dir/word`
    /// exists and holds sessions it is a directory after all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<Action>,
}

impl Spot {
    /// The directory that is meant if the word is a directory after all; `None` without a word.
    pub fn dir_with_word(&self) -> Option<String> {
        let word = self.word?.word()?;
        Some(match self.dir.as_str() {
            "" => word.to_owned(),
            dir => format!("{dir}/{word}"),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Medium => f.write_str("the boot medium"),
            Self::Directory(spot) => write!(f, "/{} on the boot medium", spot.dir),
            Self::Device { identity, spot } if spot.dir.is_empty() => write!(f, "{identity}"),
            Self::Device { identity, spot } => write!(f, "/{} on {identity}", spot.dir),
            Self::AskDisk { dir } => write!(f, "/{dir} on a disk to be picked"),
        }
    }
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
    /// An ISO file below its root that holds the data directory; absent means that the file system
    /// itself does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iso: Option<String>,
    /// The user picks the device.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ask: bool,
}

/// How much of the data directory is copied to RAM (contract §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToRam {
    /// All of it but the sessions.
    Full,
    /// The bundles that this boot uses, the configuration and the keys.
    Trim,
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

/// As MiniOS has it.
fn usual_live_name() -> String {
    "minios".to_owned()
}

fn is_usual_live_name(name: &str) -> bool {
    name == usual_live_name()
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
            live_name: usual_live_name(),
            wait_seconds: 45,
            store_wait_seconds: 20,
            on_missing: OnMissing::default(),
            extension: "sb".to_owned(),
            load: None,
            noload: None,
            init: None,
            ask_seconds: Some(30),
            language: Language::default(),
            grow_partition: false,
            toram: None,
            tries: Some(3),
            force: false,
            lease: false,
            timing: false,
            debug: false,
        }
    }
}

impl Action {
    /// The word after `perchdir=`; `None` for a number and for no persistence at all.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Resume => Some("resume"),
            Self::New => Some("new"),
            Self::Ask => Some("ask"),
            Self::Fresh => Some("fresh"),
            Self::Off | Self::Number(_) => None,
        }
    }

    /// The action that a word stands for.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Resume, Self::New, Self::Ask, Self::Fresh]
            .into_iter()
            .find(|action| action.word() == Some(word))
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
