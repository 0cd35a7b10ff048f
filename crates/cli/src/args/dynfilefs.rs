//! The arguments of `perch dynfilefs`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use perch_core::units::{BadSize, Mib};

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
  perch dynfilefs create --size 4000 --format ext4 changes.dat
  perch dynfilefs mount changes.dat /mnt/container
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
    /// Serve a container's disk as the file virtual.dat in a directory
    Mount(Mount),
    /// End serving a container, with everything on the medium
    Umount(Umount),
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
    /// Make a file system on the disk, as sessions have it; needs root
    #[arg(long, value_name = "TYPE", value_enum)]
    pub format: Option<Format>,
    /// Show which files would be made, and make none
    #[arg(long)]
    pub dry_run: bool,
}

/// A file system for a new disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With the features that every supported kernel mounts.
    Ext4,
}

const SIZES_AND_EXAMPLES: &str = "\
Sizes are MiB, or a number with M, GiB or TiB behind it (G and GB count 1000 MiB, as perchsize= does).

Examples:
  perch dynfilefs create --size 4000 --format ext4 changes.dat
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

/// `mount`
#[derive(Debug, Args)]
#[command(after_help = "\
Returns when virtual.dat is there; a process named @perch-dynfilefs serves it until perch dynfilefs umount.

Examples:
  perch dynfilefs mount changes.dat /mnt/container
  perch dynfilefs mount --size +1000 changes.dat /mnt/container
  perch dynfilefs mount --read-only changes.dat /mnt/container")]
pub struct Mount {
    /// Which one
    #[command(flatten)]
    pub container: Container,
    /// An empty directory; virtual.dat will be in it
    #[arg(value_name = "DIRECTORY")]
    pub dir: PathBuf,
    /// Let the disk grow to this size in MiB, or by +SIZE; the file system on it is left as it is
    #[arg(long, short, value_name = "[+]SIZE", conflicts_with_all = ["read_only", "rescue"])]
    pub size: Option<Wanted>,
    /// Change nothing
    #[arg(long)]
    pub read_only: bool,
    /// Change nothing, and let parts that are missing read as zeros
    #[arg(long)]
    pub rescue: bool,
    /// Serve in this process; Ctrl-C ends it
    #[arg(long)]
    pub foreground: bool,
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `umount`
#[derive(Debug, Args)]
#[command(after_help = "\
When it returns 0 the server has ended and everything is on the medium.

Example:
  perch dynfilefs umount /mnt/container")]
pub struct Umount {
    /// The directory of the mount
    #[arg(value_name = "DIRECTORY")]
    pub dir: PathBuf,
    /// How many seconds the server may take to write what is left
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub wait: u64,
}

/// The size that a disk is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// This size.
    To(Mib),
    /// This much more than it has.
    By(Mib),
}

impl FromStr for Wanted {
    type Err = BadSize;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix('+') {
            Some(more) => Ok(Self::By(more.parse()?)),
            None => Ok(Self::To(text.parse()?)),
        }
    }
}
