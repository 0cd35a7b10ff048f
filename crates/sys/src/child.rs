//! Programs of others, run with an end: a deadline, a process group of its own, and its output handed
//! over line by line. Nothing of it is left running afterwards.
//!
//! Which program, with what arguments and environment, is the caller's; nothing is inherited.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process_group, pidfd_open, pidfd_send_signal,
    waitpgid,
};

/// How long a program has between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(2);
/// How long the kernel has to end it after SIGKILL; a process that waits for a dead disk never ends.
const DEATH: Duration = Duration::from_secs(2);
/// The longest line handed over, in bytes; the rest comes as further lines.
const MAX_LINE: usize = 512;
/// The most lines of one program that a log takes; a boot's log has some hundred in all.
const MAX_LINES: usize = 256;

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal, which was not ours.
    Killed(i32),
    /// It was stopped, because its time was over.
    TimedOut,
}

/// Why a program could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// Its output could not be connected.
    #[error("cannot make a pipe")]
    Pipe(#[source] io::Error),
    /// It did not start.
    #[error("cannot start {program}")]
    Start {
        /// The program.
        program: String,
        /// `ENOENT`: it, or its interpreter, is missing. `EACCES`: not executable. `ENOEXEC`: no program.
        source: io::Error,
    },
    /// It could not be watched; it was killed.
    #[error("cannot watch {program}")]
    Watch {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
}

impl ChildError {
    /// Whether the program or its interpreter is missing.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Start { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// As [`run`], for lines that go into the log: a flood of them is cut and counted.
pub fn run_logged(
    command: Command,
    limit: Duration,
    line: &mut dyn FnMut(&str),
) -> Result<End, ChildError> {
    let mut passed = 0_usize;
    let end = run(command, limit, &mut |text| {
        passed += 1;
        if passed <= MAX_LINES {
            line(text);
        }
    });
    if let Some(lost) = passed.checked_sub(MAX_LINES).filter(|&lost| lost > 0) {
        line(&format!("{lost} more lines"));
    }
    end
}

/// A descriptor that poll(2) finds readable once `child` has ended. pidfd_open(2), Linux 5.3.
pub(crate) fn pidfd(child: &Child) -> io::Result<OwnedFd> {
    Ok(pidfd_open(Pid::from_child(child), PidfdFlags::empty())?)
}

/// Runs `command` for `limit` at the most; each line of its standard output and standard error goes to
/// `line`. Its standard input is empty, and its environment holds what was set on `command` alone if the
/// caller called `env_clear`.
///
/// When the time is over its process group gets SIGTERM and two seconds later SIGKILL. Whatever of
/// the group runs when the program itself has ended is killed too. pidfd_open(2), Linux 5.3.
pub fn run(
    mut command: Command,
    limit: Duration,
    line: &mut dyn FnMut(&str),
) -> Result<End, ChildError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let (output, input) = io::pipe().map_err(ChildError::Pipe)?;
    let second = input.try_clone().map_err(ChildError::Pipe)?;
    fcntl_setfl(&output, OFlags::NONBLOCK).map_err(|error| ChildError::Pipe(error.into()))?;
    command
        .stdin(Stdio::null())
        .stdout(input)
        .stderr(second)
        .process_group(0);
    let started = command.spawn();
    // Its ends of the pipe: with them open here, the pipe would never end.
    drop(command);
    let child = match started {
        Ok(child) => child,
        Err(source) => return Err(ChildError::Start { program, source }),
    };
    let group = Pid::from_child(&child);
    let mut lines = Lines::new(output, line);
    let process = pidfd_open(group, PidfdFlags::empty());
    let watched = process
        .as_ref()
        .map_err(|&error| error)
        .and_then(|process| watch(process, group, limit, &mut lines));
    // The process is not reaped yet, so that nobody else has its number.
    kill(group, process.as_ref().ok(), Signal::KILL);
    match watched {
        Ok(Seen::Ended { in_time }) => {
            lines.finish();
            Ok(reap(child, group, in_time))
        }
        Ok(Seen::Immortal) => {
            lines.finish();
            Ok(End::TimedOut)
        }
        Err(error) => Err(ChildError::Watch {
            program,
            source: error.into(),
        }),
    }
}

/// What came of watching.
enum Seen {
    Ended {
        in_time: bool,
    },
    /// Not even SIGKILL ended it.
    Immortal,
}

fn watch(
    process: &OwnedFd,
    group: Pid,
    limit: Duration,
    lines: &mut Lines<'_>,
) -> rustix::io::Result<Seen> {
    for (time, then) in [
        (limit, Some(Signal::TERM)),
        (GRACE, Some(Signal::KILL)),
        (DEATH, None),
    ] {
        if wait(process, Instant::now() + time, lines)? {
            let in_time = then == Some(Signal::TERM);
            return Ok(Seen::Ended { in_time });
        }
        if let Some(signal) = then {
            kill(group, Some(process), signal);
        }
    }
    Ok(Seen::Immortal)
}

/// Passes lines on until the process ends (`true`) or the time is over.
fn wait(process: &OwnedFd, until: Instant, lines: &mut Lines<'_>) -> rustix::io::Result<bool> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).ok();
        let mut fds = vec![PollFd::new(process, PollFlags::IN)];
        if let Some(output) = &lines.output {
            fds.push(PollFd::new(output, PollFlags::IN));
        }
        match poll(&mut fds, timeout.as_ref()) {
            Ok(0) => return Ok(false),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        if ready.get(1) == Some(&true) {
            lines.pass_on();
        }
        if ready.first() == Some(&true) {
            return Ok(true);
        }
        // A program that never stops talking must not hold up the clock.
        if left.is_zero() {
            return Ok(false);
        }
    }
}

fn reap(mut child: Child, group: Pid, in_time: bool) -> End {
    // It has ended, so this does not wait.
    let status = child.wait();
    // As process 1 we inherit what the program left behind.
    while let Ok(Some(_)) = waitpgid(group, WaitOptions::NOHANG) {}
    match status {
        _ if !in_time => End::TimedOut,
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => End::Exited(code),
            (None, signal) => End::Killed(signal.unwrap_or_default()),
        },
        // Somebody else reaped it, and knows its status.
        Err(_) => End::Exited(0),
    }
}

