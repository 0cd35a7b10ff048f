//! Carrying out a scenario: disks are made, machines booted, everything not as expected is collected.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::converse::converse;
use super::media::Media;
use super::{Boot, End, Images, Scenario, Step, StoreAt, replay, told};
use crate::base::REAL_INIT;
use crate::host::{cache_dir, packages};
use crate::initramfs::Kind;
use crate::vm::{self, Kernel, Machine, Qemu};

/// How long one boot may take from power-on to power-off. A busy machine with two emulated ones needs 20 s; this is only
/// where a hang is called a hang.
const BOOT: Duration = Duration::from_secs(420);

/// What stands on every kernel command line beside the consoles: quiet as on a user's machine, a panic that ends the
/// machine, switches that make emulation faster, and no test of the timer, which an emulated one fails on a busy machine.
pub(crate) const CMDLINE: &str =
    "quiet panic=-1 mitigations=off nokaslr cryptomgr.notests no_timer_check";

/// How many lines of the console a report repeats.
const TAIL: usize = 40;

/// Carries out scenarios.
pub struct Runner {
    images: Images,
    /// The kind of initramfs for scenarios that do not ask for one.
    kind: Kind,
}

/// One scenario being carried out.
struct Run<'a> {
    images: &'a Images,
    kind: Kind,
    scenario: &'a Scenario,
    dir: PathBuf,
    complaints: Vec<String>,
    last_console: String,
}

impl Runner {
    /// A runner over `images`.
    ///
    /// # Errors
    /// If packages are missing.
    pub fn new(images: Images) -> Result<Self> {
        packages::ensure(vm::PACKAGES)?;
        let kind = Kind::chosen()?;
        Ok(Self { images, kind })
    }

    /// Why `scenario` has no meaning in the initramfs that it would be booted with; nothing if it has one.
    pub fn without_meaning(&self, scenario: &Scenario) -> Option<&'static str> {
        let kind = scenario.initramfs.unwrap_or(self.kind);
        scenario.only_own_initramfs.filter(|_| kind != Kind::Own)
    }

    /// What everything is booted with.
    pub fn images(&self) -> &Images {
        &self.images
    }

    /// Carries out `scenario`. If it fails, the logs of its boots are left in `target/perch/failed/<name>`.
    ///
    /// # Errors
    /// The report: everything that was not as expected, and the end of the last console.
    pub fn run(&self, scenario: &Scenario) -> Result<(), String> {
        let kind = scenario.initramfs.unwrap_or(self.kind);
        // Runs with two kinds of initramfs can go on at once.
        let slug = match kind {
            Kind::Own => scenario.slug(),
            other => format!("{}--{}", scenario.slug(), other.word()),
        };
        let failed = cache_dir().join("failed").join(&slug);
        let dir = cache_dir().join("run").join(&slug);
        let mut run = Run {
            images: &self.images,
            kind,
            scenario,
            dir: dir.clone(),
            complaints: Vec::new(),
            last_console: String::new(),
        };
        for old in [&failed, &dir] {
            let _ = fs::remove_dir_all(old); // of an earlier run, if any
        }
        if let Err(error) = run.all() {
            run.complaints.push(format!("{error:#}"));
        }
        if run.complaints.is_empty() {
            let _ = fs::remove_dir_all(&dir);
            return Ok(());
        }
        run.keep_logs(&failed);
        let lines: Vec<&str> = run.last_console.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n");
        let complaints = run.complaints.join("\n");
        Err(format!(
            "{complaints}\n--- end of the last console, all logs in {}\n{tail}",
            failed.display()
        ))
    }
}

