//! Recording: one boot from a medium whose every write goes through QEMU's log.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Case;
use super::guest::{GUEST, with_guest};
use super::load::Load;
use super::log::{Entry, Log};
use crate::disk::Content;
use crate::host::{command, packages, run};
use crate::scenario::{CMDLINE, Images, STORE};
use crate::vm::{Agent, Bus, Drive, Kernel, Machine, Qemu};

/// How long a boot may take; only where a hang is called a hang.
pub(super) const BOOT: Duration = Duration::from_secs(180);

/// How long a load may take; the same.
const LOAD: Duration = Duration::from_secs(40 * 60);
/// Main memory of the machines of a load in MiB: the reader keeps all that a container holds in it.
const LOAD_MEMORY: u32 = 1024;

/// One boot, recorded.
pub(super) struct Recording {
    /// The image of the medium before it.
    pub base: PathBuf,
    /// The image of the medium after it.
    pub after: PathBuf,
    /// What was written.
    pub log: Log,
    /// What the system was told to be safe.
    pub promises: Vec<Promise>,
    /// Where the log was when each step of the load could begin, the first one first, and when the last one had ended.
    pub steps: Vec<usize>,
}

impl Recording {
    /// After how many entries something was promised that was said when the log had `entries`: a promise is kept by the
    /// flush before it, whatever was written since.
    fn since(log: &Log, entries: usize) -> usize {
        let before = log.entries.get(..entries).unwrap_or(&log.entries);
        let kept =
            |entry: &Entry| matches!(entry, Entry::Flush | Entry::Write { durable: true, .. });
        before.iter().rposition(kept).map_or(0, |kept| kept + 1)
    }

    /// After how many entries each step of the load was promised.
    pub fn promised(&self) -> Vec<usize> {
        let ended = self.steps.iter().skip(1);
        ended
            .map(|entries| Self::since(&self.log, *entries))
            .collect()
    }
}

/// A file that was there for good after so many entries.
#[derive(Clone, Debug)]
pub(super) struct Promise {
    /// Its path below the store.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The number of entries in the log when its sync had returned.
    pub since: usize,
}

/// Makes the medium of `case` below `dir`, boots from it and records; a load is done if given.
pub(super) fn record(
    images: &Images,
    case: &Case,
    load: Option<Load>,
    dir: &Path,
) -> Result<Recording> {
    let base = make_medium(images, case, dir)?;
    let after = dir.join("medium.img");
    run(command("cp")
        .args(["--sparse=always"])
        .arg(&base)
        .arg(&after))?;
    let log = dir.join("writes.log");
    File::create(&log)?;
    let machine = Machine {
        write_log: Some(log.clone()),
        ..machine(images, case, case.cmdline, &[(&after, false)])
    };
    let deadline = Instant::now() + BOOT;
    let mut qemu = Qemu::start(&machine, &dir.join("recording.log"))?;
    let (mut agent, _) = Agent::wait(&qemu.commands, deadline)?;
    let mut promises = files_of_before(case, dir)?;
    let length = || -> Result<u64> { Ok(fs::metadata(&log)?.len()) };
    // Until it is complete the log cannot be read, but its length tells which entries there were.
    let mut kept = Vec::new();
    let mut steps = Vec::new();
    if !case.kept.is_empty() || load.is_some() {
        let record = boot_record(&mut agent, deadline)?;
        let id = record.pointer("/outcome/session").and_then(Value::as_str);
        let id = id.context("no session was opened, nothing can be kept in it")?;
        for name in case.kept {
            let answer = agent.sh(&format!("echo {name} >/{name}; sync"), deadline)?;
            ensure!(answer.status == 0, "writing {name}: {}", answer.text());
            kept.push((format!("{id}/changes/{name}"), *name, length()?));
        }
        if let (Some(load), Some(loaded)) = (&load, &case.load) {
            let container = format!(
                "/run/initramfs/memory/data/{STORE}/{id}/{}",
                loaded.container
            );
            let answer = agent.sh(&format!("test -f {container}"), deadline)?;
            ensure!(answer.status == 0, "the session has no {container}");
            steps = work(&mut agent, load, length)?;
        }
    }
    agent.send("poweroff")?;
    // On its way out QEMU flushes once more, which counts the last writes in.
    qemu.wait_exit(Instant::now() + BOOT)?;
    let log = Log::read(File::open(&log)?)?;
    promises.extend(kept.into_iter().map(|(path, name, length)| Promise {
        path,
        text: format!("{name}\n"),
        since: Recording::since(&log, log.entries_within(length)),
    }));
    let steps = steps.into_iter();
    Ok(Recording {
        base,
        after,
        steps: steps.map(|length| log.entries_within(length)).collect(),
        log,
        promises,
    })
}

