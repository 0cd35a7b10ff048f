//! What a language is called: by programs, and by those who speak it.

use perch_core::menu::language::Language;

/// The value of `perchlang=`, which is also GRUB's name for the choice.
pub fn tag(language: Language) -> &'static str {
    match language {
        Language::En => "en",
        Language::De => "de",
        Language::Es => "es",
        Language::Fr => "fr",
        Language::Id => "id",
        Language::It => "it",
        Language::Pt => "pt",
        Language::PtBr => "pt_BR",
        Language::Ru => "ru",
    }
}

/// The language of such a word; `None` for any other.
pub(super) fn of_tag(word: &str) -> Option<Language> {
    Language::ALL
        .into_iter()
        .find(|language| tag(*language) == word)
}

/// The locale of a system in this language, locale(7): the value of `locales=`.
pub fn locale(language: Language) -> &'static str {
    match language {
        Language::En => "en_US.UTF-8",
        Language::De => "de_DE.UTF-8",
        Language::Es => "es_ES.UTF-8",
        Language::Fr => "fr_FR.UTF-8",
        Language::Id => "id_ID.UTF-8",
        Language::It => "it_IT.UTF-8",
        Language::Pt => "pt_PT.UTF-8",
        Language::PtBr => "pt_BR.UTF-8",
        Language::Ru => "ru_RU.UTF-8",
    }
}

/// Its name in itself.
pub fn native_name(language: Language) -> &'static str {
    match language {
        Language::En => "English",
        Language::De => "Deutsch",
        Language::Es => "Español",
        Language::Fr => "Français",
        Language::Id => "Bahasa Indonesia",
        Language::It => "Italiano",
        Language::Pt => "Português",
        Language::PtBr => "Português do Brasil",
        Language::Ru => "Русский",
    }
}

/// The same for a screen that shows ASCII only.
pub(super) fn ascii_name(language: Language) -> String {
    use perch_core::menu::{dialogue::Glyphs, glyphs};
    match language {
        Language::Ru => "Russian".into(),
        language => glyphs::shown(native_name(language), Glyphs::Ascii),
    }
}

/// Kernel parameters for a system, and for perch's questions, in this language.
pub(super) fn parameters(language: Language) -> String {
    format!("perchlang={} locales={}", tag(language), locale(language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perch_understands_what_the_menu_says() {
        for language in Language::ALL {
            for name in [tag(language), locale(language)] {
                assert_eq!(Language::of_locale(name), Some(language), "{name}");
            }
            assert!(ascii_name(language).is_ascii());
        }
    }
}
