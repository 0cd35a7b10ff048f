//! How long a program takes, and how much of it processors work.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use perch_tests::host::command;

/// What something took, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Took {
    /// On the clock. Others on the machine make it longer.
    pub(super) wall: f64,
    /// Of all processors together.
    pub(super) cpu: f64,
}

/// Runs lines of a shell in a directory.
///
/// # Errors
/// If one of them fails.
pub(super) fn shell(dir: &Path, script: &str) -> Result<Took> {
    let mut sh = command("sh");
    sh.args(["-ec", &format!("exec 3>&1 >/dev/null\n{script}\ntimes >&3")]);
    sh.current_dir(dir).stdout(Stdio::piped());
    let start = Instant::now();
    let mut child = sh.spawn()?;
    let output = child.stdout.take().context("no output")?;
    let lines: Vec<String> = BufReader::new(output).lines().collect::<Result<_, _>>()?;
    ensure!(child.wait()?.success(), "failed: {script}");
    let wall = start.elapsed().as_secs_f64();
    // The shell's own times, then those of all that it ran: `0m1.500s 0m0.250s`. sh(1), `times`.
    let times = lines.last().context("a shell that does not tell times")?;
    let cpu: Option<f64> = times.split_ascii_whitespace().map(seconds).sum();
    let cpu = cpu.with_context(|| format!("no times: {times}"))?;
    Ok(Took { wall, cpu })
}

fn seconds(text: &str) -> Option<f64> {
    let (minutes, seconds) = text.strip_suffix('s')?.split_once('m')?;
    Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_tells_what_its_programs_took() {
        assert_eq!(seconds("2m1.500000s"), Some(121.5));
        assert_eq!(seconds("1.5"), None);
        let dir = std::env::temp_dir();
        let took = shell(&dir, "head -c 50000000 /dev/urandom | cksum").unwrap();
        assert!(took.cpu > 0.01 && took.wall > 0.01, "{took:?}");
        assert!(shell(&dir, "false").is_err());
    }
}
