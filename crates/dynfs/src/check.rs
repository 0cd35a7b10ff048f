//! Looking a container over: what is wrong with its indexes, and what would put it right.
//!
//! Nothing is changed by a check. Repairs are a list that the caller may show first, and then has applied.

use std::collections::BTreeSet;
use std::fmt;

use crate::container::Container;
use crate::error::Error;
use crate::geometry::{BLOCK, Geometry};
use crate::header::Header;
use crate::store::Store;
use crate::survey::{Entry, Survey};

/// One thing that is wrong. Blocks are counted from the start of the disk, in units of 4096 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The block was to lie in the header or index of its part; it reads as zeros.
    Inside {
        /// Which block.
        block: u64,
        /// Where it was to lie.
        offset: u64,
    },
    /// The block was to lie behind the end of its part: its data was lost in a power cut or on a full disk. It reads as zeros.
    Dangling {
        /// Which block.
        block: u64,
        /// Where it was to lie.
        offset: u64,
    },
    /// Two blocks lie in the same place, so that one shows what was written to the other.
    Shared {
        /// The block that may stay.
        block: u64,
        /// The block that has to move.
        other: u64,
    },
    /// Data of blocks that the disk is too small for.
    BeyondDisk {
        /// How many blocks.
        blocks: u64,
    },
    /// A part that has another size of the disk than the main file; the main file counts.
    StaleSize {
        /// Which part.
        part: u32,
        /// What it says, in bytes.
        size: u64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inside { block, offset } => {
                write!(
                    f,
                    "block {block} points into the index of its part, at {offset}"
                )
            }
            Self::Dangling { block, offset } => {
                write!(
                    f,
                    "block {block} points behind the end of its part, at {offset}"
                )
            }
            Self::Shared { block, other } => {
                write!(
                    f,
                    "blocks {block} and {other} lie in the same place: check the file system on the disk"
                )
            }
            Self::BeyondDisk { blocks } => {
                write!(f, "{blocks} blocks lie behind the end of the disk")
            }
            Self::StaleSize { part, size } => {
                write!(f, "part {part} was made for a disk of {size} bytes")
            }
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What is wrong, part by part; empty if nothing is.
    pub findings: Vec<Finding>,
    /// Blocks that hold data.
    pub used: u64,
    /// Slots between them that hold nothing: legal, and used again for new blocks.
    pub free: u64,
    /// Blocks beside the grid of slots: legal, and a little slower.
    pub unaligned: u64,
}

/// One change that a repair makes. Blocks are counted as in [`Finding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// Makes a hole of a block without data. All such blocks of its part become holes with it.
    Clear(u64),
    /// Copies a block to a place of its own.
    MoveAway(u64),
}

impl Report {
    /// What would put right what can be: each block once, in order.
    pub fn repairs(&self) -> Vec<Repair> {
        let repair = |finding: &Finding| match finding {
            Finding::Inside { block, .. } | Finding::Dangling { block, .. } => {
                Some(Repair::Clear(*block))
            }
            Finding::Shared { other, .. } => Some(Repair::MoveAway(*other)),
            // Nothing reads the first; opening for writing corrects the second.
            Finding::BeyondDisk { .. } | Finding::StaleSize { .. } => None,
        };
        let repairs: BTreeSet<Repair> = self.findings.iter().filter_map(repair).collect();
        repairs.into_iter().collect()
    }

