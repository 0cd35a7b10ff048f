//! File systems that another machine may have open: looks at their leases before anything is written,
//! and holds ours from when they are writable to the end of the system.
//!
//! A small process of this same program renews it: it has a session of its own, the root directory of
//! the file system as its standard input and the kernel log as its standard error, and reaches nothing
//! by a path. SIGTERM, which every init sends before it unmounts, makes it let go. Devices that only one
//! machine can have are not looked at and cost no time.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use perch_core::cause::Causes;
use perch_core::facts::Facts;
use perch_core::fs::FsKind;
use perch_core::in_use::{InUse, is_shared};
use perch_core::lease::{INTERVAL, Lease, Look, stays_in_place};
use perch_core::notice::Notice;
use perch_core::request::Request;
use perch_core::units::SessionId;
use perch_sys::apply::Machine;
use perch_sys::devices::BlockDevice;
use perch_sys::in_use::lease::{self, LeaseError, Renewal};
use perch_sys::ioctl::watch_sigterm;
use perch_sys::kmsg;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{StatVfsMountFlags, fstatvfs};

/// How this program is called (`argv[0]`) to renew a lease. No `@` at its beginning: it is to be ended
/// with all others (systemd, "Storage Daemons for the Root File System").
pub const NAME: &str = "perch-lease";

/// What an initramfs of systemd's holds as long as it is one (os-release(5), "Notes").
const HOST: &str = "/etc/initrd-release";

/// Whether the device can be open on another machine too.
pub fn can_be_shared(request: &Request, device: &str) -> bool {
    let path = Path::new("/sys/class/block").join(device);
    request.lease
        || fs::canonicalize(path).is_ok_and(|real| is_shared(device, &real.to_string_lossy()))
}

/// The other machine that has a file system open; `mount` is its mount, read-only, no journal replayed.
/// Watches as long as that takes, if there is something to watch.
pub fn user(request: &Request, device: &BlockDevice, mount: &OwnedFd) -> Option<InUse> {
    if !can_be_shared(request, &device.name) {
        return None;
    }
    let name = &device.name;
    let mut announce = |lease: &Lease, time: Duration| {
        kmsg::announce(&[format!(
            "/dev/{name} may be open on another machine ({}): watching its mark for up to {} s",
            lease.host,
            time.as_secs_f32().ceil()
        )]);
    };
    match lease::watch(mount, &boot_id(), &mut announce) {
        Ok(Look::Alive(lease)) => Some(lease.user()),
        Ok(Look::Unclear(lease)) => {
            kmsg::announce(&[format!(
                "the mark of {} on /dev/{name} does not change: it was left behind and is taken over",
                lease.host
            )]);
            None
        }
        Ok(Look::Free) => None,
        Err(error) => {
            kmsg::tell(Notice::LeaseUnreadable {
                device: name.to_string(),
                error: Causes(&error).to_string(),
            });
            None
        }
    }
}

/// Has the leases of the file systems renewed that can be open on another machine and are writable now.
pub fn hold(request: &Request, facts: &Facts, machine: &Machine, session: Option<SessionId>) {
    let (medium, store) = (&facts.medium, &facts.store);
    let on_medium = session.filter(|_| store.device.is_none());
    let all = [
        Some((&medium.device, medium.fs, &machine.medium, on_medium)),
        match (&store.device, &machine.store.mount) {
            (Some(device), Some(mount)) => Some((device, store.fs, mount, session)),
            _ => None,
        },
    ];
    for (device, fs, mount, session) in all.into_iter().flatten() {
        if !can_be_shared(request, device) || !is_writable(mount) {
            continue;
        }
        let started = match stays_in_place(fs) {
            true => start(mount, session),
            false => Err(StartError::Moves(fs)),
        };
        if let Err(error) = started {
            kmsg::tell(Notice::LeaseNotHeld {
                device: device.to_string(),
                error: Causes(&error).to_string(),
            });
        }
    }
}

fn is_writable(mount: &OwnedFd) -> bool {
    fstatvfs(mount).is_ok_and(|stat| !stat.f_flag.contains(StatVfsMountFlags::RDONLY))
}

