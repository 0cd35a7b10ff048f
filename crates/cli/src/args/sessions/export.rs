//! `export`

use std::path::PathBuf;

use clap::Args;

use super::Change;

pub(super) const EXAMPLES: &str = "\
The archive is a .tar.zst with everything that belongs to the files: owners, ACLs, attributes,
capabilities, marks of deleted files. It is read back before it gets its name; until then a file
that has the name stays as it is. The session itself is not changed.

Examples:
  perch export 1 /media/backup
  perch export 1 work.tar.zst --level 9
  perch export 1 work.tar.zst --force";

/// `export`
#[derive(Debug, Args)]
pub struct Export {
    /// Its number
    #[arg(value_name = "ID")]
    pub id: String,
    /// The archive, or a directory for it
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// Do not read the archive back
    #[arg(long)]
    pub no_verify: bool,
    /// How hard to pack: 1 is fast, 19 is small, up to 22 needs much memory
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(i32).range(1..=22))]
    pub level: i32,
    /// Replace a file of that name
    #[arg(long)]
    pub force: bool,
    /// How and where it is done.
    #[command(flatten)]
    pub change: Change,
}
