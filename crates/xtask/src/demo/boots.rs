//! Three boots of one disk, as a user would make them: work, come back, look at an untouched system.
//!
//! Each boot goes through firmware, boot menu, kernel, perch and systemd, and ends with `poweroff`. What must be true
//! is checked inside the running system; the first thing that is not ends the demo with an error.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use perch_tests::vm::{Bus, Drive, Machine};
use serde_json::Value;

use super::console::Console;
use super::progress::Progress;
use super::record::Record;
use super::settings::{HOST_NAME, PACKAGE, PASSWORD};

/// What perch says when it has unmounted everything at the end.
pub const CLEAN: &str = "everything is unmounted and written";

/// A file the first boot writes; it holds that boot's number, so nothing else can have made it.
const NOTE: &str = "/root/note";

/// An entry of the boot menu (`perch_medium::menu`) and what perch makes of it on this disk.
struct Entry {
    title: &'static str,
    key: &'static str,
    /// As [`Record::outcome`] words it.
    outcome: &'static str,
}

const NEW: Entry = Entry {
    title: "Start a new session",
    key: "n",
    outcome: "new session 1",
};
const RESUME: Entry = Entry {
    title: "Resume previous session",
    key: "r",
    outcome: "session 1",
};
const FRESH: Entry = Entry {
    title: "Fresh start",
    key: "f",
    outcome: "ram",
};

/// The menu is complete when its last line is.
const LAST_ENTRY: &str = "Copy to RAM";

/// What one boot has shown.
pub struct Boot {
    /// The entry of the boot menu.
    pub title: &'static str,
    /// From switching on to the menu.
    pub menu: Duration,
    /// From choosing the entry to the login prompt.
    pub login: Duration,
    /// What perch says about it.
    pub record: Record,
}

/// The machine all boots happen on.
pub fn machine(disk: &Path) -> Machine {
    Machine {
        drives: vec![Drive {
            image: disk.to_owned(),
            bus: Bus::Virtio,
            read_only: false,
            serial: None,
        }],
        memory_mib: 1024,
        // The last -smp counts.
        extra: ["-smp", "2"].map(String::from).to_vec(),
        ..Machine::default()
    }
}

/// Boots `disk` three times and returns what was seen. The consoles are logged below `logs`.
pub fn run(disk: &Path, logs: &Path, progress: &Progress) -> Result<Vec<Boot>> {
    let stage = Stage {
        disk,
        logs,
        progress,
    };

    let mut note = String::new();
    let new = stage.boot(&NEW, |console| {
        stage.say(&format!("installing {PACKAGE} offline and writing {NOTE}"));
        ensure!(!installed(console)?, "{PACKAGE} is there too early");
        console.command(&format!("dpkg -i /opt/packages/{PACKAGE}.deb"))?;
        console.command(&format!("cat /proc/sys/kernel/random/boot_id > {NOTE}"))?;
        note = console.command(&format!("cat {NOTE}"))?;
        ensure!(!note.is_empty(), "{NOTE} is empty after it was written");
        ensure!(installed(console)?, "{PACKAGE} is not there after dpkg -i");
        stage.has_come_up(console)
    })?;

    let resume = stage.boot(&RESUME, |console| {
        let kept = console.command(&format!("cat {NOTE}"))?;
        ensure!(kept == note, "{NOTE} held {note:?}, now {kept:?}");
        let said = console.command(PACKAGE)?;
        ensure!(installed(console)?, "{PACKAGE} is gone");
        stage.say(&format!("{NOTE} is there, {PACKAGE} says: {said}"));
        stage.has_come_up(console)
    })?;

    let fresh = stage.boot(&FRESH, |console| {
        let (status, _) = console.try_command(&format!("test -e {NOTE}"))?;
        ensure!(status == 1, "{NOTE} is there in a fresh system");
        ensure!(!installed(console)?, "{PACKAGE} is there in a fresh system");
        stage.say(&format!(
            "neither {NOTE} nor {PACKAGE} is there, as it should be"
        ));
        Ok(())
    })?;
    Ok(vec![new, resume, fresh])
}

/// Whether dpkg knows the package as installed and the shell finds its program; both or neither.
fn installed(console: &mut Console) -> Result<bool> {
    let (status, program) = console.try_command(&format!("command -v {PACKAGE}"))?;
    let (_, state) = console.try_command(&format!(
        "dpkg-query -W -f '${{db:Status-Status}}' {PACKAGE} 2>/dev/null"
    ))?;
    let (found, known) = (status == 0, state == "installed");
    ensure!(
        found == known,
        "{PACKAGE}: dpkg says {state:?}, but the shell finds {program:?}"
    );
    Ok(found)
}

/// What the boots have in common.
struct Stage<'a> {
    disk: &'a Path,
    logs: &'a Path,
    progress: &'a Progress,
}

impl Stage<'_> {
    fn say(&self, text: &str) {
        self.progress.say(text);
    }

    /// Waits until the system has started, and looks whether it told perch so.
    fn has_come_up(&self, console: &mut Console) -> Result<()> {
        // It waits for all jobs, and fails where some unit has.
        console.command("systemctl is-system-running --wait")?;
        let running = console.command("perch running --json")?;
        let running: Value = serde_json::from_str(&running).context("what perch says")?;
        let tries = running.get("tries").and_then(Value::as_u64);
        let is_good = running.get("good").and_then(Value::as_bool);
        ensure!(
            (is_good, tries) == (Some(true), Some(0)),
            "the session is not marked as good: {running}"
        );
        self.say("the system has come up, and perch knows it");
        Ok(())
    }

    /// Boots through the menu's `entry`, lets `work` use the running system, and switches off.
    fn boot(&self, entry: &Entry, work: impl FnOnce(&mut Console) -> Result<()>) -> Result<Boot> {
        self.say(&format!("booting: {}", entry.title));
        let log = self.logs.join(format!("console-{}.log", entry.key));
        let mut console = Console::start(&machine(self.disk), &log)?;
        self.drive(&mut console, entry, work)
            .map_err(|error| console.explain(&error))
            .with_context(|| format!("in the boot {:?}", entry.title))
    }

    fn drive(
        &self,
        console: &mut Console,
        entry: &Entry,
        work: impl FnOnce(&mut Console) -> Result<()>,
    ) -> Result<Boot> {
        let on = Instant::now();
        console.wait(LAST_ENTRY)?;
        let menu = on.elapsed();
        console.send(entry.key)?;
        let chosen = Instant::now();
        console.wait("login: ")?;
        let login = chosen.elapsed();
        self.say(&format!("login prompt after {:.1} s", login.as_secs_f64()));
        console.log_in(PASSWORD, &format!("root@{HOST_NAME}"))?;

        let record = Record::parse(&console.command("cat /run/perch/boot.json")?)?;
        self.progress.block(&record.to_string());
        let (outcome, want) = (record.outcome(), entry.outcome);
        ensure!(outcome == want, "perch: {outcome} instead of {want}");
        let failed = console.command("systemctl --failed --no-legend --plain")?;
        ensure!(failed.is_empty(), "units that failed: {failed}");
        work(console)?;

        self.say("switching off");
        console.send("poweroff\n")?;
        console.wait(CLEAN)?;
        console.wait_off()?;
        Ok(Boot {
            title: entry.title,
            menu,
            login,
            record,
        })
    }
}
