use serde_json::json;

use super::*;
use crate::metadata::{Record, json};
use crate::session::{Mode, UnionKind};
use crate::units::Mib;

const EMPTY: Contents = Contents {
    changes_dat: false,
    changes_img: false,
    changes_dir: false,
    workdir: false,
    aufs_marker: false,
    empty: true,
};
const NONE: Contents = Contents {
    empty: false,
    ..EMPTY
};
const DAT: Contents = Contents {
    changes_dat: true,
    ..NONE
};
const IMG: Contents = Contents {
    changes_img: true,
    ..NONE
};
const TREE: Contents = Contents {
    changes_dir: true,
    workdir: true,
    ..NONE
};
const AUFS: Contents = Contents {
    aufs_marker: true,
    ..NONE
};

fn id(number: u32) -> SessionId {
    SessionId::new(number).unwrap()
}

fn text(text: impl Into<String>, modified: i64) -> FileRead {
    let text = text.into();
    FileRead::Text { text, modified }
}

/// Directories by number, last change and content.
fn dirs(dirs: &[(u32, i64, Contents)]) -> Vec<SessionDir> {
    let dir = |&(number, modified, holds)| SessionDir {
        id: id(number),
        modified,
        image: None,
        allocated: None,
        disk: None,
        parts: None,
        holds,
    };
    dirs.iter().map(dir).collect()
}

fn codes(assembled: &Assembled) -> Vec<&str> {
    assembled.notes.iter().map(|note| &*note.code).collect()
}

fn modes(assembled: &Assembled) -> Vec<(u32, Mode)> {
    let mode = |session: &Session| (session.id.get(), session.mode);
    assembled.sessions.iter().map(mode).collect()
}

const JSON: &str = r#"{"default": "1", "running": "1", "sessions": {
    "1": {"mode": "native", "version": "5.1.1", "edition": "standard", "union": "overlayfs"},
    "2": {"mode": "dynfilefs", "version": "5.1.1", "size": 4000}}}"#;
const CONF: &str = "default=2\nsession_mode[2]=dynfilefs\nsession_version[2]=5.2\n\
                    session_mode[3]=raw\n";

/// What the writers make of `metadata`, as found in the store a moment later.
fn written(metadata: &Metadata, dirs: Vec<SessionDir>) -> StoreFiles {
    StoreFiles {
        json: text(json::write(metadata), 100),
        conf: text(conf::write(metadata), 101),
        dirs,
        ..StoreFiles::default()
    }
}

#[test]
fn an_empty_store_has_nothing() {
    let got = assemble(&StoreFiles::default());
    assert_eq!(got.source, Source::None);
    assert_eq!(got.metadata, Metadata::default());
    assert_eq!(
        (got.sessions, got.quarantine, got.notes),
        Default::default()
    );
    assert!(!got.agrees);
}

