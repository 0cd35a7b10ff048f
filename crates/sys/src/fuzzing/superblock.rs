//! Superblocks and partition tables of a disk that somebody made up.

use super::assert_shows;
use super::packed::Packed;
use crate::{partition_table, superblock as blocks};

/// The most that any look-up may take: reads, and bytes in all.
const MOST_READS: u32 = 200;
const MOST_BYTES: u64 = 512 << 10;

/// Any disk (`packed.rs` has how it is written): nothing, or a file system with a name that can be shown.
pub fn superblock(data: &[u8]) {
    let Some(disk) = Packed::new(data) else {
        return;
    };
    let found = blocks::read(&disk).expect("such a disk does not fail");
    let (reads, bytes) = disk.effort();
    assert!(reads <= MOST_READS, "{reads} reads");
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
    if let Some(label) = found.and_then(|found| found.label) {
        assert!(!label.is_empty());
        assert_shows(&label);
    }
    for sector in [512, 4096] {
        let size = partition_table::BlockSize::new(sector).expect("a usual one");
        let _ = partition_table::read(&disk, size).expect("such a disk does not fail");
    }
}
