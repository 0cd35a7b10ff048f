//! Recording: one boot from a medium whose every write goes through QEMU's log.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Case;
use super::log::{self, Entry};
use crate::disk::Content;
use crate::host::packages;
use crate::scenario::{CMDLINE, Images};
use crate::vm::{Agent, Bus, Drive, Kernel, Machine, Qemu};

/// How long a boot may take; only where a hang is called a hang.
pub(super) const BOOT: Duration = Duration::from_secs(180);

/// One boot, recorded.
pub(super) struct Recording {
    /// The medium before it, byte for byte.
    pub base: Vec<u8>,
    /// What was written.
    pub entries: Vec<Entry>,
    /// What the system was told to be safe.
    pub promises: Vec<Promise>,
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

/// Makes the medium of `case` below `dir`, boots from it and records.
pub(super) fn record(images: &Images, case: &Case, dir: &Path) -> Result<Recording> {
    let image = make_medium(images, case, dir)?;
    let base = fs::read(&image)?;
    let log = dir.join("writes.log");
    File::create(&log)?;
    let machine = Machine {
        write_log: Some(log.clone()),
        ..machine(images, case.cmdline, &[(&image, false)])
    };
    let deadline = Instant::now() + BOOT;
    let mut qemu = Qemu::start(&machine, &dir.join("recording.log"))?;
    let (mut agent, _) = Agent::wait(&qemu.commands, deadline)?;
    let mut promises = files_of_before(case, dir)?;
    if !case.kept.is_empty() {
        let record = boot_record(&mut agent, deadline)?;
        let id = record.pointer("/outcome/session").and_then(Value::as_str);
        let id = id.context("no session was opened, nothing can be kept in it")?;
        for name in case.kept {
            let answer = agent.sh(&format!("echo {name} >/{name}; sync"), deadline)?;
            ensure!(answer.status == 0, "writing {name}: {}", answer.text());
            promises.push(Promise {
                path: format!("{id}/changes/{name}"),
                text: format!("{name}\n"),
                since: log::parse(&fs::read(&log)?)?.len(),
            });
        }
    }
    agent.send("poweroff")?;
    // On its way out QEMU flushes once more, which counts the last writes in.
    qemu.wait_exit(deadline)?;
    Ok(Recording {
        base,
        entries: log::parse(&fs::read(&log)?)?,
        promises,
    })
}

/// A machine with these drives, each an image and whether it is write-protected.
pub(super) fn machine(images: &Images, cmdline: &str, drives: &[(&Path, bool)]) -> Machine {
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
        ..Machine::default()
    }
}

/// What the boot left in `/run/perch/boot.json`.
pub(super) fn boot_record(agent: &mut Agent<'_>, deadline: Instant) -> Result<Value> {
    let answer = agent.sh("cat /run/perch/boot.json", deadline)?;
    serde_json::from_slice(&answer.output).context("the boot left no record")
}

fn make_medium(images: &Images, case: &Case, dir: &Path) -> Result<PathBuf> {
    packages::ensure(case.medium.packages)?;
    let part = &case.medium_before.disks[0].parts[0]; // `Scenario::new` makes them
    let tree = dir.join("tree");
    fs::create_dir(&tree)?;
    part.content.lay_out(Some(&images.system), &tree)?;
    let image = dir.join("medium.img");
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