#[test]
fn sources_are_tried_in_order() {
    let (json, conf) = (|| text(JSON, 10), || text(CONF, 10));
    let backup = || text(r#"{"default": "3", "sessions": {"3": {"mode": "raw"}}}"#, 5);
    let none = || FileRead::Absent;
    let cut = || text("{\"default\": \"1", 20);
    for (json, conf, backup, legacy, source, default) in [
        (json(), none(), backup(), text("3", 1), Source::Json, 1),
        (json(), conf(), backup(), none(), Source::Merged, 1),
        (json(), FileRead::NotText, none(), none(), Source::Json, 1),
        (json(), text("", 99), none(), none(), Source::Json, 1),
        (none(), conf(), backup(), text("3", 1), Source::Conf, 2),
        (cut(), conf(), none(), none(), Source::Conf, 2),
        (cut(), conf(), cut(), none(), Source::Conf, 2),
        (cut(), conf(), backup(), none(), Source::Merged, 2),
        (cut(), none(), backup(), text("2", 1), Source::Backup, 3),
        (none(), none(), backup(), text("2", 1), Source::Backup, 3),
        (none(), none(), none(), text("3\n", 1), Source::Legacy, 3),
        (none(), none(), none(), text("x", 1), Source::Rebuilt, 2),
        (none(), none(), none(), none(), Source::Rebuilt, 2),
        // A number left by an old system is older than the file that was lost.
        (cut(), none(), none(), text("3", 1), Source::Rebuilt, 2),
        (
            none(),
            text("", 9),
            none(),
            text("3", 1),
            Source::Rebuilt,
            2,
        ),
    ] {
        let files = StoreFiles {
            json,
            conf,
            backup,
            legacy,
            dirs: dirs(&[(1, 100, TREE), (2, 300, DAT), (3, 200, IMG)]),
            unseen: Vec::new(),
        };
        let got = assemble(&files);
        assert_eq!(got.source, source, "{files:#?}");
        assert_eq!(got.metadata.default, Some(id(default)), "{files:#?}");
        let want = [(1, Mode::Native), (2, Mode::Dynfilefs), (3, Mode::Raw)];
        assert_eq!(modes(&got), want, "{files:#?}");
    }
}

#[test]
fn what_cannot_be_used_is_set_aside_unless_it_may_come_back() {
    let error = || FileRead::Unreadable {
        error: "Input/output error".into(),
    };
    for (bad, aside, code) in [
        // An empty session.conf keeps nothing worth keeping.
        (text("", 1), "json", code::DAMAGED),
        (text("{", 1), "json conf", code::DAMAGED),
        (text("[]", 1), "json conf", code::DAMAGED),
        (text("\0\0\0", 1), "json conf", code::DAMAGED),
        (text("just words", 1), "json conf", code::DAMAGED),
        (FileRead::NotText, "json conf", code::DAMAGED),
        (
            FileRead::TooLarge { bytes: 1 << 30 },
            "json conf",
            code::DAMAGED,
        ),
        (FileRead::NotAFile, "json conf backup", code::DAMAGED),
        (error(), "", code::READ_FAILED),
    ] {
        let with = |name: &str| {
            let mut files = StoreFiles {
                dirs: dirs(&[(1, 1, EMPTY)]),
                ..StoreFiles::default()
            };
            let slot = match name {
                "json" => &mut files.json,
                "conf" => &mut files.conf,
                _ => &mut files.backup,
            };
            *slot = bad.clone();
            assemble(&files)
        };
        for (name, file) in [
            ("json", JSON_FILE),
            ("conf", CONF_FILE),
            ("backup", BACKUP_FILE),
        ] {
            let got = with(name);
            let want: &[&str] = if aside.contains(name) { &[file] } else { &[] };
            assert_eq!(got.quarantine, want, "{bad:?} as {name}");
            assert_eq!(codes(&got), [code, code::REBUILT], "{bad:?} as {name}");
            assert_eq!(got.metadata.default, Some(id(1)), "{bad:?} as {name}");
        }
    }
}

#[test]
fn damaged_json_is_rebuilt_from_the_directories() {
    // Acceptance checks 17 and 18.
    for damaged in ["{\n  \"default\": \"1\",\n  \"sess", ""] {
        let files = StoreFiles {
            json: text(damaged, 500),
            dirs: dirs(&[
                (2, 300, DAT),
                (1, 200, TREE),
                (9, 100, AUFS),
                (4, 300, EMPTY),
            ]),
            ..StoreFiles::default()
        };
        let got = assemble(&files);
        assert_eq!(got.quarantine, [JSON_FILE]);
        assert_eq!(got.source, Source::Rebuilt);
        assert_eq!(codes(&got), [code::DAMAGED, code::REBUILT]);
        let want = json::parse(
            r#"{"default": 4, "sessions": {
                "1": {"mode": "native", "union": "overlayfs"}, "2": {"mode": "dynfilefs"},
                "4": {"mode": "native"}, "9": {"mode": "native", "union": "aufs"}}}"#,
        );
        assert_eq!(
            got.metadata,
            want.unwrap().0,
            "4 is as new as 2 and has the higher number"
        );
        let unions: Vec<_> = got.sessions.iter().map(|session| session.union).collect();
        let (overlayfs, aufs) = (Some(UnionKind::Overlayfs), Some(UnionKind::Aufs));
        assert_eq!(unions, [overlayfs, None, None, aufs]);
        assert!(assemble(&written(&got.metadata, files.dirs)).agrees);
    }
}

