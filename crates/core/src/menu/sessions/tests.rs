use proptest::prelude::*;

use super::*;
use crate::cmdline;
use crate::fixture::{facts, id, session};
use crate::menu::dialogue::{Glyphs, Style};
use crate::menu::language::Language;

const SCREEN: Screen = Screen {
    columns: 80,
    rows: 24,
    glyphs: Glyphs::Ascii,
};
const NOW: i64 = 1_000_000;

fn menu_of(cmdline: &str, facts: &Facts) -> SessionMenu {
    let (request, _) = cmdline::parse(cmdline);
    SessionMenu::new(&request, facts, Catalogue::of(request.language), NOW)
}

/// Sessions 1 to `count`, the last used last, this default; somebody is there.
fn asked(count: u32, default: Option<u32>) -> Facts {
    let sessions: Vec<_> = (1..=count).map(session).collect();
    let mut facts = facts(&sessions, default);
    facts.console = true;
    facts
}

fn selected(menu: &SessionMenu) -> String {
    let lines = menu.render(&SCREEN);
    let marked: Vec<_> = lines
        .iter()
        .filter(|line| line.style == Style::Selected)
        .collect();
    assert_eq!(marked.len(), 1, "{lines:?}");
    let text = marked[0].text.strip_prefix("> ").unwrap();
    text.trim_start_matches(['*', '!', '#', ' '])
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned()
}

fn press(menu: &mut SessionMenu, keys: &[Key]) -> Option<Answer> {
    keys.iter().find_map(|key| menu.key(*key))
}

fn text(menu: &SessionMenu) -> String {
    let lines = menu.render(&SCREEN).into_iter();
    lines.map(|line| line.text + "\n").collect()
}

#[test]
fn what_is_selected_first_is_what_the_end_of_the_time_brings() {
    let mut incompatible = asked(3, Some(2));
    incompatible.store.sessions[1].version = Some("4".into());
    for (cmdline, facts, row, says) in [
        (
            "perchdir=ask",
            asked(3, Some(2)),
            "2",
            "Resuming session 2 in 30 s",
        ),
        (
            "perchdir=ask",
            asked(3, None),
            "3",
            "Resuming session 3 in 30 s",
        ),
        (
            "perchdir=ask",
            asked(3, Some(9)),
            "3",
            "Resuming session 3 in 30 s",
        ),
        (
            "perchdir=ask",
            incompatible,
            "n",
            "Starting a new session in 30 s",
        ),
        (
            "perchdir=9",
            asked(3, Some(2)),
            "f",
            "Starting without a session in 30 s",
        ),
        (
            "perchdir=ask asktimeout=5",
            asked(1, Some(1)),
            "1",
            "Resuming session 1 in 5 s",
        ),
    ] {
        let mut menu = menu_of(cmdline, &facts);
        assert_eq!(selected(&menu), row, "{cmdline} {:?}", facts.store.metadata);
        assert!(text(&menu).contains(says), "{}", text(&menu));
        assert_eq!(menu.tick(Duration::from_secs(4)), None);
        assert_eq!(menu.tick(Duration::from_secs(30)), Some(Answer::TimedOut));
    }
    let mut patient = menu_of("perchdir=ask asktimeout=0", &asked(1, Some(1)));
    assert_eq!(patient.next_tick(Duration::ZERO), None);
    assert_eq!(patient.tick(Duration::from_secs(99_999)), None);
}

#[test]
fn any_key_stops_the_countdown() {
    for key in [
        Key::Up,
        Key::Escape,
        Key::Char('x'),
        Key::Char('7'),
        Key::Backspace,
    ] {
        let mut menu = menu_of("perchdir=ask", &asked(3, Some(2)));
        assert!(text(&menu).contains("30 s"));
        assert_eq!(menu.key(key), None, "{key:?}");
        assert!(!text(&menu).contains("30 s"), "{key:?}");
        assert_eq!(menu.tick(Duration::from_secs(99)), None, "{key:?}");
    }
}

