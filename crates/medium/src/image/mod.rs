//! A whole medium as one file: a disk to be copied to a stick, or a disc that can be copied to one too, which BIOS and UEFI
//! machines start from.
//!
//! [`plan`] looks at everything and decides where it goes; [`make`] does it. File systems, tables and loaders are made by the
//! programs whose job that is (e2fsprogs, dosfstools, mtools, xorriso, util-linux, GRUB, SYSLINUX); where one is missing, its
//! package is named. Nothing is mounted, and no root is needed, but for EXTLINUX.
//!
//! The same order gives the same bytes, on any machine with the same versions of these programs: all numbers follow from the
//! content, and all times are that of the newest file, or `SOURCE_DATE_EPOCH`. EXTLINUX is the exception: the kernel writes
//! there, with times of its own.

mod content;
mod date;
mod disk;
mod efi;
mod error;
mod ext4;
mod fat;
mod files;
mod grub;
mod identity;
mod iso;
mod layout;
mod order;
mod syslinux;
mod tool;

#[cfg(test)]
mod tests;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::menu::{self, Loader};

pub use content::Ingredients;
use content::Tree;
pub use error::ImageError;
pub use identity::{BadUuid, Uuid};
use layout::Need;
pub use layout::{Layout, Part, Role};
pub use order::{Arch, Bios, DiskOrder, Efi, Fs, Kind, Order, Table};
use tool::{Bench, unwritten};
pub use tool::{Progress, Watcher};

/// An order that can be carried out.
#[derive(Debug)]
pub struct Plan {
    order: Order,
    tree: Tree,
    id: Uuid,
    time: u64,
    layout: Option<Layout>,
    /// A file that no other medium has, so that GRUB finds the right one.
    marker: String,
}

/// Files of the loaders that are made on the way, in bytes; more than they take.
const LOADERS: u64 = 8 << 20;

/// Looks at everything that an order names, and decides where it goes. Nothing is written.
///
/// # Errors
/// If something cannot be had, or cannot be on such a medium.
pub fn plan(order: Order) -> Result<Plan, ImageError> {
    check(&order)?;
    let mut tree = Tree::of(&order.from)?;
    let mut loaders = Vec::new();
    if order.bios == Bios::Grub || !order.efi.is_empty() {
        loaders.push(Loader::Grub);
        if order.font {
            tree.add_file(grub::FONT, &grub::font()?)?;
        }
    }
    if order.bios == Bios::Syslinux {
        loaders.push(Loader::Syslinux);
        syslinux::add_programs(&mut tree, &order.menu)?;
    }
    for loader in loaders {
        for file in menu::render(&order.menu, loader)? {
            tree.add_text(&file.path, file.text)?;
        }
    }
    if let Kind::Disk(DiskOrder { fs: Fs::Vfat, .. }) = &order.kind {
        fat::check_names(tree.entries().map(|(path, _)| path))?;
        tree.check_lengths()?;
    }
    for (name, file) in &order.efi.given {
        Tree::default().add_file(name, file)?; // only to be told now
    }
    let id = match order.id {
        Some(id) => id,
        None => Uuid::of(
            &tree,
            &format!("{:?} {:?} {:?}", order.kind, order.bios, order.efi),
        )?,
    };
    let marker = format!("{}/perch-{id}", order.menu.grub_dir);
    if !order.efi.is_empty() {
        tree.add_text(&marker, "")?;
    }
    let layout = match &order.kind {
        Kind::Iso => None,
        Kind::Disk(disk) => {
            let unit = match disk.fs {
                Fs::Vfat => 32 << 10,
                Fs::Ext4 => 4 << 10,
            };
            let need = Need {
                content: tree.size(unit) + LOADERS,
                grub_bios: order.bios == Bios::Grub,
                efi: !order.efi.is_empty(),
            };
            Some(layout::lay_out(disk, need)?)
        }
    };
    let time = std::env::var("SOURCE_DATE_EPOCH").ok();
    let time = time.and_then(|time| time.parse().ok());
    Ok(Plan {
        time: time.unwrap_or_else(|| tree.newest()),
        order,
        tree,
        id,
        layout,
        marker,
    })
}

