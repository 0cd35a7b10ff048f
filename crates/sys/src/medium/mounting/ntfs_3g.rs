//! NTFS by the program ntfs-3g, for kernels without a driver that writes (before Linux 5.15, and
//! Debian's of any age).
//!
//! The program serves the mount from a process of its own until it is unmounted, across the start of
//! the real system: it looks up no path once it runs, and its name begins with `@`, by which systemd
//! knows what to leave alone (systemd, "File System Management Daemons"). A read-only mount of it cannot
//! be made writable later: it has to be started anew.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use linux_raw_sys::general::{
    MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags, fcntl_add_seals, memfd_create, open};
use rustix::io::Errno;
use rustix::mount::MountPropagationFlags;

use crate::child;
use crate::mount::{self, MountError};
use crate::mountinfo;
use crate::programs::{self, ProgramError};

/// The program.
pub const PROGRAM: &str = "ntfs-3g";
/// Where it mounts, for the moment until the mount is a descriptor.
pub const MOUNT_POINT: &str = "/run/perch/ntfs-3g";

/// How it mounts: files belong to root alone; a journal that Windows left is not thrown away
/// (`norecover`); the process stays our child. ntfs-3g(8).
const OPTIONS: &str = "uid=0,gid=0,umask=0077,noatime,big_writes,norecover,no_detach";
/// How long it may take until the mount is there. A slow stick with a large file table takes seconds.
const READY: Duration = Duration::from_secs(60);
/// How long one that was unmounted may take to write everything and end.
const LAST_WORDS: Duration = Duration::from_secs(20);
/// How much of its words is kept, in bytes.
const MAX_WORDS: u16 = 16 << 10;

