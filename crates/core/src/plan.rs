//! Plans: the steps that carry out a decision, as data that can be printed, compared and stored.

use std::fmt;

use serde::Serialize;

use crate::decide::{Choice, Decision, Failure};
use crate::facts::{Facts, StoreState};
use crate::metadata::Metadata;
use crate::session::{Mode, UnionKind};
use crate::stamp;
use crate::units::{Mib, SessionId};

/// One step. Each names what it needs and makes by role, not by path or descriptor, so that it says
/// the same on a running system as in an initramfs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Makes the medium writable: its file system and its mount.
    WritableMedium,
    /// Makes the file system of a store elsewhere writable.
    WritableStore,
    /// Makes the directory of the store.
    MakeStore,
    /// Makes the directory of a new session in the store; it must not exist.
    MakeSession {
        /// Its number.
        id: SessionId,
    },
    /// Shows the session's directory as the place for changes.
    BindSession {
        /// Its number.
        id: SessionId,
    },
    /// Proves that the store's file system can hold a native session: owners, links, extended
    /// attributes, the marks for deleted files. Done in the directory of the new session.
    ProbeNative {
        /// Its number.
        id: SessionId,
    },
    /// Makes the container of a new session with a file system in it.
    MakeContainer {
        /// Its number.
        id: SessionId,
        /// Its mode, which is not native.
        mode: Mode,
        /// Its size.
        size: Mib,
    },
    /// Checks the file system in a session's container and repairs what can be repaired safely.
    CheckContainer {
        /// Its number.
        id: SessionId,
        /// Its mode, which is not native.
        mode: Mode,
    },
    /// Makes a session's container larger, and the file system in it.
    GrowContainer {
        /// Its number.
        id: SessionId,
        /// Its mode, which is not native.
        mode: Mode,
        /// The size afterwards.
        to: Mib,
    },
    /// Mounts the file system in a session's container as the place for changes.
    OpenContainer {
        /// Its number.
        id: SessionId,
        /// Its mode, which is not native.
        mode: Mode,
        /// The size beyond which it does not grow by itself; absent for none, and where it never does.
        #[serde(skip_serializing_if = "Option::is_none")]
        cap: Option<Mib>,
    },
    /// Shows a store elsewhere where tools look for one: in the data directory.
    ShowStore,
    /// Notes on the medium when the session was last used.
    TouchSession {
        /// Its number.
        id: SessionId,
    },
    /// Mounts a file system in RAM as the place for changes.
    MountRam,
    /// Makes the upper and the work directory in the place for changes, where they are not there.
    /// Only overlayfs has them.
    MakeUpper,
    /// Joins the bundles, lowest first, and the upper directory (for aufs the place for changes
    /// itself) to the root of the system, and proves that it can be written.
    MountUnion {
        /// With which union file system.
        union: UnionKind,
        /// The bundles' file names, lowest first.
        layers: Vec<String>,
        /// Whether a program that can be started as init has to be in it. Where a session has none, a
        /// start in RAM may.
        needs_init: bool,
    },
    /// Replaces the store's metadata.
    WriteMetadata {
        /// The new content.
        metadata: Box<Metadata>,
        /// Files to move out of the way first, because they could not be read.
        quarantine: Vec<String>,
    },
    /// Records one more try of a session, and nothing else: one file is replaced.
    CountTry {
        /// Its number.
        id: SessionId,
        /// Which try this is, from 1.
        tries: u32,
        /// The new content.
        metadata: Box<Metadata>,
    },
}

/// What is to be done, in order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// Steps that must succeed; if one fails, those before it are undone.
    pub steps: Vec<Step>,
    /// Steps for afterwards, once the union is proven; a failure here is said and changes nothing else.
    pub afterwards: Vec<Step>,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WritableMedium => f.write_str("make the medium writable"),
            Self::WritableStore => f.write_str("make the session store's file system writable"),
            Self::MakeStore => f.write_str("make the session store"),
            Self::MakeSession { id } => write!(f, "make the directory of session {id}"),
            Self::BindSession { id } => write!(f, "keep changes in session {id}"),
            Self::OpenContainer { id, mode, cap } => {
                write!(f, "keep changes in the {mode} container of session {id}")?;
                match cap {
                    Some(cap) => write!(f, ", which grows by itself up to {cap}"),
                    None => Ok(()),
                }
            }
            Self::ProbeNative { .. } => {
                f.write_str("try whether the store's file system can hold a native session")
            }
            Self::MakeContainer { id, mode, size } => {
                write!(f, "make the {mode} container of session {id}, {size}")
            }
            Self::CheckContainer { id, mode } => {
                write!(
                    f,
                    "check the file system in the {mode} container of session {id}"
                )
            }
            Self::GrowContainer { id, mode, to } => {
                write!(f, "grow the {mode} container of session {id} to {to}")
            }
            Self::ShowStore => f.write_str("show the session store in the data directory"),
            Self::TouchSession { id } => write!(f, "note when session {id} was used"),
            Self::MountRam => f.write_str("keep changes in RAM"),
            Self::MakeUpper => f.write_str("prepare the upper and the work directory"),
            Self::MountUnion { union, layers, .. } => {
                let with = match union {
                    UnionKind::Overlayfs => "the upper",
                    UnionKind::Aufs => "the place for changes",
                };
                write!(f, "join {} with {with} by {union}", counted(layers.len()))
            }
            Self::CountTry { id, tries, .. } => {
                write!(f, "record that session {id} is tried, time {tries}")
            }
            Self::WriteMetadata {
                metadata,
                quarantine,
            } => {
                let id = |id: Option<SessionId>| {
                    id.map_or_else(|| "none".to_owned(), |id| id.to_string())
                };
                write!(
                    f,
                    "record the sessions: default {}, running {}",
                    id(metadata.default),
                    id(metadata.running)
                )?;
                for name in quarantine {
                    write!(f, ", setting the damaged {name} aside")?;
                }
                Ok(())
            }
        }
    }
}

