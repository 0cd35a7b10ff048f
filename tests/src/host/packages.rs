//! The Debian packages the tests use, installed when possible and named in one line when not.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use super::cache::cache_dir;
use super::{command, run};

/// Makes sure that `packages` are installed: installs the missing ones as root, without recommended packages.
///
/// # Errors
/// If something is missing and this is not root (the error is the `apt-get` line to run), or if apt fails.
pub fn ensure(packages: &[&str]) -> Result<()> {
    let missing = missing(packages, &installed()?);
    if missing.is_empty() {
        return Ok(());
    }
    if !rustix::process::geteuid().is_root() {
        bail!(
            "packages are missing; as root: apt-get install -y --no-install-recommends {}",
            missing.join(" ")
        );
    }
    // apt-get waits for dpkg's lock, but not for that of its lists.
    let _alone = lock()?;
    update_lists_alone()?;
    run(apt_get()
        .args(["install", "-y", "--no-install-recommends"])
        .args(&missing))?;
    Ok(())
}

/// Keeps other tests from calling apt-get, in this process and in others, until it is dropped.
fn lock() -> Result<File> {
    let dir = cache_dir();
    fs::create_dir_all(&dir)?;
    let file = File::create(dir.join("apt.lock"))?;
    file.lock().context("cannot lock apt.lock")?;
    Ok(file)
}

/// Fetches apt's package lists, at most once in this process.
///
/// # Errors
/// If apt fails, for example without a network.
pub fn update_lists() -> Result<()> {
    let _alone = lock()?;
    update_lists_alone()
}

fn update_lists_alone() -> Result<()> {
    static DONE: OnceLock<()> = OnceLock::new();
    if DONE.get().is_none() {
        run(apt_get().arg("update"))?;
        let _ = DONE.set(());
    }
    Ok(())
}

/// `apt-get`, asking no questions.
pub(super) fn apt_get() -> std::process::Command {
    let mut command = command("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    // Somebody else may be installing something.
    command.args(["-q", "-o", "DPkg::Lock::Timeout=300"]);
    command
}

fn installed() -> Result<BTreeSet<String>> {
    let output =
        run(command("dpkg-query").args(["-W", "-f", "${db:Status-Status} ${Package}\\n"]))?;
    Ok(parse_installed(&String::from_utf8_lossy(&output)))
}

fn parse_installed(listing: &str) -> BTreeSet<String> {
    listing
        .lines()
        .filter_map(|line| line.strip_prefix("installed "))
        .map(str::to_owned)
        .collect()
}

fn missing<'a>(wanted: &[&'a str], installed: &BTreeSet<String>) -> Vec<&'a str> {
    let wanted: BTreeSet<&str> = wanted.iter().copied().collect();
    wanted
        .into_iter()
        .filter(|name| !installed.contains(*name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_packages_with_leftover_configuration_count_as_missing() {
        let installed = parse_installed("installed mtools\nconfig-files xorriso\n");
        assert_eq!(
            missing(&["xorriso", "mtools", "xorriso"], &installed),
            ["xorriso"]
        );
    }
}
