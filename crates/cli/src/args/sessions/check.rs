//! The arguments of `perch check`.

use clap::Args;

use super::StoreDir;

/// What stands below the help of `check`.
pub(super) const EXAMPLES: &str = "\
healthy    nothing is wrong
repaired   something was wrong, and is no more
needs you  something is wrong that needs your decision, or your leave to repair it: --repair
lost       what it held cannot be had from here

Metadata is compared with the directories, containers and the file systems in them are checked, and
all files are looked at. Nothing is written without --repair; with it, only what needs no decision
is repaired. Of sessions that are in use the containers are not touched.

Exit status: 0 if all are healthy or repaired, 1 if not.

Examples:
  perch check
  perch check 2 --repair";

/// `check`
#[derive(Debug, Args)]
pub struct Check {
    /// Their numbers; without any, all sessions
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Repair what needs no decision
    #[arg(long)]
    pub repair: bool,
    /// Where the sessions are.
    #[command(flatten)]
    pub store: StoreDir,
}