#[test]
fn damaged_json_is_made_up_from_conf_backup_and_directories() {
    let files = StoreFiles {
        json: text("{", 500),
        conf: text(CONF, 400),
        backup: text(
            r#"{"default": "1", "sessions": {"1": {"mode": "native", "version": "5.1"},
                "2": {"mode": "dynfilefs", "version": "5.1", "edition": "toolbox"},
                "7": {"mode": "raw"}}}"#,
            400,
        ),
        dirs: dirs(&[(1, 1, TREE), (2, 2, DAT), (3, 3, IMG), (4, 4, IMG)]),
        ..StoreFiles::default()
    };
    let got = assemble(&files);
    let want = json::parse(
        r#"{"default": "2", "sessions": {
            "1": {"mode": "native", "version": "5.1"},
            "2": {"mode": "dynfilefs", "version": "5.2", "edition": "toolbox"},
            "3": {"mode": "raw"}, "4": {"mode": "raw"}}}"#,
    );
    assert_eq!(
        got.metadata,
        want.unwrap().0,
        "7 was deleted since and stays so"
    );
    assert_eq!(codes(&got), [code::DAMAGED, code::RECOVERED, code::MERGED]);
    assert_eq!(got.quarantine, [JSON_FILE]);
}

#[test]
fn the_newer_file_is_right() {
    // Acceptance check 22, and the split that a dracut image makes.
    let merged = |json_time, conf_time| {
        let files = StoreFiles {
            json: text(JSON, json_time),
            conf: text(CONF, conf_time),
            dirs: dirs(&[(1, 1, TREE), (2, 2, DAT), (3, 3, IMG)]),
            ..StoreFiles::default()
        };
        let got = assemble(&files);
        assert_eq!(got.source, Source::Merged);
        assert_eq!(codes(&got), [code::MERGED]);
        assert_eq!(got.quarantine, [""; 0]);
        assert!(!got.agrees);
        got
    };
    for (json_time, conf_time, default, running, version) in [
        (10, 11, 2, None, "5.2"),
        (10, 10, 1, Some(1), "5.1.1"),
        (11, 10, 1, Some(1), "5.1.1"),
    ] {
        let got = merged(json_time, conf_time);
        let metadata = &got.metadata;
        let row = format!("json {json_time}, conf {conf_time}");
        assert_eq!(metadata.default, Some(id(default)), "{row}");
        assert_eq!(metadata.running, running.map(id), "{row}");
        assert_eq!(metadata.sessions.len(), 3, "{row}");
        let second = &metadata.sessions[&id(2)];
        assert_eq!(second.version.as_deref(), Some(version), "{row}");
        assert_eq!(second.size, Some(Mib(4000)), "{row}: filled in from json");

        let again = assemble(&written(
            metadata,
            dirs(&[(1, 1, TREE), (2, 2, DAT), (3, 3, IMG)]),
        ));
        assert!(again.agrees, "{row}: both files agree afterwards");
        assert_eq!(again.metadata, got.metadata, "{row}");
    }
}

#[test]
fn a_newer_fragment_takes_nothing_away() {
    let files = |json: &str, conf: &str| StoreFiles {
        json: text(json, 10),
        conf: text(conf, 20),
        ..StoreFiles::default()
    };
    let got = assemble(&files(JSON, "session_mode[2]=dynfilefs\n"));
    assert_eq!(got.metadata.default, Some(id(1)), "the default stays");
    assert_eq!(got.metadata.running, None, "no session is said to run");

    let failed = r#"{"default": "1", "sessions": {"1": {"mode": "raw", "failed": "no space"},
        "2": {"failed": "x"}}}"#;
    let got = assemble(&files(failed, "default=1\nsession_mode[1]=raw\n"));
    assert_eq!(got.metadata.sessions[&id(1)].failed, None, "it works again");
    assert!(got.metadata.sessions[&id(2)].failed.is_some(), "not told");

    let unknown = r#"{"default": "1", "sessions": {"1": {"mode": "raw"}}}"#;
    let got = assemble(&files(unknown, "default=1\nsession_mode[1]=zram\n"));
    assert_eq!(
        got.metadata.sessions[&id(1)].mode,
        None,
        "a mode we do not know is one"
    );
}

#[test]
fn a_file_and_its_mirror_agree() {
    let text_of = r##"{"default": 1, "schema": 3, "list": [1, 2], "sessions": {
        "1": {"mode": "raw", "size": 500, "n": 5, "deep": {"a": [1]}, "last": "x",
              "version": true}, "old": {"mode": "native"}},
        "conf_lines": ["# mine"]}"##;
    let metadata = json::parse(text_of).unwrap().0;
    for conf_time in [99, 100, 102] {
        let mut files = written(&metadata, dirs(&[(1, 1, IMG)]));
        files.conf = text(conf::write(&metadata), conf_time);
        let got = assemble(&files);
        assert!(got.agrees, "conf at {conf_time}: {:?}", got.notes);
        assert_eq!(got.source, Source::Json);
        assert_eq!(got.metadata, metadata);
    }
}

