//! The disk that everybody boots from: one set of bundles under the names that each program looks for.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use perch_tests::disk::{Disk, EXT4, Partition, Table};
use perch_tests::host::{Key, cached};

/// The data directory, on the medium as in the test system.
const DATA: &str = "minios";

/// Makes the disk image, or finds it in the cache. Partition 1 holds `/minios` for perch and the floor and `/live` for
/// live-boot, hard links to the same files; partition 2 is what live-boot(7) calls a persistence volume.
pub fn make(system: &Path) -> Result<PathBuf> {
    let key = Key::new("bench disk 2").with(system);
    let dir = cached("bench/disk", &key, |dir| {
        let trees = [dir.join("medium"), dir.join("persistence")];
        for tree in &trees {
            fs::create_dir(tree)?;
        }
        let [medium, persistence] = &trees;
        let live = medium.join("live");
        fs::create_dir(&live)?;
        for bundle in bundles(system)? {
            let target = medium.join(&bundle);
            let parent = target.parent().context("a bundle lies in a directory")?;
            fs::create_dir_all(parent)?;
            fs::copy(system.join(&bundle), &target)?;
            let stem = bundle.file_stem().context("a bundle has a name")?;
            // live-boot stacks what lies directly in /live, by name: the same order as perch's.
            let name = format!("{}.squashfs", stem.display());
            fs::hard_link(&target, live.join(name))?;
        }
        fs::write(persistence.join("persistence.conf"), "/ union\n")?;
        let partition = |label: &str, size_mib| Partition {
            medium: EXT4,
            label: label.to_owned(),
            size_mib,
        };
        let disk = Disk {
            table: Table::Gpt,
            id: None,
            partitions: vec![partition("MEDIUM", 512), partition("persistence", 128)],
        };
        disk.make(&[medium, persistence], &image(dir))?;
        for tree in &trees {
            fs::remove_dir_all(tree)?;
        }
        Ok(())
    })?;
    Ok(image(&dir))
}

fn image(dir: &Path) -> PathBuf {
    dir.join("disk.img")
}

/// The bundles of `system`, the lowest first, as paths on the medium.
pub fn bundles(system: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for dir in [Path::new(DATA), &Path::new(DATA).join("modules")] {
        for entry in fs::read_dir(system.join(dir))? {
            let path = dir.join(entry?.file_name());
            if path.extension().is_some_and(|extension| extension == "sb") {
                found.push(path);
            }
        }
    }
    found.sort_by(|one, other| one.file_name().cmp(&other.file_name()));
    Ok(found)
}
