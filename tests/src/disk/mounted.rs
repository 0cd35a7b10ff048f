//! File systems that no tool fills or reads from outside: mounted on this machine for a moment, as root.
//!
//! The mount lives in a namespace of its own, so that one that was interrupted leaves nothing behind. The loop device goes
//! with the mount. FUSE programs get that device rather than the file: then umount(8) waits until they have written
//! everything.

use std::fs::File;
use std::path::Path;

use anyhow::Result;

use super::medium::Content;
use crate::host::{command, run};

/// Makes an empty file of the size the content asks for.
pub(super) fn empty(content: &Content, image: &Path) -> Result<()> {
    Ok(File::create(image)?.set_len(content.size_mib << 20)?)
}

/// Copies `tree` into the root of the file system in `image`.
pub(super) fn fill(kind: &str, image: &Path, tree: &Path) -> Result<()> {
    // Not every one of them keeps owners and modes, none of the media here depends on them.
    let copy = r#"cp -R --preserve=timestamps "$4/." "$3/""#;
    with_mount(kind, "loop", image, copy, &[tree])
}

/// Copies the file or directory `path` out of `image`, which stays as it is.
pub(super) fn read(
    kind: &str,
    options: &str,
    image: &Path,
    path: &str,
    target: &Path,
) -> Result<()> {
    let copy = r#"cp -RT --preserve=timestamps "$3/$4" "$5""#;
    with_mount(kind, options, image, copy, &[Path::new(path), target])
}

/// Runs `script` with the mount point as `$3` and `further` as `$4` and on.
fn with_mount(
    kind: &str,
    options: &str,
    image: &Path,
    script: &str,
    further: &[&Path],
) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let script = format!(
        r#"mount -t "$1" -o {options} "$2" "$3" >/dev/null
           {script}
           umount "$3""#
    );
    let mut unshare = command("unshare");
    unshare.args(["--mount", "--propagation", "private", "sh", "-ec", &script]);
    unshare.args(["sh", kind]).arg(image).arg(dir.path());
    run(unshare.args(further))?;
    Ok(())
}