/// Why it could not mount a device.
#[derive(Debug, thiserror::Error)]
pub enum Ntfs3gError {
    /// The program could not be had.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// It could not be started, or not be watched.
    #[error("cannot run {PROGRAM} for {}", .device.display())]
    Run {
        /// What was to be mounted.
        device: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It ended without mounting.
    #[error("{PROGRAM} does not mount {} ({status}): {said}", .device.display())]
    Refused {
        /// What was to be mounted.
        device: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// Its words.
        said: String,
    },
    /// It mounts read-only where a writable mount was wanted.
    #[error("{PROGRAM} does not write to {}: {said}", .device.display())]
    ReadOnly {
        /// What was to be mounted.
        device: PathBuf,
        /// Its words.
        said: String,
    },
    /// It neither mounted nor ended in time.
    #[error("{PROGRAM} did not mount {} within {} s", .device.display(), READY.as_secs())]
    TimedOut {
        /// What was to be mounted.
        device: PathBuf,
    },
    /// Its mount could not be taken over.
    #[error(transparent)]
    Mount(#[from] MountError),
}

/// Every process of the program that was started and not seen to have ended, with its device.
static STARTED: Mutex<Vec<(PathBuf, Child)>> = Mutex::new(Vec::new());

/// Mounts `device` at the directory `point`, which is made if need be, and takes the mount from there:
/// detached, a read-only mount in any case. Only with `writable` can it be made writable; then it is
/// an error if the program prefers not to write.
///
/// The process ends with the last user of the mount. A device that is mounted already is not mounted a
/// second time.
pub fn mount(device: &Path, point: &Path, writable: bool) -> Result<OwnedFd, Ntfs3gError> {
    let program = programs::path(PROGRAM)?;
    let failed = |source: io::Error| Ntfs3gError::Run {
        device: device.into(),
        source,
    };
    // The last one that had this device may still be writing.
    settle(device, Instant::now() + LAST_WORDS);
    make_point(point).map_err(failed)?;
    // Opened before the program starts, it tells of any mount that is made from here on.
    let table = File::open("/proc/thread-self/mountinfo").map_err(failed)?;
    let words = words().map_err(failed)?;
    let options = if writable { "" } else { ",ro" };
    let mut child = Command::new(program)
        .arg0(format!("@{PROGRAM}"))
        .args(["-o", &format!("{OPTIONS}{options}")])
        .args([device, point])
        .env_clear()
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(words.try_clone().map_err(failed)?)
        .spawn()
        .map_err(failed)?;
    let ready = wait_until_mounted(&mut child, &table, point).map_err(failed);
    let outcome = ready.and_then(|ready| match ready {
        Ready::Mounted { read_only: false } => take_over(point, device),
        Ready::Mounted { read_only: true } if !writable => take_over(point, device),
        Ready::Mounted { read_only: true } => Err(Ntfs3gError::ReadOnly {
            device: device.into(),
            said: said(&words),
        }),
        Ready::Ended(status) => Err(Ntfs3gError::Refused {
            device: device.into(),
            status,
            said: said(&words),
        }),
        Ready::TimedOut => Err(Ntfs3gError::TimedOut {
            device: device.into(),
        }),
    });
    // What has been taken over lives on without a path; anything else ends here.
    let _ = mount::unmount(point, true);
    if matches!(
        outcome,
        Err(Ntfs3gError::TimedOut { .. } | Ntfs3gError::Run { .. })
    ) {
        let _ = child.kill();
    }
    started().push((device.into(), child));
    outcome
}

/// What became of the program.
enum Ready {
    Mounted { read_only: bool },
    Ended(ExitStatus),
    TimedOut,
}

/// Waits for the mount to appear or the program to end, whichever is first.
fn wait_until_mounted(child: &mut Child, table: &File, point: &Path) -> io::Result<Ready> {
    let pidfd = child::pidfd(child)?;
    let deadline = Instant::now() + READY;
    loop {
        let mounts = mountinfo::read()?;
        if let Some(mount) = mountinfo::at(&mounts, point) {
            let read_only = mount.is_read_only();
            return Ok(Ready::Mounted { read_only });
        }
        if let Some(status) = child.try_wait()? {
            return Ok(Ready::Ended(status));
        }
        if Instant::now() >= deadline {
            return Ok(Ready::TimedOut);
        }
        // A change of the mount table shows as an exceptional condition (proc_pid_mountinfo(5)).
        wait(
            &mut [
                PollFd::new(table, PollFlags::PRI),
                PollFd::new(&pidfd, PollFlags::IN),
            ],
            deadline,
        )?;
    }
}

/// Makes the mount at `point` a descriptor of its own.
fn take_over(point: &Path, device: &Path) -> Result<OwnedFd, Ntfs3gError> {
    // O_PATH asks the program for nothing, which may not be ready to answer.
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let attached = open(point, flags, Mode::empty()).map_err(|source| Ntfs3gError::Run {
        device: device.into(),
        source: source.into(),
    })?;
    let mount = mount::clone_tree(attached, false)?;
    let harmless = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    crate::ioctl::mount_setattr(&mount, harmless, 0, MountPropagationFlags::empty()).map_err(
        |source| Ntfs3gError::Run {
            device: device.into(),
            source: source.into(),
        },
    )?;
    Ok(mount)
}

/// Waits until no process that was started for `device` is left, `until` at the most, and clears away
/// those of other devices that have ended.
fn settle(device: &Path, until: Instant) {
    started().retain_mut(|(served, child)| {
        if served == device
            && let Ok(pidfd) = child::pidfd(child)
        {
            // Out of time the next one finds out whether the device is free.
            let _ = wait(&mut [PollFd::new(&pidfd, PollFlags::IN)], until);
        }
        !matches!(child.try_wait(), Ok(Some(_)))
    });
}

fn started() -> std::sync::MutexGuard<'static, Vec<(PathBuf, Child)>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait(fds: &mut [PollFd<'_>], until: Instant) -> io::Result<()> {
    let left = until.saturating_duration_since(Instant::now());
    match poll(fds, Timespec::try_from(left).ok().as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A file in memory for the program's words. Not a pipe, which would have to be read as long as the
/// program lives; of a fixed size, so that it cannot fill the memory.
fn words() -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = File::from(memfd_create(PROGRAM, flags)?);
    file.set_len(MAX_WORDS.into())?;
    fcntl_add_seals(&file, SealFlags::GROW | SealFlags::SHRINK)?;
    Ok(file)
}

/// What it said before it introduced itself, which it does once a mount is made.
fn said(words: &File) -> String {
    let mut buffer = vec![0; MAX_WORDS.into()];
    let len = words.read_at(&mut buffer, 0).unwrap_or_default();
    let text = buffer.get(..len).unwrap_or_default();
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    programs::one_line(
        text.lines()
            .take_while(|line| !line.starts_with("Version ")),
    )
}

fn make_point(point: &Path) -> io::Result<()> {
    if let Some(parent) = point.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(point) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
