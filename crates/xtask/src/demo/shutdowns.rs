//! `--shutdowns N`: the same Debian is switched off under load by `systemctl poweroff`, N times in each mode, and the disk
//! is looked at each time: nothing may be left to replay, neither on it nor in the session's container.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use perch_tests::disk::was_unmounted;
use perch_tests::host::kernel::Kernel;
use perch_tests::host::run;
use perch_tests::vm;

use super::boots::{CLEAN, machine};
use super::console::Console;
use super::disk;
use super::progress::Progress;
use super::settings::{HOST_NAME, PASSWORD};

/// As the boot menu has it, without the menu. On a busy host the kernel may not find its emulated timer in time.
const CMDLINE: &str = "boot=live quiet panic=1 no_timer_check console=ttyS0,115200";

/// A way to keep a session, and its number on this disk.
const MODES: [(&str, &str); 2] = [("native", "1"), ("raw", "2")];

/// What goes on at the end: writers that ignore SIGTERM, in the session and on the medium, a file system in a file, and
/// data that is only in memory. systemd's patience with them is made short.
const LOAD: &str = r#"
mkdir -p /etc/systemd/system.conf.d /work /mnt/loop
printf '[Manager]\nDefaultTimeoutStopSec=5s\n' >/etc/systemd/system.conf.d/demo.conf
systemctl daemon-reexec
cat >/work/stubborn <<'END'
#!/bin/sh
trap '' TERM HUP INT
exec 5>/run/initramfs/memory/data/open 6>/work/open
cd /work
while :; do echo x >&5; echo x >&6; done
END
chmod +x /work/stubborn
setsid /work/stubborn </dev/null >/dev/null 2>&1 &
truncate -s 32M /work/loop.img
mke2fs -q -F -t ext4 /work/loop.img
mount -o loop /work/loop.img /mnt/loop
echo x >/mnt/loop/x
dd if=/dev/urandom of=/work/big bs=1M count=40 2>/dev/null
pgrep -f /work/stubborn
"#;

/// Switches `image` off `count` times in each mode.
pub fn run_all(
    image: &Path,
    kernel: &Kernel,
    initrd: &Path,
    count: usize,
    logs: &Path,
    progress: &Progress,
) -> Result<()> {
    for (mode, id) in MODES {
        for number in 1..=count {
            let what = format!("{mode}, shutdown {number} of {count}");
            progress.say(&what);
            let which = if number == 1 { "new" } else { id };
            let cmdline = format!("{CMDLINE} perchdir={which} perchmode={mode} perchsize=300");
            let machine = vm::Machine {
                kernel: Some(vm::Kernel {
                    vmlinuz: kernel.vmlinuz.clone(),
                    initrd: initrd.to_owned(),
                    cmdline,
                }),
                ..machine(image)
            };
            let log = logs.join(format!("shutdown-{mode}-{number}.log"));
            let mut console = Console::start(&machine, &log)?;
            drive(&mut console, mode)
                .map_err(|error| console.explain(&error))
                .with_context(|| what.clone())?;
            drop(console);
            judge(image, mode, id, logs).with_context(|| what)?;
        }
    }
    progress.say("done: nothing was left to replay after any of the shutdowns");
    Ok(())
}

fn drive(console: &mut Console, mode: &str) -> Result<()> {
    console.wait("login: ")?;
    console.log_in(PASSWORD, &format!("root@{HOST_NAME}"))?;
    let record = console.command("cat /run/perch/boot.json")?;
    let record: serde_json::Value = serde_json::from_str(&record).context("no boot record")?;
    let got = record
        .pointer("/outcome/mode")
        .and_then(|mode| mode.as_str());
    ensure!(got == Some(mode), "the session is {got:?}, not {mode}");
    console.command(LOAD)?;
    console.send("systemctl poweroff\n")?;
    console.wait(CLEAN)?;
    console.wait_off()
}

fn judge(image: &Path, mode: &str, id: &str, scratch: &Path) -> Result<()> {
    let verdict = disk::check(image)?;
    ensure!(
        !verdict.needs_recovery,
        "the medium's journal has to be replayed"
    );
    if mode == "raw" {
        let container = scratch.join("changes.img");
        let path = format!("/minios/changes/{id}/changes.img");
        run(&mut disk::dump(image, &path, &container)?)?;
        was_unmounted(&container).context("the session's container")?;
        fs::remove_file(&container)?;
    }
    Ok(())
}
