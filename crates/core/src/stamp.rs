//! What metadata says after a session was opened, or could not be.

use std::collections::BTreeSet;

use crate::decide::{Choice, Decision, Failure};
use crate::facts::{Facts, StoreState};
use crate::metadata::{Metadata, Record};
use crate::session::Mode;
use crate::units::{Bytes, SessionId};

/// The metadata to write once the mount is proven; `None` if the files already say so, or if they
/// must not be touched.
///
/// - An opened session becomes `default` and `running`. A new one is recorded as written by this
///   system. What an existing one records of its system stays; only gaps are filled.
/// - Where tries are counted, this one is recorded: the union is proven, and whatever happens from now
///   on happens to this session.
/// - A session that is opened in place of one that does not come up leaves that one the default.
/// - Without a session `running` is cleared, and nothing else changes: damaged files are left alone
///   until a session is opened.
/// - A session that failed to open is marked with the reason; its other fields stay.
pub fn after(decision: &Decision, facts: &Facts, failures: &[Failure]) -> Option<Metadata> {
    let store = &facts.store;
    let before = &store.metadata;
    let mut metadata = before.clone();
    let opened = match decision.choice {
        Choice::Resume { id, mode, grow } => {
            let record = entry(&mut metadata, id);
            if store.session(id).is_some_and(|known| known.union.is_none()) {
                // Not used yet, whatever the session manager recorded: from now on it is this one's.
                record.union = None;
            }
            fill_gaps(record, mode, decision, facts);
            // The file tells its own size; older systems recorded others (contract B12).
            let image = store.session(id).and_then(|session| session.image);
            record.size = grow.or(image.map(Bytes::whole_mib)).or(record.size);
            Some((id, None))
        }
        Choice::Create {
            id,
            mode,
            size,
            instead_of,
        } => {
            metadata.sessions.insert(id, Record::default());
            let record = entry(&mut metadata, id);
            fill_gaps(record, mode, decision, facts);
            record.size = size;
            Some((id, instead_of))
        }
        Choice::Ram | Choice::Ask => None,
    };
    match opened {
        Some((id, instead_of)) => {
            let default = decision.passed_over.unwrap_or(id);
            metadata.default = Some(default);
            metadata.running = Some(id);
            metadata.previous = instead_of
                .or(metadata.previous)
                .filter(|old| *old != default);
            if let Some(tries) = decision.tries {
                entry(&mut metadata, id).tries = Some(tries);
            }
            // An entry without a directory names nothing: its number may be given out again.
            let there: BTreeSet<SessionId> = store.sessions.iter().map(|it| it.id).collect();
            metadata
                .sessions
                .retain(|known, _| *known == id || there.contains(known));
            let written = store.agrees && store.quarantine.is_empty() && metadata == *before;
            (!written).then_some(metadata)
        }
        None => {
            let usable = store.state == StoreState::Ready && store.quarantine.is_empty();
            metadata.running = None;
            for failure in failures {
                let Some(id) = failure.id.filter(|id| store.session(*id).is_some()) else {
                    continue;
                };
                entry(&mut metadata, id).failed =
                    Some(format!("{}: {}", failure.step, failure.error));
            }
            (usable && metadata != *before).then_some(metadata)
        }
    }
}

fn entry(metadata: &mut Metadata, id: SessionId) -> &mut Record {
    metadata.sessions.entry(id).or_default()
}

fn fill_gaps(record: &mut Record, mode: Mode, decision: &Decision, facts: &Facts) {
    let system = &facts.system;
    record.mode = Some(mode);
    record.union.get_or_insert(decision.union);
    if record.version.is_none() {
        record.version.clone_from(&system.version);
    }
    if record.edition.is_none() {
        record.edition.clone_from(&system.edition);
    }
    record.failed = None;
}
