//! ISO 9660 images through xorriso.

use std::path::Path;

use anyhow::Result;

use super::medium::Content;
use crate::host::{command, run};

pub(super) fn make(content: &Content, image: &Path) -> Result<()> {
    let label = if content.label.is_empty() {
        "MEDIUM"
    } else {
        content.label
    };
    let mut xorriso = command("xorriso");
    xorriso.args(["-as", "mkisofs", "-quiet", "-R", "-J", "-V", label, "-o"]);
    run(xorriso.arg(image).arg(content.tree))?;
    Ok(())
}

pub(super) fn extract(image: &Path, path: &str, target: &Path) -> Result<()> {
    let mut xorriso = command("xorriso");
    xorriso
        .args(["-abort_on", "FAILURE", "-osirrox", "on", "-indev"])
        .arg(image);
    run(xorriso.args(["-extract", path]).arg(target))?;
    Ok(())
}
