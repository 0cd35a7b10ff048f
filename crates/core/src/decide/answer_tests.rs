//! Questions and what follows from their answers.

use super::*;
use crate::cmdline;
use crate::facts::Answer;
use crate::fixture::{facts, id, session};

fn decided(cmdline: &str, facts: &Facts) -> (Choice, Vec<&'static str>) {
    let (request, _) = cmdline::parse(cmdline);
    let decision = decide(&request, facts, &[]);
    let codes = decision.reasons.iter().map(Reason::code).collect();
    (decision.choice, codes)
}

fn resume(number: u32) -> Choice {
    Choice::Resume {
        id: id(number),
        mode: Mode::Native,
        grow: None,
    }
}

fn create(number: u32) -> Choice {
    Choice::Create {
        id: id(number),
        mode: Mode::Native,
        size: None,
        instead_of: None,
    }
}

/// Contract §2.1 and checks 6, 36 to 40.
#[test]
fn each_answer_to_each_question() {
    use Answer::{Fresh, New, Open, TimedOut};
    let ram = Choice::Ram;
    type Row<'a> = (&'a str, Option<u32>, Option<Answer>, Choice, &'a [&'a str]);
    let rows: &[Row<'_>] = &[
        ("perchdir=ask", Some(2), None, Choice::Ask, &[]),
        ("perchdir=ask", None, None, Choice::Ask, &[]),
        (
            "perchdir=ask",
            Some(2),
            Some(Open(id(1))),
            resume(1),
            &["session-chosen"],
        ),
        (
            "perchdir=ask perchmode=raw",
            Some(2),
            Some(Open(id(1))),
            resume(1),
            &["session-chosen", "mode-differs"],
        ),
        (
            "perchdir=ask",
            Some(2),
            Some(New),
            create(3),
            &["new-asked"],
        ),
        ("perchdir=ask", Some(2), Some(Fresh), ram, &["fresh-asked"]),
        (
            "perchdir=ask",
            Some(1),
            Some(TimedOut),
            resume(1),
            &["ask-timed-out", "default-resumed"],
        ),
        (
            "perchdir=ask",
            None,
            Some(TimedOut),
            resume(2),
            &["ask-timed-out", "no-default"],
        ),
        (
            "perchdir=ask",
            Some(2),
            Some(Open(id(9))),
            ram,
            &["number-missing"],
        ),
        (
            "perchdir=5",
            Some(2),
            None,
            Choice::Ask,
            &["number-missing"],
        ),
        (
            "perchdir=5",
            Some(2),
            Some(Open(id(1))),
            resume(1),
            &["number-missing", "session-chosen"],
        ),
        (
            "perchdir=5",
            Some(2),
            Some(New),
            create(3),
            &["number-missing", "new-asked"],
        ),
        (
            "perchdir=5",
            Some(2),
            Some(TimedOut),
            ram,
            &["number-missing", "ask-timed-out"],
        ),
        // Nothing was asked: a stray answer changes nothing.
        (
            "perchdir=resume",
            Some(2),
            Some(Fresh),
            resume(2),
            &["default-resumed"],
        ),
        (
            "perchdir=1",
            Some(2),
            Some(Open(id(2))),
            resume(1),
            &["number-asked"],
        ),
    ];
    for (cmdline, default, answer, want, codes) in rows {
        let mut facts = facts(&[session(1), session(2)], *default);
        facts.console = true;
        facts.answer = *answer;
        let got = decided(cmdline, &facts);
        assert_eq!(got, (*want, codes.to_vec()), "{cmdline:?} {answer:?}");
    }
}

#[test]
fn an_empty_store_asks_nothing() {
    let mut facts = facts(&[], None);
    facts.console = true;
    let got = decided("perchdir=ask", &facts);
    assert_eq!(got, (create(1), vec!["first-session"]));
}

#[test]
fn a_store_is_not_said_to_be_made_where_it_is_not() {
    let mut facts = facts(&[], None);
    facts.store.state = StoreState::Missing;
    let got = decided("perchdir=5", &facts);
    assert_eq!(got, (Choice::Ram, vec!["number-missing"]));
}

#[test]
fn the_words_say_who_wanted_it() {
    let mut old = session(1);
    old.version = Some("4".into());
    let mut facts = facts(&[old], Some(1));
    facts.console = true;
    facts.answer = Some(Answer::Open(id(1)));
    for (cmdline, says) in [
        ("perchdir=ask", "because you chose it"),
        ("perchdir=1", "because it was asked for by number"),
    ] {
        let (request, _) = cmdline::parse(cmdline);
        let decision = decide(&request, &facts, &[]);
        assert_eq!(decision.choice, resume(1), "{cmdline}");
        let text = decision.reasons[1].to_string();
        assert!(text.contains(says), "{cmdline}: {text}");
    }
}

/// A session's own union is used where it was picked and the kernel has both.
#[test]
fn a_picked_session_brings_its_union_along() {
    use UnionKind::{Aufs, Overlayfs};
    let both = vec![Overlayfs, Aufs];
    let only = vec![Overlayfs];
    for (cmdline, unions, stored, union, choice) in [
        ("perchdir=1", &both, Overlayfs, Overlayfs, resume(1)),
        ("perchdir=ask", &both, Overlayfs, Overlayfs, resume(1)),
        ("perchdir=ask", &both, Aufs, Aufs, resume(1)),
        (
            "perchdir=ask union=aufs",
            &both,
            Overlayfs,
            Aufs,
            Choice::Ram,
        ),
        (
            "perchdir=1 union=overlayfs",
            &both,
            Aufs,
            Overlayfs,
            Choice::Ram,
        ),
        ("perchdir=1", &only, Aufs, Overlayfs, Choice::Ram),
        ("perchdir=ask", &only, Aufs, Overlayfs, Choice::Ram),
    ] {
        let mut written = session(1);
        written.union = Some(stored);
        let mut facts = facts(&[written], Some(1));
        facts.unions = unions.clone();
        facts.answer = Some(Answer::Open(id(1)));
        let (request, _) = cmdline::parse(cmdline);
        let decision = decide(&request, &facts, &[]);
        assert_eq!(
            (decision.union, decision.choice),
            (union, choice),
            "{cmdline} on {unions:?}, written by {stored}"
        );
    }
}

#[test]
fn an_answered_question_is_not_asked_again() {
    use Answer::{Fresh, New, Open, TimedOut};
    for cmdline in ["perchdir=ask", "perchdir=5", "perchdir=ask perchmode=raw"] {
        for answer in [Open(id(1)), Open(id(9)), New, Fresh, TimedOut] {
            for sessions in [&[session(1)][..], &[]] {
                let mut facts = facts(sessions, Some(1));
                facts.console = true;
                facts.answer = Some(answer);
                let (choice, _) = decided(cmdline, &facts);
                assert_ne!(choice, Choice::Ask, "{cmdline} {answer:?}");
            }
        }
    }
}