    fn add(&mut self, geometry: &Geometry, part: u32, survey: &Survey) {
        let first_block = u64::from(part) * geometry.entries();
        let end = geometry.used_entries(part);
        for (entry, offset) in &survey.inside {
            self.findings.push(Finding::Inside {
                block: first_block + entry,
                offset: *offset,
            });
        }
        for (entry, offset) in &survey.dangling {
            self.findings.push(Finding::Dangling {
                block: first_block + entry,
                offset: *offset,
            });
        }
        let shares_with_next = |a: &(Entry, Entry), b: &(Entry, Entry)| a.1.0 == b.0.0;
        for chain in survey.overlaps.chunk_by(shares_with_next) {
            let first = chain.iter().map(|(one, _)| one.0).take(1);
            let blocks: Vec<u64> = first.chain(chain.iter().map(|(_, two)| two.0)).collect();
            // A block behind the end of the disk cannot be moved: all others of its chain are.
            let fixed = blocks.iter().copied().find(|block| *block >= end);
            let mut stays = fixed;
            for moves in blocks.into_iter().filter(|block| *block < end) {
                if let Some(stays) = stays {
                    self.findings.push(Finding::Shared {
                        block: first_block + stays,
                        other: first_block + moves,
                    });
                }
                stays = fixed.or(Some(moves));
            }
        }
        if survey.beyond > 0 {
            self.findings.push(Finding::BeyondDisk {
                blocks: survey.beyond,
            });
        }
        self.used += survey.used;
        self.free += survey.free.slots();
        self.unaligned += survey.unaligned;
    }
}

impl<S: Store> Container<S> {
    /// Looks at every entry of every index; nothing is changed but for what was written and is made durable first.
    ///
    /// # Errors
    /// If the medium cannot be read.
    pub fn check(&self) -> Result<Report, Error> {
        let geometry = self.geometry();
        let mut report = Report::default();
        for (part, (header, survey)) in (0..).zip(self.survey_parts()?) {
            let stale = header.filter(|header: &Header| header.size() != geometry.size());
            if let Some(size) = stale.map(|header| header.size()) {
                report.findings.push(Finding::StaleSize { part, size });
            }
            report.add(&geometry, part, &survey);
        }
        Ok(report)
    }

