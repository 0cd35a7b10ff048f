//! Drivers for the machine's devices: loaded by the names that devices give themselves, fast buses
//! first, slow ones in processes of their own so that none of them can hold up the boot.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use perch_core::cause::Causes;
use perch_core::notice::Notice;
use perch_core::record::Module;
use perch_sys::aufs;
use perch_sys::kmod::{self, Found, Index, Loader};
use perch_sys::kmsg;
use perch_sys::uevent::{UeventError, Uevents};

/// Modules that every boot needs, whatever the machine.
const ALWAYS: [&str; 3] = ["loop", "squashfs", "overlay"];
/// A module that makes the kernel faster at checking the signatures of the others: under emulation
/// loading ext4 and its like takes a quarter less. Kernels for other processors have none of the name.
const HASHING: &str = "sha256_ssse3";
/// How many threads load the drivers of fast buses at the most.
const MOST_THREADS: usize = 4;
/// How many processes load the drivers of slow buses.
const PROCESSES: usize = 2;

/// The machine's devices and their drivers.
#[derive(Debug)]
pub struct Hotplug {
    loader: Loader,
    uevents: Option<Uevents>,
    /// Names of devices on slow buses, whose drivers are not loaded yet.
    slow: Vec<String>,
    /// Every name met so far: a driver is loaded once.
    known: BTreeSet<String>,
    children: Vec<Child>,
}

impl Hotplug {
    /// Follows the kernel's device events. Without modules or events, which a kernel may well not have,
    /// the boot goes on with what is there.
    pub fn open(command_line: &str) -> Self {
        let loader = Loader::new(Index::of_running_kernel(), command_line);
        let uevents = Uevents::open().map_err(|error| no_events(&error)).ok();
        Self {
            loader,
            uevents,
            slow: Vec::new(),
            known: BTreeSet::new(),
            children: Vec::new(),
        }
    }

    /// Loads what every boot needs and the drivers of fast buses, several at once, and those of the
    /// devices that appear by that.
    pub fn load_fast_drivers(&mut self) {
        if let Err(error) = self.loader.load(HASHING) {
            log::debug!("{}", Causes(&error));
        }
        let mut found = kmod::coldplug(Path::new("/sys"));
        let mut wanted: Vec<String> = ALWAYS.map(str::to_owned).to_vec();
        // A bus behind a bus: virtio devices appear once their PCI driver is there.
        const DEPTH: usize = 3;
        for _ in 0..DEPTH {
            let (fast, slow): (Vec<_>, Vec<_>) = self
                .not_met(std::mem::take(&mut found))
                .into_iter()
                .partition(|alias| kmod::tier(alias) == 0);
            self.slow.extend(slow);
            wanted.extend(fast);
            if wanted.is_empty() {
                break;
            }
            self.load(std::mem::take(&mut wanted));
            found = self.events(Instant::now()).aliases;
        }
        let rest = self.not_met(found);
        self.slow.extend(rest);
    }

    /// The names that were not met before; they count as met from now on.
    fn not_met(&mut self, aliases: Vec<String>) -> Vec<String> {
        aliases
            .into_iter()
            .filter(|alias| self.known.insert(alias.clone()))
            .collect()
    }

    /// Loads one module now, for a file system that is about to be mounted.
    pub fn load_now(&self, module: &str) {
        if let Err(error) = self.loader.load(module) {
            log::info!("{}", Causes(&error));
        }
    }

    /// Whether the kernel has aufs, loading it if need be.
    pub fn has_aufs(&self) -> bool {
        aufs::available(&self.loader)
    }

    /// Whether the kernel has FUSE, or its module is at hand: that is loaded with the first use.
    pub fn can_fuse(&self) -> bool {
        let at_hand = || self.loader.index().find("fuse");
        Path::new("/dev/fuse").exists() || !matches!(at_hand(), Ok(Found::Nothing) | Err(_))
    }

    /// Starts loading the drivers of slow buses, without waiting for them.
    pub fn load_slow_drivers(&mut self) {
        let mut slow = std::mem::take(&mut self.slow);
        slow.sort_by_key(|alias| kmod::tier(alias));
        self.spawn(slow);
    }

