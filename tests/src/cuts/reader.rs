//! Reading a state as the next boot would: the kernel that boots is the kernel that mounts it, journal and all.
//!
//! One machine runs from the medium as it was before, so that the driver of its file system is loaded; the states are put,
//! one after the other, into the file behind its second disk. Neither the host's kernel nor root is needed.

use std::fs::{self, File};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use perch_sys::dir as beneath;

use super::guest::GUEST;
use super::load::inspect::Inspection;
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

/// The files of a container that hold what is in it, as find(1) is asked for them.
const LARGE: &str = "'(' -name 'changes.dat.*' -o -name changes.img ')'";
/// Where the copy of a store says how long they are.
const LENGTHS: &str = ".lengths";

/// How the medium is mounted: as perch does (sys::medium); ext4 writable, since only then orphans are dealt with as well.
fn options(fs: &str) -> &'static str {
    match fs {
        "vfat" => "ro,noatime,uid=0,gid=0,umask=0077,check=s,shortname=mixed,utf8=1",
        "exfat" => "ro,noatime,uid=0,gid=0,umask=0077",
        _ => "rw,noatime",
    }
}

/// Mounts the machine's second disk, a file system of kind `fs`, and copies its store.
pub(super) fn read(agent: &mut Agent<'_>, fs: &str, has_container: bool) -> Result<Found> {
    let deadline = Instant::now() + BOOT;
    let options = options(fs);
    let copy = match has_container {
        false => format!("cp -a /tmp/m/{STORE} /tmp/c"),
        // Of a container the beginning, and how long each of its files is: what is in it is inspected there.
        true => format!(
            "(cd /tmp/m/{STORE} && find . -type d -exec mkdir -p /tmp/c/{{}} ';' && \
             find . -type f {LARGE} -exec sh -c 'head -c 4096 {{}} >/tmp/c/{{}}' ';' -exec stat -c '%s %n' {{}} ';' >/tmp/c/{LENGTHS}; \
             find . -type f ! {LARGE} -exec cp -a {{}} /tmp/c/{{}} ';')"
        ),
    };
    // A file that cannot be copied whole is judged as what came of it; left-over temporary ones often cannot.
    let script = format!(
        "[ -d /tmp/m ] || mkdir /tmp/m; rm -rf /tmp/c; mount -t {fs} -o {options} /dev/vdb /tmp/m || exit 9
         {copy} 2>/dev/null; umount /tmp/m || exit 8
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
    let found = Found { dir, complaints };
    let lengths = found.path(LENGTHS);
    for line in fs::read_to_string(&lengths).unwrap_or_default().lines() {
        let (length, path) = line.split_once(' ').context("a length without a file")?;
        let file = File::options().write(true).open(found.path(path))?;
        file.set_len(length.parse()?)?;
    }
    if has_container {
        let _ = fs::remove_file(lengths); // not there without a store
    }
    Ok(found)
}

/// Inspects the container on the machine's second disk, a file system of kind `fs`.
pub(super) fn inspection(agent: &mut Agent<'_>, fs: &str) -> Result<Inspection> {
    let options = options(fs);
    let script = format!("{GUEST} inspect /dev/vdb {fs} {options} | gzip");
    let text = zipped(agent, &script)?;
    serde_json::from_str(&text).context("the inspection")
}

/// What `script` prints through gzip(1): the port is slow.
pub(super) fn zipped(agent: &mut Agent<'_>, script: &str) -> Result<String> {
    let answer = agent.sh(script, Instant::now() + BOOT)?;
    ensure!(
        answer.status == 0 && answer.output.starts_with(&[0x1f, 0x8b]),
        "{script}: {}",
        answer.text()
    );
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), &answer.output)?;
    let text = run(command("gzip").arg("-dc").stdin(File::open(file.path())?))?;
    Ok(String::from_utf8(text)?)
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
