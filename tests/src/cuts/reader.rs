//! Reading a state as the next boot would: the kernel that boots is the kernel that mounts it, journal and all.
//!
//! One machine runs from the medium as it was before, so that the driver of its file system is loaded; the states are put,
//! one after the other, into the file behind its second disk. Neither the host's kernel nor root is needed.

use std::fs::{self, File};
use std::io::Cursor;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use perch_sys::dir as beneath;

use super::record::BOOT;
use crate::host::{command, run};
use crate::scenario::STORE;
use crate::vm::Agent;

/// What was found in one state.
pub(super) struct Found {
    /// A copy of the store; removed when dropped.
    dir: tempfile::TempDir,
    /// What the kernel or the tools had to complain about.
    pub complaints: Vec<String>,
}

impl Found {
    /// The store, read by the code that reads it at boot; `None` if the medium has none.
    pub fn store(&self) -> Result<Option<perch_core::metadata::StoreFiles>> {
        let store = self.path("");
        if !store.is_dir() {
            return Ok(None);
        }
        let dir = beneath::open_dir(&store)?;
        Ok(Some(
            perch_sys::store::read(std::os::fd::AsFd::as_fd(&dir))?.files,
        ))
    }

    /// The path of something in the store's copy.
    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join("c").join(path)
    }

    /// The text of each metadata file, the damaged ones that were set aside among them.
    pub fn texts(&self) -> Vec<Vec<u8>> {
        let entries = fs::read_dir(self.path("")).into_iter().flatten().flatten();
        entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("session."))
            .filter_map(|entry| fs::read(entry.path()).ok())
            .collect()
    }
}

/// A disk that can be given any content while a machine has it.
pub(super) struct Scratch {
    file: File,
    /// Where it is.
    pub path: PathBuf,
}

impl Scratch {
    /// A disk of `length` zeroes.
    pub fn new(path: &Path, length: u64) -> Result<Self> {
        let file = File::options()
            .create(true)
            .truncate(true)
            .write(true)
            .open(path)?;
        file.set_len(length)?;
        Ok(Self {
            file,
            path: path.to_owned(),
        })
    }

    /// Puts `base` on it and then `writes`, in their order.
    pub fn fill<'a>(
        &self,
        base: &[u8],
        writes: impl Iterator<Item = (u64, &'a [u8])>,
    ) -> Result<()> {
        self.file.write_all_at(base, 0)?;
        for (offset, data) in writes {
            let end = offset.checked_add(data.len() as u64);
            ensure!(
                end.is_some_and(|end| end <= base.len() as u64),
                "a write at {offset} beyond the end of the disk"
            );
            self.file.write_all_at(data, offset)?;
        }
        Ok(())
    }
}

/// Mounts the machine's second disk, a file system of kind `fs`, and copies its store.
pub(super) fn read(agent: &mut Agent<'_>, fs: &str) -> Result<Found> {
    let deadline = Instant::now() + BOOT;
    // As perch mounts its medium (sys::medium); ext4 writable, since only then orphans are dealt with as well.
    let options = match fs {
        "vfat" => "ro,noatime,uid=0,gid=0,umask=0077,check=s,shortname=mixed,utf8=1",
        _ => "rw,noatime",
    };
    // A file that cannot be copied whole is judged as what came of it; left-over temporary ones often cannot.
    let script = format!(
        "[ -d /tmp/m ] || mkdir /tmp/m; rm -rf /tmp/c; mount -t {fs} -o {options} /dev/vdb /tmp/m || exit 9
         cp -a /tmp/m/{STORE} /tmp/c 2>/dev/null; umount /tmp/m || exit 8
         cd /tmp && tar -cz c"
    );
    let mut complaints = Vec::new();
    let answer = agent.sh(&script, deadline)?;
    let dir = tempfile::tempdir()?;
    match answer.status {
        0 => {}
        _ => {
            complaints.push(format!("cannot be mounted: {}", answer.text()));
            return Ok(Found { dir, complaints });
        }
    }
    unpack(&answer.output, dir.path())?;
    Ok(Found { dir, complaints })
}

fn unpack(archive: &[u8], target: &Path) -> Result<()> {
    let file = target.join("store.tgz");
    std::io::copy(&mut Cursor::new(archive), &mut File::create(&file)?)?;
    run(command("tar")
        .args(["-xzf"])
        .arg(&file)
        .arg("-C")
        .arg(target))
    .context("cannot unpack the store")?;
    Ok(fs::remove_file(file)?)
}
