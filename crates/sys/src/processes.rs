//! The processes of this machine: who there is, and how they are told to end. Whom to tell is decided elsewhere.
//!
//! A process is held by a descriptor (pidfd_open(2)) from the first look on, so that nobody else is met under its number.

use std::fmt;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpid, pidfd_open, pidfd_send_signal, wait,
};

/// `PF_KTHREAD` of the kernel's `include/linux/sched.h`, in the flags that `/proc` shows since ever.
const KERNEL_THREAD: u64 = 0x0020_0000;

/// What `/proc/[pid]/stat` says. proc_pid_stat(5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its name, control characters escaped.
    pub name: String,
    /// `Z` a process that has ended and was not waited for; `D` one that cannot be ended now.
    pub state: char,
    /// Whether it is a thread of the kernel.
    pub of_kernel: bool,
    /// When it started, in clock ticks since the kernel did.
    pub start: u64,
}

impl Status {
    /// Reads one line of the kernel's; `None` if it is none.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(text);
        // The name may hold anything, parentheses and spaces too.
        let (before, after) = text.rsplit_once(')')?;
        let (_, name) = before.split_once('(')?;
        let words: Vec<&str> = after.split_ascii_whitespace().collect();
        // Counted from 1 in the manual, where the state is 3.
        let word = |number: usize| words.get(number - 3);
        let flags: u64 = word(9)?.parse().ok()?;
        Some(Self {
            name: name.escape_default().to_string(),
            state: word(3)?.chars().next()?,
            of_kernel: flags & KERNEL_THREAD != 0,
            start: word(22)?.parse().ok()?,
        })
    }
}

/// A process.
#[derive(Debug)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// What the kernel says of it.
    pub status: Status,
    /// What it is called: by itself if it serves storage, else by the kernel. Control characters are escaped.
    pub name: String,
    /// Whether it is to be left alone while the system ends: root's, and its name for itself begins with `@`
    /// (systemd, "Storage Daemons for the Root File System").
    pub serves_storage: bool,
    fd: OwnedFd,
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ({})", self.pid, self.name)
    }
}

impl Process {
    /// The process with this number, if there is one that has not ended.
    pub fn find(pid: u32) -> Option<Self> {
        let number = Pid::from_raw(i32::try_from(pid).ok()?)?;
        // First, so that what is read next is about whom we hold, or about nobody.
        let fd = pidfd_open(number, PidfdFlags::empty()).ok()?;
        let dir = Path::new("/proc").join(pid.to_string());
        let status = Status::parse(&fs::read(dir.join("stat")).ok()?)?;
        if status.state == 'Z' || status.state == 'X' {
            return None;
        }
        let words = fs::read(dir.join("cmdline")).unwrap_or_default();
        let serves_storage = words.first() == Some(&b'@') && is_roots(&dir);
        let own = words.split(|byte| *byte == 0).next().unwrap_or_default();
        let name = match serves_storage {
            true => String::from_utf8_lossy(own).escape_default().to_string(),
            false => status.name.clone(),
        };
        Some(Self {
            pid,
            name,
            status,
            serves_storage,
            fd,
        })
    }

    /// Sends it a signal; one that has ended needs none.
    pub fn send(&self, signal: Signal) -> rustix::io::Result<()> {
        match pidfd_send_signal(&self.fd, signal) {
            Err(Errno::SRCH) => Ok(()),
            outcome => outcome,
        }
    }
}

fn is_roots(dir: &Path) -> bool {
    let status = fs::read_to_string(dir.join("status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    // Real, effective, saved, file system.
    line.is_some_and(|uids| uids.split_ascii_whitespace().nth(1) == Some("0"))
}

/// All processes but this one, process 1 and the kernel's.
pub fn others() -> Vec<Process> {
    let own = std::process::id();
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != own && *pid != 1)
        .filter_map(Process::find)
        .filter(|process| !process.status.of_kernel)
        .collect()
}

/// Waits until all of them have ended, `limit` at the most, and returns those that have not.
pub fn wait_for(mut processes: Vec<Process>, limit: Duration) -> Vec<Process> {
    let until = Instant::now() + limit;
    loop {
        reap();
        // A descriptor of a process can be read once it has ended, waited for or not. pidfd_open(2).
        let mut fds: Vec<PollFd<'_>> = processes
            .iter()
            .map(|process| PollFd::new(&process.fd, PollFlags::IN))
            .collect();
        let looked = poll(&mut fds, Some(&Timespec::default()));
        let ended: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        if looked.is_ok() {
            let mut ended = ended.into_iter();
            processes.retain(|_| !ended.next().unwrap_or_default());
        }
        let left = until.saturating_duration_since(Instant::now());
        if processes.is_empty() || left.is_zero() {
            return processes;
        }
        let mut fds: Vec<PollFd<'_>> = processes
            .iter()
            .map(|process| PollFd::new(&process.fd, PollFlags::IN))
            .collect();
        // An error comes back at once, and the next look has the time run down: nothing to wait for then.
        if poll(&mut fds, Timespec::try_from(left).ok().as_ref())
            .is_err_and(|error| error != Errno::INTR)
        {
            return processes;
        }
    }
}

/// Takes notice of those that have ended and were given to process 1, if that is us.
fn reap() {
    if !getpid().is_init() {
        return;
    }
    while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
}

#[cfg(test)]
mod tests;
