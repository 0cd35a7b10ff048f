//! The arguments of `perch diff`.

use std::path::PathBuf;

use clap::Args;

use super::StoreDir;

/// What stands below the help of `diff`.
pub(super) const EXAMPLES: &str = "\
added      was not there            changed   content, permissions, owner, attributes or time
deleted    is gone                  retyped   was another kind of thing
replaced   a directory that hides all that was in it

An exclamation mark stands before programs that got the rights of another user. The session is
compared with the bundles of this system if it was written by one like it, else with those that
--bundles names. Without any it is only told what the session holds.

Examples:
  perch diff 2
  perch diff 2 /etc --by-size
  perch diff 2 --summary --bundles /mnt/stick/minios";

/// `diff`
#[derive(Debug, Args)]
pub struct Diff {
    /// Its number
    #[arg(value_name = "ID")]
    pub id: String,
    /// Only what is there or below
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// The largest first
    #[arg(long)]
    pub by_size: bool,
    /// Only what it all comes to
    #[arg(long)]
    pub summary: bool,
    /// The directory with the bundles that it lies over, if not those of this system
    #[arg(long, value_name = "DIR")]
    pub bundles: Option<PathBuf>,
    /// Where the sessions are.
    #[command(flatten)]
    pub store: StoreDir,
}
