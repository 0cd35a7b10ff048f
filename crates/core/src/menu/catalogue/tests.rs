use std::collections::BTreeSet;

use super::*;

/// All keys; a test counts them.
const TEXTS: [Text; 50] = [
    Text::ChooseSession,
    Text::NumberMissing,
    Text::NewSession,
    Text::FreshStart,
    Text::Name,
    Text::Version,
    Text::Edition,
    Text::Mode,
    Text::Union,
    Text::LastUsed,
    Text::InUse,
    Text::Limit,
    Text::Unknown,
    Text::Default,
    Text::LastFailed,
    Text::NotComeUp,
    Text::Misfit,
    Text::Free,
    Text::ResumeIn,
    Text::NewIn,
    Text::FreshIn,
    Text::AnyKey,
    Text::Typed,
    Text::NoSuchSession,
    Text::SessionHelp,
    Text::MisfitTitle,
    Text::ThisSystem,
    Text::TheSession,
    Text::AtRisk,
    Text::OtherUnion,
    Text::OtherMode,
    Text::CannotOpen,
    Text::OpenAtRisk,
    Text::Back,
    Text::ConfirmHelp,
    Text::ChooseStore,
    Text::ChooseSource,
    Text::Directory,
    Text::Device,
    Text::Size,
    Text::FileSystem,
    Text::Label,
    Text::NoDisk,
    Text::LeftOut,
    Text::DiskHelp,
    Text::NoneTitle,
    Text::NoneStore,
    Text::NoneSource,
    Text::NoneYes,
    Text::NoneIn,
];
const COUNTED: [Counted; 4] = [
    Counted::Days,
    Counted::Hours,
    Counted::Minutes,
    Counted::Seconds,
];

fn arguments(text: &str) -> BTreeSet<&str> {
    text.split('{')
        .skip(1)
        .map(|rest| rest.split_once('}').expect("a closing brace").0)
        .collect()
}

#[test]
fn no_key_is_forgotten_here() {
    let source = include_str!("en.rs");
    assert_eq!(source.matches("Text::").count(), TEXTS.len());
    let names: BTreeSet<String> = TEXTS.iter().map(|text| format!("{text:?}")).collect();
    assert_eq!(names.len(), TEXTS.len());
}

#[test]
fn each_language_has_the_arguments_of_english() {
    for language in Language::ALL {
        for text in TEXTS {
            let words = Catalogue::of(language).raw(text, Glyphs::Utf8Cyrillic);
            assert!(!words.trim().is_empty(), "{language:?} {text:?}");
            assert_eq!(
                arguments(words),
                arguments(en::text(text)),
                "{language:?} {text:?}"
            );
        }
        for counted in COUNTED {
            for count in [1, 2, 5] {
                let words = Catalogue::of(language).count(counted, count, Glyphs::Utf8Cyrillic);
                assert!(words.contains(&count.to_string()), "{language:?} {words}");
                assert!(!words.contains('{'), "{language:?} {words}");
            }
        }
    }
}

/// No language has a letter that its consoles cannot show, so nothing turns into a question mark.
#[test]
fn each_letter_can_be_shown() {
    for language in Language::ALL {
        for glyphs in [Glyphs::Ascii, Glyphs::Utf8, Glyphs::Utf8Cyrillic] {
            let catalogue = Catalogue::of(language);
            for text in TEXTS {
                let raw = catalogue.raw(text, glyphs);
                let shown = catalogue.text(text, glyphs);
                let marks = |text: &str| text.matches('?').count();
                assert_eq!(marks(&shown), marks(raw), "{language:?} {shown}");
                let latin = raw.chars().all(|c| c <= '\u{ff}');
                assert!(
                    latin || glyphs == Glyphs::Utf8Cyrillic,
                    "{language:?} {raw}"
                );
            }
        }
    }
}

#[test]
fn texts_take_their_arguments_and_their_letters() {
    let de = Catalogue::of(Language::De);
    let ru = Catalogue::of(Language::Ru);
    let arguments: [(&str, &dyn ToString); 2] = [("number", &7), ("seconds", &30)];
    for (catalogue, glyphs, want) in [
        (de, Glyphs::Utf8, "Sitzung 7 wird in 30 s fortgesetzt"),
        (ru, Glyphs::Utf8Cyrillic, "Сеанс 7 продолжится через 30 с"),
        (ru, Glyphs::Utf8, "Resuming session 7 in 30 s"),
        (ru, Glyphs::Ascii, "Resuming session 7 in 30 s"),
    ] {
        assert_eq!(catalogue.say(Text::ResumeIn, &arguments, glyphs), want);
    }
    assert_eq!(de.text(Text::Size, Glyphs::Ascii), "Groesse");
    assert_eq!(
        ru.count(Counted::Days, 22, Glyphs::Utf8Cyrillic),
        "22 дня назад"
    );
    assert_eq!(ru.count(Counted::Days, 22, Glyphs::Ascii), "22 days ago");
}
