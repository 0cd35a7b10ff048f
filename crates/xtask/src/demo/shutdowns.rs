//! `--shutdowns N`: the same Debian is switched off and restarted under load by systemd, N times for each way to keep a
//! session on each kind of medium, and the disk is looked at each time: nothing may be left to replay or to repair,
//! neither on the medium nor in the session's container.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use perch_tests::disk::{Content, EXFAT, EXT4, Medium, VFAT, was_unmounted, was_unmounted_in};
use perch_tests::vm;

use super::boots::{CLEAN, machine};
use super::console::Console;
use super::medium::Parts;
use super::progress::Progress;
use super::settings::{HOST_NAME, PASSWORD};
use super::system;

/// As the boot menu has it, without the menu. On a busy host the kernel may not find its emulated timer in time.
const CMDLINE: &str = "boot=live quiet panic=1 no_timer_check mitigations=off nokaslr cryptomgr.notests console=ttyS0,115200";

/// What a medium has room for beside the bundles, in MiB.
const FREE_MIB: u64 = 600;

/// A kind of medium, and how a session is kept on it.
struct Case {
    medium: Medium,
    mode: &'static str,
}

const CASES: [Case; 7] = [
    case(EXT4, "native"),
    case(EXT4, "raw"),
    case(EXT4, "dynfilefs"),
    case(VFAT, "raw"),
    case(VFAT, "dynfilefs"),
    case(EXFAT, "raw"),
    case(EXFAT, "dynfilefs"),
];

const fn case(medium: Medium, mode: &'static str) -> Case {
    Case { medium, mode }
}

/// The Debian packages that make and check these media.
pub fn packages() -> impl Iterator<Item = &'static str> {
    CASES.iter().flat_map(|case| case.medium.packages).copied()
}

/// What goes on at the end: writers that ignore SIGTERM, in the session and on the medium, a file system in a file, and
/// data that is only in memory; beside them a service that refuses to stop. systemd's patience with both is made short.
const LOAD: &str = r#"
mkdir -p /etc/systemd/system.conf.d /work /mnt/loop
printf '[Manager]\nDefaultTimeoutStopSec=5s\n' >/etc/systemd/system.conf.d/demo.conf
cat >/work/stubborn <<'END'
#!/bin/sh
trap '' TERM HUP INT
exec 5>/run/initramfs/memory/data/open 6>/work/open
cd /work
while :; do echo x >&5; echo x >&6; done
END
chmod +x /work/stubborn
printf '[Service]\nExecStart=/bin/sh -c "trap : TERM; while :; do sleep 1; done"\nExecStop=/bin/sleep 60\n' \
    >/etc/systemd/system/refusing.service
systemctl daemon-reexec
systemctl start refusing.service
setsid /work/stubborn </dev/null >/dev/null 2>&1 &
rm -f /work/loop.img
truncate -s 32M /work/loop.img
mke2fs -q -F -t ext4 /work/loop.img
mount -o loop /work/loop.img /mnt/loop
echo x >/mnt/loop/x
echo x >>/work/boots
dd if=/dev/urandom of=/work/big bs=1M count=40 2>/dev/null
pgrep -f /work/stubborn
systemctl is-active refusing.service
"#;

/// Switches the system off `count` times in each case whose name, such as `dynfilefs on vfat`, contains `only`.
pub fn run_all(
    parts: &Parts,
    home: &Path,
    count: usize,
    only: &str,
    progress: &Progress,
) -> Result<()> {
    let chosen: Vec<&Case> = CASES
        .iter()
        .filter(|case| case.name().contains(only))
        .collect();
    ensure!(!chosen.is_empty(), "no case has {only:?} in its name");
    for case in &chosen {
        progress.say(&format!("{}: making the medium", case.name()));
        case.run(parts, home, count, progress)
            .with_context(|| case.name())?;
    }
    progress.say(&format!(
        "done: nothing was left to replay or to repair after any of {} shutdowns",
        chosen.len() * count
    ));
    Ok(())
}

