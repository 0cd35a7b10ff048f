//! Talking to the live system through its serial console, as a user would: boot menu, login, commands.
//!
//! Every wait has a deadline and ends early when the machine ends. Errors are short: [`Console::explain`] adds the
//! last lines of the console, once.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use perch_tests::vm::{Machine, Qemu};

use super::plain::plain;

/// Lines shown when something does not happen.
const TAIL: usize = 40;
/// What a command may take. An emulated machine on a busy host is slow, so every limit is far above the usual.
const PATIENCE: Duration = Duration::from_secs(180);

/// A running machine and how far its console has been read.
pub struct Console {
    qemu: Qemu,
    read: usize,
    commands: u32,
}

impl Console {
    /// Starts `machine`; everything the console shows is also written to `log`.
    pub fn start(machine: &Machine, log: &Path) -> Result<Self> {
        Ok(Self {
            qemu: Qemu::start(machine, log)?,
            read: 0,
            commands: 0,
        })
    }

    /// Types `keys`.
    pub fn send(&self, keys: &str) -> Result<()> {
        self.qemu.console.send(keys.as_bytes())
    }

    /// Waits for `words` after everything waited for so far.
    pub fn wait(&mut self, words: &str) -> Result<()> {
        let waited = self.qemu.console.wait_for(words, self.read, deadline());
        self.read = waited?;
        Ok(())
    }

    /// Waits for the rest of a line, and returns it.
    fn line(&mut self) -> Result<String> {
        let (line, next) = self.qemu.console.line(self.read, deadline())?;
        self.read = next;
        Ok(plain(&line))
    }

    /// Logs in as root at the prompt `login: ` and makes the shell quiet: no prompt, no echo, so that only answers come back.
    pub fn log_in(&mut self, password: &str, prompt: &str) -> Result<()> {
        self.send("root\n")?;
        self.wait("Password: ")?;
        self.send(&format!("{password}\n"))?;
        self.wait(prompt)?;
        // The kernel's and systemd's lines would land in the middle of answers.
        self.send("dmesg -n 1; stty -echo; PS1= exec sh\n")?;
        self.command("true").map(drop)
    }

    /// Runs `script` in the shell and returns its standard output. Fails when its exit status is not 0.
    pub fn command(&mut self, script: &str) -> Result<String> {
        let (status, text) = self.try_command(script)?;
        ensure!(status == 0, "{script:?} ended with {status}:\n{text}");
        Ok(text)
    }

    /// Runs `script` in the shell and returns its exit status and what it printed, without blanks at either end.
    pub fn try_command(&mut self, script: &str) -> Result<(i32, String)> {
        self.commands += 1;
        // The quotes in the middle keep an echo of this line from being taken for the answer.
        let number = self.commands;
        self.send(&format!(
            "echo '@''@start {number}'; {script}\necho \"@\"\"@end {number} $?\"\n"
        ))?;
        self.wait(&format!("@@start {number}"))?;
        self.line()?;
        let end = format!("@@end {number} ");
        let mut text = String::new();
        loop {
            let line = self.line()?;
            let Some((before, status)) = line.split_once(&end) else {
                text += &line;
                text.push('\n');
                continue;
            };
            text += before;
            let status = status
                .parse()
                .with_context(|| format!("{script:?} ended with the status {status:?}"))?;
            return Ok((status, text.trim().to_owned()));
        }
    }

    /// Waits until the machine has switched itself off.
    pub fn wait_off(&mut self) -> Result<()> {
        let status = self.qemu.wait_exit(deadline())?;
        ensure!(status.success(), "the machine ended with {status}");
        Ok(())
    }

    /// Returns `error` with the last lines of the console.
    pub fn explain(&self, error: &anyhow::Error) -> anyhow::Error {
        let text = plain(&self.qemu.console.text());
        let worded = |line: &&str| line.contains(char::is_alphanumeric);
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(worded).collect();
        let last = lines[lines.len().saturating_sub(TAIL)..].join("\n  | ");
        anyhow!("{error:#}\nthe last lines of the console:\n  | {last}")
    }
}

fn deadline() -> Instant {
    Instant::now() + PATIENCE
}
