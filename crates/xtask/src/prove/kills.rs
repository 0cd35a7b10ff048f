//! `cargo xtask prove kills`: the commands on sessions, killed at every system call, on a medium that fails at every call.
//!
//! The work is done by the test program `kills` of the command line, of which the tests run a slice.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use perch_tests::host::{command, workspace_dir};

const HELP: &str = "\
cargo xtask prove kills [--slice] [--only TEXT]

Runs each command on sessions once for each system call that changes something (and for those that start a program or
wait for it): SIGKILL comes in place of the call, or the call fails with EIO or ENOSPC. Each time every session has to
be there with its content and its metadata, old or new; what was left behind is cleaned up without loss; and the same
command works. Exits with 1 if anything was lost. Needs root.

  --slice      only as many calls as the tests try
  --only TEXT  only commands that contain TEXT

calls   how many calls of the command count
tried   at how many of them the fault struck
lost    after how many of them something was not as it should be; the lines below say what";

/// `cargo xtask prove kills`.
///
/// # Errors
/// If it is called wrongly, if the tests do not build, or if something was lost.
pub fn run(mut args: lexopt::Parser) -> Result<()> {
    use lexopt::prelude::*;
    let (mut effort, mut only) = ("all", String::new());
    while let Some(arg) = args.next()? {
        match arg {
            Long("slice") => effort = "slice",
            Long("only") => only = args.value()?.string()?,
            Short('h') | Long("help") => {
                println!("{HELP}");
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!(
        rustix::process::geteuid().is_root(),
        "only root can make the media that this needs; run it as root"
    );
    let mut cargo: Command = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace_dir());
    cargo.args(["test", "--quiet", "-p", "perch-cli", "--test", "kills"]);
    cargo.args(["--", "--nocapture", "--test-threads", "1"]);
    cargo
        .env("PERCH_KILLS", effort)
        .env("PERCH_KILLS_ONLY", only);
    let mut child = cargo.stdout(Stdio::piped()).spawn()?;
    println!("| fault | command | calls | tried | lost |\n|---|---|---|---|---|");
    let output = child.stdout.take().context("no output to read")?;
    let mut sums: BTreeMap<String, [u64; 3]> = BTreeMap::new();
    for line in BufReader::new(output).lines() {
        // The test program's own words are of no interest, and may stand before a row.
        let line = line?;
        let Some(at) = line.find("| ") else {
            continue;
        };
        println!("{}", &line[at..]);
        if let [_, fault, _, _, tried, lost, _] = line[at..].split('|').collect::<Vec<_>>()[..] {
            let sum = sums.entry(fault.trim().to_owned()).or_default();
            let row = [1, tried.trim().parse()?, lost.trim().parse()?];
            sum.iter_mut().zip(row).for_each(|(sum, new)| *sum += new);
        }
    }
    println!("\n| fault | commands | tried | lost |\n|---|---|---|---|");
    for (fault, [commands, tried, lost]) in &sums {
        println!("| {fault} | {commands} | {tried} | {lost} |");
    }
    let status = child.wait()?;
    ensure!(
        status.success(),
        "a cut or a failing medium loses something"
    );
    Ok(())
}
