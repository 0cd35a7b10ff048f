//! Which processes have files open, or stand in a directory: to name whoever is in the way, and to find a
//! program that takes no locks.
//!
//! Only what `/proc` shows is seen: not processes in other PID namespaces, and without root only one's own.

use std::fmt;
use std::fs;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Stat, Statx, StatxFlags, fstat, makedev, statx};

use super::in_table;

/// A process that uses a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its number.
    pub pid: u32,
    /// Its name, control characters escaped; absent if it has just ended.
    pub program: Option<String>,
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.program {
            Some(program) => write!(f, "process {} ({program})", self.pid),
            None => write!(f, "process {}", self.pid),
        }
    }
}

/// Where `/proc` shows what a process uses besides open files (`fd`) and those in its memory (`map_files`, for root only):
/// its program, and the directories it works in and is rooted in. proc(5).
const LINKS: [&str; 3] = ["cwd", "root", "exe"];

/// The process that took the lock (flock(2)) which is held on what `file` is open on; `None` if nobody has, or
/// where the kernel does not tell.
pub fn lock_holder(file: impl AsFd) -> Option<User> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let pid = in_table(&locks, &fstat(file).ok()?)?;
    Some(user(pid))
}

/// The processes but this one that have one of these files open.
pub fn of_files(files: &[Stat]) -> Vec<User> {
    users(|process| uses(process, &|found| is_one_of(files, found)))
}

/// The processes but this one that have one of these files open for writing.
pub fn writers_of_files(files: &[Stat]) -> Vec<User> {
    users(|process| writes(process, &|found| is_one_of(files, found)))
}

fn is_one_of(files: &[Stat], found: &Statx) -> bool {
    let device = makedev(found.stx_dev_major, found.stx_dev_minor);
    files
        .iter()
        .any(|file| (file.st_dev, file.st_ino) == (device, found.stx_ino))
}

/// The processes but this one that use anything on the file system with this device number.
pub fn of_device((major, minor): (u32, u32)) -> Vec<User> {
    users(|process| {
        uses(process, &|found| {
            (found.stx_dev_major, found.stx_dev_minor) == (major, minor)
        })
    })
}

/// The processes but this one that keep the mount with this number from being unmounted: open files, directories they
/// stand in, files mapped into their memory. statx(2), `STATX_MNT_ID`, Linux 5.8.
pub fn of_mount(id: u32) -> Vec<User> {
    users(|process| uses(process, &|found| found.stx_mnt_id == u64::from(id)))
}

fn users(is_one: impl Fn(&Path) -> bool) -> Vec<User> {
    let own = std::process::id();
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let mut pids: Vec<u32> = processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != own)
        .collect();
    pids.sort_unstable();
    pids.retain(|pid| is_one(&Path::new("/proc").join(pid.to_string())));
    pids.into_iter().map(user).collect()
}

fn uses(process: &Path, is_meant: &impl Fn(&Statx) -> bool) -> bool {
    let any = |dir: &str| {
        let links = fs::read_dir(process.join(dir)).into_iter().flatten();
        links
            .flatten()
            .any(|entry| is_used(&entry.path(), is_meant))
    };
    let is_used = |link: &&str| is_used(&process.join(link), is_meant);
    LINKS.iter().any(is_used) || any("fd") || any("map_files")
}

/// Whether it has one open for more than reading. What is in its memory was opened, and whoever writes that way
/// keeps the file open or is known by its lock.
fn writes(process: &Path, is_meant: &impl Fn(&Statx) -> bool) -> bool {
    let links = fs::read_dir(process.join("fd")).into_iter().flatten();
    links.flatten().any(|entry| {
        is_used(&entry.path(), is_meant) && {
            let info = process.join("fdinfo").join(entry.file_name());
            // Closed meanwhile.
            fs::read_to_string(info).is_ok_and(|info| is_writable(&info))
        }
    })
}

/// Whether `/proc/<pid>/fdinfo/<fd>` tells of a descriptor for writing: the last octal digit of its flags holds the
/// access mode, proc_pid_fdinfo(5).
fn is_writable(info: &str) -> bool {
    let mut lines = info.lines();
    let flags = lines.find_map(|line| line.strip_prefix("flags:"));
    let last = flags.and_then(|flags| flags.trim().chars().last());
    last.and_then(|digit| digit.to_digit(8))
        .is_some_and(|digit| digit & 3 != 0)
}

fn is_used(link: &Path, is_meant: &impl Fn(&Statx) -> bool) -> bool {
    // Without asking the file system: it may be one whose server hangs.
    let flags = AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
    let wanted = StatxFlags::INO | StatxFlags::MNT_ID;
    statx(CWD, link, flags, wanted).is_ok_and(|found| is_meant(&found))
}

fn user(pid: u32) -> User {
    let name = fs::read_to_string(format!("/proc/{pid}/comm"));
    User {
        pid,
        program: name
            .ok()
            .map(|name| name.trim_end().escape_default().to_string()),
    }
}

#[cfg(test)]
mod tests;
