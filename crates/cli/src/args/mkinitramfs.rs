//! The arguments of `perch mkinitramfs`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The first steps, and what the words mean.
pub(crate) const EXAMPLES: &str = "\
The image holds perch-init, the kernel modules that lead to a medium, and checkers for file systems. The same input gives \
the same bytes. It takes the place of an older image only when all of it is on the disk.

Modules: most (the drivers of storage, file systems and keyboards that media need), common (those of them that a usual \
PC needs), dep (what this very machine needs for the medium it runs from), or names, patterns and aliases; \
several are separated by commas.

Examples:
  perch mkinitramfs --output /boot/initrd.img
  perch mkinitramfs --modules dep --output small.img
  perch mkinitramfs --modules most,qla2xxx --hooks ./hooks --output initrd.img
  perch mkinitramfs --root /srv/live --kernel-version 6.12.48-amd64 --output initrd.img";

/// `perch mkinitramfs`
#[derive(Debug, Args)]
pub struct Mkinitramfs {
    /// Where the image goes
    #[arg(long, short, value_name = "FILE", required_unless_present = "dry_run")]
    pub output: Option<PathBuf>,
    /// Show what the image would hold, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The kernel whose modules are packed, as uname -r names it [default: the one that runs]
    #[arg(long, short, value_name = "VERSION")]
    pub kernel_version: Option<String>,
    /// The system that has this kernel
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
    /// Which modules
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "most"
    )]
    pub modules: Vec<String>,
    /// How the image is compressed [default: lz4, or what the kernel can unpack]
    #[arg(long, value_name = "KIND", value_enum)]
    pub compress: Option<Compress>,
    /// How each module and program that few boots need is packed
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Pack::Xz)]
    pub pack: Pack,
    /// Whose microcode, from the firmware in --root [default: host with --modules dep, otherwise all]
    #[arg(long, value_name = "WHOSE", value_enum)]
    pub microcode: Option<Whose>,
    /// Take microcode from the beginning of this image instead
    #[arg(long, value_name = "IMAGE", conflicts_with = "microcode")]
    pub microcode_from: Option<PathBuf>,
    /// Programs with their libraries: names, none, or most for what is there of e2fsprogs, ntfs-3g, dosfstools and exfatprogs
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "most"
    )]
    pub programs: Vec<String>,
    /// The system that they are taken from [default: that of --root]
    #[arg(long, value_name = "DIR")]
    pub programs_root: Option<PathBuf>,
    /// Programs for stages of the boot: DIR/STAGE.d/* for after-data, after-session, before-switch, failure
    #[arg(long, value_name = "DIR")]
    pub hooks: Option<PathBuf>,
    /// Run those in the medium's data directory (hooks/STAGE.d/*) too
    #[arg(long)]
    pub allow_medium_hooks: bool,
    /// Name of the system [default: that of etc/minios-release or etc/os-release in --root, as the next two]
    #[arg(long, value_name = "TEXT")]
    pub system_name: Option<String>,
    /// Its version, which sessions are compared with
    #[arg(long, value_name = "TEXT")]
    pub system_version: Option<String>,
    /// Its edition, likewise
    #[arg(long, value_name = "TEXT")]
    pub system_edition: Option<String>,
    /// The first program of the image
    #[arg(long, value_name = "FILE", default_value = "/usr/lib/perch/perch-init")]
    pub init: PathBuf,
}

/// How the kernel is to unpack the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the names of programs")]
pub enum Compress {
    None,
    Gzip,
    Lz4,
    Xz,
    Zstd,
}

/// How perch-init is to unpack single files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the names of programs")]
pub enum Pack {
    None,
    Xz,
    Zstd,
}

/// Whose microcode: nobody's, that of this machine's processor, all that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "help would become twice as long")]
pub enum Whose {
    None,
    Host,
    All,
}
