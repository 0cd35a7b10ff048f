//! The arguments of `perch mark-good`.

use std::path::PathBuf;

use clap::Args;
use perch_core::units::SessionId;

/// `mark-good`
#[derive(Debug, Args)]
#[command(after_help = "\
Every boot that opens a session counts a try, and this command ends the count. After three tries \
in a row without it perchdir=resume opens the last session that came up, or stays in RAM. A system \
in which this command never ran is not counted.

The unit perch-mark-good.service runs it once the default target is reached. With another init, \
call it at the end of the last script, such as /etc/rc.local.

Examples:
  perch mark-good
  perch mark-good 2
  perch mark-good --sessions-dir /mnt/stick/minios/changes 2")]
pub struct MarkGood {
    /// A session that was repaired, in place of the running one: it gets all its tries again
    #[arg(value_name = "SESSION")]
    pub session: Option<SessionId>,
    /// Where that session is, if not where this system has its sessions
    #[arg(long, value_name = "DIR", requires = "session")]
    pub sessions_dir: Option<PathBuf>,
    /// Show what would be recorded, and record nothing
    #[arg(long)]
    pub dry_run: bool,
}
