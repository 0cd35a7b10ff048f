//! The arguments of the commands on sessions.
//!
//! Numbers, modes and sizes stay text here: whoever gives a wrong one gets a code for it, not only a usage line.

pub mod convert;
pub mod copy;
pub mod export;
pub mod import;
pub mod resize;
pub mod snapshot;

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand};

mod check;
mod commit;
mod diff;

pub use check::Check;
pub use commit::Commit;
pub use diff::Diff;

/// The commands on sessions.
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// List all sessions
    List(StoreDir),
    /// Show the session that boots next
    Active(StoreDir),
    /// Show the session that this system runs from
    Running(StoreDir),
    /// Show the file system of the sessions, and which modes it can hold
    Info(StoreDir),
    /// Show where the sessions are, and whether they can be changed
    Status(StoreDir),
    /// Make a session
    #[command(after_help = CREATE)]
    Create(Create),
    /// Have a session boot next
    Activate(Activate),
    /// Give a session a name, or a note
    #[command(after_help = RENAME)]
    Rename(Rename),
    /// Show what a session changed
    #[command(after_help = diff::EXAMPLES)]
    Diff(Diff),
    /// Look whether sessions are in order
    #[command(after_help = check::EXAMPLES)]
    Check(Check),
    /// Make a module of files that a session changed
    #[command(after_help = commit::EXAMPLES)]
    Commit(Commit),
    /// Delete a session; it can be restored from the trash
    #[command(after_help = DELETE)]
    Delete(Delete),
    /// Make the container of a session larger
    #[command(after_help = resize::EXAMPLES)]
    Resize(resize::Resize),
    /// Make a second session of one
    #[command(after_help = copy::EXAMPLES)]
    Copy(copy::Copy),
    /// Write a session to an archive
    #[command(after_help = export::EXAMPLES)]
    Export(export::Export),
    /// Make a session of an archive
    #[command(after_help = import::EXAMPLES)]
    Import(import::Import),
    /// Keep a session in another mode, or in a container of another size
    #[command(after_help = convert::EXAMPLES)]
    Convert(convert::Convert),
    /// Keep what a session is now, to go back to it
    #[command(after_help = snapshot::EXAMPLES, disable_help_subcommand = true)]
    Snapshot(snapshot::Snapshot),
    /// Make a session what it was at a snapshot
    #[command(after_help = snapshot::ROLLBACK)]
    Rollback(snapshot::Rollback),
    /// Delete what was not used for long
    #[command(after_help = CLEANUP)]
    Cleanup(Cleanup),
    /// Look after deleted sessions
    #[command(disable_help_subcommand = true)]
    Trash {
        /// Where the sessions are, before the command.
        #[command(flatten)]
        store: StoreDir,
        /// What to do; without one, help is shown.
        #[command(subcommand)]
        command: Option<TrashCommand>,
    },
}

/// The commands on the trash.
#[derive(Debug, Subcommand)]
pub enum TrashCommand {
    /// List deleted sessions
    List(StoreDir),
    /// Bring a deleted session back
    Restore(Restore),
    /// Delete for good what is in the trash
    Empty(Empty),
}

const CREATE: &str = "\
The session that boots next stays the same. Sizes are MiB, or have a unit: 4000, 4G, 4GiB. A native
session has no size of its own.

Examples:
  perch create
  perch create raw 4000
  perch create --mode dynfilefs --size 8G --name Work";

const RENAME: &str = "\
What is not given stays as it is; an empty text takes it away.

Examples:
  perch rename 2 Work
  perch rename 2 --note 'before the update'
  perch rename 2 ''";

const DELETE: &str = "\
The session moves to the trash of its medium, and takes as much space there. Neither the session
that boots next nor the running one can be deleted.

Examples:
  perch delete 2
  perch trash restore 2
  perch delete --purge 2";

const CLEANUP: &str = "\
Sessions that were not used for so many days go to the trash; what is in the trash for as long is
deleted for good, and so is what interrupted programs left behind and nobody can need. The session
that boots next, the running one and those in use stay.

Examples:
  perch cleanup --dry-run
  perch cleanup --days 90 --yes";

/// Where the sessions are.
#[derive(Debug, Args)]
pub struct StoreDir {
    /// Where the sessions are, if not where this system has them
    #[arg(long, value_name = "DIR", action = ArgAction::Append)]
    pub sessions_dir: Vec<PathBuf>,
}

/// What every command that changes something takes.
#[derive(Debug, Args)]
pub struct Change {
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Where the sessions are.
    #[command(flatten)]
    pub store: StoreDir,
}

/// `create`
#[derive(Debug, Args)]
pub struct Create {
    /// How it keeps its data: native, dynfilefs or raw [default: native]
    #[arg(value_name = "MODE")]
    pub mode: Option<String>,
    /// The size of its container
    #[arg(value_name = "MB", allow_negative_numbers = true)]
    pub size: Option<String>,
    /// The same as MODE
    #[arg(long = "mode", value_name = "MODE", conflicts_with = "mode")]
    pub mode_option: Option<String>,
    /// The same as MB
    #[arg(
        long = "size",
        value_name = "MB",
        conflicts_with = "size",
        allow_negative_numbers = true
    )]
    pub size_option: Option<String>,
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

/// `activate`
#[derive(Debug, Args)]
pub struct Activate {
    /// Its number
    #[arg(value_name = "ID")]
    pub id: String,
    /// How and where it is done.
    #[command(flatten)]
    pub change: Change,
}

/// `rename`
#[derive(Debug, Args)]
pub struct Rename {
    /// Its number
    #[arg(value_name = "ID")]
    pub id: String,
    /// What it is called from now on
    #[arg(value_name = "NAME", required_unless_present = "note")]
    pub name: Option<String>,
    /// What there is to say about it
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// How and where it is done.
    #[command(flatten)]
    pub change: Change,
}

/// `delete`
#[derive(Debug, Args)]
pub struct Delete {
    /// Its number
    #[arg(value_name = "ID")]
    pub id: String,
    /// Delete it at once and for good, not to the trash
    #[arg(long)]
    pub purge: bool,
    /// Do not ask before something is gone for good
    #[arg(long)]
    pub yes: bool,
    /// How and where it is done.
    #[command(flatten)]
    pub change: Change,
}

/// `cleanup`
#[derive(Debug, Args)]
pub struct Cleanup {
    /// How long a session was not used
    #[arg(
        long,
        value_name = "N",
        default_value_t = 30,
        allow_negative_numbers = true,
        value_parser = clap::value_parser!(u32).range(0..=36_500)
    )]
    pub days: u32,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// How and where it is done.
    #[command(flatten)]
    pub change: Change,
}

/// `trash restore`
#[derive(Debug, Args)]
pub struct Restore {
    /// Its name in the trash, or the number that it had
    #[arg(value_name = "NAME")]
    pub name: String,
    /// How and where it is done.
    #[command(flatten)]
    pub change: Change,
}

/// `trash empty`
#[derive(Debug, Args)]
pub struct Empty {
    /// What to delete, by name or number; without any, everything
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// How and where it is done.
    #[command(flatten)]
    pub change: Change,
}