impl Case {
    fn name(&self) -> String {
        format!("{} on {}", self.mode, self.medium.name)
    }

    fn run(&self, parts: &Parts, home: &Path, count: usize, progress: &Progress) -> Result<()> {
        let scratch = tempfile::tempdir_in(home).context("cannot create a scratch directory")?;
        let tree = scratch.path().join("tree");
        let live = tree.join("minios");
        fs::create_dir_all(&live).context("cannot make the tree of the medium")?;
        system::bundles(parts, &live, scratch.path())?;
        let image = scratch.path().join("medium.img");
        self.medium.make(
            &Content {
                tree: &tree,
                label: "PERCH",
                size_mib: (size_of_files(&live)? >> 20) + FREE_MIB,
            },
            &image,
        )?;
        fs::remove_dir_all(&tree).context("cannot remove the tree of the medium")?;
        for number in 1..=count {
            let verb = if number % 2 == 1 {
                "poweroff"
            } else {
                "reboot"
            };
            let what = format!("{}: {verb}, {number} of {count}", self.name());
            progress.say(&what);
            self.end(parts, home, &image, number, verb)
                .and_then(|()| self.judge(&image, scratch.path()))
                .with_context(|| what)?;
        }
        Ok(())
    }

    /// Boots, makes load and ends the system.
    fn end(
        &self,
        parts: &Parts,
        home: &Path,
        image: &Path,
        number: usize,
        verb: &str,
    ) -> Result<()> {
        let which = if number == 1 { "new" } else { "1" };
        let cmdline = format!(
            "{CMDLINE} perchdir={which} perchmode={} perchsize=300",
            self.mode
        );
        let machine = vm::Machine {
            kernel: Some(vm::Kernel {
                vmlinuz: parts.kernel.vmlinuz.clone(),
                initrd: parts.initrd.clone(),
                cmdline,
            }),
            ..machine(image)
        };
        let log = format!("shutdown-{}-{}-{number}.log", self.mode, self.medium.name);
        let mut console = Console::start(&machine, &home.join(log))?;
        self.drive(&mut console, number, verb)
            .map_err(|error| console.explain(&error))
    }

    fn drive(&self, console: &mut Console, number: usize, verb: &str) -> Result<()> {
        console.wait("login: ")?;
        console.log_in(PASSWORD, &format!("root@{HOST_NAME}"))?;
        let record = console.command("cat /run/perch/boot.json")?;
        let record: serde_json::Value = serde_json::from_str(&record).context("no boot record")?;
        let got = record
            .pointer("/outcome/mode")
            .and_then(|mode| mode.as_str());
        ensure!(got == Some(self.mode), "the session is {got:?}");
        let before = console.command("cat /work/boots 2>/dev/null | wc -l")?;
        ensure!(
            before.trim() == (number - 1).to_string(),
            "{before} earlier boots have left their line, not {}",
            number - 1
        );
        console.command(LOAD)?;
        console.send(&format!("systemctl {verb}\n"))?;
        console.wait(CLEAN)?;
        console.wait_off()
    }

    /// The medium, and the container in it, as the machine left them.
    fn judge(&self, image: &Path, scratch: &Path) -> Result<()> {
        self.medium
            .check(image)
            .context("the medium is not clean")?;
        let (name, unmounted): (_, fn(&Path) -> Result<()>) = match self.mode {
            "raw" => ("changes.img", was_unmounted),
            "dynfilefs" => ("changes.dat", was_unmounted_in),
            _ => return Ok(()),
        };
        let session = scratch.join("session");
        self.medium.extract(image, "/minios/changes/1", &session)?;
        unmounted(&session.join(name)).context("the session's container is not clean")?;
        fs::remove_dir_all(&session).context("cannot remove the copy of the session")
    }
}

/// The sum of the lengths of the files in a directory, in bytes.
fn size_of_files(dir: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(dir)? {
        sum += entry?.metadata()?.len();
    }
    Ok(sum)
}
