//! Makes the process fit to carry the root's changes: nothing may end it, wait for it or take its memory but the
//! kernel at the end.

use std::io::Write;

use log::{Level, LevelFilter, Log, Metadata, Record};
use perch_core::serving::NAME;
use perch_sys::ioctl::watch_signals;
use perch_sys::kmsg::printable;
use rustix::io::Errno;
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{
    Resource, Rlimit, Signal, configure_io_flusher_behavior, getrlimit, setrlimit, setsid,
};
use rustix::thread::set_name;

/// Descriptors besides those of the parts.
const DESCRIPTORS: u64 = 64;

/// The kernel log, or whatever standard error is: a line a record, with its level (syslog(2)).
struct Lines;

impl Log for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // fuser names requests that it does not know; the kernel does without them.
        !metadata.target().starts_with("fuser") || metadata.level() <= Level::Error
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let level = match record.level() {
            Level::Error => 3,
            Level::Warn => 4,
            Level::Info => 6,
            Level::Debug | Level::Trace => 7,
        };
        let text = record.args().to_string();
        let line = format!("<{level}>perch: {NAME}: {}\n", printable(&text));
        // One write is one record; there is nobody to tell that it failed.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }

    fn flush(&self) {}
}

/// Logs to standard error from now on, the last words included.
pub(super) fn start_log() {
    // Fails only if there is a log.
    if log::set_logger(&Lines).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
    std::panic::set_hook(Box::new(|panic| log::error!("internal error: {panic}")));
}

/// Leaves the session of the starter, so that no terminal ends it, and takes the signals that would.
pub(super) fn detach() -> Result<std::os::fd::OwnedFd, Errno> {
    // It was started as `/proc/self/exe`, and would be listed as `exe`.
    let _ = set_name(c"dynfilefs");
    // Fails only for one that leads a group, which nobody made it.
    let _ = setsid();
    watch_signals(&[
        Signal::TERM,
        Signal::INT,
        Signal::HUP,
        Signal::QUIT,
        Signal::USR1,
        Signal::USR2,
        Signal::ALARM,
        Signal::PIPE,
    ])
}

/// Keeps the memory, and the kernel's way to more of it, free of what would wait for this process. Nothing here is
/// fatal: it is said, and the disk is served.
pub(super) fn harden() {
    let said = |what: &str, error: &dyn std::fmt::Display| log::warn!("cannot {what}: {error}");
    if let Err(error) = std::fs::write("/proc/self/oom_score_adj", "-1000") {
        said(
            "keep the process from being ended when memory is short",
            &error,
        );
    }
    // Memory that is asked for on the way of a write must not wait for that write. prctl(2), Linux 5.6.
    if let Err(error) = configure_io_flusher_behavior(true) {
        said("mark the process as one that writes for others", &error);
    }
    // What is there now, the program itself, is read in at once; what comes, stacks and buffers, is kept
    // from its first use on. mlockall(2), MCL_ONFAULT: Linux 4.4.
    let locked = mlockall(MlockAllFlags::CURRENT).and_then(|()| {
        mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT)
    });
    if let Err(error) = locked {
        said("keep the process in memory", &error);
    }
}

/// Allows as many open files as `parts` need: two each, of which one goes past the page cache.
pub(super) fn allow_descriptors(parts: u64) -> Result<(), Errno> {
    let needed = parts.saturating_mul(2).saturating_add(DESCRIPTORS);
    let now = getrlimit(Resource::Nofile);
    let most = now.maximum.unwrap_or(u64::MAX).max(needed);
    if now.current.is_none_or(|current| current >= most) {
        return Ok(());
    }
    let to = |limit| Rlimit {
        current: Some(limit),
        maximum: Some(limit),
    };
    match setrlimit(Resource::Nofile, to(most)) {
        Ok(()) => Ok(()),
        // The present limit may be beyond what is needed.
        Err(_) if now.current.is_some_and(|current| current >= needed) => Ok(()),
        Err(error) => Err(error),
    }
}
