//! The arguments of `perch image`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use perch_core::units::Mib;
use perch_medium::image::Uuid;

/// What is made, for `perch image --help`.
pub(crate) const ABOUT: &str = "\
Make a stick or a disc as one file, with boot loaders and a menu

From bundles, a kernel and an initial file system comes a disk image, or a disc that can be written to a stick too. BIOS and \
UEFI machines start from it. Copy a disk image, or a disc, to a stick with dd; nothing is written to devices here.

The same files give the same image, to the byte (not with --fs ext4 --bios syslinux, where the kernel writes too). Times on it \
are that of the newest file, or SOURCE_DATE_EPOCH.";

/// The first steps.
pub(crate) const EXAMPLES: &str = "\
Sizes are MiB, or a number with M, GiB or TiB behind it (G and GB count 1000 MiB, as perchsize= does).

Examples:
  perch image -o live.iso --kernel vmlinuz --initrd initrd.img --bundles build/
  perch image -o stick.img --kind disk --fs ext4 --size 8000 --kernel vmlinuz --initrd initrd.img \\
      --bundles /run/initramfs/memory/data/minios
  perch image -o stick.img --kind disk --sessions 4000 --bios syslinux --kernel vmlinuz \\
      --initrd initrd.img --bundles 00-core.sb --bundles 01-kernel.sb
  dd if=stick.img of=/dev/sdX bs=4M conv=fsync,sparse

Exit status: 0 done, 1 failed, 2 wrong arguments.";

/// `image`
#[derive(Debug, Args)]
pub struct Image {
    /// The file to make
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// What to make
    #[arg(long, value_enum, default_value = "iso")]
    pub kind: KindWord,
    /// The kernel
    #[arg(long, value_name = "FILE")]
    pub kernel: PathBuf,
    /// The initial file system, with perch in it
    #[arg(long, value_name = "FILE")]
    pub initrd: PathBuf,
    /// A bundle, or a directory with some: its own *.sb, and those below its modules/
    #[arg(long, value_name = "PATH", required = true)]
    pub bundles: Vec<PathBuf>,
    /// A directory whose content goes to the root of the medium
    #[arg(long, value_name = "DIRECTORY")]
    pub files: Vec<PathBuf>,
    /// The directory of the system on the medium
    #[arg(long, value_name = "NAME", default_value = "minios")]
    pub live_name: String,
    /// The label of the file system with the system
    #[arg(long, value_name = "LABEL", default_value = "PERCH")]
    pub label: String,
    /// What the numbers on the medium are made from; without it, the content
    #[arg(long, value_name = "UUID")]
    pub uuid: Option<Uuid>,
    /// Replace the file if it is there
    #[arg(long)]
    pub force: bool,
    /// Show what would be made, and make nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How a disk is divided
    #[command(flatten)]
    pub disk: DiskArgs,
    /// What starts it
    #[command(flatten)]
    pub boot: BootArgs,
}

/// How a disk is divided.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of disks")]
pub struct DiskArgs {
    /// The partition table [default: gpt]
    #[arg(long, value_enum)]
    pub table: Option<TableWord>,
    /// The file system with the system [default: vfat]
    #[arg(long, value_enum)]
    pub fs: Option<FsWord>,
    /// The size of the whole disk; without it, there are 512 MiB for sessions
    #[arg(long, value_name = "SIZE")]
    pub size: Option<Mib>,
    /// An ext4 of this size for sessions, as a partition of its own
    #[arg(long, value_name = "SIZE")]
    pub sessions: Option<Mib>,
}

/// What starts the medium, and the menu.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of starting")]
pub struct BootArgs {
    /// What BIOS machines start
    #[arg(long, value_enum, default_value = "grub")]
    pub bios: BiosWord,
    /// For which UEFI machines there is a GRUB; none for no GRUB
    #[arg(long, value_enum, value_delimiter = ',', default_value = "x64,ia32")]
    pub efi: Vec<EfiWord>,
    /// A program for UEFI in place of GRUB, signed for Secure Boot: the file, or NAME=FILE with its name below /EFI
    #[arg(long, value_name = "[NAME=]FILE")]
    pub efi_binary: Vec<String>,
    /// The name of the system in the menu
    #[arg(long, value_name = "TEXT", default_value = "Live system")]
    pub title: String,
    /// Kernel parameters of every entry
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "boot=live quiet",
        allow_hyphen_values = true
    )]
    pub options: String,
    /// Seconds until the first entry starts
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub timeout: u32,
    /// Leave out the font with which GRUB shows letters beyond ASCII (2.3 MiB)
    #[arg(long)]
    pub no_font: bool,
}

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KindWord {
    /// A disc, which can be written to a stick too; a stick gets a partition for sessions with perchgrow
    Iso,
    /// A disk with partitions
    Disk,
}

/// A partition table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableWord {
    /// For machines since 2010
    Gpt,
    /// For all machines; up to 2 TiB
    Mbr,
}

/// A file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FsWord {
    /// FAT32: every system reads it; files below 4 GiB, sessions in containers
    Vfat,
    /// Sessions are directories
    Ext4,
}

/// A boot loader for BIOS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BiosWord {
    /// GRUB 2
    Grub,
    /// SYSLINUX on FAT, EXTLINUX on ext4 (needs root), ISOLINUX on a disc
    Syslinux,
    /// Nothing
    None,
}

/// A kind of UEFI machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EfiWord {
    /// 64-bit PCs
    X64,
    /// Firmware of 32 bits
    Ia32,
    /// Nothing
    None,
}
