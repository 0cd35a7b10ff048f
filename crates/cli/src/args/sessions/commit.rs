//! The arguments of `perch commit`.

use std::path::PathBuf;

use clap::Args;

use super::StoreDir;

/// What stands below the help of `commit`.
pub(super) const EXAMPLES: &str = "\
What is chosen is taken as it is in the session, deletions included, with the directories that lead
to it. The session stays as it is. The same content gives the same file with the same mksquashfs
(package squashfs-tools). ACLs, sockets and parts of seconds are not kept: squashfs has no place
for them.

A module works from the next boot on, when it lies in the directory modules of the medium. It hides
files of bundles with a lower number, so name it with one above theirs, such as 50-name.sb.

Examples:
  perch diff 2
  perch commit 2 /etc/apache2 /var/www --output 50-web.sb
  perch commit 2 / --exclude /home --exclude /var/log --output 60-all.sb --dry-run";

/// `commit`
#[derive(Debug, Args)]
pub struct Commit {
    /// Its number
    #[arg(value_name = "ID")]
    pub id: String,
    /// What of it: these and all below
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// The module to write
    #[arg(long, short, value_name = "FILE.sb")]
    pub output: PathBuf,
    /// Leave this out, and all below
    #[arg(long, value_name = "PATH")]
    pub exclude: Vec<PathBuf>,
    /// How it is packed: zstd reads fast, xz is smallest, gzip is for old kernels
    #[arg(long, value_name = "NAME", default_value = "zstd", value_parser = ["zstd", "xz", "gzip"])]
    pub compress: String,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
    /// Show what would be taken, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Where the sessions are.
    #[command(flatten)]
    pub store: StoreDir,
}
