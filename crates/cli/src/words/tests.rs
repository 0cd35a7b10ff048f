use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// The keys of a language, with the arguments of each.
fn keys(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let text = source(language).1;
    let mut keys = BTreeMap::new();
    let mut last = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
            key.clone_into(&mut last);
            assert!(
                keys.insert(last.clone(), BTreeSet::new()).is_none(),
                "{key} twice"
            );
        }
        let arguments = line.split('$').skip(1).map(|rest| {
            let is_letter = |c: char| c.is_ascii_lowercase();
            rest.split(|c| !is_letter(c)).next().unwrap().to_owned()
        });
        keys.entry(last.clone()).or_default().extend(arguments);
    }
    keys.remove("");
    keys
}

#[test]
fn every_language_has_every_text_with_the_same_arguments() {
    let english = keys(Language::En);
    assert!(english.len() > 80);
    for language in Language::ALL {
        assert_eq!(keys(language), english, "{language:?}");
        let parsed = FluentResource::try_new(source(language).1.to_owned());
        assert!(
            parsed.is_ok(),
            "{language:?}: {:?}",
            parsed.err().map(|error| error.1)
        );
        let bundle = read(language);
        for (key, arguments) in &english {
            let mut given = FluentArgs::new();
            for name in arguments {
                given.set(name.clone(), FluentValue::from(format!("<{name}>")));
            }
            let mut errors = Vec::new();
            let pattern = bundle.get_message(key).unwrap().value().unwrap();
            let text = bundle.format_pattern(pattern, Some(&given), &mut errors);
            assert_eq!(errors, [], "{language:?} {key}");
            for name in arguments {
                // Where verbs bend, this one chooses among words.
                let is_shown = text.contains(&format!("<{name}>")) || name == "verb";
                assert!(is_shown, "{language:?} {key}: {text}");
            }
            assert!(!text.contains('{'), "{language:?} {key}: {text}");
        }
    }
}

#[test]
fn every_text_is_said_somewhere() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut sources = String::new();
    let mut dirs = vec![std::path::PathBuf::from(dir)];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            match path.extension() {
                None if path.is_dir() => dirs.push(path),
                Some(extension) if extension == "rs" => {
                    sources.push_str(&std::fs::read_to_string(path).unwrap());
                }
                _ => {}
            }
        }
    }
    let made_up = ["error-nobody-to-ask", "hint-nobody-to-ask"];
    let refused = ["hint-running", "hint-active", "hint-in-use"];
    for key in keys(Language::En).into_keys() {
        let quoted = match key.strip_prefix("progress-") {
            Some(title) => format!("\"{}\"", title.replace('-', " ")),
            None => format!("\"{key}\""),
        };
        let is_said = sources.contains(&quoted);
        assert!(
            is_said || made_up.contains(&&*key) || refused.contains(&&*key),
            "nobody says {key}"
        );
    }
}

#[test]
fn the_environment_chooses() {
    for (variables, want) in [
        (&[][..], Language::En),
        (&[("LANG", "de_DE.UTF-8")], Language::De),
        (&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")], Language::En),
        (
            &[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C.UTF-8")],
            Language::En,
        ),
        (
            &[("LANG", "de_DE.UTF-8"), ("LC_MESSAGES", "fr_FR")],
            Language::Fr,
        ),
        (&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "")], Language::De),
        (
            &[("LANG", "de_DE"), ("LANGUAGE", "xx:pt_BR:pt")],
            Language::PtBr,
        ),
        (&[("LANG", "C"), ("LANGUAGE", "ru")], Language::En),
        (&[("LANGUAGE", "ru")], Language::En),
        (&[("LANG", "ja_JP.UTF-8")], Language::En),
        (&[("LANG", "../../etc")], Language::En),
    ] {
        let get = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value): &(&str, &str)| (*value).to_owned())
        };
        assert_eq!(asked_for(get), want, "{variables:?}");
    }
}

#[test]
fn a_verb_bends_as_the_language_wants_it() {
    let words = Words::new(Language::De);
    let said = |verb: &str| {
        words.say(
            "error-refused",
            &[("verb", &verb), ("id", &2), ("why", &"so")],
        )
    };
    assert_eq!(said("resize"), "Sitzung 2 kann nicht vergrößert werden: so");
    assert_eq!(said("delete"), "Sitzung 2 kann nicht gelöscht werden: so");
    assert_eq!(words.progress("deleting"), "wird gelöscht");
    assert_eq!(words.progress("something new"), "something new");
}
