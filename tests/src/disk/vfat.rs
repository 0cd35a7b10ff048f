//! FAT32 images through dosfstools and mtools.

use std::fs::{self, File};
use std::path::Path;

use anyhow::Result;

use super::medium::Content;
use crate::host::{command, run};

pub(super) fn make(content: &Content, image: &Path) -> Result<()> {
    File::create(image)?.set_len(content.size_mib << 20)?;
    let mut mkfs = command("mkfs.vfat");
    mkfs.args(["-F", "32"]);
    if !content.label.is_empty() {
        mkfs.args(["-n", content.label]);
    }
    run(mkfs.arg(image))?;
    for entry in fs::read_dir(content.tree)? {
        run(mtools("mcopy", image)
            .arg("-s")
            .arg(entry?.path())
            .arg("::/"))?;
    }
    Ok(())
}

pub(super) fn extract(image: &Path, path: &str, target: &Path) -> Result<()> {
    run(mtools("mcopy", image)
        .args(["-s", "-n"])
        .arg(format!("::{path}"))
        .arg(target))?;
    Ok(())
}

fn mtools(program: &str, image: &Path) -> std::process::Command {
    let mut command = command(program);
    command.env("MTOOLS_SKIP_CHECK", "1").arg("-i").arg(image);
    command
}
