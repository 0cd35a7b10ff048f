//! Btrfs images through btrfs-progs, which fill a new file system from a directory and read one without mounting it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::medium::Content;
use super::mounted;
use crate::host::{command, run};

pub(super) fn make(content: &Content, image: &Path) -> Result<()> {
    mounted::empty(content, image)?;
    let mut mkfs = command("mkfs.btrfs");
    mkfs.arg("-q");
    if !content.label.is_empty() {
        mkfs.args(["-L", content.label]);
    }
    run(mkfs.arg("--rootdir").arg(content.tree).arg(image))?;
    Ok(())
}

pub(super) fn extract(image: &Path, path: &str, target: &Path) -> Result<()> {
    // It restores everything or what a pattern names, always from the root on.
    let whole = tempfile::tempdir_in(target.parent().unwrap_or(Path::new(".")))?;
    let inner = whole.path().join("root");
    fs::create_dir(&inner)?;
    run(command("btrfs")
        .args(["restore", "-S"])
        .arg(image)
        .arg(&inner))?;
    let found = match path.trim_start_matches('/') {
        "" => inner,
        path => inner.join(path),
    };
    fs::rename(&found, target).with_context(|| format!("btrfs restore left no {path}"))
}
