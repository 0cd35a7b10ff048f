//! What is recorded: nothing that somebody else wrote is lost.

use std::fs;

use crate::store::Store;

#[test]
fn privileged_check_68_a_damaged_file_is_kept_and_no_entry_lost() {
    let store = Store::with(&[1, 2]);
    store.perch("activate 2").ok();
    let damaged = &fs::read_to_string(store.path("session.json")).unwrap()[..40];
    store.write_json(damaged);
    store.perch("activate 1").ok();
    let json = store.json();
    assert_eq!(json["default"], "1");
    for id in ["1", "2"] {
        assert_eq!(json["sessions"][id]["version"], "5.1.1", "{json}");
    }
    let kept = fs::read_to_string(store.path("session.json.corrupt-1")).unwrap();
    assert_eq!(kept, damaged);
}

#[test]
fn privileged_check_69_the_line_form_keeps_what_is_unknown() {
    let store = Store::empty();
    store.make_native(1);
    fs::write(
        store.path("session.conf"),
        "session_mode[1]=native\nsession_mine[1]=kept\nsession_version[1]=5.0\n",
    )
    .unwrap();
    store.perch("create").ok();
    let conf = fs::read_to_string(store.path("session.conf")).unwrap();
    assert!(!conf.contains("None"), "{conf}");
    for line in ["default=", "session_mine[1]=kept", "session_mode[2]=native"] {
        assert!(conf.lines().any(|found| found == line), "{line}: {conf}");
    }
    assert_eq!(store.json()["sessions"]["1"]["mine"], "kept");
}

#[test]
fn privileged_check_67_numbers_in_place_of_texts_protect_too() {
    let store = Store::with(&[1, 2]);
    store.write_json(
        r#"{"default": 1, "running": 2, "own": [7], "sessions": {"1": {"mode": "native"}, "2": {"mode": "native"}}}"#,
    );
    crate::store::assert_refused(&store.perch("delete 1 --json"), 1, "active");
    store.perch("delete 2").ok();
    let json = store.json();
    assert_eq!(json["own"], serde_json::json!([7]));
    assert!(json.get("running").is_none(), "{json}");
}

#[test]
fn privileged_the_active_session_changes_and_gets_its_tries_again() {
    let store = Store::with(&[1, 2]);
    store.write_json(
        r#"{"default": "1", "previous": "2", "sessions": {"1": {"mode": "native"}, "2": {"mode": "native", "tries": 3, "good": 1}}}"#,
    );
    let said = store.perch("activate 2 --json").json();
    assert_eq!((&said["former"], &said["id"]), (&"1".into(), &"2".into()));
    let json = store.json();
    assert_eq!(json["default"], "2");
    assert!(json.get("previous").is_none(), "{json}");
    assert_eq!(
        json["sessions"]["2"],
        serde_json::json!({"mode": "native", "good": 1})
    );
    // Once more is no change, and nothing is written.
    let before = fs::metadata(store.path("session.json"))
        .unwrap()
        .modified()
        .unwrap();
    store.perch("activate 2").ok();
    let after = fs::metadata(store.path("session.json"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(before, after);
    crate::store::assert_refused(&store.perch("activate 9 --json"), 1, "not-found");
}

#[test]
fn privileged_names_and_notes_come_and_go() {
    let store = Store::with(&[1, 2]);
    store
        .run(&["rename", "2", "Büro zwei", "--note", "a=b # c"])
        .ok();
    let session = store.perch("list --json").json()[1].clone();
    assert_eq!(session["name"], "Büro zwei");
    assert_eq!(session["note"], "a=b # c");
    // The line form alone tells as much.
    fs::remove_file(store.path("session.json")).unwrap();
    fs::remove_file(store.path("session.json.bak")).unwrap();
    let session = store.perch("list --json").json()[1].clone();
    assert_eq!(session["name"], "Büro zwei");
    store.run(&["rename", "2", ""]).ok();
    let session = store.perch("list --json").json()[1].clone();
    assert_eq!(
        (&session["name"], &session["note"]),
        (&().into(), &"a=b # c".into())
    );
    for (name, code) in [("\u{1b}[2J", "bad-name"), ("null", "bad-name")] {
        crate::store::assert_refused(&store.run(&["rename", "2", name, "--json"]), 2, code);
    }
}
