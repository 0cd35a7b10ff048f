//! What people read is in their language; what programs read never changes.

use serde_json::Value;

use crate::perch::Said;
use crate::store::Store;

const LOCALES: [&str; 8] = [
    "de_DE.UTF-8",
    "es_ES.UTF-8",
    "fr_FR.UTF-8",
    "id_ID.UTF-8",
    "it_IT.UTF-8",
    "pt_PT.UTF-8",
    "pt_BR.UTF-8",
    "ru_RU.UTF-8",
];

fn in_locale(store: &Store, locale: &str, words: &str) -> Said {
    let words: Vec<&str> = words.split_ascii_whitespace().collect();
    let mut command = store.command(&words);
    command.env("LANG", locale).output().unwrap().into()
}

#[test]
fn people_read_their_own_language() {
    let store = Store::with(&[1, 2]);
    for words in ["list", "active", "running", "info", "status", "delete 9"] {
        let english = store.perch(words);
        for locale in LOCALES {
            let said = in_locale(&store, locale, words);
            assert_eq!(said.status, english.status, "{locale}: {said:?}");
            let (ours, theirs) = (said.out + &said.err, &(english.out.clone() + &english.err));
            assert_ne!(&ours, theirs, "{locale}");
            assert_eq!(
                ours.lines().count(),
                theirs.lines().count(),
                "{locale}: {ours}"
            );
        }
    }
    // Without a language of ours, and where it is not to be used.
    for locale in ["C", "C.UTF-8", "ja_JP.UTF-8"] {
        assert_eq!(
            in_locale(&store, locale, "list").out,
            store.perch("list").out
        );
    }
}

/// All keys of a value, and what stands under those that programs compare.
fn shape(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(shape).collect(),
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| match &**key {
                "message" | "error" | "hint" => (key.clone(), Value::Null),
                _ => (key.clone(), shape(value)),
            })
            .collect(),
        other => other.clone(),
    }
}

#[test]
fn programs_read_the_same_in_every_language() {
    let store = Store::with(&[1, 2]);
    for words in [
        "list --json",
        "active --json",
        "delete 9 --json",
        "delete 1 --json",
        "delete --purge 2 --json",
        "create raw 0 --json",
        "rename 2 other --dry-run --json",
    ] {
        let english = store.perch(words);
        for locale in LOCALES {
            let said = in_locale(&store, locale, words);
            assert_eq!(said.status, english.status, "{locale} {words}: {said:?}");
            assert_eq!(
                shape(&said.json()),
                shape(&english.json()),
                "{locale} {words}"
            );
        }
    }
}
