//! GRUB 2 for an image: its images for BIOS, discs and UEFI. All that the menu needs is linked in, so the medium holds no
//! modules.

mod sectors;

use std::path::{Path, PathBuf};

use super::Arch;
use super::error::ImageError;
use super::tool::{Bench, GRUB_MKIMAGE, part, unwritten};

pub(super) use sectors::install;

/// Reading media, showing the menu, starting Linux.
const MODULES: [&str; 26] = [
    "all_video",
    "configfile",
    "echo",
    "exfat",
    "ext2",
    "fat",
    "font",
    "gfxterm",
    "halt",
    "iso9660",
    "linux",
    "loadenv",
    "minicmd",
    "normal",
    "part_gpt",
    "part_msdos",
    "reboot",
    "search",
    "search_fs_file",
    "search_fs_uuid",
    "search_label",
    "serial",
    "sleep",
    "terminal",
    "terminfo",
    "test",
];

/// Where the menu is.
const DIR: &str = "/boot/grub";
/// The font of a menu with letters beyond ASCII, on the medium.
pub(super) const FONT: &str = "boot/grub/fonts/unicode.pf2";
/// Its package.
const COMMON: &str = "grub-common";
const PC: &str = "grub-pc-bin";

/// A kind of image that grub-mkimage makes.
struct Format<'a> {
    name: &'a str,
    /// Where its parts are.
    platform: &'a str,
    package: &'static str,
    /// Modules for the machine's own disks.
    disks: &'a [&'a str],
    prefix: &'a str,
    config: Option<&'a Path>,
}

impl Arch {
    /// What the firmware looks for below `EFI/BOOT` (UEFI specification, section 3.5.1.1).
    pub(super) fn file_name(self) -> &'static str {
        match self {
            Self::X64 => "BOOTX64.EFI",
            Self::Ia32 => "BOOTIA32.EFI",
        }
    }

    fn format(self) -> (&'static str, &'static str) {
        match self {
            Self::X64 => ("x86_64-efi", "grub-efi-amd64-bin"),
            Self::Ia32 => ("i386-efi", "grub-efi-ia32-bin"),
        }
    }
}

/// The core image for a disk whose partition `number` has the menu.
pub(super) fn core_image(
    table: &str,
    number: u32,
    bench: &mut Bench,
) -> Result<PathBuf, ImageError> {
    let prefix = format!("(,{table}{number}){DIR}");
    let format = Format {
        name: "i386-pc",
        platform: "i386-pc",
        package: PC,
        disks: &["biosdisk"],
        prefix: &prefix,
        config: None,
    };
    mkimage(&format, "core.img", bench)
}

/// The image that BIOS starts from a disc.
pub(super) fn disc_image(bench: &mut Bench) -> Result<PathBuf, ImageError> {
    let format = Format {
        name: "i386-pc-eltorito",
        platform: "i386-pc",
        package: PC,
        disks: &["biosdisk"],
        prefix: DIR,
        config: None,
    };
    mkimage(&format, "eltorito.img", bench)
}

/// The program that UEFI starts. It looks beside itself first, then for the file `marker` on all media.
pub(super) fn efi_program(
    arch: Arch,
    marker: &str,
    bench: &mut Bench,
) -> Result<PathBuf, ImageError> {
    let config = bench.scratch.join("early.cfg");
    std::fs::write(&config, early_config(marker)).map_err(|source| unwritten(&config, source))?;
    let (name, package) = arch.format();
    let format = Format {
        name,
        platform: name,
        package,
        disks: &[],
        prefix: DIR,
        config: Some(&config),
    };
    mkimage(&format, arch.file_name(), bench)
}

/// What leads from a partition that has the program only to the one with the menu.
fn early_config(marker: &str) -> String {
    format!("if [ ! -f $prefix/grub.cfg ]; then\n{}fi\n", search(marker))
}

/// The configuration for a GRUB of others: it may lie where that looks for its menu, so it never looks there itself.
pub(super) fn leading_config(marker: &str) -> String {
    format!("{}configfile $prefix/grub.cfg\n", search(marker))
}

fn search(marker: &str) -> String {
    format!("search --no-floppy --set=root --file /{marker}\nset prefix=($root){DIR}\n")
}

/// The first sector of a disc that is written to a stick.
pub(super) fn hybrid_sector() -> Result<PathBuf, ImageError> {
    part("/usr/lib/grub/i386-pc/boot_hybrid.img", PC)
}

/// The font on this machine.
pub(super) fn font() -> Result<PathBuf, ImageError> {
    part("/usr/share/grub/unicode.pf2", COMMON)
}

fn mkimage(format: &Format, name: &str, bench: &mut Bench) -> Result<PathBuf, ImageError> {
    let platform = format!("/usr/lib/grub/{}", format.platform);
    let platform = part(&platform, format.package)?;
    let output = bench.scratch.join(name);
    let mut args: Vec<std::ffi::OsString> = Vec::new();
    for (option, value) in [
        ("--directory", platform.as_os_str()),
        ("--format", format.name.as_ref()),
        ("--prefix", format.prefix.as_ref()),
        ("--output", output.as_os_str()),
    ] {
        args.extend([option.into(), value.into()]);
    }
    if let Some(config) = format.config {
        args.extend(["--config".into(), config.into()]);
    }
    args.extend(MODULES.iter().chain(format.disks).map(Into::into));
    bench.run(GRUB_MKIMAGE, args, None)?;
    Ok(output)
}