/// Lets the guest do `load`; how long the log was before it, and after each of its steps.
fn work(agent: &mut Agent<'_>, load: &Load, length: impl Fn() -> Result<u64>) -> Result<Vec<u64>> {
    let mut steps = vec![length()?];
    let load = serde_json::to_string(load)?;
    // Much that nobody synced is to be written in between.
    let script = format!(
        "echo 20 >/proc/sys/vm/dirty_writeback_centisecs; echo 40 >/proc/sys/vm/dirty_expire_centisecs
         exec {GUEST} load '{load}' /load /run/initramfs/memory/changes /dev/ttyS1"
    );
    let answer = agent.talk(&script, Instant::now() + LOAD, |line| {
        let number = steps.len();
        ensure!(
            line == number.to_string(),
            "not the end of step {number}: {line:?}"
        );
        steps.push(length()?);
        Ok(())
    })?;
    ensure!(answer.status == 0, "the load: {}", answer.text());
    Ok(steps)
}

/// A machine with these drives, each an image and whether it is write-protected.
pub(super) fn machine(
    images: &Images,
    case: &Case,
    cmdline: &str,
    drives: &[(&Path, bool)],
) -> Machine {
    let usual = Machine::default();
    let drive = |(image, read_only): &(&Path, bool)| Drive {
        image: image.to_path_buf(),
        bus: Bus::Virtio,
        read_only: *read_only,
        serial: None,
    };
    Machine {
        kernel: Some(Kernel {
            vmlinuz: images.kernel.vmlinuz.clone(),
            initrd: images.initramfs.clone(),
            cmdline: format!("console=ttyS0 {CMDLINE} {cmdline}"),
        }),
        drives: drives.iter().map(drive).collect(),
        memory_mib: match case.load {
            Some(_) => LOAD_MEMORY,
            None => usual.memory_mib,
        },
        ..usual
    }
}

/// What the boot left in `/run/perch/boot.json`.
pub(super) fn boot_record(agent: &mut Agent<'_>, deadline: Instant) -> Result<Value> {
    let answer = agent.sh("cat /run/perch/boot.json", deadline)?;
    serde_json::from_slice(&answer.output).context("the boot left no record")
}

fn make_medium(images: &Images, case: &Case, dir: &Path) -> Result<PathBuf> {
    packages::ensure(case.medium.packages)?;
    let before = match case.load {
        Some(_) => with_guest(case.medium_before.clone())?,
        None => case.medium_before.clone(),
    };
    let part = &before.disks[0].parts[0]; // `Scenario::new` makes them
    let tree = dir.join("tree");
    fs::create_dir(&tree)?;
    part.content.lay_out(Some(&images.system), &tree)?;
    let image = dir.join("base.img");
    let content = Content {
        tree: &tree,
        label: &part.label,
        size_mib: part.size_mib,
    };
    case.medium.make(&content, &image)?;
    Ok(image)
}

/// The files of the sessions that were there before: promised from the start.
fn files_of_before(case: &Case, dir: &Path) -> Result<Vec<Promise>> {
    let store = dir.join("tree").join(crate::scenario::STORE);
    let mut promises = Vec::new();
    for entry in fs::read_dir(&store).with_context(|| format!("no store in {}", case.name))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let path = format!("{name}/changes/from");
        if let Ok(text) = fs::read_to_string(store.join(&path)) {
            promises.push(Promise {
                path,
                text,
                since: 0,
            });
        }
    }
    Ok(promises)
}
