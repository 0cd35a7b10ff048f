//! What must hold for any metadata and any text: nothing panics, nothing is lost on the way out
//! and back, no value becomes a line of its own, and a store once written agrees with itself.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// Text that both forms can hold: one line, no blanks around it, no word that means "absent".
fn line() -> impl Strategy<Value = String> {
    "[!-~ä]([ -~äß€]{0,10}[!-~ä])?".prop_filter("means absent", |text| {
        !["unknown", "None", "null"].contains(&&**text)
    })
}

/// Text with everything that could break a line, a key or a document.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z=\\[\\]#\n\r\u{0}\u{1b}\u{85}\u{2028} \"\\\\/.0-9]{0,16}",
        ("[a-z\n]{0,3}", conf_line()).prop_map(|(start, line)| format!("{start}\n{line}\n")),
    ]
}

fn conf_line() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("mode"),
        Just("version"),
        Just("union"),
        Just("size"),
        Just("failed"),
        Just("tries"),
        Just("good"),
        Just("note")
    ];
    let value = prop_oneof![
        Just("raw".to_owned()),
        Just("aufs".to_owned()),
        Just("true".to_owned()),
        "[0-9]{0,10}",
        "[ -~]{0,8}",
    ];
    prop_oneof![
        (name, "[0-9x]{0,2}", value)
            .prop_map(|(name, id, value)| { format!("session_{name}[{id}]={value}") }),
        ("(default|previous|running)", "[0-9]{0,2}").prop_map(|(name, id)| format!("{name}={id}")),
        "[a-z_#]{0,10}=?[ -~]{0,5}",
        Just("default=\\nsession_mode=".to_owned()),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        hostile().prop_map(Value::from),
        "[0-9]{1,4}".prop_map(Value::from),
        (1_u64..200_000_000).prop_map(Value::from),
        Just(Value::from("native")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map("[a-z\n]{0,4}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn id() -> impl Strategy<Value = SessionId> {
    let number = prop_oneof![1_u32..4, 1..=SessionId::MAX];
    number.prop_filter_map("out of range", SessionId::new)
}

/// Keys that none of the two forms knows.
fn extra() -> impl Strategy<Value = Map<String, Value>> {
    let key = hostile().prop_map(|key| format!("x{key}"));
    btree_map(key, value(), 0..4).prop_map(|map| map.into_iter().collect())
}

/// A record with text from `text`.
fn record<S: Strategy<Value = String> + 'static>(text: fn() -> S) -> impl Strategy<Value = Record> {
    let mode = prop_oneof![Just(Mode::Native), Just(Mode::Dynfilefs), Just(Mode::Raw)];
    let union = prop_oneof![Just(UnionKind::Overlayfs), Just(UnionKind::Aufs)];
    let size = prop_oneof![1_u64..100_000, 1_u64..1 << 44].prop_map(Mib);
    (
        option::of(mode),
        option::of(text()),
        option::of(text()),
        option::of(union),
        option::of(size),
        option::of(text()),
        (option::of(1_u32..9), option::of(1_u32..9)),
        extra(),
    )
        .prop_map(
            |(mode, version, edition, union, size, failed, (tries, good), extra)| Record {
                mode,
                version,
                edition,
                union,
                size,
                failed,
                tries,
                good,
                extra,
            },
        )
}

fn metadata<S: Strategy<Value = String> + 'static>(
    text: fn() -> S,
) -> impl Strategy<Value = Metadata> {
    (
        option::of(id()),
        option::of(id()),
        option::of(id()),
        btree_map(id(), record(text), 0..4),
        extra(),
        extra(),
    )
        .prop_map(
            |(default, previous, running, sessions, foreign, extra)| Metadata {
                default,
                previous,
                running,
                sessions,
                foreign,
                extra,
            },
        )
}

