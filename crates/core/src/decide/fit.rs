//! How a session fits the running system: the union that it is opened with, and what else differs.

use crate::facts::{Answer, Facts};
use crate::reason::{Reason, Then};
use crate::request::{Action, Request};
use crate::session::{Session, UnionKind};

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

/// Every way in which the running system differs from the one that wrote the session: union, version,
/// edition, in this order. What is not recorded is not held against it.
pub fn differences(session: &Session, facts: &Facts, union: UnionKind, then: Then) -> Vec<Reason> {
    let id = session.id;
    let system = &facts.system;
    let mut found = Vec::new();
    if let Some(stored) = session.union.filter(|stored| *stored != union) {
        found.push(Reason::UnionDiffers {
            id,
            stored,
            runs: union,
            then,
        });
    }
    if let Some((stored, runs)) = differ(&session.version, &system.version) {
        found.push(Reason::VersionDiffers {
            id,
            stored,
            runs,
            then,
        });
    }
    if let Some((stored, runs)) = differ(&session.edition, &system.edition) {
        found.push(Reason::EditionDiffers {
            id,
            stored,
            runs,
            then,
        });
    }
    found
}

fn differ(stored: &Option<String>, runs: &Option<String>) -> Option<(String, String)> {
    match (stored, runs) {
        (Some(stored), Some(runs)) if stored != runs => Some((stored.clone(), runs.clone())),
        _ => None,
    }
}