fn counted(bundles: usize) -> String {
    match bundles {
        1 => "1 bundle".to_owned(),
        more => format!("{more} bundles"),
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        for step in &self.afterwards {
            writeln!(f, "then {step}")?;
        }
        Ok(())
    }
}

/// The steps that carry out a decision at boot, given that the medium is mounted read-only and the
/// named bundles are mounted. `Choice::Ask` must have been answered before; it plans as RAM.
pub fn boot(decision: &Decision, facts: &Facts, failures: &[Failure], layers: Vec<String>) -> Plan {
    let mut steps = Vec::new();
    let mut afterwards = Vec::new();
    match decision.choice {
        Choice::Ram | Choice::Ask => {
            steps.push(Step::MountRam);
        }
        Choice::Resume { id, mode, grow } => {
            writable_store(facts, &mut steps);
            if mode != Mode::Native {
                if facts.tools.e2fsck {
                    steps.push(Step::CheckContainer { id, mode });
                }
                if let Some(to) = grow {
                    steps.push(Step::GrowContainer { id, mode, to });
                }
            }
            open(id, mode, decision.cap, &mut steps);
        }
        Choice::Create { id, mode, size, .. } => {
            writable_store(facts, &mut steps);
            if facts.store.state == StoreState::Missing {
                steps.push(Step::MakeStore);
            }
            steps.push(Step::MakeSession { id });
            match (mode, size) {
                (Mode::Native, _) => steps.push(Step::ProbeNative { id }),
                (Mode::Dynfilefs | Mode::Raw, Some(size)) => {
                    steps.push(Step::MakeContainer { id, mode, size });
                }
                // Never decided; opening then says that there is none.
                (Mode::Dynfilefs | Mode::Raw, None) => {}
            }
            open(id, mode, decision.cap, &mut steps);
        }
    }
    for_tools(decision, facts, &mut afterwards);
    match decision.union {
        UnionKind::Overlayfs => steps.push(Step::MakeUpper),
        // The place for changes is itself the writable branch: directories in it would show in `/`.
        UnionKind::Aufs => {}
    }
    steps.push(Step::MountUnion {
        union: decision.union,
        layers,
        needs_init: decision.choice.session().is_some(),
    });
    if let Some(id) = decision.choice.session() {
        afterwards.push(Step::TouchSession { id });
    }
    if let Some(metadata) = stamp::after(decision, facts, failures) {
        afterwards.push(record(decision, facts, metadata));
    }
    Plan { steps, afterwards }
}

/// The step that brings metadata to the medium: as little as will do.
fn record(decision: &Decision, facts: &Facts, metadata: Metadata) -> Step {
    let store = &facts.store;
    let (agrees, metadata) = (store.agrees, Box::new(metadata));
    match (decision.choice.session(), decision.tries) {
        (Some(id), Some(tries)) if agrees && metadata.differs_in_tries_only(&store.metadata) => {
            Step::CountTry {
                id,
                tries,
                metadata,
            }
        }
        _ => Step::WriteMetadata {
            metadata,
            quarantine: store.quarantine.clone(),
        },
    }
}

/// The steps for the tools on the running system, which manage sessions whatever this boot does: they
/// find the medium and the store writable, and the store where they look for it.
fn for_tools(decision: &Decision, facts: &Facts, afterwards: &mut Vec<Step>) {
    let store = &facts.store;
    let open = decision.choice.session().is_some();
    let there = match store.state {
        // Whoever named another place does not want the boot medium written.
        StoreState::NotFound(_) => return,
        StoreState::Ready => true,
        StoreState::Missing => open,
        StoreState::ReadOnly(_) | StoreState::Unusable(_) => false,
    };
    let on_medium = store.device.is_none();
    if there && !open && !on_medium {
        afterwards.push(Step::WritableStore);
    }
    let can_be_written = facts.medium.unwritable.is_none()
        && !(on_medium && matches!(store.state, StoreState::ReadOnly(_)));
    let is_writable = open && on_medium;
    if can_be_written && !is_writable {
        afterwards.push(Step::WritableMedium);
    }
    if there && (store.dir.is_some() || facts.medium.in_ram) {
        afterwards.push(Step::ShowStore);
    }
}

/// The steps that make the store's file system writable. The medium itself is made writable in every
/// boot; where the store is elsewhere that is for afterwards.
fn writable_store(facts: &Facts, steps: &mut Vec<Step>) {
    steps.push(match facts.store.device {
        None => Step::WritableMedium,
        Some(_) => Step::WritableStore,
    });
}

/// The step that opens a session.
fn open(id: SessionId, mode: Mode, cap: Option<Mib>, steps: &mut Vec<Step>) {
    steps.push(match mode {
        Mode::Native => Step::BindSession { id },
        Mode::Dynfilefs | Mode::Raw => Step::OpenContainer { id, mode, cap },
    });
}