#[test]
fn one_file_alone_does_not_agree() {
    // Acceptance check 20.
    let got = assemble(&StoreFiles {
        conf: text(CONF, 1),
        dirs: dirs(&[(2, 2, DAT), (5, 3, TREE)]),
        ..StoreFiles::default()
    });
    assert_eq!(got.metadata.default, Some(id(2)));
    assert!(!got.agrees);
    assert_eq!(
        got.metadata,
        conf::parse(CONF).0,
        "a record is not invented"
    );
    assert_eq!(modes(&got), [(2, Mode::Dynfilefs), (5, Mode::Native)]);
}

#[test]
fn comments_follow_the_line_form() {
    // Acceptance check 69.
    let conf = "# mine\ndefault=None\nsession_note[1]=x\n";
    let alone = assemble(&StoreFiles {
        conf: text(conf, 1),
        ..StoreFiles::default()
    });
    let text_now = conf::write(&alone.metadata);
    assert_eq!(text_now, "default=\nsession_note[1]=x\n# mine\n");

    let mut files = written(&alone.metadata, vec![]);
    files.conf = text(text_now.replace("# mine\n", ""), 1);
    let got = assemble(&files);
    assert!(!conf::write(&got.metadata).contains("mine"), "taken out");
}

#[test]
fn a_recorded_mode_never_hides_data() {
    use Mode::{Dynfilefs, Native, Raw};
    let both = Contents {
        changes_dir: true,
        ..IMG
    };
    let two = Contents {
        changes_img: true,
        ..DAT
    };
    let aufs_and_img = Contents {
        changes_img: true,
        ..AUFS
    };
    for (row, (recorded, holds, want, note)) in [
        (None, DAT, Dynfilefs, Some(code::MODE_DETECTED)),
        (None, IMG, Raw, Some(code::MODE_DETECTED)),
        (None, TREE, Native, Some(code::MODE_DETECTED)),
        (None, EMPTY, Native, Some(code::MODE_DETECTED)),
        (Some(Native), TREE, Native, None),
        (Some(Native), EMPTY, Native, None),
        (Some(Native), AUFS, Native, None),
        (Some(Native), DAT, Dynfilefs, Some(code::MODE_CORRECTED)),
        (Some(Native), IMG, Raw, Some(code::MODE_CORRECTED)),
        (Some(Native), both, Native, Some(code::MODE_AMBIGUOUS)),
        (
            Some(Native),
            aufs_and_img,
            Native,
            Some(code::MODE_AMBIGUOUS),
        ),
        (Some(Raw), IMG, Raw, None),
        (Some(Raw), TREE, Native, Some(code::MODE_CORRECTED)),
        (Some(Raw), AUFS, Native, Some(code::MODE_CORRECTED)),
        (Some(Raw), DAT, Dynfilefs, Some(code::MODE_CORRECTED)),
        (Some(Raw), two, Raw, None),
        (Some(Raw), both, Raw, Some(code::MODE_AMBIGUOUS)),
        (Some(Dynfilefs), DAT, Dynfilefs, None),
        (Some(Dynfilefs), TREE, Native, Some(code::MODE_CORRECTED)),
        (Some(Dynfilefs), IMG, Raw, Some(code::MODE_CORRECTED)),
        // Nothing of any mode: opening it fails, and says so.
        (Some(Dynfilefs), EMPTY, Dynfilefs, None),
        (Some(Raw), NONE, Raw, None),
    ]
    .into_iter()
    .enumerate()
    {
        let mut metadata = Metadata::default();
        let record = Record {
            mode: recorded,
            size: Some(Mib(500)),
            ..Record::default()
        };
        metadata.sessions.insert(id(1), record);
        let files = written(&metadata, dirs(&[(1, 1, holds)]));
        let got = assemble(&files);
        assert_eq!(modes(&got), [(1, want)], "row {row}");
        assert_eq!(codes(&got), Vec::from_iter(note), "row {row}");
        let corrected = note == Some(code::MODE_CORRECTED);
        let record = &got.metadata.sessions[&id(1)];
        assert_eq!(
            record.mode,
            if corrected { Some(want) } else { recorded },
            "row {row}"
        );
        assert_eq!(got.agrees, !corrected, "row {row}");
        assert_eq!(record.size.is_none(), corrected, "row {row}");
        let size = if want == Native { None } else { record.size };
        assert_eq!(got.sessions[0].size, size, "row {row}");
    }
}