/// Texts that come close to `session.json`, besides any text at all.
fn json_text() -> impl Strategy<Value = String> {
    let field = prop_oneof![
        Just("mode"),
        Just("version"),
        Just("edition"),
        Just("union"),
        Just("size"),
        Just("failed"),
        Just("tries"),
        Just("good"),
        Just("note"),
    ];
    let entry = prop_oneof![
        value(),
        btree_map(field.prop_map(str::to_owned), value(), 0..5)
            .prop_map(|map| Value::Object(map.into_iter().collect())),
    ];
    let sessions = prop_oneof![
        1 => value(),
        4 => btree_map("[0-9x]{0,2}", entry, 0..4)
            .prop_map(|map| Value::Object(map.into_iter().collect())),
    ];
    let document = (value(), value(), sessions, extra()).prop_map(|(a, b, sessions, extra)| {
        let mut document = extra;
        document.insert("default".into(), a);
        document.insert("running".into(), b);
        document.insert("sessions".into(), sessions);
        document.insert("conf_lines".into(), json!(["# mine", "default=9", 3]));
        Value::Object(document).to_string()
    });
    let document = document.boxed();
    let cut = (document.clone(), any::<prop::sample::Index>()).prop_map(|(text, at)| {
        let end = at.index(text.len() + 1);
        text.get(..end).unwrap_or(&text).to_owned()
    });
    prop_oneof![4 => document, 1 => cut, 1 => any::<String>()]
}

fn conf_text() -> impl Strategy<Value = String> {
    let lines = vec(conf_line(), 0..8).prop_map(|lines| lines.join("\n"));
    prop_oneof![4 => lines, 1 => any::<String>()]
}

fn file<S: Strategy<Value = String> + 'static>(text: S) -> impl Strategy<Value = FileRead> {
    prop_oneof![
        8 => (text, 0_i64..4).prop_map(|(text, modified)| FileRead::Text { text, modified }),
        2 => Just(FileRead::Absent),
        1 => Just(FileRead::NotText),
        1 => Just(FileRead::NotAFile),
    ]
}

fn store() -> impl Strategy<Value = StoreFiles> {
    let holds = any::<[bool; 5]>().prop_map(|[dat, img, changes, workdir, aufs]| Contents {
        changes_dat: dat,
        changes_img: img,
        changes_dir: changes,
        workdir,
        aufs_marker: aufs,
        empty: !(dat || img || changes || workdir || aufs),
    });
    let dir = (id(), 0_i64..4, holds).prop_map(|(id, modified, holds)| SessionDir {
        id,
        modified,
        image: None,
        allocated: None,
        disk: None,
        parts: None,
        holds,
    });
    (
        file(json_text()),
        file(conf_text()),
        file(json_text()),
        file("[0-9]{0,2}\n?"),
        vec(dir, 0..4),
    )
        .prop_map(|(json, conf, backup, legacy, dirs)| StoreFiles {
            json,
            conf,
            backup,
            legacy,
            dirs,
            unseen: Vec::new(),
        })
}

/// The fields that every form has.
fn plain(record: &Record) -> Record {
    Record {
        tries: None,
        extra: Map::new(),
        ..record.clone()
    }
}

fn line_of(value: Option<&Value>) -> Option<String> {
    value.and_then(conf::line_form)
}

