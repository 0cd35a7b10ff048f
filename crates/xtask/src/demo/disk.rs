//! Looking at the data partition of the live medium, which is a file: nothing is mounted, and no root is needed.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use perch_tests::disk::place;
use perch_tests::host::{command, run};

/// The number of the data partition on every disk of ours.
const DATA: usize = 1;

/// The data file system in `image`, as libext2fs takes it: the offset is a part of the name (e2fsprogs,
/// lib/ext2fs/unix_io.c).
fn data_part(image: &Path) -> Result<PathBuf> {
    let (start, _) = place(image, DATA)?;
    Ok(format!("{}?offset={start}", image.display()).into())
}

/// The data file system as a system left it that has been switched off.
pub struct Verdict {
    /// The journal still holds changes to replay: the file system was not unmounted or made read-only.
    pub needs_recovery: bool,
    /// The last line of the checker.
    pub summary: String,
}

/// Checks the data file system of `image` without changing it. Fails when the checker finds errors.
pub fn check(image: &Path) -> Result<Verdict> {
    let part = data_part(image)?;
    let header = run(command("dumpe2fs").arg("-h").arg(&part))?;
    let header = String::from_utf8_lossy(&header);
    let features = header
        .lines()
        .find_map(|line| line.strip_prefix("Filesystem features:"));
    let features = features.context("dumpe2fs names no features")?;
    let needs_recovery = features
        .split_whitespace()
        .any(|feature| feature == "needs_recovery");

    let output = command("e2fsck")
        .arg("-fn")
        .arg(&part)
        .output()
        .context("cannot start e2fsck")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // Exit code 0: no errors (e2fsck(8)). With -n nothing is corrected, so there is no other good code.
    ensure!(
        output.status.success(),
        "e2fsck finds errors on the data partition ({}):\n{text}",
        output.status
    );
    Ok(Verdict {
        needs_recovery,
        summary: text.lines().last().unwrap_or_default().to_owned(),
    })
}