    /// Waits for devices, until `until` at the latest, loading the drivers that they ask for. Returns the
    /// names of block devices that appeared or changed, an empty list where events were missed and any
    /// device may have; `None` if the time is up.
    pub fn wait(&mut self, until: Instant) -> Option<Vec<String>> {
        loop {
            let Events {
                aliases,
                blocks,
                lost,
            } = self.events(until);
            let mut aliases = self.not_met(aliases);
            if lost {
                aliases.extend(self.not_met(kmod::coldplug(Path::new("/sys"))));
            }
            self.spawn(aliases);
            self.reap();
            if !blocks.is_empty() || lost {
                return Some(blocks);
            }
            if Instant::now() >= until {
                return None;
            }
        }
    }

    /// Can be read when [`wait`](Self::wait) has something to do; `None` where events cannot be followed.
    pub fn wake(&self) -> Option<OwnedFd> {
        self.uevents.as_ref()?.as_fd().try_clone_to_owned().ok()
    }

    /// What was loaded, for the record; the work of other processes is not in it.
    pub fn modules(&self) -> Vec<Module> {
        let module = |outcome: kmod::Outcome| Module {
            name: outcome.module,
            ms: u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
            error: outcome.result.err().map(|error| Causes(&error).to_string()),
        };
        self.loader.report().into_iter().map(module).collect()
    }

    /// Loads modules here and now. What fails shows where it matters: a device that does not appear, a
    /// file system that does not mount; the log has the reason.
    fn load(&self, names: Vec<String>) {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let outcomes =
            self.loader
                .load_many(names, threads.min(MOST_THREADS), &AtomicBool::new(false));
        for outcome in outcomes {
            if let Err(error) = &outcome.result {
                log::info!("{}", Causes(error));
            }
        }
    }

    /// Loads modules in processes of their own. One that hangs in a driver then holds up neither the
    /// search nor the start of the real init.
    fn spawn(&mut self, aliases: Vec<String>) {
        for process in 0..PROCESSES.min(aliases.len()) {
            // Dealt out in turns, so that each process begins with the more promising ones.
            let share = aliases.iter().skip(process).step_by(PROCESSES);
            let started = Command::new("/proc/self/exe")
                .arg0("modprobe")
                .args(["-a", "-q", "--"])
                .args(share)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(kernel_log())
                .spawn();
            match started {
                Ok(child) => self.children.push(child),
                Err(error) => {
                    let error = error.to_string();
                    kmsg::tell(Notice::DriversNotLoaded { error });
                }
            }
        }
    }

    fn reap(&mut self) {
        self.children
            .retain_mut(|child| !matches!(child.try_wait(), Ok(Some(_))));
    }

    fn events(&mut self, until: Instant) -> Events {
        let mut events = Events::default();
        let Some(uevents) = &self.uevents else {
            // A kernel without events can only be asked again and again.
            let pause = until.saturating_duration_since(Instant::now());
            std::thread::sleep(pause.min(Duration::from_secs(1)));
            events.lost = !pause.is_zero();
            return events;
        };
        match uevents.wait(Some(until)) {
            Ok(received) => {
                for event in received {
                    if let Some(alias) = event.modalias
                        && event.action == "add"
                    {
                        events.aliases.push(alias);
                    }
                    if let Some(name) = event.devname
                        && event.subsystem.as_deref() == Some("block")
                    {
                        events.blocks.push(name);
                    }
                }
            }
            Err(UeventError::Lost) => events.lost = true,
            Err(error) => {
                // Asking again would fail at once, again and again.
                no_events(&error);
                self.uevents = None;
                events.lost = true;
            }
        }
        events
    }
}

fn no_events(error: &UeventError) {
    let error = Causes(error).to_string();
    kmsg::tell(Notice::NoDeviceEvents { error });
}

/// The kernel's log as a place for messages; nowhere, if it cannot be opened.
fn kernel_log() -> Stdio {
    OpenOptions::new()
        .append(true)
        .open("/dev/kmsg")
        .map_or_else(|_| Stdio::null(), Stdio::from)
}

/// What happened to the machine's devices.
#[derive(Debug, Default)]
struct Events {
    /// Names of new devices, for drivers.
    aliases: Vec<String>,
    /// Block devices that appeared, changed or went.
    blocks: Vec<String>,
    /// Whether events were missed.
    lost: bool,
}

/// The program that the kernel runs as `/sbin/modprobe`, and that loads drivers of slow buses.
pub fn modprobe(arguments: &[OsString]) -> ExitCode {
    ExitCode::from(kmod::modprobe(arguments.iter().cloned()))
}
