//! Running cargo's tests while reading along.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use perch_tests::host::{command, run, workspace_dir};

use super::tally::Tally;

/// `cargo` with `arguments`, the same cargo that runs this.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).current_dir(workspace_dir());
    cargo
}

/// The names of the tests of `target`, cargo's words that choose test programs.
///
/// # Errors
/// If they do not build.
pub fn list(target: &[&str]) -> Result<Vec<String>> {
    let output = run(cargo(target).args(["--quiet", "--", "--list"]))?;
    let output = String::from_utf8_lossy(&output);
    Ok(output
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect())
}

/// Runs the tests of `target` with `harness` as the words for the test programs and `settings` in their environment, shows what they print, counts it.
///
/// # Errors
/// If cargo cannot be started.
pub fn run_tests(
    target: &[&str],
    harness: &[&str],
    settings: &[(&str, OsString)],
    tally: &mut Tally,
) -> Result<()> {
    let mut child = cargo(target)
        .arg("--")
        .args(harness)
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().context("no output to read")?;
    let failed_before = tally.failures();
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        tally.read_line(&line);
    }
    let good = child.wait()?.success();
    if !good && tally.failures() == failed_before {
        // No test reported it: the tests did not build, or a test program crashed before its closing line.
        println!("cargo failed without a failing test: {}", target.join(" "));
        tally.fail(1);
    }
    Ok(())
}
