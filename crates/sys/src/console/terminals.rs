//! The consoles that the kernel uses, opened for a question.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use perch_core::menu::dialogue::{Glyphs, Screen};
use rustix::fs::{Mode, OFlags, fstat, open};
use rustix::io::{Errno, read, write};
use rustix::termios::{tcgetattr, tcgetwinsize};

use super::raw::Raw;

/// What a terminal has that does not tell its size: the VT100, and every emulator of it.
const USUAL: (u16, u16) = (80, 24);
/// The smallest and the largest size that is believed; a serial line is 0 by 0 when nobody set it.
const SMALLEST: (u16, u16) = (20, 4);
const LARGEST: (u16, u16) = (500, 200);
/// How much a terminal may send before the others have their turn.
const ONE_READ: usize = 256;

/// One console, in raw mode until dropped.
#[derive(Debug)]
pub struct Terminal {
    /// Its name below `/dev/`.
    name: String,
    raw: Raw,
    glyphs: Glyphs,
    /// Columns and rows; absent until a terminal that the kernel does not know the size of tells it.
    size: Option<(u16, u16)>,
}

/// Every console on which somebody can be asked.
#[derive(Debug, Default)]
pub struct Terminals {
    pub(super) list: Vec<Terminal>,
}

/// A terminal said nothing more, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone;

impl Terminals {
    /// Opens each active console and puts it into raw mode. What is no terminal, or has no device
    /// behind it, is left out; there may be none at all.
    pub fn open() -> Self {
        Self::open_in(Path::new("/sys"), Path::new("/dev"))
    }

    /// The same with other places for `/sys` and `/dev`.
    pub fn open_in(sys: &Path, dev: &Path) -> Self {
        let mut list = Vec::new();
        for (name, terminal) in consoles(sys, dev) {
            let glyphs = glyphs(sys, &name);
            match Raw::enter(terminal) {
                Ok(raw) => list.push(Terminal::new(name, raw, glyphs)),
                Err(error) => log::info!("/dev/{name} cannot be used for questions: {error}"),
            }
        }
        Self { list }
    }

    /// Whether there is nobody to ask.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// Whether there is a console on which somebody can be asked. Changes nothing.
pub fn any() -> bool {
    !consoles(Path::new("/sys"), Path::new("/dev")).is_empty()
}

/// The consoles that can be opened and are terminals, each device once.
fn consoles(sys: &Path, dev: &Path) -> Vec<(String, OwnedFd)> {
    let active = fs::read_to_string(sys.join("class/tty/console/active")).unwrap_or_default();
    let mut found: Vec<(String, OwnedFd, u64)> = Vec::new();
    for name in active.split_ascii_whitespace() {
        let name = virtual_terminal(sys, name);
        // NONBLOCK also spares the wait for a carrier.
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = open(dev.join(&name), flags, Mode::empty())
            .and_then(|terminal| tcgetattr(&terminal).map(|_| terminal))
            .and_then(|terminal| Ok((fstat(&terminal)?.st_rdev, terminal)));
        match opened {
            Ok((device, _)) if found.iter().any(|(_, _, other)| *other == device) => {}
            Ok((device, terminal)) => found.push((name, terminal, device)),
            Err(error) => log::debug!("/dev/{name} is no terminal to ask on: {error}"),
        }
    }
    found
        .into_iter()
        .map(|(name, terminal, _)| (name, terminal))
        .collect()
}

/// `tty0` stands for whichever virtual terminal is in front: that one is used, so that the question
/// does not wander when the user switches to another.
fn virtual_terminal(sys: &Path, name: &str) -> String {
    if name != "tty0" {
        return name.to_owned();
    }
    fs::read_to_string(sys.join("class/tty/tty0/active"))
        .ok()
        .map(|front| front.trim().to_owned())
        .filter(|front| !front.is_empty())
        .unwrap_or_else(|| "tty1".to_owned())
}

/// A virtual terminal is in UTF-8 mode unless the kernel was told otherwise (`vt.default_utf8`). What
/// hangs on a serial line nobody knows.
fn glyphs(sys: &Path, name: &str) -> Glyphs {
    let is_virtual = name
        .strip_prefix("tty")
        .is_some_and(|number| number.parse::<u8>().is_ok());
    let utf8 = fs::read_to_string(sys.join("module/vt/parameters/default_utf8"));
    match utf8 {
        Ok(utf8) if is_virtual && matches!(utf8.trim(), "1" | "Y") => Glyphs::Utf8,
        _ => Glyphs::Ascii,
    }
}

fn believable(size: (u16, u16)) -> bool {
    let within = |value, least, most| (least..=most).contains(&value);
    within(size.0, SMALLEST.0, LARGEST.0) && within(size.1, SMALLEST.1, LARGEST.1)
}

impl Terminal {
    fn new(name: String, raw: Raw, glyphs: Glyphs) -> Self {
        let size = tcgetwinsize(&raw)
            .ok()
            .map(|size| (size.ws_col, size.ws_row))
            .filter(|size| believable(*size));
        Self {
            name,
            raw,
            glyphs,
            size,
        }
    }

    /// Its name below `/dev/`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it can show. A size that is not known yet is that of a VT100.
    pub fn screen(&self) -> Screen {
        let (columns, rows) = self.size.unwrap_or(USUAL);
        Screen {
            columns,
            rows,
            glyphs: self.glyphs,
        }
    }

    /// Whether its size has to be asked of the terminal itself.
    pub(super) fn size_is_unknown(&self) -> bool {
        self.size.is_none()
    }

    /// Takes the terminal's own word for its size, once and if it can be true.
    pub(super) fn learn_size(&mut self, columns: u16, rows: u16) {
        if self.size.is_none() && believable((columns, rows)) {
            self.size = Some((columns, rows));
        }
    }

    /// What was typed since the last call; empty if nothing was.
    pub(super) fn read(&self) -> Result<Vec<u8>, Gone> {
        let mut buffer = vec![0; ONE_READ];
        loop {
            match read(&self.raw, &mut buffer) {
                // A hang-up.
                Ok(0) => return Err(Gone),
                Ok(length) => {
                    buffer.truncate(length);
                    return Ok(buffer);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(Vec::new()),
                Err(_) => return Err(Gone),
            }
        }
    }

    /// Writes what the terminal takes without waiting; returns how much that was.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<usize, Gone> {
        loop {
            match write(&self.raw, bytes) {
                Ok(length) => return Ok(length),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(0),
                Err(_) => return Err(Gone),
            }
        }
    }
}

impl AsFd for Terminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.raw.as_fd()
    }
}
