//! Running the tools of the host, with errors that carry what the tool itself said.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Prepares `program`, found also where administration tools live: an ordinary user's `PATH` lacks `/usr/sbin`, yet
/// mke2fs, sfdisk and depmod need no privileges to work on plain files. Messages are in English.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
    command.env("LC_ALL", "C.UTF-8");
    command
}

/// Runs `command` to its end and returns its standard output.
///
/// # Errors
/// If it cannot be started or ends with another status than 0; the error holds what it wrote to standard error.
pub fn run(command: &mut Command) -> Result<Vec<u8>> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!(
            "{command:?} ended with {}:\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
    }
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_tool_is_quoted_in_the_error() {
        let error = run(command("sh").args(["-c", "echo nothing there >&2; exit 3"])).unwrap_err();
        let text = format!("{error:#}");
        assert!(
            text.contains("nothing there") && text.contains('3'),
            "{text}"
        );
    }
}
