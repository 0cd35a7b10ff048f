//! What a disk's partition table says of the partitions that the kernel found in it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::BlockDevice;
use crate::partition_table::{self, BlockSize, Partition, PartitionTable, TableKind};

/// Fills in UUID and name of each partition on each disk that has one of which more is `needed`.
pub(super) fn complete(sys: &Path, devices: &mut [BlockDevice], needed: fn(&BlockDevice) -> bool) {
    let disks: BTreeSet<String> = devices
        .iter()
        .filter(|device| needed(device))
        .filter_map(|device| device.disk.clone())
        .collect();
    for disk in disks {
        let table = match read(sys, &disk) {
            Ok(Some(table)) => table,
            Ok(None) => continue,
            Err(error) => {
                log::info!("the partition table of /dev/{disk} cannot be read: {error}");
                continue;
            }
        };
        let on_it = |device: &&mut BlockDevice| device.disk.as_ref() == Some(&disk);
        for device in devices.iter_mut().filter(on_it) {
            if let Some(partition) = entry(sys, &device.name, &table) {
                fill(device, partition, table.kind);
            }
        }
    }
}

fn read(sys: &Path, disk: &str) -> io::Result<Option<PartitionTable>> {
    let queue = sys.join("class/block").join(disk).join("queue");
    let block = number(&queue, "logical_block_size")
        .and_then(|size| BlockSize::new(size.try_into().ok()?))
        .unwrap_or_default();
    let file = File::open(Path::new("/dev").join(disk))?;
    partition_table::read(&file, block)
}

/// The entry that the kernel made this partition of; the place is compared too, so that a table written
/// since the kernel read it names nothing wrong.
fn entry<'a>(sys: &Path, name: &str, table: &'a PartitionTable) -> Option<&'a Partition> {
    let dir = sys.join("class/block").join(name);
    let (wanted, start) = (number(&dir, "partition")?, number(&dir, "start")?);
    // In units of 512 bytes, as the size.
    let start = start.checked_mul(512)?;
    let mut entries = table.partitions.iter();
    entries.find(|it| u64::from(it.number) == wanted && it.start == start)
}

fn fill(device: &mut BlockDevice, partition: &Partition, kind: TableKind) {
    device.part_uuid.clone_from(&partition.uuid);
    if kind == TableKind::Gpt {
        device.part_label.clone_from(&partition.label);
    }
}

fn number(dir: &Path, file: &str) -> Option<u64> {
    fs::read_to_string(dir.join(file)).ok()?.trim().parse().ok()
}
