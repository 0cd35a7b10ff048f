//! The protocol with the guest's agent (`base/agent.sh`): one line each way over the second serial port.
//!
//! The host sends `<n> <script in base64>`; the agent runs the script with the shell and answers with one JSON object
//! `{"n":…,"rc":…,"out":"…"}`, `out` holding standard output and standard error in base64.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::Serial;

/// The host's side of one boot's conversation.
pub struct Agent<'a> {
    port: &'a Serial,
    read: usize,
    asked: u32,
}

/// What a script did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its exit status.
    pub status: i32,
    /// Standard output and standard error, as they came.
    pub output: Vec<u8>,
}

impl Answer {
    /// The output as text, without blank space at its end.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).trim_end().to_owned()
    }
}

#[derive(Deserialize)]
struct Up {
    event: String,
    cmdline: String,
}

#[derive(Deserialize)]
struct Reply {
    n: u32,
    rc: i32,
    out: String,
}

impl<'a> Agent<'a> {
    /// Waits for the agent's greeting and returns the conversation with the kernel command line the guest saw.
    ///
    /// # Errors
    /// If the machine ends or `deadline` passes before the real init runs.
    pub fn wait(port: &'a Serial, deadline: Instant) -> Result<(Self, String)> {
        let mut read = 0;
        loop {
            let (line, next) = port
                .line(read, deadline)
                .context("the real init never spoke")?;
            read = next;
            // Firmware and kernel may have used the port before.
            let Ok(up) = serde_json::from_str::<Up>(&line) else {
                continue;
            };
            if up.event == "up" {
                let cmdline = STANDARD.decode(up.cmdline)?;
                let cmdline = String::from_utf8_lossy(&cmdline).trim_end().to_owned();
                return Ok((
                    Self {
                        port,
                        read,
                        asked: 0,
                    },
                    cmdline,
                ));
            }
        }
    }

    /// Runs `script` in the guest.
    ///
    /// # Errors
    /// If no answer comes before `deadline`.
    pub fn sh(&mut self, script: &str, deadline: Instant) -> Result<Answer> {
        self.talk(script, deadline, |line| bail!("the agent said {line:?}"))
    }

    /// Runs `script`, which may write lines to the port itself: each is handed to `heard`, and then an empty line goes
    /// back.
    ///
    /// # Errors
    /// If no answer comes before `deadline`, or those of `heard`.
    pub fn talk(
        &mut self,
        script: &str,
        deadline: Instant,
        mut heard: impl FnMut(&str) -> Result<()>,
    ) -> Result<Answer> {
        self.send(script)?;
        loop {
            let (line, next) = self
                .port
                .line(self.read, deadline)
                .with_context(|| format!("no answer to {script:?}"))?;
            self.read = next;
            let Ok(reply) = serde_json::from_str::<Reply>(&line) else {
                heard(&line)?;
                self.port.send(b"\n")?;
                continue;
            };
            if reply.n == self.asked {
                let output = STANDARD.decode(reply.out)?;
                return Ok(Answer {
                    status: reply.rc,
                    output,
                });
            }
        }
    }

    /// Sends `script` without waiting for an answer: for the power-off, and for scripts cut off by a power cut.
    ///
    /// # Errors
    /// If the machine is gone.
    pub fn send(&mut self, script: &str) -> Result<()> {
        self.asked += 1;
        self.port
            .send(format!("{} {}\n", self.asked, STANDARD.encode(script)).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    #[test]
    fn noise_before_the_greeting_is_skipped_and_answers_are_decoded() {
        let (mut guest, host) = UnixStream::pair().unwrap();
        let serial = Serial::new(host, None).unwrap();
        let soon = || Instant::now() + Duration::from_secs(20);
        guest
            .write_all(b"SeaBIOS\n{\"event\":\"up\",\"cmdline\":\"cGVyY2gK\"}\n")
            .unwrap();
        let (mut agent, cmdline) = Agent::wait(&serial, soon()).unwrap();
        assert_eq!(cmdline, "perch");
        guest
            .write_all(b"{\"n\":1,\"rc\":3,\"out\":\"b25lCg==\"}\n")
            .unwrap();
        let answer = agent.sh("echo one; exit 3", soon()).unwrap();
        assert_eq!((answer.status, answer.text()), (3, "one".to_owned()));
        let mut asked = String::new();
        BufReader::new(guest).read_line(&mut asked).unwrap();
        assert_eq!(
            asked,
            format!("1 {}\n", STANDARD.encode("echo one; exit 3"))
        );
    }
}
