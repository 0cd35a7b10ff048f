use serde_json::json;

use super::*;
use crate::metadata::note::code;
use crate::session::{Mode, UnionKind};
use crate::units::Mib;

/// As the boot code of MiniOS writes it (contract §1.6), with `running` where that happens to
/// leave it.
const FIELD: &str = "\
default=2
session_mode[1]=native
session_version[1]=5.1.1
session_edition[1]=standard
session_union[1]=overlayfs
session_mode[2]=dynfilefs
session_version[2]=5.1.1
session_edition[2]=standard
session_union[2]=overlayfs
session_size[2]=4000
running=2
";

fn id(number: u32) -> SessionId {
    SessionId::new(number).unwrap()
}

fn read(text: &str) -> Metadata {
    parse(text).0
}

fn codes(text: &str) -> Vec<String> {
    let notes = parse(text).1;
    notes.into_iter().map(|note| note.code.into()).collect()
}

#[test]
fn a_file_from_the_field_is_read_whole() {
    let (metadata, notes) = parse(FIELD);
    assert_eq!(notes, []);
    let same = r#"{"default": "2", "running": "2", "sessions": {
        "1": {"mode": "native", "version": "5.1.1", "edition": "standard", "union": "overlayfs"},
        "2": {"mode": "dynfilefs", "version": "5.1.1", "edition": "standard", "union": "overlayfs",
              "size": 4000}}}"#;
    assert_eq!(metadata, super::super::json::parse(same).unwrap().0);
    assert_eq!(metadata.sessions[&id(2)].size, Some(Mib(4000)));
    assert_eq!(metadata.sessions[&id(1)].union, Some(UnionKind::Overlayfs));

    let windows = format!("\u{feff}{}", FIELD.replace('\n', "\r\n"));
    assert_eq!(read(&windows), metadata, "with CR LF and a byte order mark");
}

#[test]
fn it_is_written_in_a_fixed_order() {
    let text = "\
# mine
session_colour[2]=red
colour=blue
session_failed[2]=no space
session_size[2]=500
session_mode[2]=raw
session_mode[1]=native
running=1
previous=2
default=1";
    let want = "\
default=1
previous=2
running=1
session_mode[1]=native
session_mode[2]=raw
session_size[2]=500
session_failed[2]=no space
session_colour[2]=red
colour=blue
# mine
";
    assert_eq!(write(&read(text)), want);
    assert_eq!(write(&read(want)), want, "writing is stable");
}

#[test]
fn absence_of_a_default_has_many_forms() {
    for text in [
        "",
        "default=",
        "default=None",
        "default=null",
        "default=\nsession_mode=\n",
        // One line with a backslash and an n, as `echo` of busybox leaves it.
        "default=\\nsession_mode=",
        "default=\\nsession_mode=\n",
    ] {
        assert_eq!(parse(text), (Metadata::default(), vec![]), "text {text:?}");
    }
    assert_eq!(write(&Metadata::default()), "default=\n");
}

#[test]
fn what_names_no_session_is_not_used() {
    for line in ["default=../1", "default=01", "running=x", "previous=-1"] {
        assert_eq!(read(line), Metadata::default(), "{line}");
        assert_eq!(codes(line), [code::POINTER_IGNORED], "{line}");
    }
    let text = "session_mode[]=native\nsession_size[]=0\nsession_mode[../x]=raw\n";
    let metadata = read(text);
    assert_eq!(codes(text), [code::ENTRY_IGNORED; 2], "once for each entry");
    assert!(metadata.sessions.is_empty());
    assert_eq!(
        Value::Object(metadata.foreign),
        json!({"": {"mode": "native", "size": "0"}, "../x": {"mode": "raw"}})
    );
}

#[test]
fn the_last_line_counts() {
    let metadata = read("default=1\nsession_mode[1]=raw\nsession_mode[1]=native\ndefault=2\n");
    assert_eq!(metadata.default, Some(id(2)));
    assert_eq!(metadata.sessions[&id(1)].mode, Some(Mode::Native));
    let metadata = read("session_mode[1]=raw\nsession_mode[1]=zram\n");
    assert_eq!(metadata.sessions[&id(1)].mode, None);
    assert_eq!(metadata.sessions[&id(1)].extra["mode"], "zram");
}

#[test]
fn what_we_do_not_know_survives() {
    for line in [
        "# a comment with default=9 in it",
        "words without a key",
        "[section]",
        "=value",
        "colour=blue",
        "session_mode=raw",
        "session_mode[1=raw",
        "session_note[1]= blanks and = signs [2] ",
        "session_created[1]=2025-01-01",
        "session_mode[1]=zram",
        "session_size[1]=4 GB",
        "conf_lines=x",
    ] {
        let again = write(&read(line));
        assert_eq!(again, format!("default=\n{line}\n"), "line {line:?}");
        assert_eq!(read(&again), read(line), "line {line:?}");
    }
}

#[test]
fn lines_survive_the_other_form_as_well() {
    let metadata = read("# mine\ncolour=blue\nsession_note[1]=x\n");
    let through_json = super::super::json::parse(&super::super::json::write(&metadata));
    assert_eq!(through_json.unwrap().0, metadata);
}

#[test]
fn values_cannot_become_lines() {
    let hostile = r##"{
        "sessions": {
            "1": {"version": "5\ndefault=7", "note": "x\nsession_mode[1]=raw", "a\nb": "c",
                  "x[2]=y\r": "z", "mode]=raw\nsession_x[1": "v", "x=y": "z"},
            "7\ndefault=8": {"mode": "raw"}
        },
        "colour\ndefault": "9", "default ": "9", " running": "9", "session_mode[9]": "raw", "#": "x",
        "a=b": "c", "text": "a\u2028default=9", "list": ["default=9"],
        "conf_lines": ["default=9", "session_mode[9]=raw", "# fine", "# not\ndefault=9", 5]
    }"##;
    let metadata = super::super::json::parse(hostile).unwrap().0;
    assert_eq!(write(&metadata), "default=\n# fine\n");

    let mut by_hand = Metadata::default();
    let record = by_hand.sessions.entry(id(1)).or_default();
    record.version = Some("5\ndefault=7".into());
    record.edition = Some("\n".into());
    record.failed = Some("mke2fs:\r\n\tno space\0".into());
    assert_eq!(
        write(&by_hand),
        "default=\nsession_version[1]=5 default=7\nsession_failed[1]=mke2fs:   no space\n"
    );
}

#[test]
fn values_that_would_change_their_meaning_stay_in_json() {
    let text = r#"{"sessions": {"1": {"version": true, "size": 1.5, "mode": 5, "n": 5, "b": false,
        "o": {}, "l": [], "z": null}}}"#;
    let metadata = super::super::json::parse(text).unwrap().0;
    // As text "true" would be a version; 1.5 and 5 are as unreadable as before.
    let want = "default=\nsession_size[1]=1.5\nsession_mode[1]=5\nsession_n[1]=5\n\
                session_b[1]=false\n";
    assert_eq!(write(&metadata), want);
}

#[test]
fn a_file_of_another_kind_is_recognised() {
    for (text, want) in [
        ("", false),
        ("\n\n", false),
        ("# only a comment\n", false),
        ("\0\0\0\0", false),
        ("{\"default\": \"1\"}", false),
        ("[Desktop Entry]\nName=x\n", false),
        ("default=", true),
        ("default=\\nsession_mode=", true),
        ("session_mode[1]=raw", true),
    ] {
        assert_eq!(is_recognisable(text), want, "text {text:?}");
    }
}
