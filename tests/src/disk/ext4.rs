//! ext4 images through e2fsprogs: mke2fs fills the new file system from a directory, debugfs reads it back.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use dynfilefs::container::{Access, Container};
use dynfilefs::files::Files;

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

/// Where the superblock begins, in bytes. Linux, `Documentation/filesystems/ext4/super.rst`.
const SUPERBLOCK: u64 = 1024;

/// Whether the file system was unmounted or made read-only: marked as clean, and nothing in its journal.
///
/// # Errors
/// If it was not, or if this is none.
pub fn was_unmounted(image: &Path) -> Result<()> {
    let mut superblock = [0; 128];
    File::open(image)?.read_exact_at(&mut superblock, SUPERBLOCK)?;
    is_clean(&superblock)
}

/// The same for the file system in an expandable container, of which `main` is the main file.
///
/// # Errors
/// As above, or if the container cannot be opened.
pub fn was_unmounted_in(main: &Path) -> Result<()> {
    let dir = main.parent().context("no directory")?;
    let base = main.file_name().and_then(|name| name.to_str());
    let files = Files::new(
        File::open(dir)?.into(),
        base.context("no name")?,
        Access::Read,
    )?;
    let mut superblock = [0; 128];
    Container::open(files, Access::Read)?.read(SUPERBLOCK, &mut superblock)?;
    is_clean(&superblock)
}

fn is_clean(superblock: &[u8; 128]) -> Result<()> {
    const VALID: u16 = 1;
    const RECOVER: u16 = 4;
    let field = |offset: usize| u16::from_le_bytes([superblock[offset], superblock[offset + 1]]);
    let (magic, state, incompatible) = (field(0x38), field(0x3a), field(0x60));
    ensure!(magic == 0xef53, "no ext4");
    ensure!(state & VALID != 0, "not marked as clean");
    ensure!(
        incompatible & RECOVER == 0,
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

#[cfg(test)]
mod tests {
    use super::*;
    use dynfilefs::container::create;

    #[test]
    fn a_file_system_that_was_not_unmounted_is_found_bare_and_in_a_container() {
        const MIB: u64 = 1 << 20;
        for (name, state, incompatible, want) in [
            ("unmounted", 1, 0, true),
            ("mounted", 0, 0, false),
            ("a journal to replay", 1, 4, false),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let image = dir.path().join("image");
            let file = File::create_new(&image).unwrap();
            file.set_len(4 * MIB).unwrap();
            let mut superblock = [0; 128];
            superblock[0x38..0x3c].copy_from_slice(&[0x53, 0xef, state, 0]);
            superblock[0x60] = incompatible;
            file.write_all_at(&superblock, SUPERBLOCK).unwrap();
            assert_eq!(was_unmounted(&image).is_ok(), want, "{name}");

            let place = || File::open(dir.path()).unwrap().into();
            let files = Files::new(place(), "changes.dat", Access::Write).unwrap();
            create(&files, 4 * MIB, 4 * MIB).unwrap();
            let container = Container::open(files, Access::Write).unwrap();
            container.write(SUPERBLOCK, &superblock).unwrap();
            container.flush().unwrap();
            drop(container);
            let main = dir.path().join("changes.dat");
            assert_eq!(was_unmounted_in(&main).is_ok(), want, "{name}");
        }
        assert!(was_unmounted(Path::new("/dev/zero")).is_err(), "no ext4");
    }
}
