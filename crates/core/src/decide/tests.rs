use super::*;
use crate::cmdline;
use crate::fixture::{facts, id, session};
use crate::fs::FsKind;
use crate::units::Bytes;

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

fn create(number: u32, mode: Mode, instead_of: Option<u32>) -> Choice {
    Choice::Create {
        id: id(number),
        mode,
        // The default, less what has to stay free of the fixture's 1 GiB, and an index where there is one.
        size: match mode {
            Mode::Native => None,
            Mode::Dynfilefs => Some(Mib(916)),
            Mode::Raw => Some(Mib(924)),
        },
        instead_of: instead_of.map(id),
    }
}

/// Contract §3.1: action × state, column OURS.
#[test]
fn each_action_in_each_state() {
    let none: &[Session] = &[];
    let two = [session(1), session(2)];
    let ten: Vec<_> = (1..=10).map(session).collect();
    let far: Vec<_> = ten.iter().cloned().chain([session(999)]).collect();
    let native = Mode::Native;
    type Row<'a> = (&'a str, &'a [Session], Option<u32>, Choice, &'a [&'a str]);
    let rows: &[Row<'_>] = &[
        ("", &two, Some(1), Choice::Ram, &["persistence-not-asked"]),
        (
            "foo=superchannel",
            &two,
            Some(1),
            Choice::Ram,
            &["persistence-not-asked"],
        ),
        (
            "perchdir=fresh",
            &two,
            Some(1),
            Choice::Ram,
            &["fresh-asked"],
        ),
        (
            "perch",
            none,
            None,
            create(1, native, None),
            &["first-session"],
        ),
        (
            "perchdir=resume",
            none,
            None,
            create(1, native, None),
            &["first-session"],
        ),
        (
            "perchdir=new",
            none,
            None,
            create(1, native, None),
            &["first-session"],
        ),
        (
            "perchdir=ask",
            none,
            None,
            create(1, native, None),
            &["first-session"],
        ),
        ("perch", &two, Some(2), resume(2), &["default-resumed"]),
        (
            "perchdir=new",
            &ten,
            Some(3),
            create(11, native, None),
            &["new-asked"],
        ),
        (
            "perchdir=new",
            &far,
            Some(3),
            create(1000, native, None),
            &["new-asked"],
        ),
        ("perchdir=1", &two, Some(2), resume(1), &["number-asked"]),
        (
            "perchdir=5",
            &two,
            Some(2),
            Choice::Ram,
            &["number-missing"],
        ),
        ("perchdir=5", none, None, Choice::Ram, &["number-missing"]),
        (
            "perchdir=ask",
            &two,
            Some(2),
            resume(2),
            &["nobody-to-ask", "default-resumed"],
        ),
        ("perch", &two, Some(77), resume(2), &["default-missing"]),
        ("perch", &two, None, resume(2), &["no-default"]),
        (
            "perch perchmode=raw",
            &two,
            Some(1),
            create(3, Mode::Raw, Some(1)),
            &["mode-differs", "size-cut-by-free-space"],
        ),
        (
            "perchdir=1 perchmode=raw",
            &two,
            Some(2),
            resume(1),
            &["number-asked", "mode-differs"],
        ),
        (
            "perch perchmode=foo",
            &two,
            Some(1),
            resume(1),
            &["default-resumed"],
        ),
        (
            "perchdir=/dev/sdb1",
            &two,
            Some(1),
            Choice::Ram,
            &["store-not-found"],
        ),
    ];
    for (cmdline, sessions, default, want, codes) in rows {
        let got = decided(cmdline, &facts(sessions, *default));
        assert_eq!(
            got,
            (*want, codes.to_vec()),
            "{cmdline:?}, default {default:?}"
        );
    }
}

#[test]
fn what_differs_is_named_and_nothing_else() {
    let with = |change: fn(&mut Session)| {
        let mut changed = session(1);
        change(&mut changed);
        changed
    };
    for (changed, code, says) in [
        (
            with(|s| s.version = Some("5.0".into())),
            "version-differs",
            "version 5.0",
        ),
        (
            with(|s| s.edition = Some("ultra".into())),
            "edition-differs",
            "edition ultra",
        ),
        (
            with(|s| s.union = Some(UnionKind::Aufs)),
            "union-differs",
            "aufs",
        ),
    ] {
        let facts = facts(&[changed], Some(1));
        let (request, _) = cmdline::parse("perch");
        let decision = decide(&request, &facts, &[]);
        assert_eq!(decision.choice, create(2, Mode::Native, Some(1)), "{code}");
        let codes: Vec<_> = decision.reasons.iter().map(Reason::code).collect();
        assert_eq!(codes, [code]);
        assert!(decision.reasons[0].to_string().contains(says), "{code}");
    }
    let silent = with(|s| {
        s.version = None;
        s.edition = None;
        s.union = None;
    });
    let got = decided("perch", &facts(&[silent], Some(1)));
    assert_eq!(got, (resume(1), vec!["default-resumed"]));
}

#[test]
fn a_session_asked_for_by_number_is_opened_unless_its_union_is_missing() {
    let mut old = session(1);
    old.version = Some("4".into());
    let got = decided("perchdir=1", &facts(&[old.clone()], None));
    assert_eq!(got, (resume(1), vec!["number-asked", "version-differs"]));
    old.union = Some(UnionKind::Aufs);
    let got = decided("perchdir=1", &facts(&[old], None));
    assert_eq!(got, (Choice::Ram, vec!["number-asked", "union-differs"]));
}

#[test]
fn a_store_that_cannot_be_written_means_ram_with_the_reason() {
    for (state, want) in [
        (
            StoreState::ReadOnly("iso9660".into()),
            vec!["store-read-only"],
        ),
        (
            StoreState::Unusable("a file".into()),
            vec!["store-unusable"],
        ),
    ] {
        for cmdline in ["perch", "perchdir=new", "perchdir=1", "perchdir=ask"] {
            let mut facts = facts(&[session(1)], Some(1));
            facts.store.state = state.clone();
            assert_eq!(
                decided(cmdline, &facts),
                (Choice::Ram, want.clone()),
                "{cmdline}"
            );
        }
    }
    let mut missing = facts(&[], None);
    missing.store.state = StoreState::Missing;
    let got = decided("perch", &missing);
    assert_eq!(
        got,
        (
            create(1, Mode::Native, None),
            vec!["store-made", "first-session"]
        )
    );
}

#[test]
fn fat_gets_one_container_session_and_keeps_resuming_it() {
    let mut empty = facts(&[], None);
    empty.store.fs = FsKind::Vfat;
    let got = decided("perch perchmode=native", &empty);
    assert_eq!(
        got,
        (
            create(1, Mode::Dynfilefs, None),
            vec![
                "first-session",
                "native-impossible",
                "size-cut-by-free-space"
            ]
        )
    );
    let mut container = session(1);
    container.mode = Mode::Dynfilefs;
    let mut later = facts(&[container], Some(1));
    later.store.fs = FsKind::Vfat;
    let resumed = Choice::Resume {
        id: id(1),
        mode: Mode::Dynfilefs,
        grow: None,
    };
    // Said at each boot that asks for native (contract §7, check 10), and only there.
    for (cmdline, codes) in [
        (
            "perch perchmode=native",
            vec!["default-resumed", "native-impossible"],
        ),
        (
            "perchdir=1 perchmode=native",
            vec!["number-asked", "native-impossible"],
        ),
        ("perch", vec!["default-resumed"]),
        ("perch perchmode=dynfilefs", vec!["default-resumed"]),
    ] {
        assert_eq!(decided(cmdline, &later), (resumed, codes), "{cmdline}");
    }
    empty.modes = vec![Mode::Native];
    let (choice, codes) = decided("perch", &empty);
    assert_eq!((choice, codes), (Choice::Ram, vec!["native-impossible"]));
}

/// A power cut during the first start on FAT left a directory, and each later boot stayed in RAM because of it.
#[test]
fn a_blank_directory_on_fat_is_no_session() {
    let mut blank = session(1);
    (blank.union, blank.version, blank.edition) = (None, None, None);
    let mut left = facts(&[blank], None);
    left.store.fs = FsKind::Vfat;
    let (choice, codes) = decided("perch", &left);
    assert_eq!(choice, create(2, Mode::Dynfilefs, Some(1)));
    assert!(codes.contains(&"native-impossible"), "{codes:?}");
    // Who names it means it.
    assert_eq!(decided("perchdir=1", &left).0, Choice::Ram);
    // Something may be in one that is recorded.
    let mut recorded = facts(&[session(1)], Some(1));
    recorded.store.fs = FsKind::Vfat;
    assert_eq!(decided("perch", &recorded).0, Choice::Ram);
}

#[test]
fn after_a_failure_nothing_else_is_opened() {
    let facts = facts(&[session(1), session(2)], Some(1));
    let failure = Failure {
        id: Some(id(1)),
        step: "keep changes in session 1".into(),
        error: "input/output error".into(),
        kind: FailureKind::Other,
    };
    for cmdline in ["perch", "perchdir=new", "perchdir=2"] {
        let (request, _) = cmdline::parse(cmdline);
        let decision = decide(&request, &facts, std::slice::from_ref(&failure));
        assert_eq!(decision.choice, Choice::Ram, "{cmdline}");
        assert_eq!(decision.reasons[0].code(), "step-failed");
    }
}

#[test]
fn the_union_is_what_was_asked_for_if_the_kernel_has_it() {
    use UnionKind::{Aufs, Overlayfs};
    let both = [Overlayfs, Aufs];
    for (unions, asked, want) in [
        (&both[..1], "", Overlayfs),
        (&both[..], "", Aufs),
        (&both[..], "union=overlayfs", Overlayfs),
        (&both[..1], "union=aufs", Overlayfs),
    ] {
        let mut facts = facts(&[], None);
        facts.unions = unions.to_vec();
        let (request, _) = cmdline::parse(asked);
        assert_eq!(
            decide(&request, &facts, &[]).union,
            want,
            "{unions:?} {asked}"
        );
    }
}

#[test]
fn numbers_are_not_reused_while_a_higher_one_exists() {
    for (numbers, want) in [
        (vec![], Some(1)),
        (vec![1, 2], Some(3)),
        (vec![9, 10], Some(11)),
        (vec![1, SessionId::MAX], Some(2)),
    ] {
        let sessions: Vec<_> = numbers.iter().copied().map(session).collect();
        let next = facts(&sessions, None).store.next_id();
        assert_eq!(next.map(SessionId::get), want, "{numbers:?}");
    }
    let mut with_a_file = facts(&[session(1)], None);
    with_a_file.store.taken = vec![id(7)];
    assert_eq!(with_a_file.store.next_id(), Some(id(8)), "7 is a file");
}

fn raw_session(number: u32, length_mib: u64) -> Session {
    Session {
        mode: Mode::Raw,
        image: Some(Mib(length_mib).bytes()),
        allocated: Some(Mib(20).bytes()),
        ..session(number)
    }
}

#[test]
fn containers_are_made_and_grown_with_the_tools_at_hand_only() {
    let all = facts(&[], None).tools;
    let (none, no_check) = (
        Default::default(),
        crate::facts::Tools {
            e2fsck: false,
            ..all
        },
    );
    let open = |grow: Option<u64>| Choice::Resume {
        id: id(1),
        mode: Mode::Raw,
        grow: grow.map(Mib),
    };
    for (cmdline, tools, want, codes) in [
        ("perch", all, open(None), vec!["default-resumed"]),
        (
            "perch perchsize=600",
            all,
            open(Some(600)),
            vec!["default-resumed"],
        ),
        (
            "perch perchsize=200",
            all,
            open(None),
            vec!["default-resumed", "size-not-shrunk"],
        ),
        (
            "perch",
            no_check,
            open(None),
            vec!["default-resumed", "e2fsck-missing"],
        ),
        (
            "perch perchsize=600",
            no_check,
            open(None),
            vec!["default-resumed", "e2fsck-missing", "resize2fs-missing"],
        ),
        (
            "perchdir=new perchmode=raw",
            none,
            Choice::Ram,
            vec!["new-asked", "mke2fs-missing"],
        ),
    ] {
        let mut facts = facts(&[raw_session(1, 500)], Some(1));
        facts.tools = tools;
        assert_eq!(
            decided(cmdline, &facts),
            (want, codes),
            "{cmdline} {tools:?}"
        );
    }
}

#[test]
fn without_room_for_a_container_nothing_is_made() {
    let mut facts = facts(&[session(1)], Some(1));
    facts.store.free = Some(Mib(58).bytes());
    let got = decided("perchdir=new perchmode=raw", &facts);
    assert_eq!(got, (Choice::Ram, vec!["new-asked", "too-little-space"]));
}

fn failure(number: u32, kind: FailureKind) -> Failure {
    Failure {
        id: Some(id(number)),
        step: "a step".into(),
        error: "no extended attributes trusted.*".into(),
        kind,
    }
}

#[test]
fn a_store_that_cannot_hold_a_native_session_after_all_gets_a_container_or_none() {
    let (request, _) = cmdline::parse("perch perchmode=native");
    let refused = [failure(1, FailureKind::NotNative)];
    let mut facts = facts(&[], None);
    let decision = decide(&request, &facts, &refused);
    assert_eq!(decision.choice, create(1, Mode::Dynfilefs, None));
    let text = decision.reasons[1].to_string();
    assert!(text.contains("trusted"), "{text}");
    // The container that came of it is resumed by the same words, not replaced (contract B5).
    facts.store.sessions = vec![Session {
        mode: Mode::Dynfilefs,
        ..session(1)
    }];
    let decision = decide(&request, &facts, &refused);
    assert!(
        matches!(decision.choice, Choice::Resume { .. }),
        "{decision:?}"
    );
    facts.store.sessions.clear();
    facts.modes = vec![Mode::Native, Mode::Raw];
    let decision = decide(&request, &facts, &refused);
    assert_eq!(decision.choice, Choice::Ram);
}

#[test]
fn a_container_that_could_not_grow_is_opened_as_it_is() {
    let (request, _) = cmdline::parse("perch perchsize=600");
    let facts = facts(&[raw_session(1, 500)], Some(1));
    let mut failures = vec![failure(1, FailureKind::NotGrown)];
    let decision = decide(&request, &facts, &failures);
    assert_eq!(
        decision.choice,
        Choice::Resume {
            id: id(1),
            mode: Mode::Raw,
            grow: None
        }
    );
    assert_eq!(decision.reasons[0].code(), "container-not-grown");
    failures.push(failure(1, FailureKind::Other));
    assert_eq!(decide(&request, &facts, &failures).choice, Choice::Ram);
}

#[test]
fn a_partition_that_can_grow_is_spoken_of_where_sessions_are_asked_for() {
    use crate::partition_growth::Outcome;
    let mut facts = facts(&[], None);
    let (device, bytes) = ("vda2".to_owned(), Bytes(300 << 20));
    let why = "it holds files".to_owned();
    for (outcome, code, warning, words) in [
        (
            Outcome::Possible {
                device: device.clone(),
                bytes,
            },
            "partition-can-grow",
            false,
            "300 MiB for sessions (boot once with perch perchgrow)",
        ),
        (
            Outcome::Done { device, bytes },
            "partition-grown",
            false,
            "/dev/vda2",
        ),
        (
            Outcome::Refused { why: why.clone() },
            "partition-not-grown",
            true,
            "it holds files",
        ),
        (
            Outcome::Failed { why },
            "partition-not-grown",
            true,
            "it holds files",
        ),
    ] {
        facts.growth = Some(outcome);
        let reason = &decide(&cmdline::parse("perch").0, &facts, &[]).reasons[0];
        assert_eq!((reason.code(), reason.is_warning()), (code, warning));
        assert!(reason.to_string().contains(words), "{reason}");
        for quiet in ["", "perchgrow", "perchdir=fresh"] {
            let decision = decide(&cmdline::parse(quiet).0, &facts, &[]);
            assert_eq!(decision.reasons.len(), 1, "{quiet}: {decision:?}");
        }
    }
}

/// Only what can grow by itself has a limit to that, and it is the size that was asked for.
#[test]
fn perchsize_is_the_cap_of_what_grows_by_itself() {
    let container = |mode| Session {
        mode,
        image: Some(Mib(500).bytes()),
        allocated: Some(Mib(20).bytes()),
        ..session(1)
    };
    for (cmdline, mode, grow, cap) in [
        ("perch", Mode::Dynfilefs, None, None),
        ("perch perchsize=0", Mode::Dynfilefs, None, None),
        ("perch perchsize=800", Mode::Dynfilefs, Some(800), Some(800)),
        ("perch perchsize=200", Mode::Dynfilefs, None, Some(200)),
        ("perch perchsize=800", Mode::Raw, Some(800), None),
    ] {
        let facts = facts(&[container(mode)], Some(1));
        let decision = decide(&cmdline::parse(cmdline).0, &facts, &[]);
        let want = Choice::Resume {
            id: id(1),
            mode,
            grow: grow.map(Mib),
        };
        let got = (decision.choice, decision.cap);
        assert_eq!(got, (want, cap.map(Mib)), "{cmdline} {mode}");
    }
    let native = facts(&[session(1)], Some(1));
    let decision = decide(&cmdline::parse("perch perchsize=800").0, &native, &[]);
    assert_eq!(decision.cap, None);
    // A growth that failed is not tried again, but the limit stays.
    let dynfilefs = facts(&[container(Mode::Dynfilefs)], Some(1));
    let failed = [failure(1, FailureKind::NotGrown)];
    let decision = decide(
        &cmdline::parse("perch perchsize=800").0,
        &dynfilefs,
        &failed,
    );
    assert_eq!(decision.cap, Some(Mib(800)));
    assert!(matches!(decision.choice, Choice::Resume { grow: None, .. }));
}
