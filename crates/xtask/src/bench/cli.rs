//! `cargo xtask bench cli`: how fast the commands on sessions are, against tools that everybody has.
//!
//! Export and import are compared with GNU tar and zstd on the same files, both with everything on the medium in the end;
//! each run does one after the other, so that whatever else the machine does meets both.

mod files;
mod report;
mod timed;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use perch_core::metadata::{JSON_FILE, json};
use perch_core::units::SessionId;
use perch_tests::host::{packages, static_program};

use super::scale;
pub use report::Report;
use report::What;
use timed::shell;

/// What the yardsticks need.
const PACKAGES: &[&str] = &["btrfs-progs", "tar", "xfsprogs", "zstd"];

/// What is to be measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How often each is done.
    pub runs: usize,
    /// How many sessions a list has.
    pub sessions: u32,
    /// On which medium: a directory to work in. `None` for one below the build directory.
    pub dir: Option<PathBuf>,
}

/// Measures.
///
/// # Errors
/// If this is not root, something does not build, or a command fails.
pub fn bench(settings: &Settings, cache: &Path) -> Result<Report> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "sessions have files of root: run it as root"
    );
    packages::ensure(PACKAGES)?;
    println!("perch");
    let perch = static_program("perch-cli", "perch")?;
    let dir = settings.dir.clone().unwrap_or_else(|| cache.to_owned());
    let dir = dir.join("cli");
    let _ = fs::remove_dir_all(&dir); // of a run that was stopped
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let mut report = Report::new(settings.sessions);
    println!("a list of {} sessions", settings.sessions);
    list(settings, &perch, &dir, &mut report)?;
    println!("a session of {}", files::SIZE);
    let store = dir.join("store");
    files::make(&store.join("1/changes"))?;
    fs::create_dir_all(store.join("1/workdir"))?;
    for number in 1..=settings.runs {
        println!("run {number} of {}", settings.runs);
        archives(&perch, &dir, &mut report)?;
    }
    for (what, mkfs) in [(What::CopyBtrfs, "mkfs.btrfs"), (What::CopyXfs, "mkfs.xfs")] {
        println!("{what}");
        copies(settings, &perch, &dir, what, mkfs, &mut report)?;
    }
    fs::remove_dir_all(&dir)?;
    Ok(report)
}

fn list(settings: &Settings, perch: &Path, dir: &Path, report: &mut Report) -> Result<()> {
    let store = dir.join("many");
    let ids: Vec<SessionId> = (1..=settings.sessions).filter_map(SessionId::new).collect();
    for id in &ids {
        fs::create_dir_all(store.join(format!("{id}/changes/etc")))?;
        fs::create_dir_all(store.join(format!("{id}/workdir/work")))?;
        fs::write(store.join(format!("{id}/changes/etc/file")), "content")?;
    }
    fs::write(store.join(JSON_FILE), json::write(&scale::metadata(&ids)))?;
    let script = format!("{} --sessions-dir many list --json", perch.display());
    shell(dir, &script)?;
    for _ in 0..settings.runs * 3 {
        report.add(What::List, shell(dir, &script)?, None);
    }
    Ok(())
}

/// There and back, by perch and by tar with zstd.
fn archives(perch: &Path, dir: &Path, report: &mut Report) -> Result<()> {
    let perch = perch.display();
    let on = format!("{perch} --sessions-dir store");
    let export = |verify: &str| shell(dir, &format!("{on} export 1 ours {verify} --force"));
    let ours = export("--no-verify")?;
    let theirs = shell(
        dir,
        "tar --xattrs --xattrs-include='*' --acls -C store/1/changes -cf - . | zstd -q -f -T0 -3 -o theirs.tar.zst
         sync theirs.tar.zst",
    )?;
    report.add(What::Export, ours, Some(theirs));
    report.add(What::Verified, export("")?, Some(theirs));
    let ours = shell(dir, &format!("{on} import ours.tar.zst"))?;
    let theirs = shell(
        dir,
        "mkdir out
         zstd -q -dc theirs.tar.zst | tar --xattrs --xattrs-include='*' --acls -C out -xpf -
         sync -f out",
    )?;
    report.add(What::Import, ours, Some(theirs));
    shell(dir, "rm -rf out store/2 store/session.*")?;
    Ok(())
}

/// Where blocks can be shared. The mount is gone with the shell that made it.
fn copies(
    settings: &Settings,
    perch: &Path,
    dir: &Path,
    what: What,
    mkfs: &str,
    report: &mut Report,
) -> Result<()> {
    shell(
        dir,
        &format!("rm -f disk; truncate -s 5G disk; {mkfs} -q disk; mkdir -p at"),
    )?;
    let inside = |script: &str| {
        // Nobody else sees the mount, which is gone with the shell.
        let script = script.replace('\'', "'\\''");
        shell(
            dir,
            &format!(
                "unshare --mount --propagation private sh -ec 'mount -o loop disk at; {script}'"
            ),
        )
    };
    inside("mkdir at/store; cp -a store/1 at/store; sync -f at")?;
    for _ in 0..settings.runs {
        let ours = inside(&format!(
            "{} --quiet --sessions-dir at/store copy 1",
            perch.display()
        ))?;
        let theirs = inside("cp -a --reflink=auto at/store/1 at/theirs; sync -f at")?;
        report.add(what, ours, Some(theirs));
        inside("rm -rf at/theirs")?;
    }
    shell(dir, "rm -f disk")?;
    Ok(())
}