#[test]
fn sessions_take_from_the_record_what_it_has() {
    let json = r#"{"sessions": {
        "1": {"mode": "native", "version": "5.0", "edition": "toolbox", "union": "aufs"},
        "77": {"mode": "raw"}}}"#;
    let got = assemble(&StoreFiles {
        json: text(json, 1),
        dirs: dirs(&[(10, 30, TREE), (1, 20, TREE)]),
        ..StoreFiles::default()
    });
    let first = Session {
        id: id(1),
        mode: Mode::Native,
        version: Some("5.0".into()),
        edition: Some("toolbox".into()),
        union: Some(UnionKind::Aufs),
        size: None,
        image: None,
        allocated: None,
        modified: Some(20),
        in_use: None,
    };
    let tenth = Session {
        id: id(10),
        mode: Mode::Native,
        version: None,
        edition: None,
        union: Some(UnionKind::Overlayfs),
        size: None,
        image: None,
        allocated: None,
        modified: Some(30),
        in_use: None,
    };
    assert_eq!(got.sessions, [first, tenth]);
    assert!(
        got.metadata.sessions.contains_key(&id(77)),
        "not dropped here"
    );
    assert_eq!(got.metadata.default, None, "not chosen here");
}

#[test]
fn a_list_of_sessions_that_is_none_is_set_aside() {
    let got = assemble(&StoreFiles {
        json: text(r#"{"default": "2", "sessions": []}"#, 1),
        dirs: dirs(&[(1, 9, TREE), (2, 1, DAT)]),
        ..StoreFiles::default()
    });
    assert_eq!(got.quarantine, [JSON_FILE]);
    assert_eq!(got.metadata.default, Some(id(2)));
    assert_eq!(modes(&got), [(1, Mode::Native), (2, Mode::Dynfilefs)]);
}

#[test]
fn notes_name_file_and_session() {
    let got = assemble(&StoreFiles {
        json: text(r#"{"sessions": {"007": {}, "1": {"mode": "zram"}}}"#, 1),
        conf: FileRead::NotText,
        dirs: dirs(&[(1, 1, IMG)]),
        ..StoreFiles::default()
    });
    let texts: Vec<_> = got.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "session.conf is damaged and is not used: it is not text.",
            "session.json: the entry \"007\" is ignored, since this is no session number.",
            "session.json: the mode of session 1 cannot be read (\"zram\").",
            "Session 1: no mode is recorded; its files say raw.",
        ]
    );
}

#[test]
fn it_is_written_to_the_dump_of_facts_and_read_back() {
    let files = StoreFiles {
        json: text(JSON, 10),
        conf: FileRead::NotAFile,
        backup: FileRead::TooLarge { bytes: 5 },
        legacy: FileRead::Unreadable { error: "x".into() },
        dirs: dirs(&[(1, 1, TREE)]),
        unseen: vec![id(7)],
    };
    let dump = serde_json::to_string(&files).unwrap();
    assert_eq!(serde_json::from_str::<StoreFiles>(&dump).unwrap(), files);
    let got = assemble(&files);
    let dump = serde_json::to_string(&got).unwrap();
    assert_eq!(serde_json::from_str::<Assembled>(&dump).unwrap(), got);
    assert_eq!(json!(Source::Rebuilt), "rebuilt");
}

/// Where a session holds both containers, each size is that of its own.
#[test]
fn a_container_has_the_size_of_its_own_mode() {
    let both = Contents {
        changes_img: true,
        ..DAT
    };
    let [raw, taken, disk, parts] = [500, 20, 4000, 30].map(|mib| Some(Mib(mib).bytes()));
    for (mode, image, allocated) in [
        (Mode::Raw, raw, taken),
        (Mode::Dynfilefs, disk, parts),
        (Mode::Native, None, None),
    ] {
        let json = format!(r#"{{"sessions": {{"1": {{"mode": "{mode}"}}}}}}"#);
        let holds = match mode {
            Mode::Native => TREE,
            _ => both,
        };
        let dir = SessionDir {
            image: raw,
            allocated: taken,
            disk,
            parts,
            ..dirs(&[(1, 1, holds)]).remove(0)
        };
        let got = assemble(&StoreFiles {
            json: text(json, 1),
            dirs: vec![dir],
            ..StoreFiles::default()
        });
        let session = &got.sessions[0];
        assert_eq!(session.mode, mode);
        assert_eq!((session.image, session.allocated), (image, allocated));
    }
}
