//! `cargo xtask prove cuts`: every state that a power cut can leave, judged by a real kernel and by what perch reads.

use anyhow::{Result, bail};
use perch_tests::cuts::{Case, Effort, Proof, cases, prove};
use perch_tests::scenario::Images;

const HELP: &str = "\
cargo xtask prove cuts [--slice] [--lying] [--seed N] [--filter TEXT]

Records every write of a boot, makes each state that a power cut could have left the medium in (every prefix, and
samples of what a volatile disk cache loses or reorders between two flushes), mounts it with the kernel that boots,
reads the store as a boot does, and boots some of the states. Exits with 1 if anything was lost.

Where a session has a container, thousands of files are written, synced, changed and removed in it; of each state at
random the container is checked before any repair, its file system is repaired, and every promised file is read.

  --slice        only as many states as the tests try
  --lying        the disk ignores flushes: tries the proof itself, which must find losses under load
  --seed N       other samples of what a cache loses; the same number gives the same states
  --filter TEXT  only cases whose name contains TEXT

writes, flushes  what was logged in the recorded boot
states, boots    how many states were judged, and how many of them booted as well
absent           states without one of the metadata files, whose place another one took
unclean          states that the file system's checker complains about after the kernel mounted them
lost             states in which something was lost; the lines below say what";

struct Options {
    effort: Effort,
    filter: String,
}

/// `cargo xtask prove cuts`.
///
/// # Errors
/// If it is called wrongly, if a machine fails, or if something was lost.
pub fn run(args: lexopt::Parser) -> Result<()> {
    let Some(options) = parse(args)? else {
        println!("{HELP}");
        return Ok(());
    };
    let chosen: Vec<Case> = cases()
        .into_iter()
        .filter(|case| case.name.contains(&options.filter))
        .collect();
    if chosen.is_empty() {
        bail!("no case is called {:?}", options.filter);
    }
    let images = Images::prepare()?;
    println!("{}", Proof::HEAD);
    let mut lost = 0;
    for case in &chosen {
        let proof = prove(&images, case, options.effort)?;
        println!("{proof}");
        lost += proof.lost.len();
    }
    println!("lost: {lost}");
    if lost > 0 {
        bail!("a power cut loses something");
    }
    Ok(())
}

fn parse(mut args: lexopt::Parser) -> Result<Option<Options>> {
    use lexopt::prelude::*;
    let mut options = Options {
        effort: Effort::all(),
        filter: String::new(),
    };
    let mut seed = None;
    while let Some(arg) = args.next()? {
        match arg {
            Long("slice") => {
                let lying = options.effort.lying;
                options.effort = Effort {
                    lying,
                    ..Effort::slice()
                };
            }
            Long("lying") => options.effort.lying = true,
            Long("seed") => seed = Some(args.value()?.parse()?),
            Long("filter") => options.filter = args.value()?.string()?,
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    if let Some(seed) = seed {
        options.effort.sampling.seed = seed;
    }
    Ok(Some(options))
}
