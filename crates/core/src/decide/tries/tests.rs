use super::super::{Decision, Failure, FailureKind, decide};
use super::*;
use crate::cmdline;
use crate::fixture::{facts, id, session};
use crate::metadata::{Metadata, Record};
use crate::plan::{self, Step};
use crate::stamp;

/// Sessions as number, tries and place among the good ones, 0 for none; the first is the default.
fn store(sessions: &[(u32, u32, u32)]) -> Facts {
    let all: Vec<Session> = sessions.iter().map(|(it, ..)| session(*it)).collect();
    let mut facts = facts(&all, sessions.first().map(|(it, ..)| *it));
    let some = |number: u32| (number > 0).then_some(number);
    for (number, tries, good) in sessions {
        let record = Record {
            mode: Some(Mode::Native),
            version: Some("5.1.1".into()),
            edition: Some("standard".into()),
            union: Some(crate::session::UnionKind::Overlayfs),
            tries: some(*tries),
            good: some(*good),
            ..Record::default()
        };
        facts.store.metadata.sessions.insert(id(*number), record);
    }
    facts
}

fn decided(cmdline: &str, facts: &Facts) -> Decision {
    decide(&cmdline::parse(cmdline).0, facts, &[])
}

/// What the next boot finds.
fn after(decision: &Decision, facts: &Facts) -> Facts {
    let mut next = facts.clone();
    if let Some(metadata) = stamp::after(decision, facts, &[]) {
        next.store.metadata = metadata;
    }
    next
}

#[test]
fn a_session_gives_way_when_its_tries_are_used_up() {
    type Row<'a> = (
        &'a str,
        &'a [(u32, u32, u32)],
        Option<u32>,
        Option<u32>,
        &'a [&'a str],
    );
    let resumed: &[&str] = &["default-resumed"];
    let again: &[&str] = &["default-resumed", "tried-before"];
    let gone: &[&str] = &["tries-used-up"];
    // Command line, sessions; what is opened, which try that is, why.
    let rows: &[Row<'_>] = &[
        ("perch", &[(1, 0, 1)], Some(1), Some(1), resumed),
        ("perch", &[(1, 2, 1)], Some(1), Some(3), again),
        ("perch", &[(1, 3, 1)], None, None, gone),
        (
            "perch",
            &[(1, 3, 1), (2, 0, 2), (3, 0, 0)],
            Some(2),
            Some(1),
            gone,
        ),
        // The last good one of those that have tries left.
        (
            "perch",
            &[(1, 3, 4), (2, 0, 1), (3, 0, 3), (4, 3, 5)],
            Some(3),
            Some(1),
            gone,
        ),
        (
            "perch",
            &[(1, 3, 4), (3, 2, 3)],
            Some(3),
            Some(3),
            &["tries-used-up", "tried-before"],
        ),
        ("perch", &[(1, 3, 2), (2, 3, 1)], None, None, gone),
        // Never said to have come up, and no sibling either: nothing is counted.
        ("perch", &[(1, 0, 0)], Some(1), None, resumed),
        // Its sibling was.
        ("perch", &[(1, 0, 0), (2, 0, 1)], Some(1), Some(1), resumed),
        (
            "perchdir=new",
            &[(1, 3, 1)],
            Some(2),
            Some(1),
            &["new-asked"],
        ),
        ("perchdir=new", &[(1, 3, 0)], Some(2), None, &["new-asked"]),
        // Whoever names a session gets it, and it is counted.
        (
            "perchdir=1",
            &[(1, 3, 1)],
            Some(1),
            Some(4),
            &["number-asked", "tried-before"],
        ),
        (
            "perchdir=1 perchtries=0",
            &[(1, 3, 1)],
            Some(1),
            None,
            &["number-asked"],
        ),
        ("perch perchtries=0", &[(1, 9, 1)], Some(1), None, resumed),
        ("perch perchtries=5", &[(1, 3, 1)], Some(1), Some(4), again),
        ("perch perchtries=1", &[(1, 1, 1)], None, None, gone),
        (
            "perchdir=ask",
            &[(1, 3, 1), (2, 0, 2)],
            Some(2),
            Some(1),
            &["nobody-to-ask", "tries-used-up"],
        ),
        ("perchdir=fresh", &[(1, 1, 1)], None, None, &["fresh-asked"]),
        ("", &[(1, 1, 1)], None, None, &["persistence-not-asked"]),
    ];
    for (cmdline, sessions, opened, tries, codes) in rows {
        let decision = decided(cmdline, &store(sessions));
        let got: Vec<_> = decision.reasons.iter().map(Reason::code).collect();
        assert_eq!(got, *codes, "{cmdline} {sessions:?}");
        let want = (opened.map(id), *tries);
        let got = (decision.choice.session(), decision.tries);
        assert_eq!(got, want, "{cmdline} {sessions:?}");
    }
}

