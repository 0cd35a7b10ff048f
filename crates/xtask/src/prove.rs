//! `cargo xtask prove`: what is tried at every point at which it could go wrong, rather than at some.

mod cuts;
mod kills;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask prove cuts|kills [--help]

  cuts   every state that a power cut can leave of a boot, judged by a real kernel
  kills  every system call of the commands on sessions at which they can be killed, or the medium can fail";

/// `cargo xtask prove`.
///
/// # Errors
/// If it is called wrongly, if something does not run, or if something was lost.
pub fn run(mut args: lexopt::Parser) -> Result<()> {
    use lexopt::prelude::*;
    match args.next()? {
        Some(Value(what)) if what == "cuts" => cuts::run(args),
        Some(Value(what)) if what == "kills" => kills::run(args),
        Some(Value(other)) => bail!("{} cannot be proven, only: cuts, kills", other.display()),
        Some(Short('h') | Long("help")) => {
            println!("{HELP}");
            Ok(())
        }
        Some(other) => Err(other.unexpected().into()),
        None => bail!("what is to be proven? `cargo xtask prove cuts` or `kills`"),
    }
}
