//! What UEFI machines start: our GRUB, or signed programs in its place.

use std::path::PathBuf;

use super::content::Tree;
use super::error::ImageError;
use super::fat::{self, Place};
use super::files::Files;
use super::tool::{Bench, unwritten};
use super::{Plan, grub};

/// The label of a file system that holds nothing else.
pub(super) const LABEL: &str = "PERCHEFI";

/// Names on the medium, and what is there.
pub(super) struct Programs {
    files: Vec<(String, PathBuf)>,
    config: Option<String>,
}

/// Makes GRUB's programs, where they are ours.
pub(super) fn programs(plan: &Plan, bench: &mut Bench) -> Result<Programs, ImageError> {
    let efi = &plan.order.efi;
    let mut files = Vec::new();
    for arch in &efi.arches {
        let program = grub::efi_program(*arch, &plan.marker, bench)?;
        files.push((format!("EFI/BOOT/{}", arch.file_name()), program));
    }
    for (name, file) in &efi.given {
        files.push((format!("EFI/{name}"), file.clone()));
    }
    // A signed GRUB has no such text in itself; one that is started by shim looks beside itself.
    let config = (!efi.given.is_empty()).then(|| grub::leading_config(&plan.marker));
    Ok(Programs { files, config })
}

/// Adds them to what will be on a file system.
pub(super) fn add(tree: &mut Tree, programs: &Programs) -> Result<(), ImageError> {
    for (name, file) in &programs.files {
        tree.add_file(name, file)?;
    }
    match &programs.config {
        Some(config) => tree.add_text("EFI/BOOT/grub.cfg", config),
        None => Ok(()),
    }
}

/// A file system of its own for them, for a disc; `None` where there are none.
pub(super) fn image(plan: &Plan, bench: &mut Bench) -> Result<Option<PathBuf>, ImageError> {
    if plan.order.efi.is_empty() {
        return Ok(None);
    }
    let mut tree = Tree::default();
    add(&mut tree, &programs(plan, bench)?)?;
    let image = bench.scratch.join("efi.img");
    // Whole MiB, with one for the file system itself.
    let length = tree.size(4096).next_multiple_of(1 << 20) + (1 << 20);
    std::fs::File::create(&image)
        .and_then(|file| file.set_len(length))
        .map_err(|source| unwritten(&image, source))?;
    let files = Files::new(tree, &bench.scratch)?;
    let place = Place {
        image: &image,
        start: 0,
        length,
    };
    fat::make(&place, LABEL, plan.id.of_part("esp fs"), &files, bench)?;
    Ok(Some(image))
}
