use serde_json::json;

use super::*;
use crate::metadata::note::code;
use crate::session::{Mode, UnionKind};
use crate::units::Mib;

/// As the session manager of MiniOS writes it (contract §1.5).
const FIELD: &str = r#"{
  "default": "2",
  "running": "2",
  "sessions": {
    "1": { "mode": "native", "version": "5.1.1", "edition": "standard", "union": "overlayfs" },
    "2": { "mode": "dynfilefs", "version": "5.1.1", "edition": "standard", "union": "overlayfs", "size": 4000 }
  }
}"#;

fn id(number: u32) -> SessionId {
    SessionId::new(number).unwrap()
}

fn read(text: &str) -> Metadata {
    parse(text).unwrap().0
}

fn codes(text: &str) -> Vec<String> {
    let notes = parse(text).unwrap().1;
    notes.into_iter().map(|note| note.code.into()).collect()
}

#[test]
fn a_file_from_the_field_is_read_whole() {
    let (metadata, notes) = parse(FIELD).unwrap();
    assert_eq!(notes, []);
    let record = |mode, size| Record {
        mode: Some(mode),
        version: Some("5.1.1".into()),
        edition: Some("standard".into()),
        union: Some(UnionKind::Overlayfs),
        size,
        ..Record::default()
    };
    let want = Metadata {
        default: Some(id(2)),
        running: Some(id(2)),
        sessions: [
            (id(1), record(Mode::Native, None)),
            (id(2), record(Mode::Dynfilefs, Some(Mib(4000)))),
        ]
        .into(),
        ..Metadata::default()
    };
    assert_eq!(metadata, want);
}

#[test]
fn it_is_written_in_a_fixed_order() {
    let text = r#"{"note": 7, "sessions": {
        "10": {"colour": "red", "failed": "no space", "size": "500", "mode": "raw"},
        "9": {"union": "aufs", "mode": "native"}, "x": 1},
        "running": 10, "previous": "9", "default": 10}"#;
    let want = r#"{
  "default": "10",
  "previous": "9",
  "running": "10",
  "sessions": {
    "9": {
      "mode": "native",
      "union": "aufs"
    },
    "10": {
      "mode": "raw",
      "size": 500,
      "failed": "no space",
      "colour": "red"
    },
    "x": 1
  },
  "note": 7
}
"#;
    assert_eq!(write(&read(text)), want);
    assert_eq!(write(&read(want)), want, "writing is stable");
}

#[test]
fn an_empty_store_has_a_null_default() {
    let want = "{\n  \"default\": null,\n  \"sessions\": {}\n}\n";
    assert_eq!(write(&Metadata::default()), want);
    for text in [want, "{}", r#"{"default": null, "sessions": null}"#] {
        assert_eq!(parse(text), Ok((Metadata::default(), vec![])), "{text}");
    }
}

