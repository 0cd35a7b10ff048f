//! The entries of a menu.

use perch_core::menu::dialogue::Glyphs;
use perch_core::menu::glyphs;
use perch_core::menu::language::Language;
use perch_core::units::SessionId;

use super::words::{self, Text};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name for the loader: letters, digits, `-` and `_`.
    pub id: String,
    /// What people read.
    pub title: Label,
    /// What it does, where there is room for it.
    pub help: Option<Label>,
    /// The letter that starts it at once; `c`, `e` and `l` are taken.
    pub hotkey: Option<char>,
    /// Kernel parameters, besides those of every entry.
    pub parameters: String,
}

/// Words in a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// Ours, in every language.
    Ours(Text),
    /// Somebody's, in the one language they are in. Any text.
    Given(String),
}

/// A session with an entry of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSession {
    /// Its number.
    pub id: SessionId,
    /// Its name. Any text.
    pub name: String,
}

impl Entry {
    /// The entries of every perch medium: resume, new, ask, fresh and copy to RAM.
    pub fn five() -> Vec<Self> {
        let entry = |id: &str, title, help, hotkey, parameters: &str| Self {
            id: id.into(),
            title: Label::Ours(title),
            help: Some(Label::Ours(help)),
            hotkey: Some(hotkey),
            parameters: parameters.into(),
        };
        vec![
            entry(
                "resume",
                Text::Resume,
                Text::ResumeHelp,
                'r',
                "perchdir=resume",
            ),
            entry("new", Text::New, Text::NewHelp, 'n', "perchdir=new"),
            entry("ask", Text::Ask, Text::AskHelp, 's', "perchdir=ask"),
            entry("fresh", Text::Fresh, Text::FreshHelp, 'f', ""),
            entry("toram", Text::ToRam, Text::ToRamHelp, 't', "toram"),
        ]
    }
}

impl Label {
    /// The words for a screen that shows ASCII only.
    pub(super) fn ascii(&self, language: Language) -> String {
        match self {
            // As in perch's own questions: no letter of Russian is in ASCII, so English it is.
            Self::Ours(text) => glyphs::shown(
                words::of(language.fits(Glyphs::Ascii), *text),
                Glyphs::Ascii,
            ),
            Self::Given(text) => ascii(text),
        }
    }

    /// The words for a screen that shows any letter.
    pub(super) fn unicode(&self, language: Language) -> String {
        match self {
            Self::Ours(text) => words::of(language, *text).into(),
            Self::Given(text) => unicode(text),
        }
    }
}

/// The longest text of others that is shown, in characters.
const LONGEST: usize = 60;

/// Any text as ASCII that steers nothing; never empty.
pub(super) fn ascii(text: &str) -> String {
    glyphs::untrusted(&cut(text), Glyphs::Ascii)
}

/// Any text as letters that steer nothing: control characters, marks and directions become `?`. Never empty.
pub(super) fn unicode(text: &str) -> String {
    let fits = |c: char| matches!(c, ' '..='~' | '\u{a1}'..='\u{17f}') && c != '\u{ad}';
    let shown = |c: char| {
        if fits(c) || c.is_alphanumeric() {
            c
        } else {
            '?'
        }
    };
    cut(text).chars().map(shown).collect()
}

fn cut(text: &str) -> String {
    match text.trim() {
        "" => "?".into(),
        text => text.chars().take(LONGEST).collect(),
    }
}