/// Why a lease is not renewed.
#[derive(Debug, thiserror::Error)]
enum StartError {
    /// The file system writes a block elsewhere each time.
    #[error("{0} keeps no block in its place")]
    Moves(FsKind),
    /// The first record.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The record in words.
    #[error("cannot write the mark down")]
    Json(#[from] serde_json::Error),
    /// A descriptor for the process.
    #[error("cannot open the mark's directory again")]
    Directory(#[from] perch_sys::dir::DirError),
    /// The process.
    #[error("cannot start {NAME}")]
    Process(#[source] io::Error),
}

fn start(mount: &OwnedFd, session: Option<SessionId>) -> Result<(), StartError> {
    let ours = Lease::new(&host(), &boot_id(), session);
    lease::begin(mount, &ours)?;
    let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::DIRECTORY;
    let root = perch_sys::dir::open_beneath(mount, ".", flags)?;
    let mut command = Command::new("/proc/self/exe");
    command
        .arg0(NAME)
        .arg(serde_json::to_string(&ours)?)
        .env_clear()
        .current_dir("/")
        .stdin(root)
        .stdout(Stdio::null())
        .stderr(kernel_log().map_or_else(Stdio::null, Stdio::from));
    // It outlives us; whoever is process 1 then reaps it.
    command.spawn().map(drop).map_err(StartError::Process)
}

fn kernel_log() -> Option<File> {
    OpenOptions::new().append(true).open("/dev/kmsg").ok()
}

/// What people know this machine by; there is no host name yet.
fn host() -> String {
    let part = |name: &str| fs::read_to_string(Path::new("/sys/class/dmi/id").join(name)).ok();
    let parts: Vec<String> = ["sys_vendor", "product_name"]
        .into_iter()
        .filter_map(part)
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect();
    match parts.as_slice() {
        [] => "without a name".to_owned(),
        parts => parts.join(" "),
    }
}

/// The kernel's number of this boot, random(4).
fn boot_id() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}

/// The process: renews the lease that it is given until it is told to end. Standard input is the root
/// directory of the file system, standard error the kernel log.
pub fn renew(arguments: &[OsString]) -> ExitCode {
    let ours = arguments.first().and_then(|text| text.to_str());
    let Some(mut ours) = ours.and_then(|text| serde_json::from_str::<Lease>(text).ok()) else {
        return say(4, "is only started by perch itself");
    };
    // Fails only for one that leads a group, which nobody made it.
    let _ = rustix::process::setsid();
    let Ok(told_to_end) = watch_sigterm() else {
        return say(3, "cannot wait for a signal: the mark is not renewed");
    };
    let root = io::stdin();
    let root = root.as_fd();
    let mut complained = false;
    loop {
        let ends = wait(&told_to_end);
        let next = if ends {
            ours.released()
        } else {
            ours.renewed()
        };
        match lease::renew(root, &next) {
            Ok(Renewal::Done) => ours = next,
            Ok(Renewal::Lost(by)) => {
                let by = by.map_or("nobody".to_owned(), |lease| lease.host);
                return say(
                    1,
                    &format!(
                        "this disk was taken over by {by}: stop writing to it, restart this machine"
                    ),
                );
            }
            // It is being shut down, or was made read-only by the kernel: nothing is written any more.
            Err(error) if error.is_read_only() => return ExitCode::SUCCESS,
            Err(error) if !complained => {
                complained = true;
                say(
                    3,
                    &format!("the mark cannot be renewed: {}", Causes(&error)),
                );
            }
            Err(_) => {}
        }
        if ends {
            return ExitCode::SUCCESS;
        }
    }
}

/// Waits until the next renewal; `true` if it is the last.
fn wait(told_to_end: &OwnedFd) -> bool {
    let next = Instant::now() + INTERVAL;
    loop {
        let left = next.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        let mut fds = [PollFd::new(told_to_end, PollFlags::IN)];
        if let Ok(1..) = poll(&mut fds, Timespec::try_from(left).ok().as_ref()) {
            if !Path::new(HOST).exists() {
                return true;
            }
            // systemd ends whatever its initramfs has left running before it leaves it; the system has not begun yet.
            let _ = rustix::io::read(told_to_end, &mut [0; 1024]);
        }
    }
}

/// One line for the kernel log, with its level (syslog(2)).
fn say(level: u8, what: &str) -> ExitCode {
    eprintln!("<{level}>perch: {NAME} {what}");
    ExitCode::FAILURE
}
