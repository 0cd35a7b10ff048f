//! A session on a store that is nearly full: it opens, and the user hears of it before work is lost.

use super::Choice;
use crate::facts::Facts;
use crate::reason::Reason;
use crate::session::Session;
use crate::units::Bytes;

/// Free space that a session can do with for a while, however large the medium is.
const ENOUGH: Bytes = Bytes(64 << 20);
/// The part of the file system, one in so many bytes, that is enough on a small one.
const SHARE: u64 = 50;

/// The warning, if the session that is opened or made is about to run out of space.
pub(super) fn warning(choice: Choice, facts: &Facts) -> Option<Reason> {
    let store = &facts.store;
    let id = choice.session()?;
    if store.session(id).is_some_and(has_its_space) {
        return None;
    }
    let free = store.free?;
    let share = store.total.map_or(ENOUGH, |total| Bytes(total.0 / SHARE));
    (free < ENOUGH.min(share)).then_some(Reason::StoreNearlyFull { free })
}

/// Whether the session is an image without holes: it takes nothing more of the medium.
fn has_its_space(session: &Session) -> bool {
    match (session.image, session.allocated) {
        (Some(image), Some(allocated)) => allocated >= image,
        (None, _) | (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::cmdline;
    use crate::decide::decide;
    use crate::fixture;
    use crate::session::Mode;
    use crate::units::Bytes;

    #[test]
    fn little_space_is_judged_by_the_size_of_the_medium() {
        const MIB: u64 = 1 << 20;
        for (cmdline, free, total, full) in [
            ("perch", Some(0), Some(8 << 30), true),
            ("perch", Some(63 * MIB), Some(8 << 30), true),
            ("perch", Some(64 * MIB), Some(8 << 30), false),
            ("perch", Some(63 * MIB), None, true),
            // A fiftieth of a small one is enough.
            ("perch", Some(5 * MIB), Some(200 * MIB), false),
            ("perch", Some(3 * MIB), Some(200 * MIB), true),
            ("perchdir=new", Some(0), Some(8 << 30), true),
            // Nothing is known, or nothing is kept.
            ("perch", None, Some(8 << 30), false),
            ("", Some(0), Some(8 << 30), false),
            ("perchdir=fresh", Some(0), Some(8 << 30), false),
        ] {
            let mut facts = fixture::facts(&[fixture::session(1)], Some(1));
            facts.store.free = free.map(Bytes);
            facts.store.total = total.map(Bytes);
            let (request, _) = cmdline::parse(cmdline);
            let decision = decide(&request, &facts, &[]);
            let codes: Vec<_> = decision.reasons.iter().map(|it| it.code()).collect();
            let said = codes.contains(&"store-nearly-full");
            assert_eq!(said, full, "{cmdline:?}, {free:?} of {total:?}: {codes:?}");
        }
    }

    #[test]
    fn an_image_without_holes_needs_no_more() {
        let mut session = fixture::session(1);
        session.mode = Mode::Raw;
        session.image = Some(Bytes(1 << 30));
        for (allocated, full) in [(1 << 30, false), (1 << 20, true)] {
            session.allocated = Some(Bytes(allocated));
            let mut facts = fixture::facts(&[session.clone()], Some(1));
            facts.store.free = Some(Bytes(0));
            let (request, _) = cmdline::parse("perch");
            let decision = decide(&request, &facts, &[]);
            let said = decision
                .reasons
                .iter()
                .any(|it| it.code() == "store-nearly-full");
            assert_eq!(said, full, "{allocated} allocated");
        }
    }
}