/// Signals the group, and the program itself, which may have left it. What is gone already needs none.
fn kill(group: Pid, process: Option<&OwnedFd>, signal: Signal) {
    let _ = kill_process_group(group, signal);
    if let Some(process) = process {
        let _ = pidfd_send_signal(process, signal);
    }
}

/// Output on its way to the caller.
struct Lines<'a> {
    /// Absent after its end.
    output: Option<io::PipeReader>,
    begun: Vec<u8>,
    to: &'a mut dyn FnMut(&str),
}

impl<'a> Lines<'a> {
    fn new(output: io::PipeReader, to: &'a mut dyn FnMut(&str)) -> Self {
        Self {
            output: Some(output),
            begun: Vec::new(),
            to,
        }
    }

    /// Passes on what is there, a pipe's content at the most.
    fn pass_on(&mut self) {
        let mut chunk = [0; 4096];
        for _ in 0..16 {
            let Some(output) = &mut self.output else {
                return;
            };
            match output.read(&mut chunk) {
                Ok(0) => self.output = None,
                Ok(read) => {
                    for &byte in chunk.iter().take(read) {
                        if byte == b'\n' {
                            self.end_line();
                            continue;
                        }
                        self.begun.push(byte);
                        if self.begun.len() == MAX_LINE {
                            self.end_line();
                        }
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.output = None,
            }
        }
    }

    fn end_line(&mut self) {
        (self.to)(String::from_utf8_lossy(&self.begun).trim_end());
        self.begun.clear();
    }

    fn finish(&mut self) {
        self.pass_on();
        if !self.begun.is_empty() {
            self.end_line();
        }
    }
}

#[cfg(test)]
mod tests;