#[test]
fn keys_lead_to_answers() {
    use Key::{Backspace, Char, Down, End, Enter, Escape, Home, PageDown, Up};
    let open = |number| Some(Answer::Open(id(number)));
    // Newest first: n, 30, 29, … 1, f.
    for (keys, want) in [
        (&[Enter][..], open(2)),
        (&[Home, Enter], Some(Answer::New)),
        (&[Home, Down, Enter], open(30)),
        (&[Char('k'), Enter], open(3)),
        (&[Char('j'), Enter], open(1)),
        (&[End, Enter], Some(Answer::Fresh)),
        (&[End, Up, Enter], open(1)),
        (&[Home, PageDown, Enter], open(21)),
        (&[Char('n')], Some(Answer::New)),
        (&[Char('f')], Some(Answer::Fresh)),
        (&[Char('7'), Enter], open(7)),
        (&[Char('1'), Char('7'), Enter], open(17)),
        (&[Char('1'), Char('7'), Backspace, Enter], open(1)),
        (&[Char('1'), Char('7'), Up, Char('5'), Enter], open(5)),
        (&[Char('9'), Char('9'), Enter], None),
        (&[Char('0'), Enter], None),
        (&[Char('9'), Char('9'), Enter, Enter], open(9)),
        (&[Char('9'), Char('9'), Escape, Enter], open(9)),
        (&[Escape, Escape, Escape], None),
        (&[Char('x'), Backspace], None),
    ] {
        let mut menu = menu_of("perchdir=ask", &asked(30, Some(2)));
        assert_eq!(press(&mut menu, keys), want, "{keys:?}");
    }
    let mut menu = menu_of("perchdir=ask", &asked(30, Some(2)));
    press(&mut menu, &[Char('9'), Char('9'), Enter]);
    assert!(text(&menu).contains("There is no session 99"));
}

/// Check 36: a session without metadata says so, and nothing of another one.
#[test]
fn what_is_not_recorded_is_unknown() {
    let mut facts = asked(3, Some(1));
    facts.store.sessions[2].version = None;
    facts.store.sessions[2].edition = None;
    facts.store.sessions[2].union = None;
    facts.store.sessions[1].version = Some("4.9".into());
    let menu = menu_of("perchdir=ask", &facts);
    let text = text(&menu);
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(" ago"))
        .filter(|line| !line.contains(':'))
        .collect();
    assert_eq!(rows.len(), 3, "{text}");
    assert_eq!(rows[0].matches("unknown").count(), 3, "{text}");
    assert!(rows[0].contains(" 3 ") && rows[1].contains("4.9"), "{text}");
}

/// Checks 37 and 38 up to the answer.
#[test]
fn a_session_of_another_system_is_opened_only_when_confirmed() {
    use Key::{Char, Down, Enter, Escape, Up};
    let mut facts = asked(2, Some(2));
    facts.store.sessions[0].version = Some("5.0".into());
    facts.store.sessions[0].edition = Some("ultra".into());
    let open = Some(Answer::Open(id(1)));
    for (keys, want) in [
        (&[Char('1'), Enter][..], None),
        (&[Char('1'), Enter, Enter], None),
        (&[Char('1'), Enter, Down, Enter], open),
        (&[Char('1'), Enter, Down, Up, Enter], None),
        (&[Char('1'), Enter, Escape], None),
        (&[Char('1'), Enter, Escape, Enter, Down, Enter], open),
        (&[Char('1'), Enter, Enter, Enter, Down, Enter], open),
        (&[Char('1'), Enter, Char('n')], None),
    ] {
        let mut menu = menu_of("perchdir=ask perchmode=raw", &facts);
        assert_eq!(press(&mut menu, keys), want, "{keys:?}");
    }
    let mut menu = menu_of("perchdir=ask", &facts);
    press(&mut menu, &[Char('1'), Enter]);
    let text = text(&menu);
    for says in ["5.0", "5.1.1", "ultra", "standard", "own risk"] {
        assert!(text.contains(says), "{says} in {text}");
    }
}

#[test]
fn a_session_that_cannot_be_opened_offers_only_the_way_back() {
    use Key::{Char, Down, Enter};
    let mut union = asked(2, Some(2));
    union.store.sessions[0].union = Some(UnionKind::Aufs);
    union.store.sessions[0].version = Some("5.0".into());
    let mut mode = asked(2, Some(2));
    mode.store.sessions[0].mode = Mode::Raw;
    mode.modes = vec![Mode::Native];
    let mut native = asked(2, Some(2));
    native.store.fs = crate::fs::FsKind::Vfat;
    for (facts, says) in [
        (union, &["union=aufs", "5.0", "5.1.1"][..]),
        (mode, &["of mode raw"]),
        (native, &["cannot be opened on this system"]),
    ] {
        let mut menu = menu_of("perchdir=ask", &facts);
        assert_eq!(press(&mut menu, &[Char('1'), Enter]), None);
        let text = text(&menu);
        for says in says {
            assert!(text.contains(says), "{says} in {text}");
        }
        assert!(!text.contains("own risk"), "{text}");
        assert_eq!(press(&mut menu, &[Down, Enter]), None);
        assert_eq!(selected(&menu), "1");
    }
}

