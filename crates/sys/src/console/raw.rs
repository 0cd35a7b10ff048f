//! Terminals in raw mode, and back again on every way out.
//!
//! A terminal that stays raw echoes nothing in the login prompt that follows. Dropping the guard
//! puts it back; a program whose panic ends it at once runs no `Drop`, so that what is to be put
//! back is also known to [`restore_all`], for the panic hook.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Result, write};
use rustix::termios::{OptionalActions, QueueSelector, SpecialCodeIndex, Termios};
use rustix::termios::{tcflush, tcgetattr, tcsetattr};

/// No attributes, lines wrap, the whole screen empty, the cursor at its start and shown.
const LEAVE: &[u8] = b"\x1b[m\x1b[?7h\x1b[2J\x1b[H\x1b[?25h";

/// The terminals that are raw now.
static RAW: Mutex<Vec<Saved>> = Mutex::new(Vec::new());
static NEXT: AtomicUsize = AtomicUsize::new(0);

struct Saved {
    number: usize,
    terminal: Arc<OwnedFd>,
    settings: Termios,
}

impl Saved {
    /// Cannot wait: not for output to drain, nor for room.
    fn restore(&self) {
        let terminal = &*self.terminal;
        // A slow line is still drawing what nobody needs any more, and closing it would wait for that.
        if !takes_more(terminal) {
            let _ = tcflush(terminal, QueueSelector::OFlush);
        }
        // A terminal that is gone needs nothing.
        let _ = write(terminal, LEAVE);
        // Enter sent as CR LF, and whatever was typed too much, is not for the login prompt.
        let _ = tcflush(terminal, QueueSelector::IFlush);
        let _ = tcsetattr(terminal, OptionalActions::Now, &self.settings);
    }
}

/// Whether the terminal's queue has room now. Linux says so below 256 waiting bytes.
fn takes_more(terminal: &OwnedFd) -> bool {
    let mut wait = [PollFd::new(terminal, PollFlags::OUT)];
    poll(&mut wait, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

/// A terminal in raw mode; dropping it clears the screen and puts the terminal back.
#[derive(Debug)]
pub(super) struct Raw {
    number: usize,
    terminal: Arc<OwnedFd>,
}

impl Raw {
    /// Puts `terminal` into raw mode. The speed and format of a serial line stay as they are.
    pub(super) fn enter(terminal: OwnedFd) -> Result<Self> {
        let settings = tcgetattr(&terminal)?;
        let mut raw = settings.clone();
        raw.make_raw();
        raw.control_modes = settings.control_modes;
        // One byte is enough for a read, and without one it does not look like the end.
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        let terminal = Arc::new(terminal);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Known before it is changed.
        RAW.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Saved {
                number,
                terminal: Arc::clone(&terminal),
                settings,
            });
        let entered = Self { number, terminal };
        tcsetattr(&entered.terminal, OptionalActions::Now, &raw)?;
        Ok(entered)
    }
}

impl AsFd for Raw {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.terminal.as_fd()
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let mut all = RAW.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = all.iter().position(|saved| saved.number == self.number) {
            all.swap_remove(at).restore();
        }
    }
}

/// Puts every terminal back that is raw now. For the panic hook, which may run anywhere: it waits
/// for no lock.
pub fn restore_all() {
    let mut all = match RAW.try_lock() {
        Ok(all) => all,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return,
    };
    for saved in all.drain(..) {
        saved.restore();
    }
}
