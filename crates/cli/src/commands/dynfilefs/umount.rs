//! `perch dynfilefs umount`
//!
//! A FUSE mount is gone before its server has ended, and what the server wrote may still be in memory. So what was
//! written is made durable first, where an error can still be told, and the server's end is waited for.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use perch_core::serving::DISK;
use perch_sys::in_use::mounted::loop_devices_on;
use perch_sys::in_use::open_files::{User, of_device};
use perch_sys::mount::{MountError, unmount};
use perch_sys::mountinfo::{self, Mount};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde::Serialize;

use crate::args::dynfilefs::Umount;
use crate::error::Error;
use crate::output::{Outcome, Output};
use crate::storage::Storage;

/// The type of the mounts that are served here; mountinfo shows it behind `fuse.`.
const SUBTYPE: &str = "dynfilefs";
/// How long a server may take to answer where nobody said.
const ANSWER: Duration = Duration::from_secs(300);
/// How many users of a busy mount are named.
const NAMED: usize = 5;

/// What was unmounted, for programs.
#[derive(Serialize)]
struct Unmounted {
    directory: String,
    container: String,
    server: Option<u32>,
}

pub(super) fn run(args: &Umount, output: &Output) -> Result<Outcome, Error> {
    let target = real_path(&args.dir)?;
    let table = table()?;
    let mount = find(&table, &target).ok_or_else(|| Error::NotMounted {
        dir: args.dir.clone(),
    })?;
    let until = Instant::now() + Duration::from_secs(args.wait);
    let storage = Storage::at(Path::new(&mount.source)).ok();
    let server = storage.as_ref().and_then(Storage::user);
    // Before the mount is gone: the number may belong to another process afterwards.
    let handle = server.as_ref().and_then(|server| handle(server.pid));
    unmount_durably(&target, mount, &table, until)?;
    match &handle {
        Some(handle) => wait(handle, until, server.as_ref())?,
        // Another program's mount, or one whose container was renamed.
        None => output.notice(
            "the process that served it was not found, so its end was not waited for; everything was written before",
        ),
    }
    let directory = args.dir.display().to_string();
    let message = format!("unmounted {directory}");
    Ok(Outcome::new(message).data(&Unmounted {
        directory,
        container: mount.source.to_string_lossy().into_owned(),
        server: server.map(|server| server.pid),
    }))
}

/// Unmounts with everything on the medium; the server's end is left to the caller.
pub(super) fn end(target: &Path) -> Result<(), Error> {
    let table = table()?;
    match find(&table, target) {
        Some(mount) => unmount_durably(target, mount, &table, Instant::now() + ANSWER),
        None => Ok(()),
    }
}

fn unmount_durably(
    target: &Path,
    mount: &Mount,
    table: &[Mount],
    until: Instant,
) -> Result<(), Error> {
    // Whoever stands in the directory calls this from there.
    let _ = std::env::set_current_dir("/");
    if !mount.is_read_only() {
        sync(target, until)?;
    }
    unmount(target, false).map_err(|source| refused(target, mount, table, source))
}

fn table() -> Result<Vec<Mount>, Error> {
    mountinfo::read().map_err(|source| Error::Look {
        path: "/proc/thread-self/mountinfo".into(),
        source,
    })
}

/// The mount of a container that is visible at a real path.
pub(super) fn find<'a>(table: &'a [Mount], target: &Path) -> Option<&'a Mount> {
    let is_ours = |mount: &&Mount| mount.fs_type == format!("fuse.{SUBTYPE}");
    mountinfo::at(table, target).filter(is_ours)
}

/// The path as the mount table has it. The directory itself is not looked at: its server may hang, or be gone.
fn real_path(dir: &Path) -> Result<PathBuf, Error> {
    let not_found = |source| Error::Look {
        path: dir.to_owned(),
        source,
    };
    let Some(name) = dir.file_name() else {
        return dir.canonicalize().map_err(not_found);
    };
    let parent = dir.parent().filter(|parent| *parent != Path::new(""));
    let parent = parent.unwrap_or(Path::new("."));
    Ok(parent.canonicalize().map_err(not_found)?.join(name))
}

/// A descriptor that says when a process has ended. pidfd_open(2), Linux 5.3.
pub(super) fn handle(pid: u32) -> Option<OwnedFd> {
    let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

/// Makes what was written durable. The server may hang on its medium, so another thread asks it.
fn sync(target: &Path, until: Instant) -> Result<(), Error> {
    let path = target.join(DISK);
    let (done, result) = mpsc::channel();
    let asked = path.clone();
    thread::spawn(move || done.send(File::open(&asked).and_then(|disk| disk.sync_all())));
    match result.recv_timeout(until.saturating_duration_since(Instant::now())) {
        Ok(synced) => synced.map_err(|source| Error::NotDurable { path, source }),
        Err(_) => Err(Error::NoAnswer {
            dir: target.to_owned(),
        }),
    }
}

fn wait(handle: &OwnedFd, until: Instant, server: Option<&User>) -> Result<(), Error> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut [PollFd::new(handle, PollFlags::IN)], Some(&left)) {
            Ok(0) => {
                return Err(Error::StillRunning {
                    user: server.cloned(),
                });
            }
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(source) => {
                return Err(Error::Wait {
                    source: source.into(),
                });
            }
        }
    }
}

/// Why the kernel does not unmount, with those who are in the way.
fn refused(target: &Path, mount: &Mount, mounts: &[Mount], source: MountError) -> Error {
    let dir = target.to_owned();
    match &source {
        MountError::Unmount {
            source: Errno::BUSY,
            ..
        } => {
            let above = mounts.iter().filter(|above| above.parent == mount.id);
            let above = above.map(|above| format!("a mount at {}", above.target.display()));
            let mut by: Vec<String> = above.collect();
            by.extend(loop_devices_on(mount.device));
            let users = of_device(mount.device);
            by.extend(users.iter().take(NAMED).map(ToString::to_string));
            Error::Busy { dir, by }
        }
        MountError::Unmount {
            source: Errno::PERM,
            ..
        } => Error::NeedsRoot { what: "unmounting" },
        _ => Error::Unmount {
            dir,
            source: Box::new(source),
        },
    }
}
