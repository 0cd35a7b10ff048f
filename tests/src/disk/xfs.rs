//! XFS images: made by xfsprogs, filled and read by the kernel.

use std::path::Path;

use anyhow::Result;

use super::medium::Content;
use super::mounted;
use crate::host::{command, run};

pub(super) fn make(content: &Content, image: &Path) -> Result<()> {
    mounted::empty(content, image)?;
    let mut mkfs = command("mkfs.xfs");
    mkfs.arg("-q");
    if !content.label.is_empty() {
        mkfs.args(["-L", content.label]);
    }
    run(mkfs.arg(image))?;
    mounted::fill("xfs", image, content.tree)
}

pub(super) fn extract(image: &Path, path: &str, target: &Path) -> Result<()> {
    mounted::read("xfs", "loop,ro,norecovery", image, path, target)
}
