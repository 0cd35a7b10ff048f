//! The words of a menu, in the languages of perch's questions. One file each.

mod de;
mod en;
mod es;
mod fr;
mod id;
mod it;
mod pt;
mod pt_br;
mod ru;

use perch_core::menu::language::Language;

/// One thing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// The entry that goes on with the default session.
    Resume,
    /// What it does.
    ResumeHelp,
    /// The entry that starts a session.
    New,
    /// What it does.
    NewHelp,
    /// The entry that asks.
    Ask,
    /// What it does.
    AskHelp,
    /// The entry without a session.
    Fresh,
    /// What it does.
    FreshHelp,
    /// The entry that copies the system.
    ToRam,
    /// What it does.
    ToRamHelp,
    /// Before a session's number.
    Session,
    /// What an entry of one session does.
    SessionHelp,
    /// The menu of languages.
    Language,
    /// While kernel and initial file system are read, before the system's name.
    Loading,
    /// Counts down; `#` becomes the seconds.
    Countdown,
    /// Where SYSLINUX has its help.
    HelpKeys,
    /// What is typed where there is no menu.
    Typing,
}

impl Text {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Resume,
        Self::ResumeHelp,
        Self::New,
        Self::NewHelp,
        Self::Ask,
        Self::AskHelp,
        Self::Fresh,
        Self::FreshHelp,
        Self::ToRam,
        Self::ToRamHelp,
        Self::Session,
        Self::SessionHelp,
        Self::Language,
        Self::Loading,
        Self::Countdown,
        Self::HelpKeys,
        Self::Typing,
    ];
}

/// What is said, in a language.
pub(super) fn of(language: Language, text: Text) -> &'static str {
    match language {
        Language::En => en::text(text),
        Language::De => de::text(text),
        Language::Es => es::text(text),
        Language::Fr => fr::text(text),
        Language::Id => id::text(text),
        Language::It => it::text(text),
        Language::Pt => pt::text(text),
        Language::PtBr => pt_br::text(text),
        Language::Ru => ru::text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use perch_core::menu::{dialogue::Glyphs, glyphs};

    /// GRUB's and SYSLINUX's menus are 80 cells wide, with a frame.
    #[test]
    fn everything_fits_and_can_be_shown() {
        for language in Language::ALL {
            for text in Text::ALL {
                let said = of(language, text);
                let place = format!("{language:?} {text:?}: {said:?}");
                assert!(!said.is_empty() && said.chars().count() <= 74, "{place}");
                assert!(!said.contains(['"', '$', '\\', '^', '@']), "{place}");
                assert!(
                    !glyphs::shown(said, Glyphs::Utf8Cyrillic).contains('?'),
                    "{place}"
                );
                assert_eq!(text == Text::Countdown, said.contains('#'), "{place}");
            }
        }
    }

    #[test]
    fn no_language_says_two_things_in_the_same_words() {
        for language in Language::ALL {
            let said: std::collections::BTreeSet<_> =
                Text::ALL.iter().map(|text| of(language, *text)).collect();
            assert_eq!(said.len(), Text::ALL.len(), "{language:?}");
        }
    }
}