    /// Makes changes that a report asked for, durably.
    ///
    /// # Errors
    /// If the container is open for reading only, or the medium fails; what was done until then may stay.
    pub fn repair(&self, repairs: &[Repair]) -> Result<(), Error> {
        let mut bytes = [0; BLOCK as usize];
        for repair in repairs {
            match repair {
                // Not a trim: the entry may belong to a block that the disk is too small for.
                Repair::Clear(block) => self.clear_impossible(*block)?,
                Repair::MoveAway(block) => {
                    let offset = block.saturating_mul(BLOCK);
                    self.read(offset, &mut bytes)?;
                    self.write(offset, &bytes)?;
                }
            }
        }
        self.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::{Access, create};
    use crate::geometry::MIB;
    use crate::memory::Memory;
    use crate::store::FileName;

    /// A container with one of each; the blocks that hold data are 1, 2, 5, 7 and 1024.
    fn damaged() -> Memory {
        let memory = Memory::new();
        create(&memory, 4 * MIB, 6 * MIB).unwrap();
        let damage = |number, len, entries: &[(usize, u64)]| {
            let file = FileName::Part(number);
            let mut bytes = memory.content(file).unwrap();
            bytes.resize(len, number as u8 + 1);
            for (entry, offset) in entries {
                bytes[4096 + 8 * entry..][..8].copy_from_slice(&offset.to_le_bytes());
            }
            memory.put(file, bytes);
        };
        damage(
            0,
            0x9000,
            &[
                (1, 0x4000),
                (2, 0x4000),
                (3, 0x40),
                (4, 0x9000),
                (5, 0x4800),
                (7, 0x8000),
            ],
        );
        damage(1, 0x6000, &[(0, 0x4000), (3, u64::MAX), (600, 0x5000)]);
        memory
    }

    #[test]
    fn everything_that_is_wrong_is_found_and_put_right() {
        let memory = damaged();
        let before = memory.content(FileName::Part(0));
        let read_only = Container::open(&memory, Access::Read).unwrap();
        let report = read_only.check().unwrap();
        assert_eq!(
            report.findings,
            [
                Finding::Inside {
                    block: 3,
                    offset: 0x40
                },
                Finding::Dangling {
                    block: 4,
                    offset: 0x9000
                },
                Finding::Shared { block: 1, other: 2 },
                Finding::Shared { block: 2, other: 5 },
                Finding::Dangling {
                    block: 1027,
                    offset: u64::MAX
                },
                Finding::BeyondDisk { blocks: 1 },
            ]
        );
        assert_eq!((report.used, report.free, report.unaligned), (6, 2, 1));
        assert!(
            memory.content(FileName::Part(0)) == before,
            "a check changes nothing"
        );

        let repairs = report.repairs();
        let want = [
            Repair::Clear(3),
            Repair::Clear(4),
            Repair::Clear(1027),
            Repair::MoveAway(2),
            Repair::MoveAway(5),
        ];
        assert_eq!(repairs, want);
        assert!(matches!(read_only.repair(&repairs), Err(Error::ReadOnly)));
        let content = |container: &Container<&Memory>| {
            let mut bytes = vec![0; 6 << 20];
            container.read(0, &mut bytes).unwrap();
            bytes
        };
        let disk = content(&read_only);
        let container = Container::open(&memory, Access::Write).unwrap();
        container.repair(&repairs).unwrap();
        let container = Container::open(&memory, Access::Read).unwrap();
        assert_eq!(
            container.check().unwrap().findings,
            [Finding::BeyondDisk { blocks: 1 }]
        );
        assert!(content(&container) == disk, "what is read stays the same");
    }

    /// Blocks behind the end of the disk are nothing that a repair may stumble over.
    #[test]
    fn damage_behind_the_end_of_the_disk_is_put_right() {
        let memory = Memory::new();
        create(&memory, 4 * MIB, 6 * MIB).unwrap();
        let mut part = memory.content(FileName::Part(1)).unwrap();
        part.resize(0x7000, 9);
        for (entry, offset) in [
            (0, 0x4000),
            (600, 0x40_u64),
            (700, 0x5000),
            (701, 0x5000),
            (1, 0x6000),
            (2, 0x6000),
            (3, 0x6000),
            (702, 0x6000),
        ] {
            part[4096 + 8 * entry..][..8].copy_from_slice(&offset.to_le_bytes());
        }
        memory.put(FileName::Part(1), part);
        let container = Container::open(&memory, Access::Write).unwrap();
        let report = container.check().unwrap();
        let moves = [1025, 1026, 1027].map(Repair::MoveAway);
        let want = [&[Repair::Clear(1624)], &moves[..]].concat();
        assert_eq!(report.repairs(), want);
        container.repair(&report.repairs()).unwrap();
        let findings = container.check().unwrap().findings;
        assert_eq!(findings, [Finding::BeyondDisk { blocks: 3 }]);
    }

    #[test]
    fn a_sound_container_has_no_findings() {
        let memory = Memory::new();
        create(&memory, 4 * MIB, 6 * MIB).unwrap();
        let container = Container::open(&memory, Access::Write).unwrap();
        container.write(100, &[1; 10_000]).unwrap();
        // What was written and not flushed counts too.
        let report = container.check().unwrap();
        assert_eq!(
            report,
            Report {
                used: 3,
                ..Report::default()
            }
        );
        assert_eq!(report.repairs(), []);
    }

    #[test]
    fn a_part_of_another_size_is_named() {
        let memory = Memory::new();
        create(&memory, 4 * MIB, 6 * MIB).unwrap();
        let mut part = memory.content(FileName::Part(1)).unwrap();
        part[..4096].copy_from_slice(&Header::new(4 * MIB, 5 * MIB).unwrap().to_bytes());
        memory.put(FileName::Part(1), part);
        let findings = || {
            Container::open(&memory, Access::Read)
                .unwrap()
                .check()
                .unwrap()
                .findings
        };
        assert_eq!(
            findings(),
            [Finding::StaleSize {
                part: 1,
                size: 5 * MIB
            }]
        );
        Container::open(&memory, Access::Write)
            .unwrap()
            .flush()
            .unwrap();
        assert_eq!(findings(), []);
    }
}
