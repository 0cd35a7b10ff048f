//! How a session fits the running system: the union that it is opened with, and what else differs.

use std::fmt;

use crate::facts::{Answer, Facts};
use crate::quoted::Quoted;
use crate::reason::{Reason, Then};
use crate::request::{Action, Request};
use crate::session::{Session, System, UnionKind};
use crate::units::SessionId;

/// The union of a boot in which nobody picked a session.
pub fn usual_union(request: &Request, facts: &Facts) -> UnionKind {
    let best = if facts.unions.contains(&UnionKind::Aufs) {
        UnionKind::Aufs
    } else {
        UnionKind::Overlayfs
    };
    request
        .union
        .filter(|asked| facts.unions.contains(asked))
        .unwrap_or(best)
}

/// The union for a session that the user picked, by number or from the list: the one that wrote it
/// where the kernel has it, since the other's marks would show wrong files. `union=` goes before.
pub fn union_for(request: &Request, facts: &Facts, session: &Session) -> UnionKind {
    session
        .union
        .filter(|stored| request.union.is_none() && facts.unions.contains(stored))
        .unwrap_or_else(|| usual_union(request, facts))
}

/// The union of this boot, and why where that is not plain.
pub(super) fn choose_union(
    request: &Request,
    facts: &Facts,
    reasons: &mut Vec<Reason>,
) -> UnionKind {
    let usual = usual_union(request, facts);
    if let Some(asked) = request.union.filter(|asked| *asked != usual) {
        reasons.push(Reason::UnionUnavailable {
            asked,
            instead: usual,
        });
    }
    let Some(session) = picked(request, facts) else {
        return usual;
    };
    let union = union_for(request, facts, session);
    if union != usual {
        reasons.push(Reason::UnionOfSession {
            id: session.id,
            union,
        });
    }
    union
}

/// The session that the user picked, by number or from the list.
fn picked<'a>(request: &Request, facts: &'a Facts) -> Option<&'a Session> {
    if request.place != facts.store.place {
        return None;
    }
    let by_number = match super::action(request, facts) {
        Action::Number(id) => facts.store.session(id),
        Action::Ask => None,
        Action::Off | Action::Resume | Action::New | Action::Fresh => return None,
    };
    by_number.or_else(|| match facts.answer? {
        Answer::Open(id) => facts.store.session(id),
        Answer::New | Answer::Fresh | Answer::TimedOut => None,
    })
}

/// A way in which the running system differs from the one that wrote a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// Another union.
    Union {
        /// The one that wrote it.
        stored: UnionKind,
        /// The one of this system.
        runs: UnionKind,
    },
    /// Another version.
    Version {
        /// The one that wrote it.
        stored: String,
        /// The one that runs.
        runs: String,
    },
    /// Another edition.
    Edition {
        /// The one that wrote it.
        stored: String,
        /// The one that runs.
        runs: String,
    },
}

/// Every way in which the running system differs from the one that wrote the session: union, version,
/// edition, in this order. What is not recorded, or not known of the system, is not held against it.
pub fn misfits(session: &Session, system: &System, union: Option<UnionKind>) -> Vec<Misfit> {
    let mut found = Vec::new();
    if let (Some(stored), Some(runs)) = (session.union, union)
        && stored != runs
    {
        found.push(Misfit::Union { stored, runs });
    }
    if let Some((stored, runs)) = differ(&session.version, &system.version) {
        found.push(Misfit::Version { stored, runs });
    }
    if let Some((stored, runs)) = differ(&session.edition, &system.edition) {
        found.push(Misfit::Edition { stored, runs });
    }
    found
}

impl Misfit {
    /// The code that a boot has for it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Union { .. } => "union-differs",
            Self::Version { .. } => "version-differs",
            Self::Edition { .. } => "edition-differs",
        }
    }

    /// What a boot says of it.
    fn reason(self, id: SessionId, then: Then) -> Reason {
        match self {
            Self::Union { stored, runs } => Reason::UnionDiffers {
                id,
                stored,
                runs,
                then,
            },
            Self::Version { stored, runs } => Reason::VersionDiffers {
                id,
                stored,
                runs,
                then,
            },
            Self::Edition { stored, runs } => Reason::EditionDiffers {
                id,
                stored,
                runs,
                then,
            },
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Union { stored, runs } => {
                write!(
                    f,
                    "it was written through {stored}, this system uses {runs}"
                )
            }
            Self::Version { stored, runs } => write!(
                f,
                "it was written by version {}, this is version {}",
                Quoted(stored),
                Quoted(runs)
            ),
            Self::Edition { stored, runs } => write!(
                f,
                "it was written by edition {}, this is edition {}",
                Quoted(stored),
                Quoted(runs)
            ),
        }
    }
}

/// As [`misfits`], in the words of a boot with what follows from them.
pub fn differences(session: &Session, facts: &Facts, union: UnionKind, then: Then) -> Vec<Reason> {
    let found = misfits(session, &facts.system, Some(union));
    let found = found.into_iter();
    found
        .map(|misfit| misfit.reason(session.id, then))
        .collect()
}

fn differ(stored: &Option<String>, runs: &Option<String>) -> Option<(String, String)> {
    match (stored, runs) {
        (Some(stored), Some(runs)) if stored != runs => Some((stored.clone(), runs.clone())),
        _ => None,
    }
}
