//! The language of the questions.

use serde::{Deserialize, Serialize};

use super::dialogue::Glyphs;

/// A language that the questions are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English, also for every language that is not here.
    #[default]
    En,
    /// German.
    De,
    /// Spanish.
    Es,
    /// French.
    Fr,
    /// Indonesian.
    Id,
    /// Italian.
    It,
    /// Portuguese as in Portugal.
    Pt,
    /// Portuguese as in Brazil.
    #[serde(rename = "pt_br")]
    PtBr,
    /// Russian.
    Ru,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::En,
        Self::De,
        Self::Es,
        Self::Fr,
        Self::Id,
        Self::It,
        Self::Pt,
        Self::PtBr,
        Self::Ru,
    ];

    /// The language of a locale as in locale(7): `de_DE.UTF-8`, `pt_BR`, `ru`. Of a list with commas
    /// (`locales=` of MiniOS) the first counts. `None` for a language that is not here.
    pub fn of_locale(locale: &str) -> Option<Self> {
        let name = locale.split([',', '.', '@']).next()?.to_ascii_lowercase();
        let (language, region) = name.split_once(['_', '-']).unwrap_or((&name, ""));
        Some(match (language, region) {
            ("en", _) => Self::En,
            ("de", _) => Self::De,
            ("es", _) => Self::Es,
            ("fr", _) => Self::Fr,
            ("id", _) => Self::Id,
            ("it", _) => Self::It,
            ("pt", "br") => Self::PtBr,
            ("pt", _) => Self::Pt,
            ("ru", _) => Self::Ru,
            _ => return None,
        })
    }

    /// The language to use on a console: English where the letters of this one cannot be shown.
    ///
    /// Latin letters fit everywhere, on ASCII without their accents. Russian needs a font that the
    /// console is known to have, since a screen of replacement characters helps nobody.
    pub fn fits(self, glyphs: Glyphs) -> Self {
        match (self, glyphs) {
            (Self::Ru, Glyphs::Ascii | Glyphs::Utf8) => Self::En,
            (language, _) => language,
        }
    }

    /// The form of a noun that this many things take (CLDR, "Language Plural Rules").
    pub fn plural(self, count: u64) -> Plural {
        match (self, count) {
            (Self::Ru, _) => match (count % 10, count % 100) {
                (_, 11..=14) => Plural::Many,
                (1, _) => Plural::One,
                (2..=4, _) => Plural::Few,
                _ => Plural::Many,
            },
            (Self::Id, _) => Plural::Many,
            (Self::Fr | Self::PtBr, 0 | 1) | (_, 1) => Plural::One,
            _ => Plural::Many,
        }
    }
}

/// A form of a noun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plural {
    /// One day.
    One,
    /// Two to four of them in Russian; no other of our languages has it.
    Few,
    /// All other numbers.
    Many,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_are_known_by_language_and_region() {
        for (locale, want) in [
            ("de_DE.UTF-8", Some(Language::De)),
            ("de", Some(Language::De)),
            ("DE-at", Some(Language::De)),
            ("de_DE.UTF-8,en_US.UTF-8", Some(Language::De)),
            ("ca_ES@valencia", None),
            ("pt_BR.UTF-8", Some(Language::PtBr)),
            ("pt_PT", Some(Language::Pt)),
            ("pt", Some(Language::Pt)),
            ("ru_RU.KOI8-R", Some(Language::Ru)),
            ("C.UTF-8", None),
            ("deutsch", None),
            ("", None),
        ] {
            assert_eq!(Language::of_locale(locale), want, "{locale:?}");
        }
    }

    #[test]
    fn russian_counts_in_three_forms() {
        use Plural::{Few, Many, One};
        for (count, want) in [
            (0, Many),
            (1, One),
            (2, Few),
            (4, Few),
            (5, Many),
            (11, Many),
            (12, Many),
            (14, Many),
            (21, One),
            (22, Few),
            (25, Many),
            (101, One),
            (111, Many),
            (112, Many),
        ] {
            assert_eq!(Language::Ru.plural(count), want, "{count}");
        }
        assert_eq!(Language::Fr.plural(0), One);
        assert_eq!(Language::Pt.plural(0), Many);
        assert_eq!(Language::De.plural(21), Many);
        assert_eq!(Language::Id.plural(1), Many);
    }
}
