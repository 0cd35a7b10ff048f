//! Every text of the questions, in every language.
//!
//! A language is one file below `catalogue/`: a `match` over all keys, so that one which lacks a text
//! does not build. A new language is a new file and an arm in each `match` that then complains.
//! Arguments have names in braces, `{number}`; a test checks that each language uses the same.

mod de;
mod en;
mod es;
mod fr;
mod id;
mod it;
mod pt;
mod pt_br;
mod ru;

use super::dialogue::Glyphs;
use super::glyphs;
use super::language::{Language, Plural};

/// A text of the questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// Heading of the list of sessions.
    ChooseSession,
    /// Heading where a number was asked for that is not there: `number`.
    NumberMissing,
    /// Row: a new session.
    NewSession,
    /// Row: no session.
    FreshStart,
    /// Column: the session's name.
    Name,
    /// Column: version of the system.
    Version,
    /// Column: edition of the system.
    Edition,
    /// Column: how a session keeps its data.
    Mode,
    /// Column: the union file system.
    Union,
    /// Column: when a session was used last.
    LastUsed,
    /// Column: the space that a session takes.
    InUse,
    /// Column: the space that a session may take.
    Limit,
    /// In place of what is not recorded.
    Unknown,
    /// Mark: the session that is resumed by itself.
    Default,
    /// Mark: the last attempt to open it failed.
    LastFailed,
    /// Mark: the system in it did not come up the last time.
    NotComeUp,
    /// Mark: another system made it.
    Misfit,
    /// Free space of the store: `size`.
    Free,
    /// Countdown to a session: `number`, `seconds`.
    ResumeIn,
    /// Countdown to a new session: `seconds`.
    NewIn,
    /// Countdown to a start without a session: `seconds`.
    FreshIn,
    /// Follows a countdown.
    AnyKey,
    /// The number typed so far: `number`.
    Typed,
    /// A number was typed that no session has: `number`.
    NoSuchSession,
    /// Keys of the list of sessions.
    SessionHelp,
    /// Heading of the second screen: `number`.
    MisfitTitle,
    /// Column: what runs.
    ThisSystem,
    /// Column: what the session records.
    TheSession,
    /// What may come of opening it.
    AtRisk,
    /// Why another union cannot open it, and what can: `runs`, `stored`.
    OtherUnion,
    /// The system lacks what opens sessions of that mode: `mode`.
    OtherMode,
    /// It cannot be opened, for a reason that has no words of its own.
    CannotOpen,
    /// Choice: open it all the same.
    OpenAtRisk,
    /// Choice: not this one.
    Back,
    /// Keys of a screen with two choices.
    ConfirmHelp,
    /// Heading of the list of disks, for sessions.
    ChooseStore,
    /// Heading of the list of disks, for the system.
    ChooseSource,
    /// The directory on the disk: `dir`.
    Directory,
    /// Column: the device.
    Device,
    /// Column: how large a disk is.
    Size,
    /// Column: its file system.
    FileSystem,
    /// Column: the label of its file system.
    Label,
    /// In place of rows.
    NoDisk,
    /// Disks that are no choice: `list`.
    LeftOut,
    /// Keys of the list of disks.
    DiskHelp,
    /// Heading after Esc in the list of disks.
    NoneTitle,
    /// What follows, for sessions.
    NoneStore,
    /// What follows, for the system.
    NoneSource,
    /// Choice: none.
    NoneYes,
    /// Countdown of the list of disks: `seconds`.
    NoneIn,
}

/// A text that counts something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// So many days ago: `n`.
    Days,
    /// So many hours ago: `n`.
    Hours,
    /// So many minutes ago: `n`.
    Minutes,
    /// So many seconds ago: `n`.
    Seconds,
}

/// The forms of such a text.
struct Forms {
    one: &'static str,
    few: &'static str,
    many: &'static str,
}

impl Forms {
    /// A language that tells one from all other numbers.
    fn two(one: &'static str, many: &'static str) -> Self {
        Self {
            one,
            few: many,
            many,
        }
    }

    /// A language whose nouns do not change.
    fn same(all: &'static str) -> Self {
        Self::two(all, all)
    }
}

/// The texts of one language, for consoles that can show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Catalogue {
    language: Language,
}

impl Catalogue {
    /// The texts of a language.
    pub fn of(language: Language) -> Self {
        Self { language }
    }

    /// A text as a console shows it: in English where it lacks the letters of the language.
    pub fn text(self, text: Text, glyphs: Glyphs) -> String {
        glyphs::shown(self.raw(text, glyphs), glyphs)
    }

    /// A text with arguments. Their values must have passed through [`glyphs::untrusted`] if they are
    /// not ours.
    pub fn say(self, text: Text, arguments: &[(&str, &dyn ToString)], glyphs: Glyphs) -> String {
        let mut said = self.text(text, glyphs);
        for (name, value) in arguments {
            said = said.replacen(&format!("{{{name}}}"), &value.to_string(), 1);
        }
        said
    }

    /// A text that counts.
    pub fn count(self, counted: Counted, count: u64, glyphs: Glyphs) -> String {
        let language = self.language.fits(glyphs);
        let forms = match language {
            Language::En => en::forms(counted),
            Language::De => de::forms(counted),
            Language::Es => es::forms(counted),
            Language::Fr => fr::forms(counted),
            Language::Id => id::forms(counted),
            Language::It => it::forms(counted),
            Language::Pt => pt::forms(counted),
            Language::PtBr => pt_br::forms(counted),
            Language::Ru => ru::forms(counted),
        };
        let form = match language.plural(count) {
            Plural::One => forms.one,
            Plural::Few => forms.few,
            Plural::Many => forms.many,
        };
        glyphs::shown(form, glyphs).replacen("{n}", &count.to_string(), 1)
    }

    fn raw(self, text: Text, glyphs: Glyphs) -> &'static str {
        match self.language.fits(glyphs) {
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
}

#[cfg(test)]
#[path = "catalogue/tests.rs"]
mod tests;
