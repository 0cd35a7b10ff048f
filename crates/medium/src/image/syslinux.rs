//! SYSLINUX on FAT, EXTLINUX on ext4, ISOLINUX on discs: one family, for BIOS only, with one directory and one menu.

use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::menu::{Menu, SyslinuxUi};

use super::Table;
use super::content::Tree;
use super::error::ImageError;
use super::layout::Part;
use super::tool::{Bench, EXTLINUX, MOUNT, SYSLINUX, UMOUNT, part, unwritten};

const MODULES: &str = "/usr/lib/syslinux/modules/bios";
/// The code in sector 0 ends before the disk's own bytes.
const CODE: usize = 440;

/// Adds the loader's programs beside its menu.
pub(super) fn add_programs(tree: &mut Tree, menu: &Menu) -> Result<(), ImageError> {
    let shown_by: &[&str] = match menu.syslinux_ui {
        SyslinuxUi::Graphical => &["vesamenu.c32", "libcom32.c32", "libutil.c32"],
        SyslinuxUi::Text => &["menu.c32", "libcom32.c32", "libutil.c32"],
        SyslinuxUi::Prompt => &[],
    };
    for name in ["ldlinux.c32"].iter().chain(shown_by) {
        let file = part(&format!("{MODULES}/{name}"), "syslinux-common")?;
        tree.add_file(&format!("{}/{name}", menu.syslinux_dir), &file)?;
    }
    Ok(())
}

/// The image that BIOS starts from a disc.
pub(super) fn disc_image() -> Result<PathBuf, ImageError> {
    part("/usr/lib/ISOLINUX/isolinux.bin", "isolinux")
}

/// The first sector of a disc that is written to a stick.
pub(super) fn hybrid_sector() -> Result<PathBuf, ImageError> {
    part("/usr/lib/ISOLINUX/isohdpfx.bin", "isolinux")
}

/// Installs SYSLINUX on the FAT in partition `data`; `dir` is there, with programs and menu.
pub(super) fn install_on_fat(data: Part, dir: &str, bench: &mut Bench) -> Result<(), ImageError> {
    let dir = format!("/{dir}");
    let start = data.start.to_string();
    let image = bench.image.clone();
    let args = ["--install", "--offset", &start, "--directory", &dir].map(PathBuf::from);
    bench
        .run(SYSLINUX, args.iter().chain([&image]), None)
        .map(drop)
}

/// Installs EXTLINUX on the ext4 in partition `data`, and writes the files that it reads itself.
///
/// It knows no holes in a file ("I/O error"), which debugfs makes wherever there are zeroes; and it asks the kernel where its
/// own file lies. So both are done through a mount, which needs root.
pub(super) fn install_on_ext4<'a>(
    data: Part,
    dir: &str,
    files: impl Iterator<Item = (&'a str, &'a Path)>,
    bench: &mut Bench,
) -> Result<(), ImageError> {
    let at = bench.scratch.join("mounted");
    fs::create_dir(&at).map_err(|source| unwritten(&at, source))?;
    let options = format!("loop,offset={},sizelimit={}", data.start, data.length);
    let image = bench.image.clone();
    let args = [
        "-t".as_ref(),
        "ext4".as_ref(),
        "-o".as_ref(),
        options.as_ref(),
        image.as_os_str(),
        at.as_os_str(),
    ];
    bench.run(MOUNT, args, None)?;
    let mut done = Ok(());
    for (path, source) in files {
        done = done.and_then(|()| copy(source, &at.join(path)));
    }
    let done = done.and_then(|()| {
        let dir = at.join(dir);
        bench.run(EXTLINUX, ["--install".as_ref(), dir.as_os_str()], None)
    });
    let unmounted = bench.run(UMOUNT, [&at], None);
    done.and(unmounted).map(drop)
}

fn copy(from: &Path, to: &Path) -> Result<(), ImageError> {
    let bytes = fs::read(from).map_err(|source| ImageError::Read {
        path: from.to_owned(),
        source,
    })?;
    // Written, not copied: a copy may keep the holes of its source.
    fs::write(to, bytes)
        .and_then(|()| fs::set_permissions(to, fs::Permissions::from_mode(0o644)))
        .map_err(|source| unwritten(to, source))
}

/// Writes the code into sector 0 that starts the active partition of an MBR, or the one of a GPT that is marked.
pub(super) fn install_first_sector(image: &Path, table: Table) -> Result<(), ImageError> {
    let name = match table {
        Table::Mbr => "mbr.bin",
        Table::Gpt => "gptmbr.bin",
    };
    let file = part(&format!("/usr/lib/syslinux/mbr/{name}"), "syslinux-common")?;
    let code = fs::read(&file).map_err(|source| ImageError::Read { path: file, source })?;
    let code = code.get(..CODE).unwrap_or(&code);
    fs::OpenOptions::new()
        .write(true)
        .open(image)
        .and_then(|disk| disk.write_all_at(code, 0))
        .map_err(|source| unwritten(image, source))
}
