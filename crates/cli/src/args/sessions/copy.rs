//! `copy`

use clap::Args;

use super::Change;

pub(super) const EXAMPLES: &str = "\
The copy gets the next number, or the one that is given, which has to be free. It keeps its data as
the original does, unless a mode is given. Its container is as large as the original's, or has room
for the files and 100 MiB more; on btrfs and XFS native sessions share their blocks.

Examples:
  perch copy 1
  perch copy 1 7
  perch copy 1 raw 4000
  perch copy 1 7 dynfilefs 8G
  perch copy 1 --to-mode raw --size 4000";

/// `copy`
#[derive(Debug, Args)]
#[command(override_usage = "perch copy [OPTIONS] <ID> [NEW] [MODE [MB]]")]
pub struct Copy {
    /// Its number
    #[arg(value_name = "ID")]
    pub id: String,
    /// The number of the copy, how it keeps its data (native, dynfilefs or raw), and the size of its container
    #[arg(value_name = "NEW|MODE|MB", num_args = 0..=3, allow_negative_numbers = true)]
    pub rest: Vec<String>,
    /// How the copy keeps its data, in place of MODE
    #[arg(long, value_name = "MODE", alias = "mode")]
    pub to_mode: Option<String>,
    /// The size of its container, in place of MB
    #[arg(long, value_name = "MB", allow_negative_numbers = true)]
    pub size: Option<String>,
    /// How and where it is done.
    #[command(flatten)]
    pub change: Change,
}
