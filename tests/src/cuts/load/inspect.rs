//! Looking at a state in the machine that reads it: the medium is mounted as a boot does, the container is checked before
//! anything repairs it, the file system in it is repaired as a boot does, and every file is read.

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use dynfilefs::check::Finding;
use dynfilefs::container::{Access, Container};
use dynfilefs::error::Error;
use dynfilefs::files::Files;
use serde::{Deserialize, Serialize};

use super::look;
use crate::scenario::STORE;

/// Where this program's own files are, in memory.
const PLACE: &str = "/tmp/inspect";
/// e2fsck(8), linked statically; the test system has no other.
const E2FSCK: &str = "/cuts/e2fsck";
/// How many blocks are written after everything else, in bytes each.
const NEW_BLOCKS: usize = 500;
const BLOCK: usize = 4096;
/// The session that is looked at: the first one of an empty store.
pub const SESSION: &str = "1";
/// The files of the session in a container of overlayfs.
const FILES: &str = "changes/load";
const RAW: &str = "changes.img";
const DYNFILEFS: &str = "changes.dat";

/// What was found in one state.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Inspection {
    /// Whether there is a container.
    pub container: bool,
    /// What the container's own check says, and whatever could not be done.
    pub faults: Vec<String>,
    /// What the repair of the boot said, and how it ended.
    pub repair: String,
    /// The files, as [`look::write`] writes them.
    pub files: String,
}

/// Inspects the file system on `device`, mounted with `options`.
///
/// # Errors
/// If it cannot be inspected at all; what is wrong with it is no error.
pub fn inspect(device: &str, kind: &str, options: &str) -> Result<Inspection> {
    let place = Path::new(PLACE);
    fs::create_dir_all(place)?;
    let memory = Mount::new(&["-t", "tmpfs", "-o", "size=90%", "tmpfs"], place)?;
    let mut found = Inspection::default();
    let medium = Mount::new(&["-t", kind, "-o", options, device], &place.join("medium"))?;
    let session = medium.path.join(STORE).join(SESSION);
    match container(&session, place, &mut found) {
        Ok(Some(disk)) => {
            found.container = true;
            if let Err(error) = file_system(&disk, place, &mut found) {
                found.faults.push(format!("{error:#}"));
            }
        }
        Ok(None) => {}
        Err(error) => found.faults.push(format!("container: {error:#}")),
    }
    medium.end()?;
    if found.container && found.faults.is_empty() {
        // A later option counts.
        let options = format!("{options},rw");
        let medium = Mount::new(&["-t", kind, "-o", &options, device], &place.join("medium"))?;
        if let Err(error) = go_on(&medium.path.join(STORE).join(SESSION)) {
            found.faults.push(format!("going on: {error:#}"));
        }
        medium.end()?;
    }
    memory.end()?;
    Ok(found)
}

/// The disk in the session's container; absent if there is none yet.
fn container(session: &Path, place: &Path, found: &mut Inspection) -> Result<Option<PathBuf>> {
    let raw = session.join(RAW);
    if raw.exists() {
        return Ok(Some(raw));
    }
    let dir = match File::open(session) {
        Ok(dir) => OwnedFd::from(dir),
        Err(_) => return Ok(None),
    };
    let container = Container::open(Files::new(dir, DYNFILEFS, Access::Read)?, Access::Read);
    let container = match container {
        // The main file comes last: without it nothing was ever in the container.
        Err(Error::NotFound | Error::MainMissing) => return Ok(None),
        container => container?,
    };
    for finding in container.check()?.findings {
        match finding {
            // A growth that was cut is completed by the next opening.
            Finding::StaleSize { .. } => {}
            finding => found.faults.push(format!("container: {finding}")),
        }
    }
    let path = place.join("disk");
    let disk = File::create(&path)?;
    disk.set_len(container.size())?;
    let mut at = 0;
    while let Some(range) = container.next_data(at)? {
        let mut bytes = vec![0; usize::try_from(range.end - range.start)?];
        container.read(range.start, &mut bytes)?;
        disk.write_all_at(&bytes, range.start)?;
        at = range.end;
    }
    Ok(Some(path))
}

