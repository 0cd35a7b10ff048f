//! One serial port of the guest: everything received is kept and can be waited for.

use std::fs::File;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::in_order;

/// The host's end of a serial port.
pub struct Serial {
    stream: UnixStream,
    received: Arc<Received>,
}

#[derive(Default)]
struct Received {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    closed: bool,
}

impl Received {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Serial {
    /// Starts receiving from `stream`; everything is also written to `log`.
    ///
    /// # Errors
    /// If the stream cannot be shared with the receiving thread.
    pub fn new(stream: UnixStream, mut log: Option<File>) -> Result<Self> {
        let mut reader = stream.try_clone()?;
        let received = Arc::new(Received::default());
        let shared = Arc::clone(&received);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Any end of the connection counts as the machine's end; a log that cannot be written loses only the log.
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                let new = &buffer[..length];
                if let Some(log) = &mut log {
                    let _ = log.write_all(new);
                }
                shared.lock().bytes.extend_from_slice(new);
                shared.changed.notify_all();
            }
            shared.lock().closed = true;
            shared.changed.notify_all();
        });
        Ok(Self { stream, received })
    }

    /// Everything received so far, with invalid UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.received.lock().bytes).into_owned()
    }

    /// Sends `bytes` to the guest.
    ///
    /// # Errors
    /// If the machine is gone.
    pub fn send(&self, bytes: &[u8]) -> Result<()> {
        (&self.stream)
            .write_all(bytes)
            .context("cannot send to the guest")
    }

    /// Waits until `needle` was received at or after position `from`, and returns the position behind it.
    ///
    /// # Errors
    /// If the machine ends or `deadline` passes first.
    pub fn wait_for(&self, needle: &str, from: usize, deadline: Instant) -> Result<usize> {
        Ok(self.wait_for_any(&[needle], from, deadline)?.1)
    }

    /// Waits for whichever of `needles` comes first; returns its index and the position behind it.
    ///
    /// # Errors
    /// If the machine ends or `deadline` passes first.
    pub fn wait_for_any(
        &self,
        needles: &[&str],
        from: usize,
        deadline: Instant,
    ) -> Result<(usize, usize)> {
        let longest = needles.iter().map(|needle| needle.len()).max().unwrap_or(0);
        let mut searched = from;
        let mut state = self.received.lock();
        loop {
            let rest = state.bytes.get(searched..).unwrap_or_default();
            let first = needles
                .iter()
                .enumerate()
                .filter_map(|(index, needle)| Some((find(rest, needle)?, index, needle.len())))
                .min();
            if let Some((at, index, length)) = first {
                return Ok((index, searched + at + length));
            }
            // The next search starts where a match could begin that is not complete yet.
            searched = from.max(state.bytes.len().saturating_sub(longest));
            if state.closed {
                bail!("the machine ended before {needles:?} appeared");
            }
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                bail!("{needles:?} did not appear before the deadline");
            };
            state = self
                .received
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits until a terminal of 80 by 24 on this line shows all of `texts`, one after the other from its top, by
    /// something received behind position `from`; returns the position behind that. A `stop` among everything received
    /// ends the wait.
    ///
    /// # Errors
    /// If the machine ends, `stop` or `deadline` comes first; the error has the screen.
    pub fn wait_shown(
        &self,
        texts: &[String],
        from: usize,
        stop: &str,
        deadline: Instant,
    ) -> Result<usize> {
        let mut terminal = vt100::Parser::default();
        let mut fed = 0;
        let mut state = self.received.lock();
        loop {
            // Byte by byte, so that a screen that was there for a moment is not missed.
            for byte in state.bytes.get(fed..).unwrap_or_default() {
                terminal.process(std::slice::from_ref(byte));
                fed += 1;
                let line_end = matches!(byte, b'm' | b'K' | b'\n');
                if fed > from && line_end && in_order(&terminal.screen().contents(), texts) {
                    return Ok(fed);
                }
            }
            let screen = || terminal.screen().contents();
            if fed > from && in_order(&screen(), texts) {
                return Ok(fed);
            }
            if find(&state.bytes, stop).is_some() {
                bail!(
                    "{stop:?} came before the terminal showed {texts:?}; it shows\n{}",
                    screen()
                );
            }
            let left = deadline.checked_duration_since(Instant::now());
            let Some(left) = left.filter(|_| !state.closed) else {
                bail!(
                    "the terminal never showed {texts:?}; at last it shows\n{}",
                    screen()
                );
            };
            state = self
                .received
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits for one complete line that starts at `from`; returns it without its end, and where the next one starts.
    ///
    /// # Errors
    /// As [`Serial::wait_for`].
    pub fn line(&self, from: usize, deadline: Instant) -> Result<(String, usize)> {
        let next = self.wait_for("\n", from, deadline)?;
        let state = self.received.lock();
        let line = state.bytes.get(from..next).unwrap_or_default();
        Ok((String::from_utf8_lossy(line).trim_end().to_owned(), next))
    }
}

fn find(bytes: &[u8], needle: &str) -> Option<usize> {
    bytes
        .windows(needle.len().max(1))
        .position(|window| window == needle.as_bytes())
}

impl Drop for Serial {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both); // ends the receiving thread
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn a_text_that_arrives_in_pieces_is_found() {
        let (mut guest, host) = UnixStream::pair().unwrap();
        let serial = Serial::new(host, None).unwrap();
        guest.write_all(b"login: per").unwrap();
        serial.wait_for("per", 0, soon()).unwrap();
        guest.write_all(b"ch\nsecond\n").unwrap();
        assert_eq!(serial.wait_for("perch\n", 0, soon()).unwrap(), 13);
        assert_eq!(
            serial
                .wait_for_any(&["second", "login"], 0, soon())
                .unwrap(),
            (1, 5)
        );
        assert_eq!(serial.line(13, soon()).unwrap(), ("second".to_owned(), 20));
    }

    #[test]
    fn what_a_terminal_shows_is_judged_not_what_came() {
        let (mut guest, host) = UnixStream::pair().unwrap();
        let serial = Serial::new(host, None).unwrap();
        let wait = |texts: &[&str], from, deadline| {
            let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
            serial.wait_shown(&texts, from, "the end", deadline)
        };
        // The second line is drawn first, and the first one twice.
        guest
            .write_all(b"\x1b[2J\x1b[2;1Hbelow\x1b[1;1Habove\x1b[K\x1b[1;1Hagain\x1b[K")
            .unwrap();
        let end = wait(&["again", "below"], 0, soon()).unwrap();
        // It was there before: nothing new shows it.
        let short = Instant::now() + Duration::from_millis(50);
        let error = wait(&["again"], end, short).unwrap_err();
        assert!(error.to_string().contains("again\nbelow"), "{error}");
        guest.write_all(b"\x1b[2J\x1b[Hthe end").unwrap();
        let error = wait(&["again"], end, soon()).unwrap_err();
        assert!(error.to_string().contains("\"the end\" came"), "{error}");
    }

    #[test]
    fn silence_ends_at_the_deadline_and_the_end_of_the_machine_at_once() {
        let (guest, host) = UnixStream::pair().unwrap();
        let serial = Serial::new(host, None).unwrap();
        let error = serial
            .wait_for("never", 0, Instant::now() + Duration::from_millis(20))
            .unwrap_err();
        assert!(error.to_string().contains("deadline"), "{error}");
        drop(guest);
        let error = serial.wait_for("never", 0, soon()).unwrap_err();
        assert!(error.to_string().contains("machine ended"), "{error}");
    }
}