impl Run<'_> {
    fn all(&mut self) -> Result<()> {
        fs::create_dir_all(&self.dir)?;
        let media = Media::make(self.scenario, self.images, &self.dir)?;
        let mut number = 0;
        let mut stores: Vec<(StoreAt, PathBuf)> = Vec::new();
        for step in &self.scenario.steps {
            match step {
                Step::Boot(boot) => {
                    number += 1;
                    stores.clear();
                    let name = format!("boot {number} ({})", boot.cmdline);
                    let complaints = self
                        .boot(boot, number, &media)
                        .with_context(|| name.clone())?;
                    self.complaints
                        .extend(complaints.into_iter().map(|text| format!("{name}: {text}")));
                }
                Step::Table(check) => {
                    if let Some(complaint) = media.judge_table(*check)? {
                        self.complaints
                            .push(format!("after boot {number}: {complaint}"));
                    }
                }
                Step::Offline(at, check) => {
                    let known = stores.iter().find(|(known, _)| known == at);
                    let store = match known {
                        Some((_, path)) => path.clone(),
                        None => {
                            let name = format!("medium-{number}-{}", stores.len());
                            let path = media.extract_store(at, &self.dir.join(name))?;
                            stores.push((at.clone(), path.clone()));
                            path
                        }
                    };
                    if let Err(complaint) = check.judge(&store) {
                        self.complaints
                            .push(format!("after boot {number}: {complaint}"));
                    }
                }
            }
        }
        Ok(())
    }

    /// One boot from power-on to its end; returns what was not as expected.
    fn boot(&mut self, boot: &Boot, number: usize, media: &Media) -> Result<Vec<String>> {
        let log = self.dir.join(format!("boot-{number}.log"));
        let machine = self.machine(boot, number, media)?;
        let boots = 1 + u32::try_from(boot.meanwhile.len())?;
        let deadline = Instant::now() + BOOT * boots;
        let mut qemu = Qemu::start(&machine, &log)?;
        let others = self.meanwhile(boot, number, media, &qemu, deadline)?;
        let result = converse(boot, &mut qemu, deadline);
        let qemu_said = fs::read_to_string(log.with_extension("qemu")).unwrap_or_default();
        self.last_console = qemu.console.text() + &qemu_said;
        drop(qemu); // whatever happened, the machine is off from here on
        let (mut complaints, mut evidence) = result?;
        complaints.extend(others);
        evidence.console.clone_from(&self.last_console);
        fs::write(
            self.dir.join(format!("boot-{number}.json")),
            format!("{:#}\n", evidence.record),
        )?;
        complaints.extend(
            boot.expects
                .iter()
                .filter_map(|expect| expect.judge(&evidence).err()),
        );
        complaints.extend(replay::judge(&evidence.record).err());
        complaints.extend(told::judge(&evidence.record).err());
        let ran = evidence.record.get("kernel").and_then(Value::as_str);
        if let Some(ran) = ran.filter(|ran| *ran != self.images.kernel.version) {
            complaints.push(format!("another kernel ran: {ran}"));
        }
        if boot.end == End::PowerOff {
            complaints.extend(media.check()?);
        }
        Ok(complaints)
    }

    /// The boots of further machines while this one runs.
    fn meanwhile(
        &mut self,
        boot: &Boot,
        number: usize,
        media: &Media,
        qemu: &Qemu,
        deadline: Instant,
    ) -> Result<Vec<String>> {
        let mut complaints = Vec::new();
        for (at, other) in boot.meanwhile.iter().enumerate() {
            qemu.console.wait_for(REAL_INIT, 0, deadline)?;
            let name = format!("meanwhile ({})", other.cmdline);
            let told = self.boot(other, number * 100 + at, media);
            let told = told.with_context(|| name.clone())?;
            complaints.extend(told.into_iter().map(|text| format!("{name}: {text}")));
        }
        Ok(complaints)
    }

    fn machine(&self, boot: &Boot, number: usize, media: &Media) -> Result<Machine> {
        let initrd = self.dir.join(format!("initramfs-{number}.img"));
        self.images.initramfs_for(self.kind, boot, &initrd)?;
        let vmlinuz = self.images.kernel.vmlinuz.clone();
        let consoles: Vec<String> = boot
            .consoles
            .iter()
            .map(|name| format!("console={name}"))
            .collect();
        let asks = self.kind.asks_for_perch(&boot.cmdline);
        let cmdline = format!("{} {CMDLINE} {asks} {}", consoles.join(" "), boot.cmdline);
        let mut drives = media.drives();
        drives
            .iter_mut()
            .for_each(|drive| drive.read_only |= boot.write_protected);
        let loaders = self.scenario.loaders();
        let kernel = Kernel {
            vmlinuz,
            initrd,
            cmdline,
        };
        Ok(Machine {
            kernel: loaders.is_none().then_some(kernel),
            firmware: loaders.map(|loaders| loaders.firmware).unwrap_or_default(),
            drives,
            memory_mib: boot.memory_mib,
            screen: boot.consoles.iter().any(|name| name == "tty0"),
            ..Machine::default()
        })
    }

    fn keep_logs(&self, failed: &Path) {
        let _ = fs::create_dir_all(failed);
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if !name.to_string_lossy().ends_with(".img") {
                let _ = fs::rename(entry.path(), failed.join(name));
            }
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}