/// A session that does not fit the running system, or cannot be opened by it, is no way out.
#[test]
fn only_a_session_that_fits_is_opened_instead() {
    let mut good = store(&[(1, 3, 1), (2, 0, 2)]);
    assert_eq!(decided("perch", &good).choice.session(), Some(id(2)));
    for change in [
        (|other: &mut Session| other.version = Some("5.0".into())) as fn(&mut Session),
        |other| other.edition = Some("toolbox".into()),
        |other| other.union = Some(crate::session::UnionKind::Aufs),
        |other| other.mode = Mode::Raw,
    ] {
        let mut facts = good.clone();
        facts.modes = vec![Mode::Native];
        change(&mut facts.store.sessions[1]);
        assert_eq!(decided("perch", &facts).choice, Choice::Ram, "{facts:?}");
    }
    good.store.sessions[1].in_use = Some(crate::in_use::InUse::Lock {
        pid: None,
        program: None,
    });
    let decision = decided("perch", &good);
    assert_eq!(decision.choice, Choice::Ram);
    assert_eq!(decision.reasons[1].code(), "session-in-use");
}

/// Nothing ever comes up: the boots end in RAM, one session after the other, and stay there.
#[test]
fn boots_that_never_come_up_end_in_ram_and_stay_there() {
    let mut facts = store(&[(1, 0, 2), (2, 0, 1), (3, 0, 0)]);
    let mut opened = Vec::new();
    for _ in 0..9 {
        let decision = decided("perch", &facts);
        opened.push(decision.choice.session().map_or(0, SessionId::get));
        facts = after(&decision, &facts);
        assert_eq!(facts.store.metadata.default, Some(id(1)), "{opened:?}");
    }
    assert_eq!(opened, [1, 1, 1, 2, 2, 2, 0, 0, 0]);
    // Whoever says that the default is repaired gets it back, and only that.
    facts.store.metadata.forget_tries_of(id(1));
    assert_eq!(decided("perch", &facts).choice.session(), Some(id(1)));
}

#[test]
fn what_is_opened_instead_stays_until_the_other_is_good_again() {
    let facts = store(&[(1, 3, 2), (2, 0, 1)]);
    let first = decided("perch", &facts);
    assert_eq!(first.passed_over, Some(id(1)));
    let mut facts = after(&first, &facts);
    assert_eq!(facts.store.metadata.running, Some(id(2)));
    // Its system comes up. The default is as it was, and every boot says so.
    facts.store.metadata.mark_good(id(2));
    let second = decided("perch", &facts);
    assert_eq!(second.choice, first.choice);
    assert_eq!(second.reasons, first.reasons);
    // Opened by number it comes up, and resume finds it again.
    let by_number = decided("perchdir=1", &facts);
    assert_eq!(by_number.passed_over, None);
    let mut facts = after(&by_number, &facts);
    assert_eq!(facts.store.metadata.tries(id(1)), 4);
    facts.store.metadata.mark_good(id(1));
    assert_eq!(
        decided("perch", &facts).reasons,
        [Reason::DefaultResumed { id: id(1) }]
    );
}

#[test]
fn a_system_that_never_reports_is_never_counted_against() {
    let mut facts = store(&[(1, 0, 0), (2, 0, 0)]);
    for _ in 0..9 {
        let decision = decided("perch", &facts);
        assert_eq!(decision.choice.session(), Some(id(1)));
        facts = after(&decision, &facts);
        assert_eq!(facts.store.metadata.sessions[&id(1)].tries, None);
    }
}

#[test]
fn a_session_without_an_init_means_ram_and_is_not_counted() {
    let facts = store(&[(1, 0, 1), (2, 0, 2)]);
    let failure = Failure {
        id: Some(id(1)),
        step: "join".into(),
        error: "it holds no program".into(),
        kind: FailureKind::NoInit,
    };
    let failures = [failure];
    let decision = decide(&cmdline::parse("perch").0, &facts, &failures);
    assert_eq!((decision.choice, decision.tries), (Choice::Ram, None));
    assert_eq!(decision.reasons, [Reason::NoInit { id: id(1) }]);
    let metadata = stamp::after(&decision, &facts, &failures).unwrap();
    let record = &metadata.sessions[&id(1)];
    assert_eq!(record.tries, None);
    assert!(record.failed.is_some());
}

#[test]
fn counting_alone_writes_one_file() {
    let step = |facts: &Facts| {
        let decision = decided("perch", facts);
        let plan = plan::boot(&decision, facts, &[], vec![]);
        plan.afterwards.last().cloned().unwrap()
    };
    let mut facts = store(&[(1, 1, 1)]);
    facts.store.metadata.running = Some(id(1));
    let Step::CountTry {
        id: tried,
        tries,
        metadata,
    } = step(&facts)
    else {
        panic!("{:?}", step(&facts));
    };
    assert_eq!((tried, tries), (id(1), 2));
    let expected = Metadata {
        sessions: metadata.sessions.clone(),
        ..facts.store.metadata.clone()
    };
    assert_eq!(*metadata, expected);
    let all = |facts: &Facts| matches!(step(facts), Step::WriteMetadata { .. });
    facts.store.agrees = false;
    assert!(all(&facts), "a mirror that does not agree is written too");
    facts.store.agrees = true;
    facts.store.metadata.running = None;
    assert!(all(&facts));
}
