//! A disk with partitions, in one file.

use std::fs::{self, File};

use perch_core::partition_growth::PERSISTENCE;

use super::content::Tree;
use super::error::ImageError;
use super::fat::{self, Place};
use super::files::Files;
use super::layout::{Layout, Part, Role, SECTOR};
use super::tool::{Bench, SFDISK, unwritten};
use super::{Bios, DiskOrder, Fs, Plan, Table, efi, ext4, grub, syslinux};

/// Makes the disk in the file `bench.image`, which is empty.
pub(super) fn make(
    plan: &Plan,
    order: &DiskOrder,
    layout: &Layout,
    bench: &mut Bench,
) -> Result<(), ImageError> {
    let image = bench.image.clone();
    File::options()
        .write(true)
        .open(&image)
        .and_then(|file| file.set_len(layout.size))
        .map_err(|source| unwritten(&image, source))?;
    let script = bench.scratch.join("partitions");
    fs::write(&script, table_script(plan, order, layout))
        .map_err(|source| unwritten(&script, source))?;
    let args = ["--quiet", "--no-reread", "--no-tell-kernel"].map(String::from);
    let args = args.into_iter().chain([image.display().to_string()]);
    bench.run(SFDISK, args, Some(&script))?;

    let programs = efi::programs(plan, bench)?;
    let mut tree = plan.tree.clone();
    for part in &layout.parts {
        let place = Place {
            image: &image,
            start: part.start,
            length: part.length,
        };
        match part.role {
            Role::Data => {
                if order.fs == Fs::Vfat {
                    efi::add(&mut tree, &programs)?;
                }
                data(plan, order, &place, *part, std::mem::take(&mut tree), bench)?;
            }
            Role::Sessions => {
                let empty = Files::new(Tree::default(), &bench.scratch)?;
                ext4::make(
                    &place,
                    PERSISTENCE,
                    plan.id.of_part("sessions fs"),
                    &empty,
                    bench,
                )?;
            }
            Role::Esp => {
                let mut tree = Tree::default();
                efi::add(&mut tree, &programs)?;
                let files = Files::new(tree, &bench.scratch)?;
                fat::make(&place, efi::LABEL, plan.id.of_part("esp fs"), &files, bench)?;
            }
            Role::BiosBoot => {}
        }
    }
    match plan.order.bios {
        Bios::None => Ok(()),
        Bios::Grub => {
            let table = match order.table {
                Table::Mbr => "msdos",
                Table::Gpt => "gpt",
            };
            let core = grub::core_image(table, 1, bench)?;
            grub::install(&image, layout.core_slot(), &core)
        }
        Bios::Syslinux => syslinux::install_first_sector(&image, order.table),
    }
}

/// The data partition, with SYSLINUX or EXTLINUX where it is wanted.
fn data(
    plan: &Plan,
    order: &DiskOrder,
    place: &Place,
    part: Part,
    tree: Tree,
    bench: &mut Bench,
) -> Result<(), ImageError> {
    let (label, id) = (&plan.order.label, plan.id);
    let dir = &plan.order.menu.syslinux_dir;
    let wanted = plan.order.bios == Bios::Syslinux;
    let files = Files::new(tree, &bench.scratch)?;
    match order.fs {
        Fs::Vfat => {
            fat::make(place, label, id, &files, bench)?;
            match wanted {
                true => syslinux::install_on_fat(part, dir, bench),
                false => Ok(()),
            }
        }
        Fs::Ext4 if wanted => {
            let menu = &plan.order.menu;
            let is_read = |path: &str| {
                path.starts_with(&format!("{dir}/"))
                    || [&menu.kernel, &menu.initrd]
                        .iter()
                        .any(|it| it.trim_start_matches('/') == path)
            };
            let (read, others) = files.split(is_read);
            ext4::make(place, label, id, &others, bench)?;
            syslinux::install_on_ext4(part, dir, read.files(), bench)
        }
        Fs::Ext4 => ext4::make(place, label, id, &files, bench),
    }
}

/// What sfdisk(8) reads.
fn table_script(plan: &Plan, order: &DiskOrder, layout: &Layout) -> String {
    let efi = !plan.order.efi.is_empty();
    let mut script = match order.table {
        Table::Gpt => format!("label: gpt\nlabel-id: {}\n", plan.id.of_part("disk")),
        Table::Mbr => format!(
            "label: dos\nlabel-id: 0x{:08x}\n",
            plan.id.of_part("disk").short()
        ),
    };
    for part in &layout.parts {
        let Part {
            number,
            role,
            start,
            length,
        } = *part;
        let kind = match order.table {
            Table::Gpt => gpt_type(role, order.fs, efi),
            Table::Mbr => mbr_type(role, order.fs),
        };
        script += &format!(
            "{number}: start={}, size={}, type={kind}",
            start / SECTOR,
            length / SECTOR
        );
        if order.table == Table::Gpt {
            let (id, name) = (plan.id.of_part(name(role)), name(role));
            script += &format!(", uuid={id}, name=\"{name}\"");
        }
        script += match (order.table, role) {
            (Table::Mbr, Role::Data) => ", bootable",
            (Table::Gpt, Role::Data) if plan.order.bios == Bios::Syslinux => {
                ", attrs=\"LegacyBIOSBootable\""
            }
            _ => "",
        };
        script.push('\n');
    }
    script
}

fn name(role: Role) -> &'static str {
    match role {
        Role::Data => "system",
        Role::Sessions => "sessions",
        Role::Esp => "EFI",
        Role::BiosBoot => "BIOS boot",
    }
}

/// UEFI specification, "EFI System Partition"; GRUB manual, "BIOS installation"; UAPI group, "Discoverable Partitions".
fn gpt_type(role: Role, fs: Fs, efi: bool) -> &'static str {
    match (role, fs) {
        (Role::Data, Fs::Vfat) if efi => "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
        (Role::Data, Fs::Vfat) => "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7",
        (Role::Data, Fs::Ext4) | (Role::Sessions, _) => "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
        (Role::Esp, _) => "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
        (Role::BiosBoot, _) => "21686148-6449-6E6F-744E-656564454649",
    }
}

fn mbr_type(role: Role, fs: Fs) -> &'static str {
    match (role, fs) {
        (Role::Data, Fs::Vfat) => "c",
        (Role::Data, Fs::Ext4) | (Role::Sessions, _) => "83",
        (Role::Esp, _) | (Role::BiosBoot, _) => "ef",
    }
}
