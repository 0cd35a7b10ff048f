//! exFAT images: made by exfatprogs, filled and read through FUSE, as few kernels of build machines have the driver.

use std::path::Path;

use anyhow::Result;

use super::medium::Content;
use super::mounted;
use crate::host::{command, run};

pub(super) fn make(content: &Content, image: &Path) -> Result<()> {
    mounted::empty(content, image)?;
    let mut mkfs = command("mkfs.exfat");
    if !content.label.is_empty() {
        mkfs.args(["-L", content.label]);
    }
    run(mkfs.arg(image))?;
    mounted::fill("exfat-fuse", image, content.tree)
}

pub(super) fn extract(image: &Path, path: &str, target: &Path) -> Result<()> {
    mounted::read("exfat-fuse", "loop,ro", image, path, target)
}
