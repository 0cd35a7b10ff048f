//! What one terminal shows of a question, and what it still has to be sent.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use perch_core::menu::dialogue::{Dialogue, Glyphs, Line, Screen, Style};
use rustix::event::PollFlags;

use super::keys::{Keys, Token};
use super::terminals::{Gone, Terminal};

/// The cursor is hidden, no line wraps, the screen is empty.
const ENTER: &str = "\x1b[?25l\x1b[?7l\x1b[m\x1b[2J";
/// The cursor goes as far to the lower right as the screen does: where is it? (ECMA-48, CUP, DSR)
const ASK_SIZE: &str = "\x1b[999;999H\x1b[6n";

/// One terminal in a conversation.
#[derive(Debug)]
pub(super) struct View {
    terminal: Terminal,
    keys: Keys,
    /// What the lines below were made for; absent before the first.
    screen: Option<Screen>,
    /// What is on the screen, or will be when `queue` is sent.
    shown: Vec<Line>,
    /// What the terminal did not take yet.
    queue: Vec<u8>,
}

impl View {
    pub(super) fn new(terminal: Terminal) -> Self {
        Self {
            terminal,
            keys: Keys::default(),
            screen: None,
            shown: Vec::new(),
            queue: Vec::new(),
        }
    }

    pub(super) fn name(&self) -> &str {
        self.terminal.name()
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.terminal.as_fd()
    }

    /// What it has to be waited for.
    pub(super) fn interest(&self) -> PollFlags {
        if self.queue.is_empty() {
            PollFlags::IN
        } else {
            PollFlags::IN | PollFlags::OUT
        }
    }

    /// See [`Keys::deadline`].
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.keys.deadline()
    }

    /// What was typed until `now`; `ready` is what poll(2) said.
    pub(super) fn read(&mut self, ready: PollFlags, now: Duration) -> Result<Vec<Token>, Gone> {
        if ready.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Err(Gone);
        }
        if ready.contains(PollFlags::IN) {
            let bytes = self.terminal.read()?;
            return Ok(self.keys.push(&bytes, now));
        }
        Ok(self.keys.quiet(now).into_iter().collect())
    }

    pub(super) fn learn_size(&mut self, columns: u16, rows: u16) {
        self.terminal.learn_size(columns, rows);
    }

    /// Sends what changed since the last time; nothing new while the terminal has not taken the old.
    pub(super) fn draw<D: Dialogue>(&mut self, dialogue: &D) -> Result<(), Gone> {
        self.send()?;
        if !self.queue.is_empty() {
            return Ok(());
        }
        let screen = self.terminal.screen();
        let mut text = String::new();
        if self.screen != Some(screen) {
            let first = self.screen.replace(screen).is_none();
            self.shown.clear();
            text.push_str(ENTER);
            if first && self.terminal.size_is_unknown() {
                text.push_str(ASK_SIZE);
            }
        }
        let mut lines = dialogue.render(&screen);
        lines.truncate(screen.rows.into());
        changes(&self.shown, &lines, &screen, &mut text);
        self.shown = lines;
        self.queue.extend_from_slice(text.as_bytes());
        self.send()
    }

    fn send(&mut self) -> Result<(), Gone> {
        while !self.queue.is_empty() {
            let taken = self.terminal.write(&self.queue)?;
            if taken == 0 {
                break;
            }
            self.queue.drain(..taken.min(self.queue.len()));
        }
        Ok(())
    }
}

/// Adds to `out` what makes `after` of a screen that shows `before`.
fn changes(before: &[Line], after: &[Line], screen: &Screen, out: &mut String) {
    let mut last = None;
    for (at, line) in after.iter().enumerate() {
        if before.get(at) == Some(line) {
            continue;
        }
        // Shorter than a position, and whoever records the line has a text to read.
        if at > 0 && last == Some(at - 1) {
            out.push_str("\r\n");
        } else {
            out.push_str(&format!("\x1b[{};1H", at + 1));
        }
        draw_line(line, screen, out);
        last = Some(at);
    }
    if after.len() < before.len() {
        // From here to the end of the screen.
        out.push_str(&format!("\x1b[{};1H\x1b[J", after.len() + 1));
    }
}

fn draw_line(line: &Line, screen: &Screen, out: &mut String) {
    let style = match line.style {
        Style::Plain => "",
        Style::Title => "\x1b[1m",
        Style::Selected => "\x1b[7m",
        Style::Dim => "\x1b[2m",
        Style::Warning => "\x1b[1;33m",
    };
    let width = usize::from(screen.columns);
    out.push_str(style);
    // The dialogue keeps to this already; a label from a stick must not get through by a mistake there.
    out.extend(line.text.chars().take(width).map(|c| match screen.glyphs {
        Glyphs::Ascii if !c.is_ascii_graphic() && c != ' ' => '?',
        _ if c.is_control() => '?',
        Glyphs::Ascii | Glyphs::Utf8 | Glyphs::Utf8Cyrillic => c,
    }));
    if !style.is_empty() {
        out.push_str("\x1b[m");
    }
    // After a full line the cursor is on its last character, which would be erased.
    if line.text.chars().count() < width {
        out.push_str("\x1b[K");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Screen = Screen {
        columns: 8,
        rows: 5,
        glyphs: Glyphs::Ascii,
    };

    fn lines(texts: &[&str]) -> Vec<Line> {
        let line = |text: &&str| Line {
            text: (*text).to_owned(),
            style: Style::Plain,
        };
        texts.iter().map(line).collect()
    }

    fn drawn(before: &[&str], after: &[&str]) -> String {
        let mut out = String::new();
        changes(&lines(before), &lines(after), &SCREEN, &mut out);
        out
    }

    #[test]
    fn only_lines_that_changed_are_sent() {
        for (before, after, want) in [
            (&[][..], &["a", "b"][..], "\x1b[1;1Ha\x1b[K\r\nb\x1b[K"),
            (&["a", "b"], &["a", "b"], ""),
            (&["a", "b"], &["a", "c"], "\x1b[2;1Hc\x1b[K"),
            (&["a"], &["a", "c"], "\x1b[2;1Hc\x1b[K"),
            (&["a", "b", "c"], &["a"], "\x1b[2;1H\x1b[J"),
            (&["a"], &["12345678"], "\x1b[1;1H12345678"),
            (
                &["a", "b", "c"],
                &["d", "b", "e"],
                "\x1b[1;1Hd\x1b[K\x1b[3;1He\x1b[K",
            ),
        ] {
            assert_eq!(drawn(before, after), want, "{before:?} to {after:?}");
        }
    }

    #[test]
    fn nothing_but_text_reaches_a_terminal() {
        let harmful = "\x1b[2J\u{9b}ä\r123456789";
        assert_eq!(drawn(&[], &[harmful]), "\x1b[1;1H?[2J???1");
    }
}
