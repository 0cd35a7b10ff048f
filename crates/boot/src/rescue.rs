//! When there is no way on: a screen that says what is wrong, then what the user configured.
//!
//! Nothing here is silent or for ever without a word: each wait is announced and has an end.

use std::convert::Infallible;
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use perch_core::notice::Notice;
use perch_core::request::{OnMissing, Request};
use perch_core::stop::Stop;
use perch_sys::{console, kmsg};
use rustix::system::{RebootCommand, reboot};

use crate::handover::{Handover, NO_SYSTEM};
use crate::hotplug::Hotplug;

/// How long a screen stays before the machine restarts by itself.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// How long it stays where a restart or power-off was asked for.
const NOTICE: Duration = Duration::from_secs(60);
/// How long the consoles may take to send the last lines.
const LAST_LINES: Duration = Duration::from_secs(2);
/// Shells that an image may carry.
const SHELLS: [&str; 3] = ["/bin/sh", "/bin/bash", "/bin/busybox"];

/// What is wrong, for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// What does not work, and what the user can do.
    pub stop: Stop,
    /// What was found, a line each.
    pub found: Vec<String>,
}

impl Screen {
    fn show(&self, then: &str) {
        let frame = "-".repeat(76);
        let title = format!("{} [{}]", self.stop.title(), self.stop.code());
        let mut lines = vec![String::new(), frame.clone(), title];
        lines.push(String::new());
        lines.extend(self.found.iter().map(|line| format!("  {line}")));
        lines.extend([String::new(), "What can be done:".to_owned()]);
        let advice = self.stop.advice();
        lines.extend(advice.iter().map(|line| format!("  - {line}")));
        lines.extend([String::new(), then.to_owned(), frame]);
        kmsg::announce(&lines);
    }
}

/// Shows the screen and waits for a device to appear. Returns when one does; otherwise the machine
/// ends as configured.
pub fn wait_for_device(
    screen: &Screen,
    on_missing: OnMissing,
    hotplug: &mut Hotplug,
    handover: &Handover,
) {
    match on_missing {
        OnMissing::Reboot => count_down(screen, "restarts", RebootCommand::Restart),
        OnMissing::Poweroff => count_down(screen, "is switched off", RebootCommand::PowerOff),
        OnMissing::Shell if handover.is_to_host() => leave_to_host(screen),
        OnMissing::Shell => {
            screen.show("Starting a shell; the search goes on when it ends.");
            if shell() {
                return;
            }
            kmsg::tell(Notice::NoShell);
        }
        OnMissing::Retry => {}
    }
    let then = match handover.is_to_host() {
        true => "This initramfs is left alone with it",
        false => "The machine restarts",
    };
    screen.show(&format!(
        "Still looking: plug in the medium and it is used. {then} in {} minutes.",
        PATIENCE.as_secs() / 60
    ));
    if hotplug.wait(Instant::now() + PATIENCE).is_some() {
        return;
    }
    match handover.is_to_host() {
        true => leave_to_host(screen),
        false => end(RebootCommand::Restart),
    };
}

/// Shows the screen for an error that no new device can mend, then ends as configured.
pub fn stop(screen: &Screen, on_missing: OnMissing, handover: &Handover) -> Infallible {
    match on_missing {
        OnMissing::Shell | OnMissing::Retry if handover.is_to_host() => leave_to_host(screen),
        OnMissing::Poweroff => count_down(screen, "is switched off", RebootCommand::PowerOff),
        OnMissing::Shell => {
            screen.show("Starting a shell; the machine restarts when it ends.");
            if !shell() {
                kmsg::tell(Notice::NoShell);
                count_down(screen, "restarts", RebootCommand::Restart);
            }
        }
        OnMissing::Reboot => count_down(screen, "restarts", RebootCommand::Restart),
        OnMissing::Retry => {
            screen.show(&format!(
                "The machine restarts in {} minutes.",
                PATIENCE.as_secs() / 60
            ));
            pause(PATIENCE);
        }
    }
    end(RebootCommand::Restart)
}

/// Shows the screen and ends, for the host's own shell, restart or whatever it has for this.
fn leave_to_host(screen: &Screen) -> ! {
    screen.show("perch ends here; this initramfs has its own way on from such an end.");
    kmsg::drain(LAST_LINES);
    std::process::exit(NO_SYSTEM)
}

fn count_down(screen: &Screen, what: &str, command: RebootCommand) {
    screen.show(&format!(
        "The machine {what} in {} seconds.",
        NOTICE.as_secs()
    ));
    pause(NOTICE);
    end(command);
}

/// A pause for the user to read, not for anything to happen.
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Ends the machine, with all that was written on the media.
fn end(command: RebootCommand) -> Infallible {
    rustix::fs::sync();
    loop {
        // Fails only without the right to do so, which process 1 has.
        let _ = reboot(command);
        pause(NOTICE);
    }
}

/// With `debug`, and an image that carries a shell: a shell before the next stage (contract §2.3).
/// Images carry none unless their maker put one in.
pub fn debug_shell(request: &Request, next: &str) {
    if !request.debug || !SHELLS.iter().any(|path| Path::new(path).exists()) {
        return;
    }
    kmsg::announce(&[format!(
        "debug: a shell before {next}; the boot goes on when it ends (exit)"
    )]);
    shell();
}

/// Runs a shell on the console; `false` if the image carries none.
fn shell() -> bool {
    let Some(path) = SHELLS.iter().find(|path| Path::new(path).exists()) else {
        return false;
    };
    let console = || {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/console")
            .map_or_else(|_| Stdio::null(), Stdio::from)
    };
    Command::new(path)
        .arg0("sh")
        .stdin(console())
        .stdout(console())
        .stderr(console())
        .status()
        .is_ok()
}

/// Makes a programming error visible and survivable: process 1 must not end, or the kernel panics
/// before anybody could read why.
pub fn install_panic_hook(handover: &Handover) {
    let handover = handover.clone();
    let then = match handover.is_to_host() {
        true => OnMissing::Shell,
        false => OnMissing::Reboot,
    };
    std::panic::set_hook(Box::new(move |info| {
        // It may have been in the middle of a question.
        console::restore_all();
        kmsg::release();
        let screen = Screen {
            stop: Stop::Internal,
            found: vec![info.to_string()],
        };
        stop(&screen, then, &handover);
    }));
}
