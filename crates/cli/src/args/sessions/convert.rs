//! `convert`

use clap::Args;

use super::Change;

pub(super) const EXAMPLES: &str = "\
The new form is made beside the old one, and compared with it file by file before it takes its
place. The old one goes to the trash, from where it comes back as a session of its own; --purge
deletes it. Room for both is needed while that lasts.

Without --size a container keeps its size, or gets the usual one, or more if what is in it leaves
no room to work in. The same mode with another --size makes a container smaller. Sizes are MiB, or
have a unit: 4000, 4G, 4GiB. The session that boots next can be converted, the running one cannot.

Examples:
  perch convert 2 raw
  perch convert 2 dynfilefs --size 8G --dry-run
  perch convert 2 native --new-session";

/// `convert`
#[derive(Debug, Args)]
pub struct Convert {
    /// Its number
    #[arg(value_name = "ID")]
    pub id: String,
    /// How it is to keep its data: native, dynfilefs or raw
    #[arg(value_name = "MODE")]
    pub mode: String,
    /// The size of its container
    #[arg(long, value_name = "MB", allow_negative_numbers = true)]
    pub size: Option<String>,
    /// Leave the session as it is, and make a new one of it
    #[arg(long, conflicts_with = "purge")]
    pub new_session: bool,
    /// Delete the old form at once and for good, not to the trash
    #[arg(long)]
    pub purge: bool,
    /// Do not ask before something is gone for good
    #[arg(long)]
    pub yes: bool,
    /// How and where it is done.
    #[command(flatten)]
    pub change: Change,
}