/// Writes new blocks, as the session that goes on does: nothing of what is there may change, and the medium must bear it.
fn go_on(session: &Path) -> Result<()> {
    if session.join(RAW).exists() {
        return Ok(());
    }
    let files = |access| -> Result<Files> {
        let dir = OwnedFd::from(File::open(session)?);
        Ok(Files::new(dir, DYNFILEFS, access)?)
    };
    let container = Container::open(files(Access::Write)?, Access::Write)?;
    let mut written = Vec::new();
    let mut bytes = vec![0; BLOCK];
    // From the end of the disk, where least is.
    for number in (0..container.size() / BLOCK as u64).rev().step_by(3) {
        container.read(number * BLOCK as u64, &mut bytes)?;
        if bytes.iter().any(|byte| *byte != 0) {
            continue;
        }
        bytes.fill(number.to_le_bytes()[0] | 1);
        container.write(number * BLOCK as u64, &bytes)?;
        written.push(number);
        if written.len().is_multiple_of(100) {
            container.flush()?;
        }
        if written.len() == NEW_BLOCKS {
            break;
        }
    }
    container.flush()?;
    drop(container);
    let container = Container::open(files(Access::Read)?, Access::Read)?;
    ensure!(
        container.check()?.findings.is_empty(),
        "new blocks made the container worse"
    );
    for number in written {
        container.read(number * BLOCK as u64, &mut bytes)?;
        let right = number.to_le_bytes()[0] | 1;
        ensure!(
            bytes.iter().all(|byte| *byte == right),
            "block {number} is lost"
        );
    }
    fs::write(session.join("still-writable"), "")?;
    Ok(())
}

/// Repairs the file system as a boot does, which must leave nothing to repair, and reads it.
fn file_system(disk: &Path, place: &Path, found: &mut Inspection) -> Result<()> {
    let (code, said) = e2fsck("-p", disk)?;
    found.repair = format!("{code}: {}", said.trim());
    // 1 is "errors corrected": a replayed journal among them (e2fsck(8), "EXIT CODE").
    if code > 1 {
        found.faults.push(format!("e2fsck -p: {}", found.repair));
    }
    let (code, said) = e2fsck("-fn", disk)?;
    if code != 0 {
        found
            .faults
            .push(format!("e2fsck -fn: {code}: {}", said.trim()));
    }
    let disk = disk.display().to_string();
    let inside = Mount::new(&["-t", "ext4", "-o", "loop", &disk], &place.join("inside"))?;
    let files = look::look(&inside.path.join(FILES));
    inside.end()?;
    found.files = look::write(&files?);
    Ok(())
}

fn e2fsck(how: &str, disk: &Path) -> Result<(i32, String)> {
    let output = Command::new(E2FSCK).arg(how).arg(disk).output()?;
    let said = [output.stdout, output.stderr].concat();
    let code = output.status.code().unwrap_or(-1);
    Ok((code, String::from_utf8_lossy(&said).into_owned()))
}

/// Something mounted by mount(8), unmounted when dropped.
struct Mount {
    path: PathBuf,
    mounted: bool,
}

impl Mount {
    fn new(arguments: &[&str], path: &Path) -> Result<Self> {
        fs::create_dir_all(path)?;
        run(Command::new("mount").args(arguments).arg(path))?;
        Ok(Self {
            path: path.to_owned(),
            mounted: true,
        })
    }

    fn end(mut self) -> Result<()> {
        self.mounted = false;
        // busybox frees the loop device only if told to.
        run(Command::new("umount").arg("-d").arg(&self.path))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if self.mounted {
            let _ = run(Command::new("umount").arg("-d").arg(&self.path));
        }
    }
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{command:?}: {}", said.trim());
    Ok(())
}
