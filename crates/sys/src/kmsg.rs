//! The boot's log: every line goes to the kernel log, so that dmesg(1) and the journal of the
//! started system have it, and stays in memory for the boot record.
//!
//! Warnings and errors must be seen even where `quiet` keeps the kernel log off the screen:
//! then they also go straight to every console. Nothing here can wait: a serial line that nobody
//! reads costs us the text, not the boot. What is worth a line is decided elsewhere.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use log::{Level, LevelFilter, Log, Metadata, Record, SetLoggerError};
use perch_core::notice::Notice;
use rustix::fs::OFlags;
use rustix::time::{ClockId, clock_gettime};

mod systemd;

/// What each line begins with.
const PREFIX: &str = "perch: ";
/// The most lines kept in memory; a boot writes some hundred.
const MAX_LINES: usize = 4096;
/// The longest piece of text in one kernel record, in bytes. The kernel refuses records over
/// about 976 bytes as a whole (kernel/printk/printk.c, `LOG_LINE_MAX`).
const MAX_PIECE: usize = 900;

static INSTALLED: OnceLock<&'static Kmsg> = OnceLock::new();

/// Puts lines on every console and into the log: what the user has to read, or asked for. Does
/// nothing before [`Kmsg::install`].
pub fn announce(lines: &[String]) {
    if let Some(log) = INSTALLED.get() {
        log.announce(lines);
    }
}

/// Tells the user something: on every console, in the log with its code at the end, and for the boot
/// record, see [`Kmsg::notices`].
pub fn tell(notice: Notice) {
    let line = format!("{notice} [{}]", notice.code());
    if notice.is_warning() {
        log::warn!("{line}");
    } else {
        announce(&[line]);
    }
    if let Some(log) = INSTALLED.get() {
        log.keep(notice);
    }
}

/// Waits until the consoles have sent what they were given, `limit` at the most: before the machine ends.
pub fn drain(limit: Duration) {
    let Some(log) = INSTALLED.get() else {
        return;
    };
    let consoles: Vec<File> = log
        .state()
        .consoles
        .iter()
        .filter_map(|(_, file)| file.try_clone().ok())
        .collect();
    let (tell, told) = std::sync::mpsc::channel::<()>();
    // tcdrain(3) has no limit: a serial line that nobody reads never sends anything.
    let drains = std::thread::Builder::new().spawn(move || {
        for console in consoles {
            let _ = rustix::termios::tcdrain(&console);
        }
        drop(tell);
    });
    if drains.is_ok() {
        let _ = told.recv_timeout(limit);
    }
}

/// Keeps the kernel, systemd and this log off the consoles, which belong to a question for the user, until the
/// guard is dropped. What must be seen appears then; everything is in the log at once.
#[must_use]
pub fn hold() -> Held {
    systemd::hold();
    if let Some(log) = INSTALLED.get() {
        log.hold();
    }
    Held(())
}

/// Ends what [`hold`] began, whoever has the guard: for the panic hook.
pub fn release() {
    systemd::release();
    if let Some(log) = INSTALLED.get() {
        log.release();
    }
}

/// While it lives the consoles are left alone.
#[derive(Debug)]
pub struct Held(());

impl Drop for Held {
    fn drop(&mut self) {
        release();
    }
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How serious it is.
    pub level: Level,
    /// When it was written, since the kernel started. clock_gettime(2), `CLOCK_BOOTTIME`.
    pub since_boot: Duration,
    /// The text, made [`printable`], without the prefix.
    pub text: String,
}

/// Where the kernel keeps what we need; other places only in tests.
#[derive(Debug)]
struct Places {
    kmsg: PathBuf,
    console_loglevel: PathBuf,
    rate_limit: PathBuf,
    active_consoles: PathBuf,
    dev: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            kmsg: "/dev/kmsg".into(),
            console_loglevel: "/proc/sys/kernel/printk".into(),
            rate_limit: "/proc/sys/kernel/printk_devkmsg".into(),
            active_consoles: "/sys/class/tty/console/active".into(),
            dev: "/dev".into(),
        }
    }
}

