//! Running a program to its end, with a deadline.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, read};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::{ProgramError, path};

/// How much of each output is kept, in bytes; the rest is read and thrown away.
const MAX_OUTPUT: usize = 64 << 10;
/// How long a program has to clean up once it is told to end, and the kernel to end it after that.
const GRACE: Duration = Duration::from_secs(5);
/// How much of a program's words a message repeats, in bytes.
const MAX_SAID: usize = 400;

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal.
    Killed(i32),
}

/// A program that ended by itself, or by somebody else's signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub status: Status,
    /// The start of what it wrote to standard output, at most 64 KiB.
    pub stdout: Vec<u8>,
    /// Likewise to standard error.
    pub stderr: Vec<u8>,
}

impl Ended {
    /// The end of its words in one line for a message, control characters escaped: of standard error,
    /// else of standard output; empty if it said nothing.
    pub fn said(&self) -> String {
        let stderr = self.stderr.trim_ascii();
        let words = if stderr.is_empty() {
            self.stdout.trim_ascii()
        } else {
            stderr
        };
        one_line(words)
    }
}

/// The end of a program's words in one line, control characters escaped.
pub(crate) fn one_line(words: &[u8]) -> String {
    let from = words.len().saturating_sub(MAX_SAID);
    let text = String::from_utf8_lossy(words.get(from..).unwrap_or_default());
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut line = String::new();
    for c in lines.join("; ").chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// A descriptor that poll(2) finds readable once `child` has ended. pidfd_open(2), Linux 5.3.
pub(crate) fn pidfd(child: &Child) -> io::Result<OwnedFd> {
    Ok(pidfd_open(pid(child)?, PidfdFlags::empty())?)
}

/// Runs the program `name` (see [`path`]) to its end, `within` at the most.
///
/// It has nothing on standard input, no environment but `LC_ALL=C`, a process group of its own, and of
/// our descriptors none: one that it shall use is named `/proc/<our pid>/fd/<number>`. Out of time it
/// gets SIGTERM, then SIGKILL. What a status means is the caller's to know.
pub fn run<A: AsRef<OsStr>>(
    name: &str,
    args: impl IntoIterator<Item = A>,
    within: Duration,
) -> Result<Ended, ProgramError> {
    let program = path(name)?;
    let failed = |source| ProgramError::Run {
        program: program.clone(),
        source,
    };
    let mut running = Running::start(&program, args).map_err(failed)?;
    if running.watch(Instant::now() + within).map_err(failed)? {
        return running.ended().map_err(failed);
    }
    running.stop();
    Err(ProgramError::TimedOut { program, within })
}

/// A program that was started and not yet waited for.
struct Running {
    child: Child,
    pidfd: OwnedFd,
    stdout: Output,
    stderr: Output,
}

/// One of its outputs.
struct Output {
    /// `None` once everybody has closed it.
    pipe: Option<OwnedFd>,
    bytes: Vec<u8>,
}

impl Running {
    fn start<A: AsRef<OsStr>>(
        program: &Path,
        args: impl IntoIterator<Item = A>,
    ) -> io::Result<Self> {
        let mut child = Command::new(program)
            .args(args)
            .env_clear()
            .env("LC_ALL", "C")
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdout = Output::new(child.stdout.take().map(OwnedFd::from));
        let stderr = Output::new(child.stderr.take().map(OwnedFd::from));
        let watched = pidfd(&child).and_then(|pidfd| Ok((pidfd, stdout?, stderr?)));
        match watched {
            Ok((pidfd, stdout, stderr)) => Ok(Self {
                child,
                pidfd,
                stdout,
                stderr,
            }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// Collects its words until it ends: `true`, or until `until`: `false`.
    fn watch(&mut self, until: Instant) -> io::Result<bool> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).ok();
            let mut fds = vec![PollFd::new(&self.pidfd, PollFlags::IN)];
            let pipes = [&self.stdout.pipe, &self.stderr.pipe];
            fds.extend((pipes.into_iter().flatten()).map(|pipe| PollFd::new(pipe, PollFlags::IN)));
            let ready = match poll(&mut fds, left.as_ref()) {
                Ok(ready) => ready,
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let ended = fds.first().is_some_and(|fd| !fd.revents().is_empty());
            drop(fds);
            // A process that it left behind may keep a pipe open: nobody waits for that.
            self.stdout.drain();
            self.stderr.drain();
            if ended {
                return Ok(true);
            }
            if ready == 0 && Instant::now() >= until {
                return Ok(false);
            }
        }
    }

    fn ended(mut self) -> io::Result<Ended> {
        let status = self.child.wait()?;
        Ok(Ended {
            status: match (status.code(), status.signal()) {
                (Some(code), _) => Status::Exited(code),
                (None, signal) => Status::Killed(signal.unwrap_or_default()),
            },
            stdout: self.stdout.bytes,
            stderr: self.stderr.bytes,
        })
    }

    /// Ends it with all it started. One that hangs in the kernel stays behind, not waited for.
    fn stop(&mut self) {
        for signal in [Signal::TERM, Signal::KILL] {
            if let Ok(pid) = pid(&self.child) {
                let _ = kill_process_group(pid, signal);
            }
            if let Ok(true) = self.watch(Instant::now() + GRACE) {
                let _ = self.child.wait();
                return;
            }
        }
    }
}

impl Output {
    fn new(pipe: Option<OwnedFd>) -> io::Result<Self> {
        if let Some(pipe) = &pipe {
            fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
        }
        let bytes = Vec::new();
        Ok(Self { pipe, bytes })
    }

    /// Takes what is there, up to a bound, so that one that never ends talking meets its deadline.
    fn drain(&mut self) {
        let mut buffer = [0; 4096];
        for _ in 0..MAX_OUTPUT / buffer.len() {
            let Some(pipe) = &self.pipe else { return };
            match read(pipe, &mut buffer) {
                Ok(len @ 1..) => {
                    let room = MAX_OUTPUT.saturating_sub(self.bytes.len());
                    let taken = buffer.get(..len.min(room)).unwrap_or_default();
                    self.bytes.extend_from_slice(taken);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Ok(0) | Err(_) => self.pipe = None,
            }
        }
    }
}

fn pid(child: &Child) -> io::Result<Pid> {
    let id = i32::try_from(child.id()).ok();
    id.and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
}
