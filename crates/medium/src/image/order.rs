//! What an image is to be, as data.

use std::path::PathBuf;

use perch_core::units::Mib;

use super::content::Ingredients;
use super::identity::Uuid;
use crate::menu::Menu;

/// What an image is to be.
#[derive(Debug, Clone)]
pub struct Order {
    /// What is on it.
    pub from: Ingredients,
    /// What it is.
    pub kind: Kind,
    /// What BIOS machines start.
    pub bios: Bios,
    /// What UEFI machines start.
    pub efi: Efi,
    /// The label of the file system with the system.
    pub label: String,
    /// What all its numbers are made from; if absent, it follows from the content.
    pub id: Option<Uuid>,
    /// The menu of its loaders. Paths of kernel and initial file system have to be those of [`Ingredients`].
    pub menu: Menu,
    /// Whether GRUB gets a font, to show letters beyond ASCII.
    pub font: bool,
}

/// What an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// An ISO 9660 disc, which can be written to a stick too.
    Iso,
    /// A disk.
    Disk(DiskOrder),
}

/// How a disk is divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskOrder {
    /// Its partition table.
    pub table: Table,
    /// The file system with the system.
    pub fs: Fs,
    /// Its size; if absent, there is room for sessions of 512 MiB.
    pub size: Option<Mib>,
    /// The size of an ext4 of its own for sessions.
    pub sessions: Option<Mib>,
}

/// A partition table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// For everything since 2010.
    Gpt,
    /// For everything.
    Mbr,
}

/// The file system of a disk's data partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fs {
    /// FAT32: read everywhere; sessions are containers.
    Vfat,
    /// ext4: sessions are directories.
    Ext4,
}

/// What BIOS machines start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bios {
    /// GRUB 2.
    Grub,
    /// SYSLINUX on FAT, EXTLINUX on ext4, ISOLINUX on a disc.
    Syslinux,
    /// Nothing.
    None,
}

/// What UEFI machines start: GRUB, or programs that are given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Efi {
    /// The machines for which GRUB is made.
    pub arches: Vec<Arch>,
    /// Names below `EFI`, such as `BOOT/BOOTX64.EFI`, and files: for Secure Boot.
    pub given: Vec<(String, PathBuf)>,
}

/// A kind of UEFI machine, which is that of its firmware.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {
    /// 64-bit PCs.
    X64,
    /// 32-bit firmware, also of some PCs that run 64-bit systems.
    Ia32,
}

impl Efi {
    /// Whether UEFI machines start nothing.
    pub fn is_empty(&self) -> bool {
        self.arches.is_empty() && self.given.is_empty()
    }
}