/// The sink for [`log`]. Works from the first line on: what comes before `/dev` is mounted is
/// handed to the kernel with the first line after.
#[derive(Debug, Default)]
pub struct Kmsg {
    places: Places,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    kmsg: Option<File>,
    /// Kept open: closing a serial line may wait until it has sent everything.
    consoles: Vec<(String, File)>,
    lines: Vec<Line>,
    notices: Vec<Notice>,
    /// How many of `lines` the kernel has got.
    handed_over: usize,
    dropped: u64,
    /// The rate limit as it was found.
    rate_limit: Option<String>,
    /// Present while the consoles are left alone.
    held: Option<Waiting>,
}

/// What the consoles are to get afterwards.
#[derive(Debug)]
struct Waiting {
    /// The console log level as it was found; absent if it could not be read.
    limit: Option<u8>,
    lines: Vec<String>,
}

impl Kmsg {
    /// Makes it the program's log for lines up to `max`. Fails when there is one already.
    pub fn install(max: LevelFilter) -> Result<&'static Self, SetLoggerError> {
        // Lives as long as the program: that is what a log is for.
        let sink: &'static Self = Box::leak(Box::default());
        log::set_logger(sink)?;
        log::set_max_level(max);
        let _ = INSTALLED.set(sink);
        Ok(sink)
    }

    /// Has the kernel print every line on its consoles, as the parameter `debug` asks for.
    /// proc_sys_kernel(5), `printk`.
    pub fn show_everything(&self) -> io::Result<()> {
        std::fs::write(&self.places.console_loglevel, "8\n")
    }

    /// Puts lines on every console, whatever the console log level, and into the kernel log.
    fn announce(&self, lines: &[String]) {
        for line in lines {
            self.write(Level::Info, line);
            let mut state = self.state();
            if !self.kernel_shows(Level::Info) && !state.will_show(Level::Info) {
                state.show(&self.places, &printable(line));
            }
        }
    }

    /// See [`hold`].
    fn hold(&self) {
        let limit = self.console_loglevel();
        let mut state = self.state();
        if state.held.is_none() {
            state.held = Some(Waiting {
                limit,
                lines: Vec::new(),
            });
            // Emergencies only: the kernel allows nothing less.
            let _ = std::fs::write(&self.places.console_loglevel, "1\n");
        }
    }

    /// See [`release`].
    fn release(&self) {
        let mut state = self.state();
        let Some(held) = state.held.take() else {
            return;
        };
        for line in &held.lines {
            state.show(&self.places, line);
        }
        if let Some(limit) = held.limit {
            let _ = std::fs::write(&self.places.console_loglevel, format!("{limit}\n"));
        }
    }

    /// All lines so far, the oldest first, and how many more found no room.
    pub fn lines(&self) -> (Vec<Line>, u64) {
        let state = self.state();
        (state.lines.clone(), state.dropped)
    }

    /// What the user was told so far, the oldest first; of more than the log holds, the first.
    pub fn notices(&self) -> Vec<Notice> {
        self.state().notices.clone()
    }

    fn keep(&self, notice: Notice) {
        let mut state = self.state();
        if state.notices.len() < MAX_LINES {
            state.notices.push(notice);
        }
    }

    /// Lifts the rate limit of `/dev/kmsg`, by which the kernel drops lines of a program that
    /// writes many (ten in five seconds). `Documentation/admin-guide/sysctl/kernel.rst`,
    /// `printk_devkmsg`. Fails without `/proc`, or when the kernel's command line fixes it.
    pub fn lift_rate_limit(&self) -> io::Result<()> {
        let found = std::fs::read_to_string(&self.places.rate_limit)?;
        std::fs::write(&self.places.rate_limit, "on\n")?;
        self.state()
            .rate_limit
            .get_or_insert_with(|| found.trim_end().into());
        Ok(())
    }

    /// Puts the rate limit back as [`Self::lift_rate_limit`] found it, if it did. Call it before
    /// `/proc` moves to the new root.
    pub fn restore_rate_limit(&self) -> io::Result<()> {
        match self.state().rate_limit.take() {
            Some(found) => std::fs::write(&self.places.rate_limit, found + "\n"),
            None => Ok(()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves lines at worst half handed over: go on logging.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, level: Level, text: &str) {
        let now = clock_gettime(ClockId::Boottime);
        let line = Line {
            level,
            since_boot: Duration::try_from(now).unwrap_or_default(),
            text: printable(text).into_owned(),
        };
        let mut state = self.state();
        let state = &mut *state;
        if state.will_show(level) || (level <= Level::Warn && !self.kernel_shows(level)) {
            state.show(&self.places, &line.text);
        }
        if state.kmsg.is_none() {
            state.kmsg = open_for_append(&self.places.kmsg).ok();
        }
        let unsaved = if state.lines.len() < MAX_LINES {
            state.lines.push(line);
            None
        } else {
            state.dropped += 1;
            Some(line)
        };
        if let Some(kmsg) = &mut state.kmsg {
            let waiting = state.lines.iter().skip(state.handed_over);
            for line in waiting.chain(&unsaved) {
                hand_over(kmsg, line);
            }
            state.handed_over = state.lines.len();
        }
    }

    /// Whether the kernel prints records of this level on the consoles by itself: the first
    /// number is the level from which on it does not. proc_sys_kernel(5), `printk`.
    fn kernel_shows(&self, level: Level) -> bool {
        self.console_loglevel()
            .is_some_and(|limit| severity(level) < limit)
    }

    fn console_loglevel(&self) -> Option<u8> {
        let text = std::fs::read_to_string(&self.places.console_loglevel).ok()?;
        text.split_ascii_whitespace().next()?.parse().ok()
    }
}

impl State {
    /// Whether a line of this level waits for the consoles, because the kernel would have shown it.
    fn will_show(&self, level: Level) -> bool {
        self.held
            .as_ref()
            .and_then(|held| held.limit)
            .is_some_and(|limit| severity(level) < limit)
    }

    /// Writes to every active console, each on its own: what one cannot take now is lost there. While
    /// they are held, the text waits.
    fn show(&mut self, places: &Places, text: &str) {
        if let Some(held) = &mut self.held {
            if held.lines.len() < MAX_LINES {
                held.lines.push(text.to_owned());
            }
            return;
        }
        let active = std::fs::read_to_string(&places.active_consoles);
        // Without /sys, the console that the kernel prefers.
        let active = active.as_deref().unwrap_or("console");
        // The line discipline may be in raw mode, below a menu: it needs the carriage return.
        let line = format!("{PREFIX}{text}\r\n");
        for name in active.split_ascii_whitespace() {
            if !self.consoles.iter().any(|(open, _)| open == name) {
                let Ok(file) = open_for_append(&places.dev.join(name)) else {
                    continue;
                };
                self.consoles.push((name.into(), file));
            }
            if let Some((_, file)) = self.consoles.iter_mut().find(|(open, _)| open == name) {
                let _ = file.write(line.as_bytes());
            }
        }
    }
}

impl Log for Kmsg {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.write(record.level(), &record.args().to_string());
    }

    fn flush(&self) {}
}

/// Never waits: not for a carrier when opening, nor for room when writing.
fn open_for_append(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new()
        .append(true)
        .custom_flags(flags.bits() as i32)
        .open(path)
}

/// One write is one record. `Documentation/ABI/testing/dev-kmsg`.
fn hand_over(kmsg: &mut File, line: &Line) {
    let mut rest = line.text.as_str();
    loop {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(MAX_PIECE));
        let level = severity(line.level);
        // There is nobody left to tell that the log cannot be written.
        let _ = kmsg.write(format!("<{level}>{PREFIX}{piece}\n").as_bytes());
        if after.is_empty() {
            return;
        }
        rest = after;
    }
}

/// The level's number in syslog(2).
fn severity(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// Makes text that came from a medium harmless on a terminal: control characters, line
/// separators and characters that reverse the direction of writing are written as escapes.
pub fn printable(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if harmful(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
