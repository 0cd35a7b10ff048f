//! Whether the small partition that an image brings along can become the one for sessions.
//!
//! Images that are written to a stick byte by byte carry, behind the system, a partition of 128 KiB with
//! an empty ext2 labelled `resizeme` (contract §1.7). With `perchgrow` it gets the rest of the disk, and
//! an ext4 labelled `persistence`. Without it nothing is touched, and the user is told of it.
//!
//! The new partition starts behind the old file system rather than on top of it. So the new file system
//! is made where nobody has anything, the old one stays as it is meanwhile, and the entry in the table,
//! written last and at once, is the moment at which one takes the place of the other. A power cut
//! leaves the stick as it was, or done; the partition starts at a whole MiB besides, as flash likes it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::units::Bytes;

/// The label of the partition that an image brings along.
pub const GROWABLE: &str = "resizeme";
/// The label of a partition for sessions.
pub const PERSISTENCE: &str = "persistence";

/// Partitions start and end at multiples of it, in bytes.
const ALIGNMENT: u64 = 1 << 20;
/// Less than this, in bytes, is no room for sessions.
const LEAST: u64 = 64 << 20;
/// The last number of a partition that has its entry in an MBR itself.
const LAST_PRIMARY: u32 = 4;

/// A disk with its partition table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// Its size in bytes.
    pub size: u64,
    /// The size of its logical blocks, in bytes.
    pub block: u32,
    /// Whether it refuses writes.
    pub read_only: bool,
    /// What its table can say.
    pub table: Table,
    /// Its partitions, in any order.
    pub partitions: Vec<Partition>,
}

/// What a partition table can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// An MBR: places and lengths are 32-bit numbers of blocks.
    Mbr,
    /// A GPT, whose second copy takes so many bytes at the end of the disk.
    Gpt {
        /// The size of that copy.
        copy: u64,
    },
}

/// A partition, places and lengths in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its number.
    pub number: u32,
    /// Where it is.
    pub extent: Extent,
    /// What is in it.
    pub holds: Holds,
}

/// A range of a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Where it starts.
    pub start: u64,
    /// How long it is.
    pub length: u64,
}

impl Extent {
    /// The first byte behind it.
    pub fn end(self) -> u64 {
        self.start.saturating_add(self.length)
    }
}

/// What is in a partition, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// A file system labelled [`GROWABLE`].
    Growable(Content),
    /// A file system labelled [`PERSISTENCE`].
    Persistence,
    /// Zeroes: an image's filling up to a round size, which tools list as a partition of its own.
    Filling,
    /// Anything else, the system among it.
    Other,
}

/// What is in the file system that may have to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// No file, in an ext file system of so many bytes that was left cleanly.
    Empty {
        /// The size that the file system claims.
        claims: u64,
    },
    /// Something, or it cannot be told; in words that follow "it".
    Not(String),
}

/// What is to be done: the partition's entry changes, and the kernel's view of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The partition's number, which stays.
    pub number: u32,
    /// Where it is.
    pub old: Extent,
    /// Where it will be.
    pub new: Extent,
    /// Partitions of nothing but zeroes in its way, which go with the same write.
    pub without: Vec<Filling>,
}

/// A partition that is taken out of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filling {
    /// Its number.
    pub number: u32,
    /// Where it is.
    pub extent: Extent,
}

/// Why the partition stays as it is. Reads as a sentence's second half.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none.
    #[error("the boot disk has no partition labelled {GROWABLE}")]
    None,
    /// Sessions have a partition already.
    #[error("the boot disk has a partition labelled {PERSISTENCE} already, number {number}")]
    Persistence {
        /// Its number.
        number: u32,
    },
    /// There are several.
    #[error("several partitions of the boot disk are labelled {GROWABLE}: relabel all but one")]
    Several,
    /// The disk refuses writes.
    #[error("the boot disk is write-protected")]
    ReadOnly,
    /// It is not empty, or that cannot be told.
    #[error("it {0}: nothing in it is given up; move it away, or relabel the partition")]
    NotEmpty(String),
    /// It lies in an extended partition.
    #[error("it lies in an extended partition, which would have to grow first")]
    Logical,
    /// Another partition begins or ends behind its start.
    #[error("partition {number} is in the way behind it")]
    NotLast {
        /// That partition's number.
        number: u32,
    },
    /// The disk is full.
    #[error("there are only {} MiB behind it, and {} are the least", .room >> 20, LEAST >> 20)]
    NoRoom {
        /// How many bytes.
        room: u64,
    },
}

