//! `snapshot` and `rollback`

use clap::{Args, Subcommand};

use super::{Change, StoreDir};

pub(super) const EXAMPLES: &str = "\
A snapshot is what a session is at this moment. It is kept beside the sessions, never boots by
itself, and goes to the trash and back with its session. On Btrfs and XFS it takes room only for
what changes later, elsewhere as much as the session. Of the running session and of those in use
none can be made.

Examples:
  perch snapshot 2 --name 'before the update'
  perch snapshot list
  perch rollback 2
  perch snapshot delete 2 1";

pub(super) const ROLLBACK: &str = "\
The session becomes what it was when the snapshot was made; without SNAPSHOT the last one counts.
What it is now is kept as a snapshot too, so that `perch rollback ID` takes it back. Its name stays.

Examples:
  perch rollback 2
  perch rollback 2 1
  perch rollback 2 'before the update' --dry-run";

const DELETE: &str = "\
Examples:
  perch snapshot delete 2 1
  perch snapshot delete 2 1 3 --yes";

/// `snapshot`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Snapshot {
    /// What else to do with snapshots; without it one is made.
    #[command(subcommand)]
    pub command: Option<SnapshotCommand>,
    /// The number of the session
    #[arg(value_name = "ID", required = true)]
    pub id: Option<String>,
    /// What it is called
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// What there is to say about it
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// How and where it is done.
    #[command(flatten)]
    pub change: Change,
}

/// What else is done with snapshots.
#[derive(Debug, Subcommand)]
pub enum SnapshotCommand {
    /// List snapshots
    List(List),
    /// Delete snapshots for good
    #[command(after_help = DELETE)]
    Delete(Delete),
}

/// `snapshot list`
#[derive(Debug, Args)]
pub struct List {
    /// The number of a session; without it those of all sessions are listed
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Where the sessions are.
    #[command(flatten)]
    pub store: StoreDir,
}

/// `snapshot delete`
#[derive(Debug, Args)]
pub struct Delete {
    /// The number of the session
    #[arg(value_name = "ID")]
    pub id: String,
    /// Which ones, by number or name
    #[arg(value_name = "SNAPSHOT", required = true)]
    pub snapshots: Vec<String>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// How and where it is done.
    #[command(flatten)]
    pub change: Change,
}

/// `rollback`
#[derive(Debug, Args)]
pub struct Rollback {
    /// The number of the session
    #[arg(value_name = "ID")]
    pub id: String,
    /// The snapshot, by number or name; without it the last one
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: Option<String>,
    /// How and where it is done.
    #[command(flatten)]
    pub change: Change,
}
