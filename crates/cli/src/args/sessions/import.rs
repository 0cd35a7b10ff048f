//! `import`

use std::path::PathBuf;

use clap::Args;

use super::Change;

pub(super) const EXAMPLES: &str = "\
The session gets the next number; the one that boots next stays the same. Nothing in the archive is
believed: it is unpacked where nobody looks, and becomes a session when it is whole. Device nodes
are left out, programs that run with special rights are named. --dry-run reads it and shows them.

Examples:
  perch import work.tar.zst
  perch import work.tar.zst --dry-run
  perch import work.tar.zst raw
  perch import work.tar.zst --auto-convert";

/// `import`
#[derive(Debug, Args)]
pub struct Import {
    /// The archive
    #[arg(value_name = "ARCHIVE")]
    pub archive: PathBuf,
    /// How the session keeps its data: native, dynfilefs or raw [default: as it did]
    #[arg(value_name = "MODE")]
    pub mode: Option<String>,
    /// Take another mode if the medium cannot hold that one, and a session of another system
    #[arg(long)]
    pub auto_convert: bool,
    /// The same as MODE
    #[arg(long, value_name = "MODE", alias = "mode", conflicts_with = "mode")]
    pub force_mode: Option<String>,
    /// The size of its container
    #[arg(long, value_name = "MB", allow_negative_numbers = true)]
    pub size: Option<String>,
    /// Take files that are not those of the archive's list
    #[arg(long)]
    pub no_verify: bool,
    /// Take a session of another version, edition or union
    #[arg(long)]
    pub skip_compatibility_check: bool,
    /// Take device nodes too, and files that stand for others of a lower layer: for your own archives
    #[arg(long)]
    pub trust: bool,
    /// How and where it is done.
    #[command(flatten)]
    pub change: Change,
}
