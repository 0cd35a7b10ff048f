//! `/run/perch/boot.json`: what a boot was asked, found, decided and did, for the running system, for
//! programs, and for replaying the decision elsewhere.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cmdline::Oddity;
use crate::decide::{Choice, Decision, Failure};
use crate::facts::Facts;
use crate::hook::HookStage;
use crate::ladder::Outcome;
use crate::notice::Notice;
use crate::plan::Plan;
use crate::reason::Reason;
use crate::request::{Request, ToRam};
use crate::session::{Mode, UnionKind};
use crate::units::{Bytes, SessionId};

/// The version of this record's form. It grows with an incompatible change only.
pub const SCHEMA: u32 = 1;

/// One boot.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The version of perch that booted.
    pub perch: &'a str,
    /// The release of the running kernel.
    pub kernel: &'a str,
    /// The kernel command line as given, behind the words that the image sets.
    pub cmdline: &'a str,
    /// Those words, from `/etc/perch/perch.conf` of the image; empty for none.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub settings: &'a str,
    /// What it asks for.
    pub request: &'a Request,
    /// What in it was not understood.
    pub oddities: &'a [Oddity],
    /// Every device that was looked at, and what came of it.
    pub devices: &'a [Seen],
    /// What was found. With `cmdline`, all that the decision depends on.
    pub facts: &'a Facts,
    /// What came of it.
    pub outcome: Summary,
    /// Why, in words.
    pub reasons: Vec<Reason>,
    /// What else the user was told.
    pub notices: &'a [Notice],
    /// The decision.
    pub decision: &'a Decision,
    /// Its steps.
    pub plan: &'a Plan,
    /// Steps that failed and were undone before the decision held.
    pub failures: &'a [Failure],
    /// Steps that failed afterwards, without consequence for this boot.
    pub warnings: &'a [Failure],
    /// What came of `toram`; absent where it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toram: Option<RamCopy>,
    /// Bundles that were left out, and why.
    pub left_out: &'a [LeftOut],
    /// How long each stage took.
    pub stages: &'a [Stage],
    /// Kernel modules that were asked for.
    pub modules: &'a [Module],
    /// What was put into the system's files, beside the layers.
    pub touches: &'a [Touch],
    /// Hooks that ran, in order.
    pub hooks: &'a [HookRun],
    /// The lines of the log.
    pub log: &'a [String],
}

/// A device that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its name below `/dev/`.
    pub device: String,
    /// What lies on it and why it was taken or refused, in words.
    pub verdict: String,
    /// The same as a stable word.
    #[serde(default)]
    pub code: Cow<'static, str>,
    /// What the user can do if it was refused and should not have been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Cow<'static, str>>,
}

/// What came of `toram`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RamCopy {
    /// How much was asked for.
    pub asked: ToRam,
    /// The memory that the copy takes; absent where that could not be found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Bytes>,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// Why the system runs from the medium all the same; absent if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// The device, what came of it and what can be done.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/dev/{} {}", self.device, self.verdict)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// A bundle that the system runs without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its path in the data directory.
    pub path: String,
    /// Why.
    pub why: String,
}

/// One stage of the boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name.
    pub name: Cow<'static, str>,
    /// How long it took, in microseconds.
    pub us: u64,
    /// The same in milliseconds, rounded.
    pub ms: u64,
}

/// A kernel module that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// How long loading it took, in milliseconds.
    pub ms: u64,
    /// Why it could not be loaded; absent if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One of the touches: files that the boot puts into the system. What has nothing to do is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// `rootcopy`, `config`, `fstab` or `preinit`.
    pub name: Cow<'static, str>,
    /// Whether all of it was done.
    pub ok: bool,
    /// What came of it, in words.
    pub result: String,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// A hook that was run, or should have been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookRun {
    /// When.
    pub stage: HookStage,
    /// Its file name.
    pub name: String,
    /// `image` or `medium`: where it comes from.
    pub from: Cow<'static, str>,
    /// Whether it ended with 0.
    pub ok: bool,
    /// How it ended, in words: `exit 0`, `killed by signal 15`, `stopped after 30 s`, or why it did not start.
    pub result: String,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// What came of a boot, in one glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Whether changes survive.
    pub status: Status,
    /// The session that is open; absent in RAM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// Its mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Whether this boot made it.
    pub new: bool,
    /// The union that joins the layers.
    pub union: UnionKind,
    /// The file system of the medium with the bundles.
    pub medium: String,
}

/// Whether changes survive the power-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// They go to a session.
    Session,
    /// They stay in RAM, as asked for.
    Ram,
    /// They stay in RAM, although a session was asked for.
    RamFallback,
}

impl Summary {
    /// The summary of an outcome.
    pub fn of(request: &Request, facts: &Facts, outcome: &Outcome) -> Self {
        let (status, session, mode, new) = match outcome.decision.choice {
            Choice::Resume { id, mode, .. } => (Status::Session, Some(id), Some(mode), false),
            Choice::Create { id, mode, .. } => (Status::Session, Some(id), Some(mode), true),
            Choice::Ram | Choice::Ask
                if request.wants_persistence()
                    && !outcome.decision.reasons.contains(&Reason::FreshAsked) =>
            {
                (Status::RamFallback, None, None, false)
            }
            Choice::Ram | Choice::Ask => (Status::Ram, None, None, false),
        };
        Self {
            status,
            session,
            mode,
            new,
            union: outcome.decision.union,
            medium: format!("/dev/{} ({})", facts.medium.device, facts.medium.fs),
        }
    }
}

/// Why a file holds no facts.
#[derive(Debug, thiserror::Error)]
pub enum NoFacts {
    /// Neither a boot record (`boot.json`) nor bare facts.
    #[error("no boot record: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// What a file tells of a boot.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Recorded {
    /// The command line of that boot; absent in a file of bare facts.
    #[serde(default)]
    pub cmdline: Option<String>,
    /// What came of it; absent in a file of bare facts.
    #[serde(default)]
    pub outcome: Option<RecordedOutcome>,
    /// What was found.
    pub facts: Facts,
}

/// What came of a boot, as far as later programs need it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordedOutcome {
    /// The session that is open; absent in RAM.
    #[serde(default)]
    pub session: Option<SessionId>,
}

/// Reads the facts in a boot record, or in a file that holds nothing else.
pub fn read(text: &str) -> Result<Recorded, NoFacts> {
    let value: serde_json::Value = serde_json::from_str(text)?;
    if value.get("facts").is_some() {
        return Ok(serde_json::from_value(value)?);
    }
    Ok(Recorded {
        cmdline: None,
        outcome: None,
        facts: serde_json::from_value(value)?,
    })
}
