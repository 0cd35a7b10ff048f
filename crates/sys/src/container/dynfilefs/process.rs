//! The process of a server: started, watched and, where nobody needs it, ended.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use perch_core::serving::NAME;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::child;

/// How long the server has to end by itself.
const GRACE: Duration = Duration::from_secs(10);
/// How long the kernel has to end it.
const DEATH: Duration = Duration::from_secs(2);

/// A process that cannot be mistaken for a later one with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessId {
    /// Its number.
    pub pid: u32,
    /// When it was started, in clock ticks since the kernel: field 22 of `/proc/<pid>/stat`, proc(5). `None` without
    /// `/proc`.
    pub start: Option<u64>,
}

/// What became of a server that nobody needs any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything that was written is durable.
    Durable,
    /// Something may not be; the kernel log says why.
    Failed,
    /// It has not ended: the disk is in use.
    RunsOn,
}

/// The server's process. Dropping this leaves it alone.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    pidfd: OwnedFd,
}

impl Process {
    /// Starts `program` as a server that is told what to do on `control`. Its messages go to the kernel log.
    pub(super) fn start(program: &Path, control: OwnedFd) -> io::Result<Self> {
        let log = OpenOptions::new().append(true).open("/dev/kmsg");
        let mut command = Command::new(program);
        command
            .arg0(NAME)
            .env_clear()
            .current_dir("/")
            .stdin(control)
            .stdout(Stdio::null())
            .stderr(log.map_or_else(|_| Stdio::null(), Stdio::from));
        let mut child = command.spawn()?;
        // Ours of its ends: with that open, its death would not be seen.
        drop(command);
        match child::pidfd(&child) {
            Ok(pidfd) => Ok(Self { child, pidfd }),
            Err(error) => {
                let _ = child.kill();
                Err(error)
            }
        }
    }

    pub(super) fn id(&self) -> ProcessId {
        let pid = self.child.id();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        let start = stat.ok().and_then(|stat| start_of(&stat));
        ProcessId { pid, start }
    }

    /// Waits until it has ended, `limit` at the most.
    pub(super) fn wait(&mut self, limit: Duration) -> Ending {
        let until = Instant::now() + limit;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
            match poll(&mut fds, Timespec::try_from(left).ok().as_ref()) {
                Ok(0) => return Ending::RunsOn,
                Err(Errno::INTR) => {}
                // It has ended, so this does not wait.
                Ok(_) => return self.status(),
                Err(_) => return Ending::RunsOn,
            }
        }
    }

    fn status(&mut self) -> Ending {
        match self.child.wait() {
            Ok(status) if status.success() => Ending::Durable,
            Ok(_) | Err(_) => Ending::Failed,
        }
    }

    /// Waits until it has ended, and kills it if it does not.
    pub(super) fn end(&mut self) {
        if self.wait(GRACE) == Ending::RunsOn {
            log::warn!("{NAME} does not end and is killed");
            let _ = self.child.kill();
            self.wait(DEATH);
        }
    }
}

/// The name of a program may hold anything, blanks and brackets included: what follows it is counted.
fn start_of(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_found_behind_any_name() {
        let fields = (4..30)
            .map(|field| field.to_string())
            .collect::<Vec<_>>()
            .join(" ");
        for name in ["sh", "@dyn filefs", "a) S 1 (b", ""] {
            let stat = format!("17 ({name}) S {fields}\n");
            assert_eq!(start_of(&stat), Some(22), "{name}");
        }
        assert_eq!(start_of("17 (sh"), None);
        assert_eq!(start_of("17 (sh) S 1"), None);
    }
}
