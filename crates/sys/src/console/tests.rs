//! Conversations on real terminals: pseudo-terminals, whose other ends the tests hold.

use std::fs;
use std::io::{PipeReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::Path;

use perch_core::menu::dialogue::{Key, Line, Screen, Style};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::*;

/// The screen says what was typed and how wide it is; Enter ends it, so does the clock.
struct Typing {
    typed: String,
    limit: Duration,
    news: usize,
}

impl Default for Typing {
    fn default() -> Self {
        Self {
            typed: String::new(),
            // A test whose user finds something wrong still ends.
            limit: Duration::from_secs(60),
            news: 0,
        }
    }
}

impl Dialogue for Typing {
    type Answer = String;

    fn key(&mut self, key: Key) -> Option<String> {
        match key {
            Key::Char(c) => self.typed.push(c),
            Key::Backspace => self.typed.clear(),
            Key::Enter => return Some(self.typed.clone()),
            other => self.typed.push_str(&format!("<{other:?}>")),
        }
        None
    }

    fn tick(&mut self, elapsed: Duration) -> Option<String> {
        (elapsed >= self.limit).then(|| "time is up".to_owned())
    }

    fn next_tick(&self, _: Duration) -> Option<Duration> {
        Some(self.limit)
    }

    fn render(&self, screen: &Screen) -> Vec<Line> {
        let line = |text: String| Line {
            text,
            style: Style::Plain,
        };
        let rest = usize::from(screen.rows) - 1;
        let mut lines = vec![line(format!(
            "width {} typed {} news {};",
            screen.columns, self.typed, self.news
        ))];
        lines.extend((0..rest).map(|row| line(format!("{row} {}", "x".repeat(60)))));
        lines
    }
}

/// The other ends of some consoles, and the directories in which the kernel would show them.
struct Desk {
    dir: tempfile::TempDir,
    masters: Vec<OwnedFd>,
}

impl Desk {
    fn with(names: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let console = dir.path().join("class/tty/console");
        fs::create_dir_all(&console).unwrap();
        fs::write(console.join("active"), names.join(" ") + "\n").unwrap();
        let mut masters = Vec::new();
        for name in names {
            let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
            grantpt(&master).unwrap();
            unlockpt(&master).unwrap();
            let path = ptsname(&master, Vec::new()).unwrap();
            symlink(path.to_str().unwrap(), dir.path().join(name)).unwrap();
            masters.push(master);
        }
        Self { dir, masters }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn open(&self) -> Terminals {
        Terminals::open_in(self.path(), self.path())
    }

    /// A terminal as the program that follows finds it.
    fn look(&self, name: &str) -> OwnedFd {
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        open(self.path().join(name), flags, Mode::empty()).unwrap()
    }

    fn is_cooked(&self, name: &str) -> bool {
        let modes = tcgetattr(self.look(name)).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    fn press(&self, console: usize, keys: &str) {
        let mut rest = keys.as_bytes();
        while !rest.is_empty() {
            let written = rustix::io::write(&self.masters[console], rest).unwrap();
            rest = &rest[written..];
        }
    }

    /// Reads until `text` has come; everything that has.
    fn wait_for(&self, console: usize, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            let master = &self.masters[console];
            let mut ready = [PollFd::new(master, PollFlags::IN)];
            let timeout = Timespec::try_from(left).unwrap();
            assert!(
                poll(&mut ready, Some(&timeout)).unwrap() > 0,
                "{text:?} never came: {:?}",
                String::from_utf8_lossy(&seen)
            );
            let mut buffer = [0; 4096];
            let length = rustix::io::read(master, &mut buffer).unwrap();
            seen.extend_from_slice(&buffer[..length]);
        }
        String::from_utf8_lossy(&seen).into_owned()
    }
}

/// Talks with `dialogue` on the desk's consoles while `user` is at them.
fn talk(desk: &Desk, mut dialogue: Typing, user: impl FnOnce()) -> Ending<String> {
    let terminals = desk.open();
    std::thread::scope(|scope| {
        let talk = scope.spawn(|| converse(terminals, &mut dialogue, &[], |_| {}));
        user();
        talk.join().unwrap()
    })
}

fn answered(answer: &str, on: &str) -> Ending<String> {
    Ending::Answered {
        answer: answer.into(),
        on: on.into(),
    }
}

#[test]
fn the_first_answer_counts_on_whichever_console_and_all_are_put_back() {
    let desk = Desk::with(&["tty1", "ttyS0"]);
    for (console, name) in [(0, "tty1"), (1, "ttyS0")] {
        assert!(desk.is_cooked(name));
        let ending = talk(&desk, Typing::default(), || {
            desk.wait_for(0, "typed  news");
            desk.wait_for(1, "typed  news");
            assert!(!desk.is_cooked("tty1") && !desk.is_cooked("ttyS0"));
            desk.press(console, "2");
            // What is typed on one is seen on the other.
            desk.wait_for(1 - console, "typed 2");
            desk.press(console, "\r\n");
        });
        assert_eq!(ending, answered("2", name));
        for (console, name) in [(0, "tty1"), (1, "ttyS0")] {
            assert!(desk.is_cooked(name), "{name}");
            desk.wait_for(console, "\x1b[2J\x1b[H\x1b[?25h");
        }
    }
}

#[test]
fn arrows_in_one_read_and_in_pieces_are_all_seen() {
    let desk = Desk::with(&["ttyS0"]);
    let ending = talk(&desk, Typing::default(), || {
        desk.press(0, "\x1b[B\x1b[B\x1bOA");
        desk.wait_for(0, "<Down><Down><Up>");
        desk.press(0, "\x1b");
        desk.wait_for(0, "<Escape>");
        desk.press(0, "\x1b[5");
        desk.press(0, "~\n");
    });
    assert_eq!(
        ending,
        answered("<Down><Down><Up><Escape><PageUp>", "ttyS0")
    );
}

#[test]
fn a_line_without_a_size_is_80_by_24_until_it_tells_another() {
    let desk = Desk::with(&["ttyS0"]);
    talk(&desk, Typing::default(), || {
        let first = desk.wait_for(0, "width 80 ");
        assert!(first.contains("\x1b[6n"), "{first:?}");
        desk.press(0, "\x1b[30;100R");
        let second = desk.wait_for(0, "\n28 x");
        assert!(second.contains("width 100 "), "{second:?}");
        assert!(!second.contains("\x1b[6n"), "{second:?}");
        desk.press(0, "\r");
    });
}

#[test]
fn a_size_that_is_known_is_not_asked_for() {
    let desk = Desk::with(&["ttyS0"]);
    let size = Winsize {
        ws_row: 40,
        ws_col: 132,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&desk.masters[0], size).unwrap();
    let ending = talk(&desk, Typing::default(), || {
        let first = desk.wait_for(0, "\n38 x");
        assert!(first.contains("width 132 "), "{first:?}");
        assert!(!first.contains("\x1b[6n"), "{first:?}");
        // A key whose code looks like an answer: F3 with Shift.
        desk.press(0, "\x1b[1;2R\r");
    });
    assert_eq!(ending, answered("", "ttyS0"));
}

#[test]
fn a_console_that_hangs_up_is_left_out_and_the_last_one_ends_it() {
    let mut desk = Desk::with(&["tty1", "ttyS0"]);
    let terminals = desk.open();
    std::thread::scope(|scope| {
        let talk = scope.spawn(|| converse(terminals, &mut Typing::default(), &[], |_| {}));
        desk.wait_for(1, "typed  news");
        desk.masters.remove(0);
        desk.press(0, "still here");
        desk.wait_for(0, "still here");
        desk.masters.clear();
        assert_eq!(talk.join().unwrap(), Ending::NobodyLeft);
    });
}

#[test]
fn a_console_that_takes_nothing_holds_up_no_other() {
    let desk = Desk::with(&["ttyS0", "ttyS1"]);
    // Nobody reads the first one: each frame fills its buffers a little more.
    let ending = talk(&desk, Typing::default(), || {
        for number in 0..200 {
            let key = char::from(b'a' + number % 26);
            desk.press(1, &format!("\x08{key}"));
            desk.wait_for(1, &format!("{key} news"));
        }
        desk.press(1, "\r");
    });
    assert!(matches!(ending, Ending::Answered { on, .. } if on == "ttyS1"));
}

#[test]
fn the_clock_answers_when_nobody_does() {
    let desk = Desk::with(&["ttyS0"]);
    let dialogue = Typing {
        limit: Duration::from_millis(50),
        ..Typing::default()
    };
    let ending = talk(&desk, dialogue, || {});
    assert_eq!(ending, Ending::ByItself("time is up".into()));
    assert!(desk.is_cooked("ttyS0"));
}

#[test]
fn news_is_shown_at_once_and_its_end_is_no_news() {
    let desk = Desk::with(&["ttyS0"]);
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    let mut own: PipeReader = reader.try_clone().unwrap();
    let terminals = desk.open();
    std::thread::scope(|scope| {
        let talk = scope.spawn(move || {
            let wake = own.as_fd().try_clone_to_owned().unwrap();
            let mut dialogue = Typing::default();
            let ending = converse(terminals, &mut dialogue, &[wake.as_fd()], |dialogue| {
                let mut buffer = [0; 16];
                dialogue.news += own.read(&mut buffer).unwrap();
            });
            (ending, dialogue.news)
        });
        desk.wait_for(0, "news 0");
        writer.write_all(b"!").unwrap();
        desk.wait_for(0, "news 1");
        drop(writer);
        // The pipe stays readable for ever: that must not keep the keys from being read.
        assert_eq!(reader.read(&mut [0; 1]).unwrap(), 0);
        desk.press(0, "\r");
        assert_eq!(talk.join().unwrap(), (answered("", "ttyS0"), 1));
    });
}

#[test]
fn what_is_no_terminal_is_no_console_and_one_device_is_asked_once() {
    let desk = Desk::with(&["tty1", "ttyS0"]);
    let active = desk.path().join("class/tty/console/active");
    fs::create_dir_all(desk.path().join("class/tty/tty0")).unwrap();
    fs::write(desk.path().join("class/tty/tty0/active"), "tty1\n").unwrap();
    fs::write(desk.path().join("file"), "").unwrap();
    for (consoles, want) in [
        ("tty0 ttyS0\n", &["tty1", "ttyS0"][..]),
        // The one in front twice, a file, and what is not there.
        ("tty0 tty1 file ttyS7\n", &["tty1"]),
        ("\n", &[]),
    ] {
        fs::write(&active, consoles).unwrap();
        let terminals = desk.open();
        let names: Vec<&str> = terminals.list.iter().map(|it| it.name()).collect();
        assert_eq!(names, want, "{consoles:?}");
        assert_eq!(terminals.is_empty(), want.is_empty());
    }
    fs::remove_file(&active).unwrap();
    assert!(desk.open().is_empty());
}

#[test]
fn characters_beyond_ascii_are_for_virtual_terminals_in_utf8_mode() {
    use perch_core::menu::dialogue::Glyphs;
    let desk = Desk::with(&["tty1", "ttyS0"]);
    let parameters = desk.path().join("module/vt/parameters");
    fs::create_dir_all(&parameters).unwrap();
    for (utf8, want) in [
        ("1\n", [Glyphs::Utf8, Glyphs::Ascii]),
        ("0\n", [Glyphs::Ascii, Glyphs::Ascii]),
    ] {
        fs::write(parameters.join("default_utf8"), utf8).unwrap();
        let terminals = desk.open();
        let glyphs: Vec<Glyphs> = terminals.list.iter().map(|it| it.screen().glyphs).collect();
        assert_eq!(glyphs, want, "{utf8:?}");
    }
}
