//! The boot disk as the decision sees it: its table, and what lies in its partitions.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use perch_core::partition_growth::{Disk, Extent, GROWABLE, Holds, PERSISTENCE, Partition, Table};
use rustix::fs::ioctl_blksszget;

use super::content;
use crate::devices::{self, BlockDevice};
use crate::partition_table::rewrite::gpt_copy;
use crate::partition_table::{self, BlockSize, PartitionTable, TableKind};
use crate::superblock::source::read_up_to;
use crate::superblock::{self, ReadAt, Superblock};

/// A filling that an image brings is not larger, in bytes: it ends at the next round size.
const MOST_FILLING: u64 = 2 << 20;

/// Why a disk cannot be surveyed. Reads as a sentence.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// Its partitions cannot be listed.
    #[error("cannot list the partitions of /dev/{disk}")]
    List {
        /// Its name.
        disk: String,
        /// Why.
        source: io::Error,
    },
    /// Its table cannot be read.
    #[error("cannot read the partition table of /dev/{disk}")]
    Read {
        /// Its name.
        disk: String,
        /// Why.
        source: io::Error,
    },
    /// There is no table that can be used.
    #[error("/dev/{disk} has no partition table that is whole; repair it from another system")]
    NoTable {
        /// Its name.
        disk: String,
    },
    /// Kernel and table do not agree.
    #[error("the kernel shows /dev/{device} elsewhere than the partition table has it")]
    Differs {
        /// A partition's name.
        device: String,
    },
}

/// The partitions of a disk as the kernel shows them, with what is in them.
#[derive(Debug)]
pub struct Survey {
    /// The disk's name below `/dev/`.
    pub disk: String,
    pub(super) block: BlockSize,
    parts: Vec<(BlockDevice, Option<Superblock>)>,
}

impl Survey {
    /// Looks at a disk's partitions.
    pub fn of(disk: &str) -> Result<Self, SurveyError> {
        let failed = |source| SurveyError::List {
            disk: disk.to_owned(),
            source,
        };
        let devices = devices::list(Path::new("/sys")).map_err(failed)?;
        let parts = devices
            .into_iter()
            .filter(|device| device.disk.as_deref() == Some(disk))
            .map(|device| {
                let file = File::open(device.node());
                let found = file.and_then(|file| superblock::read(&file));
                // What cannot be read is something that is not ours.
                (device, found.ok().flatten())
            })
            .collect();
        Ok(Self {
            disk: disk.to_owned(),
            block: BlockSize::default(),
            parts,
        })
    }

    /// The name of the first partition that can grow; `None` if the disk has none.
    pub fn growable(&self) -> Option<&str> {
        let (device, _) = self
            .parts
            .iter()
            .find(|(_, found)| labelled(found, GROWABLE))?;
        Some(&device.name)
    }

    /// The disk as the decision wants it. With `look`, which loads kernel modules by name, the partition
    /// that can grow is mounted and looked into; otherwise its superblock is believed.
    pub fn describe(
        &mut self,
        mut look: Option<&mut dyn FnMut(&str)>,
    ) -> Result<Disk, SurveyError> {
        let failed = |source| SurveyError::Read {
            disk: self.disk.clone(),
            source,
        };
        let no_table = || SurveyError::NoTable {
            disk: self.disk.clone(),
        };
        let file = File::open(Path::new("/dev").join(&self.disk)).map_err(failed)?;
        let block = ioctl_blksszget(&file).map_err(|error| failed(error.into()))?;
        let size = file.size().map_err(failed)?;
        let read_only = fs::read_to_string(self.sysfs(&self.disk, "ro"));
        self.block = BlockSize::new(block).ok_or_else(no_table)?;
        let found = partition_table::read(&file, self.block).map_err(failed)?;
        let found = found.ok_or_else(no_table)?;
        let table = match found.kind {
            TableKind::Mbr => Table::Mbr,
            TableKind::Gpt => Table::Gpt {
                copy: gpt_copy(&file, self.block).ok_or_else(no_table)?,
            },
        };
        let mut partitions = Vec::new();
        for entry in &found.partitions {
            let extent = Extent {
                start: entry.start,
                length: entry.length,
            };
            let holds = match self.shown(entry.number) {
                Some((device, superblock)) => {
                    self.same_place(device, extent)?;
                    let look = look
                        .as_mut()
                        .map(|load| &mut **load as &mut dyn FnMut(&str));
                    holds(device, superblock.as_ref(), look)
                }
                None => Holds::Other,
            };
            let filling = holds == Holds::Other && is_filling(&file, entry, &found);
            partitions.push(Partition {
                number: entry.number,
                extent,
                holds: if filling { Holds::Filling } else { holds },
            });
        }
        Ok(Disk {
            size,
            block,
            read_only: read_only.is_ok_and(|text| text.trim() == "1"),
            table,
            partitions,
        })
    }

