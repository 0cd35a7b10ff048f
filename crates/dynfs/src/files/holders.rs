//! Who has files of a container open without a lock, as dynfilefs itself does: only `/proc` tells.
//!
//! Looked through once, before anything is opened. Processes of other PID namespaces are not seen, and without root only
//! one's own are.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, Stat, openat, readlinkat, statat};
use rustix::io::read;
use rustix::process::getpid;

/// The most descriptors that are looked at: far more than a machine has open, and a second's work.
const MOST: usize = 1 << 20;
/// A process' name has at most 15 bytes and a line feed (proc_pid_comm(5)).
const COMM: usize = 16;

/// An open file of another process.
#[derive(Debug, Clone)]
pub(super) struct Holder {
    file: Stat,
    /// Its number.
    pub(super) pid: String,
    /// Its name, control characters escaped; empty if it has just ended.
    pub(super) name: String,
}

impl Holder {
    pub(super) fn holds(&self, file: &Stat) -> bool {
        (self.file.st_dev, self.file.st_ino) == (file.st_dev, file.st_ino)
    }
}

/// Open files of other processes whose names begin with `base`; none where there is no `/proc`.
pub(super) fn find(base: &str) -> Vec<Holder> {
    let mut found = Vec::new();
    let mut left = MOST;
    let Ok(proc) = open_dir(CWD, "/proc") else {
        return found;
    };
    let own = getpid().as_raw_nonzero().to_string();
    for pid in names(&proc) {
        if pid == own || !pid.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        // Ended meanwhile, or another user's.
        let Ok(fds) = open_dir(&proc, &format!("{pid}/fd")) else {
            continue;
        };
        for fd in names(&fds) {
            let Some(rest) = left.checked_sub(1) else {
                return found;
            };
            left = rest;
            // The link first: a file on a dead network is never asked for anything.
            let Ok(link) = readlinkat(&fds, &*fd, Vec::new()) else {
                continue;
            };
            if !is_ours(&link, base) {
                continue;
            }
            let Ok(file) = statat(&fds, &*fd, AtFlags::empty()) else {
                continue;
            };
            found.push(Holder {
                file,
                name: comm(&proc, &pid).unwrap_or_default(),
                pid: pid.clone(),
            });
        }
    }
    found
}

/// Whether a link names a file that begins with `base`, in whatever directory it is seen.
fn is_ours(link: &CStr, base: &str) -> bool {
    let bytes = link.to_bytes();
    let name = bytes.rsplit(|byte| *byte == b'/').next();
    name.is_some_and(|name| name.starts_with(base.as_bytes()))
}

fn open_dir(at: impl AsFd, name: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(at, name, flags, Mode::empty())?)
}

fn names(dir: &OwnedFd) -> impl Iterator<Item = String> {
    let entries = Dir::read_from(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some(entry.file_name().to_str().ok()?.to_owned()))
}

fn comm(proc: &OwnedFd, pid: &str) -> Option<String> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = openat(proc, format!("{pid}/comm"), flags, Mode::empty()).ok()?;
    let mut bytes = [0; COMM];
    let len = read(&file, &mut bytes).ok()?;
    let name = bytes.get(..len)?.trim_ascii_end();
    Some(name.escape_ascii().to_string())
}
