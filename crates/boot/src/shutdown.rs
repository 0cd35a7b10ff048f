//! The end of the system: `/run/initramfs/shutdown VERB`, called by systemd after it has made `/run/initramfs`
//! the root, or by any other init as its last act, as process 1 or not.
//!
//! Everything is done by a thread, and watched: a step that hangs does not keep the machine on. Whatever
//! happens, reboot(2) is called in the end, and this program never returns to anybody.

mod busy;
mod settle;
mod undo;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use log::LevelFilter;
use perch_core::cause::Causes;
use perch_core::notice::Notice;
use perch_core::teardown::{Patience, STUCK, Verb, Word};
use perch_sys::ioctl;
use perch_sys::kmsg::{self, Kmsg};
use perch_sys::layout::INITRAMFS;
use perch_sys::teardown as disks;
use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::system::{RebootCommand, reboot};

/// The name that this program is called by.
pub const NAME: &str = "shutdown";

/// How often what is unwritten is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long the consoles may take to send the last lines.
const LAST_LINES: Duration = Duration::from_secs(2);
/// Between two calls of a reboot(2) that did nothing.
const AGAIN: Duration = Duration::from_secs(60);

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
enum LeaveError {
    #[error("cannot make {INITRAMFS}")]
    Directory(#[source] io::Error),
    #[error("cannot write {INITRAMFS}/{NAME}")]
    Write(#[source] io::Error),
}

/// Leaves this program where the end of the system looks for it: a copy in memory, since the initramfs is
/// emptied when the system starts.
pub fn leave() {
    let place = Path::new(INITRAMFS).join(NAME);
    let copied = fs::create_dir_all(INITRAMFS)
        .map_err(LeaveError::Directory)
        // In the kernel, with the permissions of the original.
        .and_then(|()| {
            fs::copy("/proc/self/exe", &place)
                .map(drop)
                .map_err(LeaveError::Write)
        });
    if let Err(error) = copied {
        // Half a program would be worse than none.
        let _ = fs::remove_file(&place);
        let error = Causes(&error).to_string();
        kmsg::tell(Notice::ShutdownNotLeft { error });
    }
}

/// Ends the system. Returns only if it may not, or if the call is none.
pub fn run(arguments: &[OsString]) -> ExitCode {
    let first = rustix::process::getpid().is_init();
    let verb = match Verb::of(arguments.iter().filter_map(|word| word.to_str())) {
        Ok(verb) => verb,
        // There is nobody to return to.
        Err(_) if first => Verb::PowerOff,
        Err(error) => {
            eprintln!("{NAME}: {error}");
            return ExitCode::from(2);
        }
    };
    if !rustix::process::geteuid().is_root() {
        eprintln!("{NAME}: only root may end the system");
        return ExitCode::from(4);
    }
    // Nothing is open yet but the standard files.
    let _ = ioctl::close_inherited();
    // The end of a terminal or of whoever called must not be ours.
    let _ = ioctl::hold_back_signals();
    let _ = rustix::process::setsid();
    raise_limit();
    let _ = Kmsg::install(LevelFilter::Info).map(Kmsg::lift_rate_limit);
    on_panic(verb);

    let (tell, told) = mpsc::channel();
    let work = thread::Builder::new().spawn(move || undo::everything(&Teller(tell), verb));
    match work {
        Ok(_) => watch(&told),
        Err(_) => {
            let (tell, _told) = mpsc::channel();
            undo::everything(&Teller(tell), verb);
        }
    }
    kmsg::announce(&[verb.to_string()]);
    kmsg::drain(LAST_LINES);
    end(verb)
}

/// Every process that is waited for takes a descriptor.
fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}

/// Says what is being done, to whoever watches.
struct Teller(Sender<String>);

impl Teller {
    /// The next step begins; it is written to the log too.
    fn step(&self, step: impl Into<String>) {
        let step = step.into();
        log::info!("{step}");
        // Nobody watches where no thread could be had.
        let _ = self.0.send(step);
    }
}

/// Watches the steps until the last has ended, or one never will.
fn watch(told: &Receiver<String>) {
    let clock = Instant::now();
    let mut step = String::new();
    let mut patience = Patience::begin(clock.elapsed());
    loop {
        match told.recv_timeout(LOOK) {
            Ok(next) => {
                step = next;
                patience = Patience::begin(clock.elapsed());
            }
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                let unwritten = disks::unwritten();
                match patience.look(clock.elapsed(), unwritten) {
                    Word::Wait => {}
                    Word::Say { since } => kmsg::announce(&[progress(&step, since, unwritten)]),
                    Word::GiveUp => {
                        let seconds = STUCK.as_secs();
                        kmsg::tell(Notice::ShutdownStuck { step, seconds });
                        undo::force("the rest was left out");
                        return;
                    }
                }
            }
        }
    }
}

fn progress(step: &str, since: Duration, unwritten: Option<u64>) -> String {
    let seconds = since.as_secs();
    match unwritten.map(|kib| kib.div_ceil(1024)) {
        None | Some(0) => format!("{step}: {seconds} s"),
        Some(mib) => format!("{step}: {seconds} s, {mib} MiB to be written"),
    }
}

/// Ends the machine as asked, or in the next best way; what was written is on the disks.
fn end(verb: Verb) -> ! {
    let ways = match verb {
        Verb::PowerOff => [RebootCommand::PowerOff, RebootCommand::Halt],
        Verb::Reboot => [RebootCommand::Restart, RebootCommand::Halt],
        Verb::Halt => [RebootCommand::Halt, RebootCommand::Halt],
        // Without a kernel that was loaded it fails.
        Verb::Kexec => [RebootCommand::Kexec, RebootCommand::Restart],
    };
    loop {
        for way in ways {
            let _ = reboot(way);
        }
        thread::sleep(AGAIN);
    }
}

/// An error of ours must not leave a machine that is half down, nor kill process 1.
fn on_panic(verb: Verb) {
    std::panic::set_hook(Box::new(move |info| {
        kmsg::announce(&[format!("an error in perch itself: {info}")]);
        undo::force("an error in perch itself");
        kmsg::drain(LAST_LINES);
        end(verb)
    }));
}
