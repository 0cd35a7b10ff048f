//! The disks of a scenario as image files: made before the first boot, read and judged between boots.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{DiskSpec, Images, Scenario, StoreAt, TableCheck};
use crate::disk::{Disk, Partition, Table};
use crate::host::{command, run};
use crate::vm::Drive;

/// The images, in the order of the machine's drives.
pub(super) struct Media {
    dir: PathBuf,
    disks: Vec<Made>,
}

struct Made {
    disk: Disk,
    drive: Drive,
    /// Its [`ends`] before the first boot.
    ends: Vec<u8>,
}

impl Media {
    /// Makes the disks of `scenario` in `dir`; the first file system of the first one holds the system.
    pub(super) fn make(scenario: &Scenario, images: &Images, dir: &Path) -> Result<Self> {
        let mut disks = Vec::new();
        for (number, spec) in scenario.disks.iter().enumerate() {
            let image = dir.join(format!("disk{number}.img"));
            let images = (number == 0).then_some(images);
            let disk = make_disk(spec, images, &image).context("cannot make the disks")?;
            let drive = Drive {
                image,
                bus: spec.bus,
                read_only: spec.read_only,
                serial: spec.serial.clone(),
            };
            let ends = ends(&drive.image)?;
            disks.push(Made { disk, drive, ends });
        }
        Ok(Self {
            dir: dir.to_owned(),
            disks,
        })
    }

    /// The drives to plug in.
    pub(super) fn drives(&self) -> Vec<Drive> {
        self.disks.iter().map(|made| made.drive.clone()).collect()
    }

    /// What the checkers say against the file systems; a clean power-off leaves nothing to say.
    pub(super) fn check(&self) -> Result<Vec<String>> {
        let mut complaints = Vec::new();
        for made in &self.disks {
            for (index, partition) in made.disk.partitions.iter().enumerate() {
                let judged =
                    self.with_slice(made, index + 1, |slice| Ok(partition.medium.check(slice)))?;
                if let Err(error) = judged {
                    complaints.push(format!("not clean after power-off: {error:#}"));
                }
            }
        }
        Ok(complaints)
    }

    /// What is not as required of the medium's partition table.
    pub(super) fn judge_table(&self, check: TableCheck) -> Result<Option<String>> {
        let medium = self.disks.first().context("no medium")?;
        let image = &medium.drive.image;
        let unchanged = ends(image)? == medium.ends;
        Ok(match (check, unchanged) {
            (TableCheck::Unchanged, true) => None,
            (TableCheck::Unchanged, false) => Some("the partition table has changed".to_owned()),
            (TableCheck::ChangedAndSound, true) => {
                Some("the partition table has not changed".to_owned())
            }
            (TableCheck::ChangedAndSound, false) => {
                let judged = run(command("sfdisk").arg("--verify").arg(image))?;
                let judged = String::from_utf8_lossy(&judged).into_owned();
                (!judged.contains("No errors")).then_some(judged)
            }
        })
    }

    /// Copies the content of a file system to `target` and returns where its store is; that does not exist if the
    /// file system has none.
    pub(super) fn extract_store(&self, at: &StoreAt, target: &Path) -> Result<PathBuf> {
        // All of it, so that a store that is missing and a copy that failed are two different things.
        let made = self.disks.get(at.disk).context("no such disk")?;
        let part = made.disk.partitions.get(at.part - 1);
        let medium = part.context("no such partition")?.medium;
        self.with_slice(made, at.part, |slice| medium.extract(slice, "/", target))?;
        Ok(target.join(&at.dir))
    }

    /// Gives `then` a file that holds exactly partition `number`.
    fn with_slice<T>(
        &self,
        made: &Made,
        number: usize,
        then: impl FnOnce(&Path) -> Result<T>,
    ) -> Result<T> {
        if made.disk.table == Table::None {
            return then(&made.drive.image);
        }
        let slice = self.dir.join("slice.img");
        made.disk.slice(&made.drive.image, number, &slice)?;
        let result = then(&slice);
        fs::remove_file(&slice)?;
        result
    }
}

/// The first and the last MiB of an image: every copy of its partition table, and what is around.
fn ends(image: &Path) -> Result<Vec<u8>> {
    const MIB: u64 = 1 << 20;
    let file = File::open(image)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    for (from, count) in [(0, MIB), (length.saturating_sub(MIB), MIB)] {
        let mut part = vec![0; usize::try_from(count.min(length))?];
        file.read_exact_at(&mut part, from)?;
        bytes.append(&mut part);
    }
    Ok(bytes)
}

/// Makes a disk; with `images` it is the one with the system.
fn make_disk(spec: &DiskSpec, images: Option<&Images>, image: &Path) -> Result<Disk> {
    let system = images.map(|images| images.system.as_path());
    let mut trees = Vec::new();
    let mut partitions = Vec::new();
    for (index, part) in spec.parts.iter().enumerate() {
        let tree = image.with_extension(format!("tree{index}"));
        fs::create_dir(&tree)?;
        part.content.lay_out(system.filter(|_| index == 0), &tree)?;
        trees.push(tree);
        partitions.push(Partition {
            medium: part.medium,
            label: part.label.clone(),
            size_mib: part.size_mib,
        });
    }
    let disk = Disk {
        table: spec.table,
        id: spec.id,
        partitions,
    };
    match (spec.loaders, images, trees.first()) {
        (Some(loaders), Some(images), Some(tree)) => loaders.make(spec, images, tree, image)?,
        _ => disk.make(
            &trees.iter().map(PathBuf::as_path).collect::<Vec<_>>(),
            image,
        )?,
    }
    for tree in trees {
        fs::remove_dir_all(tree)?;
    }
    Ok(disk)
}
