//! Every state that a power cut can leave, sector by sector; tables by sfdisk, judged by it.

use std::fs::File;
use std::os::unix::fs::FileExt;

use perch_core::partition_growth::{Extent, Filling, Growth};
use tempfile::NamedTempFile;

use super::*;
use crate::partition_table::tests::run;
use crate::partition_table::{PartitionTable, read};

const MIB: u64 = 1 << 20;
const SECTOR: u64 = 512;

fn extent(start: u64, length: u64) -> Extent {
    Extent { start, length }
}

/// What xorriso makes of an image with an appended partition: 64 sectors of first blocks, 248 entries, a
/// filling; then the stick, which is larger.
const IMAGE: &str = "label: gpt\nfirst-lba: 64\ntable-length: 248\n\
    start=64, size=6300, name=ISO9660\n\
    start=6364, size=256, name=Appended2, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\n\
    start=6620, size=600, name=Gap1\n";

fn image_growth() -> Growth {
    Growth {
        number: 2,
        old: extent(6364 * SECTOR, 256 * SECTOR),
        new: extent(4 * MIB, 95 * MIB),
        without: vec![Filling {
            number: 3,
            extent: extent(6620 * SECTOR, 600 * SECTOR),
        }],
    }
}

/// A disk of 100 MiB with the image's GPT; `None` if there is no sfdisk.
fn gpt_disk() -> Option<NamedTempFile> {
    let image = NamedTempFile::new().expect("an image");
    image.as_file().set_len(7284 * SECTOR).expect("a size");
    run("sfdisk -q", image.path(), IMAGE)?;
    image.as_file().set_len(100 * MIB).expect("a size");
    Some(image)
}

/// The same with an MBR, whose first partition starts at the boot record itself.
fn mbr_disk() -> NamedTempFile {
    let image = NamedTempFile::new().expect("an image");
    image.as_file().set_len(100 * MIB).expect("a size");
    let mut sector = vec![0x90; 512];
    sector[440..444].copy_from_slice(&[1, 2, 3, 4]);
    sector[446..510].fill(0);
    for (at, flag, start, length) in [(446, 0x80, 0_u32, 6280_u32), (462, 0, 6280, 256)] {
        sector[at] = flag;
        sector[at + 4] = 0x83;
        sector[at + 8..at + 12].copy_from_slice(&start.to_le_bytes());
        sector[at + 12..at + 16].copy_from_slice(&length.to_le_bytes());
    }
    sector[510..].copy_from_slice(&[0x55, 0xAA]);
    image.as_file().write_all_at(&sector, 0).expect("a write");
    image
}

fn mbr_growth() -> Growth {
    Growth {
        number: 2,
        old: extent(6280 * SECTOR, 256 * SECTOR),
        new: extent(4 * MIB, 96 * MIB),
        without: Vec::new(),
    }
}

fn table(file: &File) -> PartitionTable {
    let found = read(file, BlockSize::default()).expect("a file");
    found.expect("a table")
}

/// Whether the first copy alone is whole: the kernel does not look for another one.
fn first_copy_is_whole(file: &File) -> bool {
    let disk = Disk {
        source: file,
        block: BlockSize::default(),
    };
    let header = Header::read(&disk, 1, disk.last().expect("a size"));
    header.is_some_and(|header| header.entries(&disk).is_some())
}

/// Writes sector after sector, of each write the last one first too, and judges every state.
fn every_state(disk: &NamedTempFile, growth: &Growth, gpt: bool) {
    let file = disk.as_file();
    let old = table(file);
    let new = rewrite(file, BlockSize::default(), growth).expect("a plan");
    let (mut states, mut seen_new) = (0, false);
    for (index, write) in new.writes.iter().enumerate() {
        let length = write.bytes.len();
        let mut before = vec![0; length];
        file.read_exact_at(&mut before, write.offset)
            .expect("a read");
        for backwards in [true, false] {
            file.write_all_at(&before, write.offset).expect("a write");
            let sectors = 0..length / 512;
            let order: Vec<usize> = match backwards {
                true => sectors.rev().collect(),
                false => sectors.collect(),
            };
            for sector in order {
                let bytes = &write.bytes[sector * 512..(sector + 1) * 512];
                let offset = write.offset + sector as u64 * SECTOR;
                file.write_all_at(bytes, offset).expect("a write");
                let now = table(file);
                let is_new = now != old;
                assert_eq!(
                    is_new,
                    index >= new.decisive,
                    "write {index}, sector {sector}"
                );
                assert!(!gpt || first_copy_is_whole(file), "write {index}");
                if is_new {
                    let it = now.partitions.iter().find(|it| it.number == growth.number);
                    let it = it.expect("the partition");
                    assert_eq!(extent(it.start, it.length), growth.new);
                    seen_new = true;
                }
                states += 1;
            }
        }
    }
    assert!(seen_new && states >= 2 * new.writes.len());
}

