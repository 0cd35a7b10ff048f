//! `cargo xtask bench dynfs`: a session's disk in a dynfilefs container against one in a raw image on the same medium.
//!
//! All of them hold the same ext4 with the same options, and every run does the same jobs on each in turn, so that
//! whatever else the machine does meets all alike. Only ratios mean anything elsewhere.

mod disk;
mod jobs;
mod report;
mod server;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use perch_tests::host::{packages, static_program};

use disk::{Disk, Kind};
use jobs::{Job, Load};
pub use report::Report;

/// What the jobs need beside what is always there.
const PACKAGES: &[&str] = &["e2fsprogs", "strace", "tar"];

/// What is to be measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How often each job is done on each disk.
    pub runs: usize,
    /// On which medium: a directory in which the containers are made. `None` for one below the build directory.
    pub dir: Option<PathBuf>,
}

/// Measures.
///
/// # Errors
/// If this is not root, something does not build, or a disk cannot be made.
pub fn bench(settings: &Settings, cache: &Path) -> Result<Report> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "mounting needs root: run it as root"
    );
    packages::ensure(PACKAGES)?;
    println!("perch");
    let perch = static_program("perch-cli", "perch")?;
    let dir = settings.dir.clone().unwrap_or_else(|| cache.to_owned());
    let dir = dir.join("dynfs");
    let _ = fs::remove_dir_all(&dir); // of a run that was stopped
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    println!("an archive of {} files", jobs::FILES);
    let load = Load::make(&dir)?;
    let mut report = Report::default();
    for number in 1..=settings.runs {
        for kind in Kind::ALL {
            let disk = Disk::make(kind, &dir.join("disk"), &perch)?;
            for job in Job::ALL {
                let value = job
                    .run(&disk, &load)
                    .with_context(|| format!("{job} on {kind}"))?;
                println!("{number} of {}: {kind}: {job}: {value:.1}", settings.runs);
                report.add(job, kind, value);
            }
            if let Some(server) = disk.server() {
                println!("{number} of {}: {kind}: system calls", settings.runs);
                report.server.push(server.figures(&disk)?);
            }
            disk.close()?;
        }
    }
    println!("a disk of 1 TiB");
    report.resident_kib = Some(server::resident_of_a_tebibyte(&dir.join("disk"), &perch)?);
    fs::remove_dir_all(&dir)?;
    Ok(report)
}
