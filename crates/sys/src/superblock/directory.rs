//! Root directories of FAT and exFAT: both have entries of 32 bytes in chains of clusters, and
//! keep the volume label there.
//!
//! The label is nearly always the first entry. The search gives up after [`BUDGET`] bytes or
//! [`LINKS`] clusters, so that no chain, not even one in a circle, holds up the boot.

use std::ops::ControlFlow;

use super::source::{Block, Disk};

const ENTRY: usize = 32;
const CHUNK: u64 = 4096;
const BUDGET: u64 = 256 << 10;
const LINKS: usize = 64;

/// What an entry means for the search: go on, or the end with or without a label.
pub(super) type Verdict = ControlFlow<Option<String>>;

/// Where clusters and their chains are.
pub(super) struct Clusters {
    /// The allocation table with 32 bits for each cluster: bytes from the start of the disk.
    pub(super) table: u64,
    /// Cluster 2, the first there is: bytes from the start of the disk.
    pub(super) heap: u64,
    /// Bytes in a cluster.
    pub(super) size: u64,
    /// How many there are; the last has this number plus 1.
    pub(super) count: u32,
}

/// Looks for the label in `len` bytes at `offset`.
pub(super) fn label_in_extent(
    disk: &Disk<'_>,
    offset: u64,
    len: u64,
    judge: fn(Block<'_>) -> Verdict,
) -> Option<String> {
    scan(disk, offset, len.min(BUDGET), judge).break_value()?
}

/// Looks for the label in the chain that begins with cluster `first`.
pub(super) fn label_in_chain(
    disk: &Disk<'_>,
    clusters: &Clusters,
    first: u32,
    judge: fn(Block<'_>) -> Verdict,
) -> Option<String> {
    let mut cluster = first & 0x0FFF_FFFF; // FAT32 has four bits for other purposes
    let mut budget = BUDGET;
    for _ in 0..LINKS {
        let index = u64::from(cluster).checked_sub(2)?;
        if index >= u64::from(clusters.count) {
            return None;
        }
        let offset = clusters
            .heap
            .checked_add(index.checked_mul(clusters.size)?)?;
        let len = clusters.size.min(budget);
        if let ControlFlow::Break(end) = scan(disk, offset, len, judge) {
            return end;
        }
        budget = budget.checked_sub(len).filter(|&left| left > 0)?;
        let link = clusters.table.checked_add(u64::from(cluster) * 4)?;
        cluster = Block(&disk.read(link, 4)?).le32(0)? & 0x0FFF_FFFF;
    }
    None
}

fn scan(disk: &Disk<'_>, offset: u64, len: u64, judge: fn(Block<'_>) -> Verdict) -> Verdict {
    let mut done = 0;
    while done < len {
        let step = (len - done).min(CHUNK);
        let bytes = disk.read(offset.saturating_add(done), step as usize);
        let Some(bytes) = bytes else {
            return ControlFlow::Break(None);
        };
        for entry in bytes.chunks_exact(ENTRY) {
            judge(Block(entry))?;
        }
        done += step;
    }
    ControlFlow::Continue(())
}