#[test]
fn a_cut_at_any_sector_leaves_the_old_table_or_the_new_one() {
    every_state(&mbr_disk(), &mbr_growth(), false);
    if let Some(disk) = gpt_disk() {
        every_state(&disk, &image_growth(), true);
    }
}

fn apply(file: &File, rewrite: &Rewrite) {
    for write in &rewrite.writes {
        file.write_all_at(&write.bytes, write.offset)
            .expect("a write");
    }
}

#[test]
fn sfdisk_has_nothing_to_say_against_the_new_gpt() {
    let Some(disk) = gpt_disk() else { return };
    let before = table(disk.as_file());
    assert_eq!(before.partitions.len(), 3);
    let rewrite = rewrite(disk.as_file(), BlockSize::default(), &image_growth()).expect("a plan");
    apply(disk.as_file(), &rewrite);
    let verified = run("sfdisk --verify", disk.path(), "").expect("sfdisk");
    assert!(verified.contains("No errors"), "{verified}");
    let dump = run("sfdisk --dump", disk.path(), "").expect("sfdisk");
    for want in [
        "start=          64, size=        6300",
        "start=        8192, size=      194560, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4",
        "name=\"Appended2\"",
        "last-lba: 204736",
    ] {
        assert!(dump.contains(want), "{want}: {dump}");
    }
    assert!(!dump.contains("Gap1"), "{dump}");
    // Only the second copy is left: it is as good.
    let after = table(disk.as_file());
    disk.as_file()
        .write_all_at(&[0; 512], 512)
        .expect("a write");
    assert_eq!(table(disk.as_file()), after);
    assert_eq!(after.partitions[0], before.partitions[0]);
}

#[test]
fn an_mbr_changes_in_one_entry() {
    let disk = mbr_disk();
    let mut old = [0; 512];
    disk.as_file().read_exact_at(&mut old, 0).expect("a read");
    let rewrite = rewrite(disk.as_file(), BlockSize::default(), &mbr_growth()).expect("a plan");
    let [write] = &rewrite.writes[..] else {
        panic!("{rewrite:?}")
    };
    assert_eq!((write.offset, rewrite.decisive), (0, 0));
    let new = &write.bytes;
    assert_eq!(new[..462], old[..462]);
    assert_eq!(new[478..], old[478..]);
    let entry = [
        0, 0xFE, 0xFF, 0xFF, 0x83, 0xFE, 0xFF, 0xFF, 0, 0x20, 0, 0, 0, 0, 3, 0,
    ];
    assert_eq!(new[462..478], entry);
}

#[test]
fn what_is_not_as_planned_is_left_alone() {
    let block = BlockSize::default();
    let mut other = mbr_growth();
    other.old.start += SECTOR;
    let far = |start, length| Growth {
        new: extent(start, length),
        ..mbr_growth()
    };
    for (growth, want) in [
        (other, RewriteError::Changed),
        (far(3 << 40, MIB), RewriteError::TooFar),
        (far(4 * MIB, 3 << 40), RewriteError::TooFar),
        (far(4 * MIB + 1, MIB), RewriteError::TooFar),
        (
            Growth {
                number: 5,
                ..mbr_growth()
            },
            RewriteError::Changed,
        ),
    ] {
        assert_eq!(rewrite(mbr_disk().as_file(), block, &growth), Err(want));
    }
    let empty = vec![0_u8; 4096];
    assert_eq!(
        rewrite(&empty, block, &mbr_growth()),
        Err(RewriteError::Changed)
    );
    let Some(disk) = gpt_disk() else { return };
    let mut other = image_growth();
    other.without[0].extent.length += SECTOR;
    let mut beyond = image_growth();
    beyond.new.length = 96 * MIB;
    for (growth, want) in [
        (other, RewriteError::Changed),
        (beyond, RewriteError::TooFar),
    ] {
        assert_eq!(rewrite(disk.as_file(), block, &growth), Err(want));
    }
    disk.as_file().write_all_at(&[1], 1024).expect("a write");
    let damaged = rewrite(disk.as_file(), block, &image_growth());
    assert_eq!(damaged, Err(RewriteError::Damaged));
}
