//! `resize`

use clap::Args;

use super::Change;

pub(super) const EXAMPLES: &str = "\
Containers only grow. To make one smaller have its content written anew: convert ID MODE --size MB.
A native session has no size of its own. Sizes are MiB, or have a unit: 4000, 4G, 4GiB.

The session that boots next can be resized, the running one and those in use cannot: a dynfilefs
container grows by itself while the system runs. What is cut off half-way is finished by the same
command.

Examples:
  perch resize 2 4000
  perch resize 2 8GiB --dry-run";

/// `resize`
#[derive(Debug, Args)]
pub struct Resize {
    /// Its number
    #[arg(value_name = "ID")]
    pub id: String,
    /// How large its container becomes
    #[arg(value_name = "MB", allow_negative_numbers = true)]
    pub size: String,
    /// How and where it is done.
    #[command(flatten)]
    pub change: Change,
}