#[test]
fn sizes_fill_in_while_the_list_is_shown() {
    let mut menu = menu_of("perchdir=ask", &asked(2, Some(2)));
    assert_eq!(
        text(&menu).matches("...").count(),
        3,
        "two rows and the detail"
    );
    menu.set_used(id(2), Bytes(64 << 20));
    menu.set_used(id(9), Bytes(1));
    assert!(text(&menu).contains("64.0MB"));
    assert_eq!(text(&menu).matches("...").count(), 1);
}

#[test]
fn ages_are_in_the_largest_unit() {
    for (ago, want) in [
        (0, Some((Counted::Seconds, 0))),
        (59, Some((Counted::Seconds, 59))),
        (60, Some((Counted::Minutes, 1))),
        (3599, Some((Counted::Minutes, 59))),
        (7200, Some((Counted::Hours, 2))),
        (86_400, Some((Counted::Days, 1))),
        (400 * 86_400, Some((Counted::Days, 400))),
        (-1, None),
    ] {
        let now = 1_800_000_000;
        assert_eq!(age(now - ago, now), want, "{ago}");
    }
    assert_eq!(age(0, 100), None);
    assert_eq!(age(i64::MIN, i64::MAX), None);
}

#[test]
fn stored_texts_do_not_steer_the_console() {
    let mut facts = asked(1, Some(1));
    facts.store.sessions[0].version = Some("\x1b[2J\u{202e}5".into());
    let mut record = crate::metadata::Record {
        failed: Some("\r\nfake".into()),
        ..Default::default()
    };
    let name = serde_json::Value::from("\x07bell ".repeat(99));
    record.extra.insert("name".into(), name);
    facts.store.metadata.sessions.insert(id(1), record);
    let mut menu = menu_of("perchdir=ask", &facts);
    for _ in 0..2 {
        for glyphs in [Glyphs::Ascii, Glyphs::Utf8, Glyphs::Utf8Cyrillic] {
            for line in menu.render(&Screen { glyphs, ..SCREEN }) {
                let plain = |c: char| !c.is_control() && c != '\u{202e}';
                assert!(line.text.chars().all(plain), "{line:?}");
            }
        }
        press(&mut menu, &[Key::Enter]);
    }
}

proptest! {
    // A thousand sessions take their time without optimisation.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_screen_is_exceeded_and_the_selection_is_on_it(
        columns in 20_u16..200,
        rows in 6_u16..60,
        glyphs in prop::sample::select(&[Glyphs::Ascii, Glyphs::Utf8, Glyphs::Utf8Cyrillic][..]),
        language in prop::sample::select(&Language::ALL[..]),
        sessions in prop::sample::select(&[1_u32, 3, 50, 1000][..]),
        keys in prop::collection::vec(prop::sample::select(&[
            Key::Up, Key::Down, Key::PageUp, Key::PageDown, Key::Home, Key::End, Key::Enter,
            Key::Escape, Key::Backspace, Key::Char('1'), Key::Char('9'), Key::Char('j'),
        ][..]), 0..12),
    ) {
        let mut facts = asked(sessions, Some(1));
        for session in &mut facts.store.sessions {
            if session.id.get() % 3 == 0 {
                session.version = Some("a version of more than any width".into());
                session.union = Some(UnionKind::Aufs);
            }
        }
        let (request, _) = cmdline::parse("perchdir=ask");
        let mut menu = SessionMenu::new(&request, &facts, Catalogue::of(language), NOW);
        let screen = Screen { columns, rows, glyphs };
        for key in std::iter::once(Key::Char('x')).chain(keys) {
            if menu.key(key).is_some() {
                break;
            }
            let lines = menu.render(&screen);
            prop_assert!(lines.len() <= usize::from(rows));
            let selected = lines.iter().filter(|line| line.style == Style::Selected);
            prop_assert_eq!(selected.count(), 1);
            for line in lines {
                prop_assert!(line.text.chars().count() <= usize::from(columns), "{}", line.text);
            }
        }
    }
}

/// Smaller than anything real: nothing to read, but nothing beyond the edges either.
#[test]
fn absurd_screens_are_survived() {
    let menu = menu_of("perchdir=ask", &asked(30, Some(2)));
    for columns in 1..20 {
        for rows in 1..6 {
            let screen = Screen {
                columns,
                rows,
                glyphs: Glyphs::Ascii,
            };
            let lines = menu.render(&screen);
            assert!(lines.len() <= usize::from(rows));
            assert!(
                lines
                    .iter()
                    .all(|line| line.text.len() <= usize::from(columns))
            );
        }
    }
}
