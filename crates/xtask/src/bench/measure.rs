//! One contender on the emulated machine: prepared once, then booted as often as wanted from the same state.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use perch_tests::base::MARK;
use perch_tests::host::{command, run};
use perch_tests::scenario::Images;
use perch_tests::vm::{Agent, Bus, Drive, Kernel, Machine, Qemu};
use serde::Serialize;
use serde_json::Value;

use super::contender::Contender;
use super::stamps::Stamps;

/// Where a hang is called a hang; counting instructions makes the emulator several times slower.
const BOOT: Duration = Duration::from_secs(600);

/// The same for everybody: a quiet console as on a user's machine, and switches that leave out work of the kernel which
/// has nothing to do with the initramfs. Programs start at fixed addresses (`norandmaps`) for the emulator's sake: it
/// keeps translated code by address, and with the thousands of processes of a shell script at random addresses it becomes
/// so slow that live-boot seems to hang. The guest does not notice.
const CMDLINE: &str = "console=ttyS0 quiet panic=-1 mitigations=off nokaslr norandmaps no_timer_check cryptomgr.notests";

/// The file by which a session is recognised.
const KEPT: &str = "/root/kept-by-the-session";

/// A machine ready to be measured.
pub struct Bench {
    machine: Machine,
    initramfs: PathBuf,
    log: PathBuf,
    resumes: bool,
}

/// One measured boot.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// The figures.
    #[serde(flatten)]
    pub stamps: Stamps,
    /// perch's own account of its stages, in milliseconds and in order; empty for the others.
    pub stages: Vec<(String, f64)>,
}

impl Bench {
    /// Copies the disk and lets a resuming contender make its session on it.
    ///
    /// # Errors
    /// If the first boot fails.
    pub fn prepare(
        contender: &Contender,
        images: &Images,
        initramfs: PathBuf,
        disk: &Path,
        dir: &Path,
    ) -> Result<Self> {
        let name = contender.name.replace(' ', "-");
        let image = dir.join(format!("{name}.img"));
        run(command("cp")
            .args(["--reflink=auto", "--sparse=always"])
            .args([disk, &image]))?;
        let machine = Machine {
            kernel: Some(Kernel {
                vmlinuz: images.kernel.vmlinuz.clone(),
                initrd: initramfs.clone(),
                cmdline: format!("{CMDLINE} {}", contender.cmdline),
            }),
            drives: vec![Drive {
                image,
                bus: Bus::Virtio,
                read_only: false,
                serial: None,
            }],
            memory_mib: 1024,
            ..Machine::default()
        };
        let bench = Self {
            machine,
            initramfs,
            log: dir.join(format!("{name}.log")),
            resumes: contender.resumes,
        };
        if contender.resumes {
            println!("{}: the boot that makes the session", contender.name);
            bench.make_session()?;
        }
        Ok(bench)
    }

    /// The image under test.
    pub fn initramfs(&self) -> &Path {
        &self.initramfs
    }

    fn make_session(&self) -> Result<()> {
        let mut qemu = Qemu::start(&self.machine, &self.log)?;
        let deadline = Instant::now() + BOOT;
        let (mut agent, _) =
            Agent::wait(&qemu.commands, deadline).with_context(|| qemu.console.text())?;
        ensure!(agent.sh(&format!("echo x >{KEPT}"), deadline)?.status == 0);
        agent.send("poweroff")?;
        qemu.wait_exit(deadline)?;
        Ok(())
    }

    /// One boot. Nothing that it writes reaches the disk, so that each starts like the one before.
    ///
    /// # Errors
    /// If it does not end in the system it should, with all bundles and with or without the earlier session.
    pub fn boot(&self) -> Result<Run> {
        let mut machine = self.machine.clone();
        machine.icount = true;
        machine.extra.push("-snapshot".to_owned());
        let qemu = Qemu::start(&machine, &self.log)?;
        let deadline = Instant::now() + BOOT;
        let (mut agent, _) =
            Agent::wait(&qemu.commands, deadline).with_context(|| qemu.console.text())?;
        let log = agent.sh("dmesg", deadline)?.text();
        fs::write(self.log.with_extension("dmesg"), &log)?;
        let marks = agent.sh(&format!("cat {MARK}*"), deadline)?.text();
        ensure!(marks == "00010210", "bundles are missing: {marks}");
        let kept = agent.sh(&format!("test -e {KEPT}"), deadline)?.status == 0;
        ensure!(
            kept == self.resumes,
            "the earlier session is {}",
            if kept { "there" } else { "missing" }
        );
        let record = agent.sh("cat /run/perch/boot.json", deadline)?;
        fs::write(self.log.with_extension("json"), &record.output)?;
        Ok(Run {
            stamps: Stamps::read(&log)?,
            stages: stages(&serde_json::from_slice(&record.output).unwrap_or_default()),
        })
    }
}

/// The stages of a boot record.
fn stages(record: &Value) -> Vec<(String, f64)> {
    let stages = record["stages"].as_array().into_iter().flatten();
    stages
        .filter_map(|stage| {
            let name = stage["name"].as_str()?.to_owned();
            Some((name, stage["us"].as_f64()? / 1e3))
        })
        .collect()
}