/// Decides about the partition: where it will be, or why it stays as it is.
pub fn plan_growth(disk: &Disk) -> Result<Growth, Refusal> {
    let persistence = |it: &&Partition| it.holds == Holds::Persistence;
    if let Some(Partition { number, .. }) = disk.partitions.iter().find(persistence) {
        return Err(Refusal::Persistence { number: *number });
    }
    let mut growable = disk.partitions.iter().filter_map(|it| match &it.holds {
        Holds::Growable(content) => Some((it, content)),
        Holds::Persistence | Holds::Filling | Holds::Other => None,
    });
    let (it, content) = growable.next().ok_or(Refusal::None)?;
    if growable.next().is_some() {
        return Err(Refusal::Several);
    }
    if disk.read_only {
        return Err(Refusal::ReadOnly);
    }
    let claims = match content {
        Content::Empty { claims } if *claims > it.extent.length => {
            return Err(Refusal::NotEmpty("was cut short".to_owned()));
        }
        Content::Empty { claims } => *claims,
        Content::Not(why) => return Err(Refusal::NotEmpty(why.clone())),
    };
    if disk.table == Table::Mbr && it.number > LAST_PRIMARY {
        return Err(Refusal::Logical);
    }
    let without = fillings_behind(disk, it)?;
    let start = it.extent.start.saturating_add(claims);
    let start = start.checked_next_multiple_of(ALIGNMENT).unwrap_or(start);
    let end = last_end(disk, start);
    let room = (end - end % ALIGNMENT).saturating_sub(start);
    if room < LEAST {
        return Err(Refusal::NoRoom { room });
    }
    Ok(Growth {
        number: it.number,
        old: it.extent,
        new: Extent {
            start,
            length: room,
        },
        without,
    })
}

/// The fillings behind a partition; refused if there is anything else.
fn fillings_behind(disk: &Disk, it: &Partition) -> Result<Vec<Filling>, Refusal> {
    let mut without = Vec::new();
    for other in disk.partitions.iter().filter(|other| *other != it) {
        if other.extent.end() <= it.extent.start {
            continue;
        }
        let behind = other.extent.start >= it.extent.end();
        if other.holds != Holds::Filling || !behind {
            let number = other.number;
            return Err(Refusal::NotLast { number });
        }
        without.push(Filling {
            number: other.number,
            extent: other.extent,
        });
    }
    Ok(without)
}

/// The end of the longest partition from `start` on that the table can describe.
fn last_end(disk: &Disk, start: u64) -> u64 {
    match disk.table {
        Table::Gpt { copy } => disk.size.saturating_sub(copy),
        Table::Mbr => {
            let most = u64::from(u32::MAX).saturating_mul(disk.block.into());
            if start > most {
                return start;
            }
            disk.size.min(start.saturating_add(most))
        }
    }
}

/// What came of it in a boot: a fact that the reasons of the decision speak of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// It could be done, but was not asked for.
    Possible {
        /// The partition's name below `/dev/`.
        device: String,
        /// The size that it would get.
        bytes: Bytes,
    },
    /// It was done.
    Done {
        /// The partition's name below `/dev/`.
        device: String,
        /// Its size now.
        bytes: Bytes,
    },
    /// It was asked for and not done: nothing was changed.
    Refused {
        /// Why.
        why: String,
    },
    /// It was asked for and failed.
    Failed {
        /// At what, why, and how the disk is now.
        why: String,
    },
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            number, old, new, ..
        } = self;
        write!(
            f,
            "partition {number} grows from {} KiB to {} MiB",
            old.length >> 10,
            new.length >> 20
        )
    }
}

#[cfg(test)]
#[path = "partition_growth/tests.rs"]
mod tests;
