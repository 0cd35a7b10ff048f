//! The arguments of `perch why`.

use std::path::PathBuf;

use clap::Args;

/// `why`
#[derive(Debug, Args)]
#[command(after_help = "\
The boot leaves a record of itself. This tells it in sentences: what was asked for and by whom, what
was found, what was decided and why, what failed and what was done instead, and how long it took.
Words in brackets are codes, which stay the same from release to release.

Examples:
  perch why
  perch why --verbose
  perch why --record boot.json --json")]
pub struct Why {
    /// A copy of the record of another boot or machine, in place of that of this one; - for standard input
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Tell everything: all devices, bundles, sessions, drivers, hooks and stages
    #[arg(long, short)]
    pub verbose: bool,
}