#[test]
fn ids_are_strings_or_numbers_and_absence_has_many_names() {
    for (value, want) in [
        ("1", Some(1)),
        ("\"1\"", Some(1)),
        ("999999999", Some(999_999_999)),
        ("null", None),
        ("\"\"", None),
        ("\"None\"", None),
        ("\"null\"", None),
    ] {
        let text = format!(r#"{{"default": {value}, "running": {value}, "previous": {value}}}"#);
        let (metadata, notes) = parse(&text).unwrap();
        let want = want.map(id);
        assert_eq!(metadata.default, want, "default {value}");
        assert_eq!(metadata.running, want, "running {value}");
        assert_eq!(metadata.previous, want, "previous {value}");
        assert_eq!(notes, [], "{value}");
    }
}

#[test]
fn what_names_no_session_never_becomes_a_default() {
    for value in [
        "\"../1\"",
        "\"/\"",
        "\"01\"",
        "\"1\\n2\"",
        "0",
        "-1",
        "1.5",
        "[1]",
        "{}",
        "true",
    ] {
        let text = format!(r#"{{"default": {value}}}"#);
        assert_eq!(read(&text), Metadata::default(), "{value}");
        assert_eq!(codes(&text), [code::POINTER_IGNORED], "{value}");
    }
}

#[test]
fn entries_that_are_no_sessions_are_kept_aside() {
    for key in ["", "native", "../x", "007", "0", "1000000000", "١"] {
        let text = json!({"sessions": {key: {"mode": "native"}, "1": {}}}).to_string();
        let metadata = read(&text);
        assert_eq!(codes(&text), [code::ENTRY_IGNORED], "key {key:?}");
        assert_eq!(metadata.foreign.get(key), Some(&json!({"mode": "native"})));
        assert!(metadata.sessions.keys().eq([&id(1)]), "key {key:?}");
        assert_eq!(read(&write(&metadata)), metadata, "key {key:?} survives");
    }
    let odd = r#"{"sessions": {"1": "native", "2": null}}"#;
    assert_eq!(codes(odd), [code::ENTRY_IGNORED; 2]);
    assert_eq!(read(&write(&read(odd))), read(odd));
}

#[test]
fn unreadable_values_are_kept_under_their_name() {
    for (name, value) in [
        ("mode", json!("zram")),
        ("mode", json!(["native"])),
        ("union", json!("unionfs")),
        ("version", json!("5\u{1b}[2J")),
        ("version", json!(5.1)),
        ("edition", json!({"a": 1})),
        ("size", json!("4 GB")),
        ("size", json!(-1)),
        ("failed", json!(true)),
    ] {
        let text = json!({"sessions": {"1": {name: value}}}).to_string();
        let metadata = read(&text);
        let mut want = Record::default();
        want.extra.insert(name.into(), value.clone());
        assert_eq!(metadata.sessions[&id(1)], want, "{name} {value}");
        assert_eq!(codes(&text), [code::VALUE_UNREADABLE], "{name} {value}");
        assert_eq!(read(&write(&metadata)), metadata, "{name} {value} survives");
    }
}

#[test]
fn a_field_known_again_takes_the_place_of_the_unreadable_one() {
    let mut metadata = read(r#"{"sessions": {"1": {"mode": "zram", "size": 0, "note": "x"}}}"#);
    let record = metadata.sessions.get_mut(&id(1)).unwrap();
    assert_eq!(record.size, None, "zero is absent");
    record.mode = Some(Mode::Raw);
    let again = read(&write(&metadata)).sessions[&id(1)].clone();
    assert_eq!(again.mode, Some(Mode::Raw));
    assert_eq!(again.extra.keys().collect::<Vec<_>>(), ["note"]);
}

#[test]
fn sessions_of_a_wrong_type_are_kept_until_something_is_written() {
    let text = r#"{"default": "2", "sessions": ["1", "2"]}"#;
    let metadata = read(text);
    assert_eq!(metadata.default, Some(id(2)));
    assert_eq!(metadata.extra.get("sessions"), Some(&json!(["1", "2"])));
    assert_eq!(codes(text), [code::VALUE_UNREADABLE]);
    assert!(write(&metadata).contains("\"sessions\": {}"));
}

#[test]
fn damaged_documents_are_refused() {
    let deep = "[".repeat(1_000_000);
    let deep_value = format!("{{\"a\": {}", "{\"a\":".repeat(1_000_000));
    for (text, want) in [
        ("", JsonError::Empty),
        (" \n\t", JsonError::Empty),
        ("\u{feff}", JsonError::Empty),
        ("\0\0\0\0", JsonError::Empty),
        ("{\n\"default\": \"1", JsonError::CutShort { line: 2 }),
        ("{", JsonError::CutShort { line: 1 }),
        ("{} {}", JsonError::Syntax { line: 1, column: 4 }),
        ("{}\0\0", JsonError::Syntax { line: 1, column: 3 }),
        ("default=2", JsonError::Syntax { line: 1, column: 1 }),
        ("{'default': 1}", JsonError::Syntax { line: 1, column: 2 }),
        ("[]", JsonError::NotAnObject { found: "a list" }),
        ("\"2\"", JsonError::NotAnObject { found: "a text" }),
        ("2", JsonError::NotAnObject { found: "a number" }),
        ("null", JsonError::NotAnObject { found: "null" }),
    ] {
        assert_eq!(parse(text), Err(want), "text {text:?}");
    }
    for text in [deep, deep_value] {
        assert!(matches!(parse(&text), Err(JsonError::Syntax { .. })));
    }
    for end in 0..FIELD.len() {
        assert!(parse(&FIELD[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn a_byte_order_mark_does_no_harm() {
    assert_eq!(read(&format!("\u{feff}{FIELD}")), read(FIELD));
}

#[test]
fn a_hostile_number_of_bad_entries_gives_a_bounded_number_of_notes() {
    let entries: Map<String, Value> = (0..10_000).map(|n| (format!("x{n}"), json!(1))).collect();
    let text = json!({"sessions": entries}).to_string();
    let (metadata, notes) = parse(&text).unwrap();
    assert_eq!(metadata.foreign.len(), 10_000);
    assert_eq!(notes.len(), Notes::MOST + 1);
}
