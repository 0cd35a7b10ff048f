//! What a question and a terminal have to know of each other.
//!
//! A [`Dialogue`] is pure: keys and time come in, lines and in the end an answer go out. One
//! dialogue may be on several consoles at once, each with a [`Screen`] of its own.

use std::time::Duration;

/// A key as a terminal sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
    /// Enter, whether it came as CR, LF or both.
    Enter,
    /// Escape, alone.
    Escape,
    /// Backspace, or Ctrl-H.
    Backspace,
    /// A key that stands for a character; never a control character.
    Char(char),
}

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Its width in character cells, never 0.
    pub columns: u16,
    /// Its height in lines, never 0.
    pub rows: u16,
    /// The characters that it shows.
    pub glyphs: Glyphs,
}

/// The characters that a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// Printable ASCII and nothing else: a serial line, at whose other end anything may be.
    Ascii,
    /// UTF-8 with a Latin font, such as the ones the kernel brings along (code page 437, to which
    /// drivers/tty/vt/cp437.uni maps ISO 8859-1). The usual virtual terminal at boot.
    Utf8,
    /// UTF-8 with a font that has Cyrillic letters too, and known to have them (GIO_UNIMAP).
    Utf8Cyrillic,
}

/// One line of text to show: no line ends, no control characters, no escape sequences in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The text, at most as wide as the screen.
    pub text: String,
    /// How it stands out.
    pub style: Style,
}

/// How a line stands out. The text says the same without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Not at all.
    Plain,
    /// What the screen is about.
    Title,
    /// The row that Enter takes.
    Selected,
    /// Help and other things of less weight.
    Dim,
    /// Something to be careful about.
    Warning,
}

/// Something that talks with a user. Pure: time comes in, text goes out.
pub trait Dialogue {
    /// What the talk is to find out.
    type Answer;

    /// A key was pressed, on whichever console. `Some` ends the talk.
    fn key(&mut self, key: Key) -> Option<Self::Answer>;

    /// The time since the talk began, never less than at the call before. `Some` ends the talk
    /// (time-out).
    fn tick(&mut self, elapsed: Duration) -> Option<Self::Answer>;

    /// When [`tick`](Self::tick) wants to be called next, since the talk began; `None` if only keys
    /// matter (no countdown).
    fn next_tick(&self, elapsed: Duration) -> Option<Duration>;

    /// The lines for a screen: at most as many as it has rows, none wider than it is.
    fn render(&self, screen: &Screen) -> Vec<Line>;
}