proptest! {
    #[test]
    fn json_keeps_everything(metadata in metadata(line)) {
        let (again, notes) = json::parse(&json::write(&metadata)).unwrap();
        prop_assert_eq!(&again, &metadata);
        prop_assert_eq!(notes.len(), metadata.foreign.len());
    }

    #[test]
    fn json_is_laid_out_as_any_other_writer_does(metadata in metadata(hostile)) {
        let text = json::write(&metadata);
        let value: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(format!("{value:#}\n"), text);
    }

    #[test]
    fn conf_keeps_the_known_fields(metadata in metadata(line)) {
        let (again, notes) = conf::parse(&conf::write(&metadata));
        prop_assert_eq!(notes, vec![]);
        prop_assert_eq!(again.default, metadata.default);
        prop_assert_eq!(again.previous, metadata.previous);
        prop_assert_eq!(again.running, metadata.running);
        for (id, record) in &metadata.sessions {
            let again = again.sessions.get(id).cloned().unwrap_or_default();
            prop_assert_eq!(plain(&again), plain(record), "session {}", id);
        }
    }

    #[test]
    fn nothing_is_smuggled_into_conf(metadata in metadata(hostile)) {
        let (again, notes) = conf::parse(&conf::write(&metadata));
        prop_assert_eq!(notes, vec![]);
        prop_assert_eq!(again.default, metadata.default);
        prop_assert_eq!(again.previous, metadata.previous);
        prop_assert_eq!(again.running, metadata.running);
        prop_assert!(again.foreign.is_empty());
        for (key, value) in &again.extra {
            prop_assert_eq!(line_of(metadata.extra.get(key)), line_of(Some(value)));
        }
        for (id, record) in &again.sessions {
            let meant = &metadata.sessions[id];
            prop_assert_eq!(record.mode, meant.mode);
            prop_assert_eq!(record.union, meant.union);
            prop_assert_eq!(record.size, meant.size);
            for (name, value) in &record.extra {
                prop_assert_eq!(line_of(meant.extra.get(name)), line_of(Some(value)));
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = json::parse(&text);
        let _ = conf::parse(&text);
    }

    #[test]
    fn what_was_read_is_written_the_same_again(json in json_text(), conf in conf_text()) {
        if let Ok((metadata, _)) = json::parse(&json) {
            let text = json::write(&metadata);
            prop_assert_eq!(json::write(&json::parse(&text).unwrap().0), text);
        }
        let text = conf::write(&conf::parse(&conf).0);
        prop_assert_eq!(conf::write(&conf::parse(&text).0), text);
    }

    #[test]
    fn every_directory_is_a_session_and_a_written_store_agrees(
        files in store(),
        later in 0_i64..3,
    ) {
        let got = assemble(&files);
        let mut ids: Vec<_> = files.dirs.iter().map(|dir| dir.id).collect();
        ids.sort();
        ids.dedup();
        let sessions: Vec<_> = got.sessions.iter().map(|session| session.id).collect();
        prop_assert_eq!(&sessions, &ids);

        let written = StoreFiles {
            json: FileRead::Text { text: json::write(&got.metadata), modified: 10 },
            conf: FileRead::Text { text: conf::write(&got.metadata), modified: 9 + later },
            ..files
        };
        let again = assemble(&written);
        prop_assert!(again.agrees, "{:#?}\n{:#?}", written, again);
        prop_assert_eq!(again.source, Source::Json);
        prop_assert_eq!(again.quarantine, Vec::<String>::new());
        prop_assert_eq!(again.sessions, got.sessions);
    }

    /// A store as a boot sees it: looked into as far as the request needs.
    #[test]
    fn what_is_not_looked_into_changes_no_decision(
        files in store(),
        word in prop_oneof![
            Just("perch"), Just("perchdir=new"), Just("perchdir=ask"), Just("perchdir=2"),
            Just("perchmode=raw"), Just("perchdir=fresh"), Just("")
        ],
        unsorted in any::<bool>(),
    ) {
        let (request, _) = crate::cmdline::parse(word);
        let mut files = files;
        let mut known = std::collections::BTreeSet::new();
        files.dirs.retain(|dir| known.insert(dir.id));
        if unsorted {
            files.dirs.reverse();
        }
        let mut facts = crate::fixture::facts(&[], None);
        facts.store.take(assemble(&files));
        let full = crate::decide::decide(&request, &facts, &[]);

        let names = StoreFiles {
            unseen: files.dirs.iter().map(|dir| dir.id).collect(),
            dirs: Vec::new(),
            ..files.clone()
        };
        let outline = Outline::of(&names);
        let interest = crate::decide::interest(&request, false);
        let ids = outline.to_look_into(&names, interest);
        let (dirs, rest): (Vec<_>, Vec<_>) =
            files.dirs.iter().cloned().partition(|dir| ids.contains(&dir.id));
        let looked = StoreFiles {
            dirs,
            unseen: rest.iter().map(|dir| dir.id).collect(),
            ..files
        };
        facts.store.take(outline.complete(&looked));
        prop_assert_eq!(crate::decide::decide(&request, &facts, &[]), full);
    }
}
