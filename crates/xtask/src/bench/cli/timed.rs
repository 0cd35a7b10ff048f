//! How long a program takes.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Result;
use perch_tests::host::{command, run};

/// Runs a program that has to succeed, and tells how many seconds it took.
///
/// # Errors
/// If it fails.
pub(super) fn timed(command: &mut Command) -> Result<f64> {
    let start = Instant::now();
    run(command)?;
    Ok(start.elapsed().as_secs_f64())
}

/// The same for lines of a shell, in a directory.
///
/// # Errors
/// If one of them fails.
pub(super) fn shell(dir: &Path, script: &str) -> Result<f64> {
    timed(command("sh").args(["-ec", script]).current_dir(dir))
}