    /// The name of a partition by its number.
    pub fn device(&self, number: u32) -> Option<&str> {
        self.shown(number).map(|(device, _)| device.name.as_str())
    }

    fn shown(&self, number: u32) -> Option<&(BlockDevice, Option<Superblock>)> {
        let has_it = |name: &str| self.number(name, "partition") == Some(number.into());
        self.parts.iter().find(|(device, _)| has_it(&device.name))
    }

    /// A table that was written since the kernel read it tells nothing of what the kernel shows.
    fn same_place(&self, device: &BlockDevice, extent: Extent) -> Result<(), SurveyError> {
        // In units of 512 bytes, whatever the blocks (Documentation/ABI/stable/sysfs-block).
        let start = self.number(&device.name, "start");
        if start.and_then(|start| start.checked_mul(512)) == Some(extent.start) {
            return Ok(());
        }
        Err(SurveyError::Differs {
            device: device.name.clone(),
        })
    }

    fn sysfs(&self, device: &str, attribute: &str) -> std::path::PathBuf {
        Path::new("/sys/class/block").join(device).join(attribute)
    }

    fn number(&self, device: &str, attribute: &str) -> Option<u64> {
        let text = fs::read_to_string(self.sysfs(device, attribute)).ok()?;
        text.trim().parse().ok()
    }
}

fn labelled(found: &Option<Superblock>, label: &str) -> bool {
    let have = found.as_ref().and_then(|found| found.label.as_deref());
    have == Some(label)
}

fn holds(
    device: &BlockDevice,
    superblock: Option<&Superblock>,
    look: Option<&mut dyn FnMut(&str)>,
) -> Holds {
    let Some(superblock) = superblock else {
        return Holds::Other;
    };
    match superblock.label.as_deref() {
        Some(PERSISTENCE) => Holds::Persistence,
        Some(GROWABLE) => Holds::Growable(match look {
            Some(load) => content::by_looking(device, superblock, load),
            None => content::by_superblock(device, superblock),
        }),
        _ => Holds::Other,
    }
}

/// Whether a partition is what xorriso lists between and behind others: `Gap1` and so on, all zeroes.
fn is_filling(
    disk: &impl ReadAt,
    entry: &partition_table::Partition,
    table: &PartitionTable,
) -> bool {
    let name = entry.label.as_deref().unwrap_or_default();
    let digits = name.strip_prefix("Gap").unwrap_or_default();
    let named = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if table.kind != TableKind::Gpt || !named || entry.length > MOST_FILLING {
        return false;
    }
    let Ok(length) = usize::try_from(entry.length) else {
        return false;
    };
    read_up_to(disk, entry.start, length)
        .is_ok_and(|bytes| bytes.len() == length && bytes.iter().all(|byte| *byte == 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partition_table::Purpose;

    #[test]
    fn only_zeroes_of_that_name_are_a_filling() {
        let disk = {
            let mut disk = vec![0_u8; 4 << 20];
            disk[1 << 20] = 1;
            disk
        };
        let entry = |label: Option<&str>, start, length| partition_table::Partition {
            number: 3,
            start,
            length,
            uuid: None,
            label: label.map(str::to_owned),
            purpose: Purpose::Gpt(String::new()),
        };
        for (entry, want) in [
            (entry(Some("Gap1"), 0, 300 << 10), true),
            (entry(Some("Gap12"), 2 << 20, 2 << 20), true),
            (entry(Some("Gap1"), 1 << 20, 512), false),
            (entry(Some("Gap1"), 0, (2 << 20) + 512), false),
            (entry(Some("Gap1"), 4 << 20, 512), false),
            (entry(Some("Gap"), 0, 512), false),
            (entry(Some("Gaps"), 0, 512), false),
            (entry(Some("data"), 0, 512), false),
            (entry(None, 0, 512), false),
        ] {
            let table = |kind| PartitionTable {
                kind,
                partitions: Vec::new(),
            };
            assert_eq!(
                is_filling(&disk, &entry, &table(TableKind::Gpt)),
                want,
                "{entry:?}"
            );
            assert!(!is_filling(&disk, &entry, &table(TableKind::Mbr)));
        }
    }
}
