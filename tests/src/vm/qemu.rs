//! A running QEMU process; dropping it is a power cut.

use std::fs::File;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tempfile::TempDir;

use super::{Machine, Serial, Vt};
use crate::host::command;

/// The packages a machine needs.
pub const PACKAGES: &[&str] = &["qemu-system-x86", "ovmf"];

/// How long QEMU may take to open its serial ports, which it does before the guest runs.
const CONNECT: Duration = Duration::from_secs(30);

/// A running machine.
pub struct Qemu {
    child: Child,
    /// The console, ttyS0.
    pub console: Serial,
    /// The port for commands, ttyS1.
    pub commands: Serial,
    /// The screen and the keyboard; the screen is there if the machine has one.
    pub vt: Vt,
    /// Holds the copies of the screen.
    _dir: TempDir,
}

impl Qemu {
    /// Starts `machine`. The console is logged to `log`, what QEMU itself says to the same name ending in `.qemu`.
    ///
    /// # Errors
    /// If QEMU is missing, refuses its arguments or does not open its ports.
    pub fn start(machine: &Machine, log: &Path) -> Result<Self> {
        // Socket names are limited to 107 bytes (unix(7)), so they live in a short directory, not next to the log.
        let sockets = tempfile::tempdir()?;
        let [console, commands, monitor] =
            ["console", "commands", "monitor"].map(|name| sockets.path().join(name));
        let listeners = [
            UnixListener::bind(&console)?,
            UnixListener::bind(&commands)?,
            UnixListener::bind(&monitor)?,
        ];
        let log_file =
            File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
        let complaints = log.with_extension("qemu");
        let mut child = command("qemu-system-x86_64")
            .args(machine.arguments(&console, &commands, &monitor))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&complaints)?)
            .spawn()
            .context("cannot start qemu-system-x86_64")?;
        let ports = connect(listeners, &mut child).with_context(|| {
            let _ = child.kill();
            let _ = child.wait();
            std::fs::read_to_string(&complaints).unwrap_or_default()
        })?;
        let [console, commands, monitor] = ports;
        Ok(Self {
            child,
            vt: Vt::new(monitor, sockets.path().join("screen"))?,
            _dir: sockets,
            console: Serial::new(console, Some(log_file))?,
            commands: Serial::new(commands, None)?,
        })
    }

    /// Cuts the power: the process is killed, and nothing the guest held back reaches the drives.
    ///
    /// # Errors
    /// If the process cannot be waited for.
    pub fn cut_power(&mut self) -> Result<()> {
        let _ = self.child.kill(); // fails only if it has ended by itself
        self.child.wait()?;
        Ok(())
    }

    /// Waits until the machine ends by itself: by a power-off, or by a reboot, which ends it too.
    ///
    /// # Errors
    /// If `deadline` passes first; the machine then still runs.
    pub fn wait_exit(&mut self, deadline: Instant) -> Result<ExitStatus> {
        let pid = Pid::from_child(&self.child);
        if let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) {
            readable(&process, deadline.saturating_duration_since(Instant::now()))?;
        }
        match self.child.try_wait()? {
            Some(status) => Ok(status),
            None => bail!("the machine did not power off before the deadline"),
        }
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        let _ = self.cut_power();
    }
}

fn connect(listeners: [UnixListener; 3], child: &mut Child) -> Result<[UnixStream; 3]> {
    let deadline = Instant::now() + CONNECT;
    let mut accept = |listener: &UnixListener| {
        while !readable(listener, Duration::from_millis(200))? {
            if let Some(status) = child.try_wait()? {
                bail!("qemu ended at once with {status}");
            }
            if Instant::now() > deadline {
                bail!("qemu did not open its serial ports");
            }
        }
        Ok(listener.accept()?.0)
    };
    let [console, commands, monitor] = &listeners;
    Ok([accept(console)?, accept(commands)?, accept(monitor)?])
}

/// Waits at most `time` until `fd` has something to read; a pidfd has when its process ended (pidfd_open(2)).
fn readable(fd: &impl std::os::fd::AsFd, time: Duration) -> Result<bool> {
    let timeout = Timespec::try_from(time).context("a time too long to wait")?;
    Ok(poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&timeout))? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::packages;

    #[test]
    fn a_machine_that_hangs_is_found_by_its_deadline_and_can_be_cut() {
        packages::ensure(PACKAGES).unwrap();
        let dir = tempfile::tempdir().unwrap();
        // Stopped before the first instruction (-S): the purest hang there is.
        let machine = Machine {
            extra: vec!["-S".into()],
            ..Machine::default()
        };
        let mut qemu = Qemu::start(&machine, &dir.path().join("console.log")).unwrap();
        let soon = || Instant::now() + Duration::from_millis(100);
        let error = qemu
            .console
            .wait_for("Linux version", 0, soon())
            .unwrap_err();
        assert!(error.to_string().contains("deadline"), "{error}");
        let error = qemu.wait_exit(soon()).unwrap_err();
        assert!(error.to_string().contains("did not power off"), "{error}");
        qemu.cut_power().unwrap();
        qemu.wait_exit(soon()).unwrap();
    }

    #[test]
    fn refused_arguments_are_quoted() {
        packages::ensure(PACKAGES).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let machine = Machine {
            extra: vec!["-nonsense".into()],
            ..Machine::default()
        };
        let Err(error) = Qemu::start(&machine, &dir.path().join("console.log")) else {
            panic!("accepted");
        };
        assert!(format!("{error:#}").contains("nonsense"), "{error:#}");
    }
}
