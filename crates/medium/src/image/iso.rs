//! A disc that also starts from a stick it is written to, byte by byte.
//!
//! Behind the ISO 9660 file system lie partitions of their own: what UEFI starts, and last an empty one that perch can make one
//! for sessions of (`perch_core::partition_growth`).

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::content::Source;
use super::error::ImageError;
use super::files::Files;
use super::tool::{Bench, XORRISO, unwritten};
use super::{Bios, Plan, efi, ext4, grub, syslinux};

/// What BIOS starts, in GRUB's directory.
const GRUB_IMAGE: &str = "boot/grub/eltorito.img";
/// The signature of the disk in an MBR.
const SIGNATURE: u64 = 0x1b8;

/// Makes the image in the file `bench.image`.
pub(super) fn make(plan: &Plan, bench: &mut Bench) -> Result<(), ImageError> {
    let mut tree = plan.tree.clone();
    let mut boot: Vec<String> = Vec::new();
    let mut add = |words: &[&str]| boot.extend(words.iter().map(ToString::to_string));
    let from_disc = ["-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"];
    match plan.order.bios {
        Bios::None => {}
        Bios::Grub => {
            tree.add_file(GRUB_IMAGE, &grub::disc_image(bench)?)?;
            let sector = grub::hybrid_sector()?.display().to_string();
            add(&["-c", "boot/boot.cat", "-b", GRUB_IMAGE]);
            add(&from_disc);
            add(&[
                "--grub2-boot-info",
                "--grub2-mbr",
                &sector,
                "--mbr-force-bootable",
            ]);
        }
        Bios::Syslinux => {
            let image = format!("{}/isolinux.bin", plan.order.menu.syslinux_dir);
            tree.add_file(&image, &syslinux::disc_image()?)?;
            let sector = syslinux::hybrid_sector()?.display().to_string();
            add(&["-c", "boot/boot.cat", "-b", &image]);
            add(&from_disc);
            add(&["-isohybrid-mbr", &sector]);
        }
    }
    let mut number = 2;
    if let Some(image) = efi::image(plan, bench)? {
        let image = image.display().to_string();
        let part = format!("--interval:appended_partition_{number}:all::");
        match plan.order.bios {
            Bios::None => add(&["-c", "boot/boot.cat"]),
            Bios::Grub | Bios::Syslinux => add(&["-eltorito-alt-boot"]),
        }
        add(&["-e", &part, "-no-emul-boot"]);
        add(&["-append_partition", &number.to_string(), "0xef", &image]);
        number += 1;
    }
    let growable = bench.scratch.join("growable.img");
    ext4::make_growable(&growable, plan.id.of_part("growable"), bench)?;
    add(&[
        "-append_partition",
        &number.to_string(),
        "0x83",
        &growable.display().to_string(),
    ]);

    let files = Files::new(tree, &bench.scratch)?;
    let list = bench.scratch.join("files");
    fs::write(&list, path_list(&files, bench)?).map_err(|source| unwritten(&list, source))?;
    let date = plan.date();
    let image = bench.image.display().to_string();
    let args = [
        "-as",
        "mkisofs",
        "-quiet",
        "-iso-level",
        "3",
        "-r",
        "-J",
        "-joliet-long",
        "-V",
        &plan.order.label,
        "--set_all_file_dates",
        &date,
        "-o",
        &image,
    ];
    let end = [
        "-graft-points".to_owned(),
        "-path-list".to_owned(),
        list.display().to_string(),
    ];
    let args = args.map(String::from).into_iter().chain(boot).chain(end);
    bench.run(XORRISO, args, None)?;
    sign(&bench.image, plan.id.of_part("disk").short())
        .map_err(|source| unwritten(&bench.image, source))
}

/// xorriso leaves it 0, so that no two such disks could be told apart (`PARTUUID`).
fn sign(image: &Path, signature: u32) -> std::io::Result<()> {
    let file = fs::OpenOptions::new().write(true).open(image)?;
    file.write_all_at(&signature.to_le_bytes(), SIGNATURE)
}

/// Names on the medium and files of this machine, xorrisofs(1), "-graft-points"; an empty directory stands for all.
fn path_list(files: &Files, bench: &Bench) -> Result<String, ImageError> {
    let empty = bench.scratch.join("empty");
    fs::create_dir_all(&empty).map_err(|source| unwritten(&empty, source))?;
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('=', "\\=");
    let line = |path: &str, from: &Path| {
        let from = from.display().to_string();
        format!("/{}={}\n", escaped(path), escaped(&from))
    };
    let directories = files
        .entries()
        .filter(|(_, source)| **source == Source::Directory);
    let directories = directories.map(|(path, _)| line(path, &empty));
    Ok(directories
        .chain(files.files().map(|(path, from)| line(path, from)))
        .collect())
}

/// ECMA-119, section 8.4.8: 32 characters; only capitals are in the standard, and some tools insist.
pub(super) fn check_label(label: &str) -> Result<(), ImageError> {
    let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if !label.is_empty() && label.len() <= 32 && label.chars().all(fits) {
        return Ok(());
    }
    Err(ImageError::Label {
        label: label.to_owned(),
        problem: "on a disc it is made of 1 to 32 capitals, digits and _",
    })
}
