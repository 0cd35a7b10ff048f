//! A medium with boot loaders on it, as `perch image` makes it; the machine is started by its firmware.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, Result};
use perch_core::units::Mib;
use perch_medium::image::{self, Arch, Bios, DiskOrder, Efi, Fs, Ingredients, Kind, Order, Table};
use perch_medium::menu::Menu;

use super::run::CMDLINE;
use super::{Boot, DiskSpec, Images};
use crate::disk::ISO9660;
use crate::host::packages;
use crate::initramfs;
use crate::vm::Firmware;

/// The packages with boot loaders, and with what makes media.
pub const PACKAGES: &[&str] = &[
    "dosfstools",
    "e2fsprogs",
    "extlinux",
    "fdisk",
    "grub-common",
    "grub-efi-amd64-bin",
    "grub-efi-ia32-bin",
    "grub-pc-bin",
    "isolinux",
    "mtools",
    "ovmf",
    "ovmf-ia32",
    "syslinux",
    "syslinux-common",
    "xorriso",
];

/// Seconds until the menu starts its first entry. Long enough for a busy host to press a key before.
const TIMEOUT: u32 = 6;
/// What a disk takes besides its data partition, in MiB.
const AROUND: u64 = 40;

/// What starts the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaders {
    /// The firmware.
    pub firmware: Firmware,
    /// What BIOS starts; on a machine with UEFI it is on the medium too.
    pub bios: Bios,
    /// The partition table of a disk.
    pub table: Table,
    /// The letter `key` of a menu, and what makes it count.
    pub confirm: &'static str,
    /// Kernel parameters of every entry, besides those of all tests.
    pub options: &'static str,
}

impl Loaders {
    /// Makes the medium `image` with what lies in `tree`.
    ///
    /// # Errors
    /// If packages are missing, or the medium cannot be made.
    pub(super) fn make(
        &self,
        spec: &DiskSpec,
        images: &Images,
        tree: &Path,
        image: &Path,
    ) -> Result<()> {
        packages::ensure(PACKAGES)?;
        let data = spec.parts.first().context("no medium")?;
        let initrd = image.with_extension("initrd");
        images.initramfs_for(initramfs::Kind::Own, &Boot::with(""), &initrd)?;
        let is_disc = data.medium.name == ISO9660.name;
        let kind = match (is_disc, data.medium.name) {
            (true, _) => Kind::Iso,
            (false, name) => Kind::Disk(DiskOrder {
                table: self.table,
                fs: if name == "vfat" { Fs::Vfat } else { Fs::Ext4 },
                size: Some(Mib(data.size_mib + AROUND)),
                sessions: None,
            }),
        };
        let order = Order {
            from: Ingredients {
                live_name: "minios".to_owned(),
                kernel: images.kernel.vmlinuz.clone(),
                initrd: initrd.clone(),
                bundles: vec![tree.join("minios")],
                files: Vec::new(),
            },
            kind,
            bios: self.bios,
            efi: Efi {
                arches: vec![Arch::X64, Arch::Ia32],
                given: Vec::new(),
            },
            label: data.label.clone(),
            id: None,
            menu: Menu {
                options: format!("console=ttyS0 {CMDLINE} {}", self.options),
                timeout: Some(TIMEOUT),
                ..Menu::default()
            },
            font: false,
        };
        let plan = image::plan(order)?;
        image::make(&plan, image, false, &mut |_| ControlFlow::Continue(()))?;
        std::fs::remove_file(initrd)?;
        if is_disc {
            // Written to a stick.
            let stick = File::options().write(true).open(image)?;
            stick.set_len(data.size_mib << 20)?;
        }
        Ok(())
    }
}