/// What can be told without looking at a file.
fn check(order: &Order) -> Result<(), ImageError> {
    if order.bios == Bios::None && order.efi.is_empty() {
        return Err(ImageError::NoLoader);
    }
    match &order.kind {
        Kind::Iso => iso::check_label(&order.label),
        Kind::Disk(disk) => {
            let root = rustix::process::geteuid().is_root();
            if disk.fs == Fs::Ext4 && order.bios == Bios::Syslinux && !root {
                return Err(ImageError::NeedsRoot);
            }
            if disk
                .sessions
                .is_some_and(|size| size < layout::LEAST_SESSIONS)
            {
                return Err(ImageError::Contradiction(
                    "a partition for sessions has at least 16 MiB; give it more, or none",
                ));
            }
            match disk.fs {
                Fs::Vfat => fat::check_label(&order.label),
                Fs::Ext4 => ext4::check_label(&order.label),
            }
        }
    }
}

impl Plan {
    /// What it carries out.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// What all its numbers are made from.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The time of everything on it, in seconds since 1970.
    pub fn time(&self) -> u64 {
        self.time
    }

    /// Where everything lies on a disk; absent for a disc, whose maker decides.
    pub fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    /// The bytes of all files on it.
    pub fn content(&self) -> u64 {
        self.tree.size(1)
    }

    /// The names of all files on it, relative to its root, but for those that the loaders get on the way.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.tree.entries().map(|(path, _)| path)
    }

    /// The time as xorriso takes it: `YYYYMMDDhhmmsscc`.
    fn date(&self) -> String {
        date::digits(self.time)
    }
}

/// Makes the image. It gets its name when all of it is there; a file that has that name already is only replaced if that is
/// wanted.
///
/// # Errors
/// If a program is missing or fails, or if `watcher` stops it. Nothing is left behind then.
pub fn make(
    plan: &Plan,
    output: &Path,
    replace: bool,
    watcher: &mut Watcher,
) -> Result<(), ImageError> {
    let output = std::path::absolute(output).map_err(|source| unwritten(output, source))?;
    check_output(&output, replace)?;
    let dir = output.parent().unwrap_or(Path::new("/"));
    // Beside the image: there is room for it, and none is needed in the memory of a live system.
    let scratch = tempfile::Builder::new()
        .prefix(".perch-image-")
        .tempdir_in(dir)
        .map_err(|source| unwritten(dir, source))?;
    let image = tempfile::Builder::new()
        .prefix(".perch-image-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(dir)
        .map_err(|source| unwritten(dir, source))?;
    let mut bench = Bench {
        scratch: scratch.path().to_owned(),
        image: image.path().to_owned(),
        time: plan.time,
        total: plan.content() + LOADERS,
        watcher,
    };
    match (&plan.order.kind, &plan.layout) {
        (Kind::Disk(order), Some(layout)) => disk::make(plan, order, layout, &mut bench)?,
        _ => iso::make(plan, &mut bench)?,
    }
    // Programs may have replaced the file: it is opened by its name.
    fs::File::open(image.path())
        .and_then(|file| file.sync_all())
        .map_err(|source| unwritten(&output, source))?;
    let named = match replace {
        true => image.persist(&output),
        false => image.persist_noclobber(&output),
    };
    named
        .map(drop)
        .map_err(|error| unwritten(&output, error.error))?;
    fs::File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|source| unwritten(dir, source))
}

/// Only an ordinary file is made, or replaced.
///
/// # Errors
/// If there is something else, or a file that is not to be replaced.
pub fn check_output(output: &Path, replace: bool) -> Result<(), ImageError> {
    let path = output.to_owned();
    match fs::metadata(output) {
        Err(_) => Ok(()),
        Ok(meta) if !meta.is_file() => Err(ImageError::NotAFile { path }),
        Ok(_) if replace => Ok(()),
        Ok(_) => Err(ImageError::Exists { path }),
    }
}
