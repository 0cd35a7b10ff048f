//! The Debian packages the tests use, installed when possible and named in one line when not.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use anyhow::{Result, bail};

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
    update_lists()?;
    run(apt_get()
        .args(["install", "-y", "--no-install-recommends"])
        .args(&missing))?;
    Ok(())
}

/// Fetches apt's package lists, at most once in this process.
///
/// # Errors
/// If apt fails, for example without a network.
pub fn update_lists() -> Result<()> {
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
    // Two test processes may want packages at the same time: the second waits for dpkg's lock.
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
