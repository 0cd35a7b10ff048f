//! NTFS images through NTFS-3G.

use std::path::Path;

use anyhow::Result;

use super::medium::Content;
use super::mounted;
use crate::host::{command, run};

pub(super) fn make(content: &Content, image: &Path) -> Result<()> {
    mounted::empty(content, image)?;
    let mut mkfs = command("mkntfs");
    // A plain file is no device, and the geometry it lacks matters to Windows' own boot only.
    mkfs.args(["--quick", "--force", "--quiet"]);
    if !content.label.is_empty() {
        mkfs.args(["--label", content.label]);
    }
    run(mkfs.arg(image))?;
    mounted::fill("ntfs-3g", image, content.tree)
}

pub(super) fn extract(image: &Path, path: &str, target: &Path) -> Result<()> {
    mounted::read("ntfs-3g", "loop,ro", image, path, target)
}
