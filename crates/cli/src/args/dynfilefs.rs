//! The arguments of `perch dynfilefs`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use perch_core::units::Mib;

/// What a container is, for `perch dynfilefs --help`.
pub(crate) const ABOUT: &str = "\
Make, serve and look after expandable containers

A container is a disk in ordinary files that take space only for what was written: a small main file, \
such as changes.dat, and parts beside it, changes.dat.0 and so on, none longer than FAT32 allows. \
While it is mounted, its disk is the file virtual.dat in the directory of the mount.

Containers are those of dynfilefs 4.04, to the byte.";

/// The first steps.
pub(crate) const EXAMPLES: &str = "\
Examples:
  perch dynfilefs create --size 4000 changes.dat
  perch dynfilefs mount changes.dat /mnt/container
  mke2fs -F -t ext4 /mnt/container/virtual.dat
  mount -o loop /mnt/container/virtual.dat /mnt/files
  umount /mnt/files
  perch dynfilefs umount /mnt/container

Exit status: 0 done, 1 failed or something was found, 2 wrong arguments.";

/// A container.
#[derive(Debug, Args)]
pub struct Container {
    /// The container's main file, such as changes.dat
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// What is done with containers.
#[derive(Debug, Subcommand)]
pub enum DynfilefsCommand {
    /// Show what a container is and what takes its space
    Info(Info),
    /// Look for what is wrong with a container, and change nothing
    Check(Check),
    /// Put right what a check finds
    Repair(Repair),
    /// Give space back that a container no longer needs
    Compact(Compact),
    /// Make an empty container
    Create(Create),
    /// Copy a container of an older dynfilefs into a new one
    Import(Import),
}

/// `info`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  perch dynfilefs info changes.dat
  perch dynfilefs info --parts --json changes.dat")]
pub struct Info {
    /// Which one
    #[command(flatten)]
    pub container: Container,
    /// Show each part
    #[arg(long)]
    pub parts: bool,
}

/// `check`
#[derive(Debug, Args)]
#[command(after_help = "\
Exit status: 0 nothing is wrong, 1 something is, or the check failed (--json tells them apart by \"code\").

Example:
  perch dynfilefs check changes.dat")]
pub struct Check {
    /// Which one
    #[command(flatten)]
    pub container: Container,
}

/// `repair`
#[derive(Debug, Args)]
#[command(after_help = "\
Afterwards check the file system on the disk too: e2fsck on virtual.dat while it is mounted.

Examples:
  perch dynfilefs repair --dry-run changes.dat
  perch dynfilefs repair --yes changes.dat")]
pub struct Repair {
    /// Which one
    #[command(flatten)]
    pub container: Container,
    /// Show what would be changed, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// `compact`
#[derive(Debug, Args)]
#[command(after_help = "\
What was deleted on the disk takes space until it is discarded: run fstrim on its file system first,
while it is mounted. Ctrl-C stops between two steps; another run does the rest.

Examples:
  perch dynfilefs compact changes.dat
  perch dynfilefs compact --drop-zeros changes.dat")]
pub struct Compact {
    /// Which one
    #[command(flatten)]
    pub container: Container,
    /// Also give back blocks that hold only zeros; all data is read for that
    #[arg(long)]
    pub drop_zeros: bool,
    /// Show what could be given back, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `create`
#[derive(Debug, Args)]
#[command(after_help = SIZES_AND_EXAMPLES)]
pub struct Create {
    /// The main file to make; its parts get numbers behind its name
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Size of the disk, in MiB; it takes space only for what is written
    #[arg(long, short, value_name = "SIZE")]
    pub size: Mib,
    /// The most of the disk that one part holds, in MiB
    #[arg(long, short = 'p', value_name = "SIZE", default_value = "4000")]
    pub split: Mib,
    /// Show which files would be made, and make none
    #[arg(long)]
    pub dry_run: bool,
}

const SIZES_AND_EXAMPLES: &str = "\
Sizes are MiB, or a number with M, GiB or TiB behind it (G and GB count 1000 MiB, as perchsize= does).

Examples:
  perch dynfilefs create --size 4000 changes.dat
  perch dynfilefs create --size 64GiB --split 2000 changes.dat";

/// `import`
#[derive(Debug, Args)]
#[command(after_help = "\
The old container is only read. The new one gets its name when all of it is there and was compared.
Ctrl-C leaves nothing behind.

Example:
  perch dynfilefs import old/changes.dat changes.dat")]
pub struct Import {
    /// Main file of the container to read
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// Main file of the container to make
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// The most of the disk that one part holds, in MiB
    #[arg(long, short = 'p', value_name = "SIZE", default_value = "4000")]
    pub split: Mib,
    /// Show what would be copied, and copy nothing
    #[arg(long)]
    pub dry_run: bool,
}
