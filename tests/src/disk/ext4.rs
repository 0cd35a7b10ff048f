//! ext4 images through e2fsprogs: mke2fs fills the new file system from a directory, debugfs reads it back.

use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Result, ensure};

use super::medium::Content;
use crate::host::{command, run};

pub(super) fn make(content: &Content, image: &Path) -> Result<()> {
    let mut mke2fs = command("mke2fs");
    mke2fs
        .args(["-q", "-F", "-t", "ext4", "-L", content.label, "-d"])
        .arg(content.tree);
    // Owners of the host mean nothing on the medium: what is made by an ordinary user still belongs to root there.
    mke2fs.args(["-E", "root_owner=0:0,lazy_itable_init=1"]);
    run(mke2fs.arg(image).arg(format!("{}M", content.size_mib)))?;
    Ok(())
}

/// ext2 of 128 KiB.
pub(super) fn make_small(content: &Content, image: &Path) -> Result<()> {
    let mut mke2fs = command("mke2fs");
    mke2fs.args(["-q", "-F", "-t", "ext2", "-L", content.label, "-d"]);
    mke2fs.arg(content.tree).args(["-E", "root_owner=0:0"]);
    run(mke2fs.arg(image).arg("128K"))?;
    Ok(())
}

pub(super) fn extract(image: &Path, path: &str, target: &Path) -> Result<()> {
    // debugfs ends with 0 whatever happens: the kind is asked for first, the result is looked at afterwards.
    let stat = debugfs(image, &format!("stat \"{path}\""))?;
    if stat.contains("Type: directory") {
        std::fs::create_dir(target)?;
        let parent = tempfile::tempdir_in(target.parent().unwrap_or(Path::new(".")))?;
        debugfs(
            image,
            &format!("rdump \"{path}\" \"{}\"", parent.path().display()),
        )?;
        // rdump makes a directory of the same name below the one it is given, and the content itself for the root.
        let name = Path::new(path).file_name().unwrap_or_default();
        std::fs::rename(parent.path().join(name), target)?;
    } else {
        ensure!(stat.contains("Type: "), "{}", stat.trim());
        debugfs(image, &format!("dump \"{path}\" \"{}\"", target.display()))?;
    }
    ensure!(
        target.exists(),
        "debugfs left nothing at {}",
        target.display()
    );
    Ok(())
}

/// Whether the file system was unmounted or made read-only: marked as clean, and nothing in its journal.
///
/// # Errors
/// If it was not, or if this is none.
pub fn was_unmounted(image: &Path) -> Result<()> {
    /// The superblock's place in the file, and of fields in it. Linux, `Documentation/filesystems/ext4/super.rst`.
    const SUPERBLOCK: u64 = 1024;
    const MAGIC: u64 = 0x38;
    const STATE: u64 = 0x3a;
    const INCOMPATIBLE: u64 = 0x60;
    const VALID: u16 = 1;
    const RECOVER: u16 = 4;
    let file = std::fs::File::open(image)?;
    let field = |offset| -> Result<u16> {
        let mut bytes = [0; 2];
        file.read_exact_at(&mut bytes, SUPERBLOCK + offset)?;
        Ok(u16::from_le_bytes(bytes))
    };
    ensure!(field(MAGIC)? == 0xef53, "no ext4");
    ensure!(field(STATE)? & VALID != 0, "not marked as clean");
    ensure!(
        field(INCOMPATIBLE)? & RECOVER == 0,
        "its journal has to be replayed"
    );
    Ok(())
}

/// Runs one debugfs request and returns its output, messages included.
fn debugfs(image: &Path, request: &str) -> Result<String> {
    let mut debugfs = command("debugfs");
    let output = debugfs.args(["-R", request]).arg(image).output()?;
    let text = [output.stdout, output.stderr].concat();
    Ok(String::from_utf8_lossy(&text).into_owned())
}
