//! Power cuts: behind every change that was made, with every choice of what of the rest reached the disk.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::*;
use crate::memory::{Call, Change};

const SECTOR: usize = 512;

/// What every sector of the disk held at one moment.
pub(super) struct Moment {
    /// Changes made until then.
    pub(super) at: usize,
    sectors: Vec<u64>,
    /// Whether a flush had just returned.
    flushed: bool,
}

pub(super) fn moment(memory: &Memory, shadow: &[u8], flushed: bool) -> Moment {
    let hash = |sector: &[u8]| {
        let mut hasher = DefaultHasher::new();
        sector.hash(&mut hasher);
        hasher.finish()
    };
    Moment {
        at: memory.log_len(),
        sectors: shadow.chunks(SECTOR).map(hash).collect(),
        flushed,
    }
}

/// Writes, trims and flushes at random on a small disk; what happened, and what was to be read at each moment.
fn history(seed: u64) -> (Vec<Change>, Vec<Moment>) {
    let memory = Memory::new();
    create(&memory, MIB, 2 * MIB).unwrap();
    let container = open(memory);
    let mut numbers = Numbers(seed);
    let mut shadow = vec![0; 2 << 20];
    let mut moments = vec![moment(&container.store, &shadow, true)];
    for step in 0..70 {
        // Around the border of the parts, so that blocks are met again.
        let offset = MIB - 10 * BLOCK + numbers.below(20 * 8) * 512;
        let len = (1 + numbers.below(24)) * 512;
        let range = offset as usize..(offset + len) as usize;
        let mut flushed = false;
        match numbers.below(8) {
            0..4 => {
                let bytes: Vec<u8> = range
                    .clone()
                    .map(|at| (step + at / 512 * 7) as u8 | 1)
                    .collect();
                container.write(offset, &bytes).unwrap();
                shadow[range].copy_from_slice(&bytes);
            }
            4 | 5 => {
                container.zero(offset, len).unwrap();
                shadow[range].fill(0);
            }
            _ => {
                container.flush().unwrap();
                flushed = true;
            }
        }
        moments.push(moment(&container.store, &shadow, flushed));
    }
    (container.store.log(), moments)
}

/// Rules 1, 2, 4 and 5 together, and torn writes: whatever of the last changes reached the disk, in whatever order, all
/// that was flushed is there, each other sector holds something that it held since, no entry points behind a part's end,
/// and no slot has two owners.
#[test]
fn rules_01_02_04_05_every_cut_leaves_what_was_flushed() {
    for seed in 0..3 {
        let (log, moments) = history(seed);
        let mut numbers = Numbers(seed ^ 0xabcd);
        for done in moments[0].at..=log.len() {
            for kept in [0, 30, 80] {
                let memory = Memory::after_cut(&log, done, || numbers.below(100) < kept);
                let what = format!("seed {seed}, cut behind change {done}, {kept} % kept");
                check_cut(memory, done, &moments, &what);
            }
        }
    }
}

pub(super) fn check_cut(memory: Memory, done: usize, moments: &[Moment], what: &str) {
    let container =
        Container::open(memory, Access::Read).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_sound(&container.store, &container.geometry(), what);
    let size = usize::try_from(container.size()).unwrap();
    let disk = read(&container, 0, size);
    let found = moment(&container.store, &disk, false).sectors;
    let from = moments
        .iter()
        .rposition(|moment| moment.flushed && moment.at <= done)
        .unwrap();
    // The step during which the cut came may be there already.
    let to = moments
        .iter()
        .position(|moment| moment.at >= done)
        .unwrap_or(moments.len() - 1);
    let to = to.max(from) + 1;
    for (number, sector) in found.iter().enumerate() {
        let known = moments[from..]
            .iter()
            .take(to - from + 1)
            .any(|moment| moment.sectors[number] == *sector);
        assert!(
            known,
            "{what}: sector {number} is {:?}",
            &disk[number * SECTOR..][..8]
        );
    }
}

/// After a cut the same goes on: nothing that was there is disturbed by what is written next.
#[test]
fn rule_05_what_is_written_after_a_cut_disturbs_nothing() {
    for seed in 0..4 {
        let (log, moments) = history(seed);
        let mut numbers = Numbers(seed ^ 0x77);
        for done in (moments[0].at..=log.len()).step_by(5) {
            let memory = Memory::after_cut(&log, done, || numbers.below(2) == 0);
            let container = open(memory);
            let mut shadow = read(&container, 0, 2 << 20);
            for number in 0..20 {
                let at = numbers.below(500) * BLOCK;
                container.write(at, &block(number + 1)).unwrap();
                shadow[at as usize..][..4096].fill(number + 1);
            }
            container.flush().unwrap();
            let container = reopen(container);
            assert!(
                read(&container, 0, 2 << 20) == shadow,
                "seed {seed}, cut behind change {done}"
            );
            assert_sound(&container.store, &container.geometry(), "after a cut");
        }
    }
}

/// What a killed predecessor wrote, and others have read since, a flush makes durable as if it were their own.
#[test]
fn rule_02_a_flush_covers_what_a_killed_predecessor_wrote() {
    let container = open(fresh());
    container.write(0, &block(1)).unwrap();
    container.flush().unwrap();
    container.write(0, &block(2)).unwrap();
    let container = reopen(container);
    assert!(read(&container, 0, 4096) == block(2));
    container.flush().unwrap();
    let log = container.store.log();
    let cut = open(Memory::after_cut(&log, log.len(), || false));
    assert!(read(&cut, 0, 4096) == block(2));
}

/// In the order of writes itself: between the data of a new block and its entry there is a sync.
#[test]
fn rule_01_data_is_durable_before_its_entry() {
    let container = open(fresh());
    container.write(0, &[1]).unwrap();
    let before = container.store.log_len();
    container.write(5 * BLOCK, &[2]).unwrap();
    container.flush().unwrap();
    let log = container.store.log();
    let kinds: Vec<_> = log[before..]
        .iter()
        .map(|change| match change {
            Change::Write(_, 0x1000, bytes) => ("index", bytes.len()),
            Change::Write(_, 0x5000, bytes) => ("data", bytes.len()),
            Change::Sync(_) => ("sync", 0),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        kinds,
        [("data", 4096), ("sync", 0), ("index", 4096), ("sync", 0)]
    );
}

/// Rule 3: an index page of which any sectors are old and others new is a valid index: each entry is one or the other.
#[test]
fn rule_03_a_torn_index_page_needs_no_journal() {
    let container = open(fresh());
    container.write(0, &[1; 8192]).unwrap();
    container.flush().unwrap();
    let old = container.store.content(FileName::Part(0)).unwrap();
    container.trim(0, BLOCK).unwrap();
    for entry in (2..512).step_by(9) {
        container
            .write(entry * BLOCK, &block(entry as u8 | 1))
            .unwrap();
    }
    container.flush().unwrap();
    let new = container.store.content(FileName::Part(0)).unwrap();
    let geometry = container.geometry();
    for choice in 0..256_usize {
        let mut torn = new.clone();
        for sector in (0..8).filter(|sector| choice >> sector & 1 == 0) {
            let range = 4096 + sector * 512..4096 + (sector + 1) * 512;
            torn[range.clone()].copy_from_slice(&old[range]);
        }
        container.store.put(FileName::Part(0), torn);
        assert_sound(&container.store, &geometry, "torn");
        let torn = Container::open(&container.store, Access::Read).unwrap();
        let mut bytes = block(0);
        for entry in 2..512 {
            torn.read(entry * BLOCK, &mut bytes).unwrap();
            let written = (entry - 2) % 9 == 0 && choice >> (entry / 64) & 1 == 1;
            assert!(
                bytes == block(if written { entry as u8 | 1 } else { 0 }),
                "{choice} {entry}"
            );
        }
    }
}

/// A slot goes to another block only after the flush that made its entry's end durable.
#[test]
fn rule_05_a_slot_is_not_used_again_before_its_end_is_durable() {
    let container = open(fresh());
    container.write(0, &[1; 8192]).unwrap();
    container.flush().unwrap();
    container.trim(0, BLOCK).unwrap();
    container.write(9 * BLOCK, &block(2)).unwrap();
    let slot = |entry| container.cells()[0].read().lookup(entry);
    assert_eq!(slot(9), Some(0x6000));
    container.flush().unwrap();
    container.write(10 * BLOCK, &block(3)).unwrap();
    assert_eq!(slot(10), Some(0x4000));
}

/// A killed predecessor may have left an index in the cache that says "free" of a slot that the medium says is in use.
#[test]
fn rule_05_a_slot_is_free_only_if_the_medium_says_so() {
    let container = open(fresh());
    container.write(0, &[1; 8192]).unwrap();
    container.flush().unwrap();
    let before = container.store.log_len();
    container.trim(0, BLOCK).unwrap();
    // The process ends between the write of the index page and its sync.
    container.store.set_fault(Call::Sync, 0);
    assert!(container.flush().is_err());
    let container = reopen(container);
    container.write(9 * BLOCK, &block(2)).unwrap();
    assert_eq!(container.cells()[0].read().lookup(9), Some(0x4000));
    let log = container.store.log();
    let mut numbers = Numbers(5);
    for done in (before..=log.len()).flat_map(|done| [done; 16]) {
        let memory = Memory::after_cut(&log, done, || numbers.below(2) == 0);
        let first = read(&open(memory), 0, 4096);
        assert!(
            first == block(1) || first == block(0),
            "cut behind change {done}: block 0 is {}",
            first[0]
        );
    }
}

/// The cut may come while the container is made: then there is none, or all of it, and the next start makes it.
#[test]
fn rule_08_creation_is_all_or_nothing() {
    let memory = fresh();
    let log = memory.log();
    let mut numbers = Numbers(8);
    for done in 0..=log.len() {
        for kept in [0, 30, 70, 100] {
            let memory = Memory::after_cut(&log, done, || numbers.below(100) < kept);
            let what = format!("cut behind change {done}, {kept} % kept");
            match Container::open(&memory, Access::Write) {
                Ok(_) => assert!(memory.content(FileName::Main).is_some()),
                Err(Error::NotFound | Error::MainMissing) => {
                    assert!(done < log.len(), "{what}: nothing there");
                    create(&memory, 4 * MIB, 6 * MIB)
                        .unwrap_or_else(|error| panic!("{what}: {error}"));
                }
                Err(error) => panic!("{what}: {error}"),
            }
            let container = Container::open(&memory, Access::Write).unwrap();
            let mut bytes = vec![1; 6 << 20];
            container.read(0, &mut bytes).unwrap();
            assert!(bytes.iter().all(|byte| *byte == 0), "{what}");
        }
    }
}

/// What is written between the beginning and the commit is all there or belongs to no container, and nothing of it is in the
/// way of the next one.
#[test]
fn rule_08_a_container_that_is_filled_before_its_commit_is_all_or_nothing() {
    let container = Container::begin(Memory::new(), 4 * MIB, 6 * MIB).unwrap();
    assert!(!container.is_committed());
    container.write(0, &block(1)).unwrap();
    container.flush().unwrap();
    container.write(5 * MIB, &block(2)).unwrap();
    container.commit().unwrap();
    assert!(container.is_committed());
    let log = container.store.log();
    let mut numbers = Numbers(10);
    for done in 0..=log.len() {
        for kept in [0, 30, 70, 100] {
            let memory = Memory::after_cut(&log, done, || numbers.below(100) < kept);
            let what = format!("cut behind change {done}, {kept} % kept");
            match Container::open(&memory, Access::Write) {
                Ok(_) => {}
                Err(Error::NotFound | Error::MainMissing) => {
                    assert!(done < log.len(), "{what}: nothing there");
                    let again = Container::begin(&memory, 4 * MIB, 6 * MIB)
                        .unwrap_or_else(|error| panic!("{what}: {error}"));
                    again.write(0, &block(1)).unwrap();
                    again.write(5 * MIB, &block(2)).unwrap();
                    again.commit().unwrap();
                }
                Err(error) => panic!("{what}: {error}"),
            }
            let container = open(memory);
            assert!(read(&container, 0, 4096) == block(1), "{what}");
            assert!(read(&container, 5 * MIB, 4096) == block(2), "{what}");
            assert!(read(&container, 4 * MIB, 4096) == block(0), "{what}");
        }
    }
}

/// Until it is committed it can be filled, made durable and made larger as any other.
#[test]
fn rule_08_what_is_begun_grows_and_is_none_without_its_commit() {
    let container = Container::begin(Memory::new(), 4 * MIB, 6 * MIB).unwrap();
    container.grow(9 * MIB).unwrap();
    container.write(9 * MIB - BLOCK, &block(3)).unwrap();
    container.flush().unwrap();
    assert!(matches!(
        Container::open(&container.store, Access::Write),
        Err(Error::MainMissing)
    ));
    container.commit().unwrap();
    container.commit().unwrap();
    let container = reopen(container);
    assert_eq!(container.size(), 9 * MIB);
    assert!(read(&container, 9 * MIB - BLOCK, 4096) == block(3));
}

/// An empty main file, as dynfilefs itself leaves it, and no data: the container is made, since nothing can be lost.
#[test]
fn rule_08_an_interrupted_creation_of_the_original_is_completed() {
    let memory = fresh();
    memory.put(FileName::Main, Vec::new());
    assert!(matches!(
        Container::open(&memory, Access::Write),
        Err(Error::Header { .. })
    ));
    create(&memory, 4 * MIB, 6 * MIB).unwrap();
    open(memory);
}

/// The cut may come while the disk grows: it has the old size or the new one, with all data.
#[test]
fn rule_08_growth_is_all_or_nothing() {
    let container = open(fresh());
    container.write(5 * BLOCK, &block(7)).unwrap();
    container.flush().unwrap();
    let before = container.store.log_len();
    container.grow(13 * MIB).unwrap();
    let end = container.store.log_len();
    container.flush().unwrap();
    let log = container.store.log();
    let mut numbers = Numbers(9);
    for done in before..=log.len() {
        for kept in [0, 30, 70, 100] {
            let memory = Memory::after_cut(&log, done, || numbers.below(100) < kept);
            let what = format!("cut behind change {done}, {kept} % kept");
            let container = Container::open(memory, Access::Write)
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            let size = container.size();
            assert!(
                size == 13 * MIB || size == 6 * MIB && done < end,
                "{what}: {size}"
            );
            container.grow(13 * MIB).unwrap();
            assert!(read(&container, 5 * BLOCK, 4096) == block(7), "{what}");
            container.write(13 * MIB - BLOCK, &block(8)).unwrap();
            container.flush().unwrap();
            assert!(
                read(&container, 13 * MIB - BLOCK, 4096) == block(8),
                "{what}"
            );
        }
    }
}

/// A container as the original leaves it after a full disk or a power cut: entries behind the end are holes, and
/// never come to hold what is written there later.
#[test]
fn rule_09_dangling_entries_never_hold_new_blocks() {
    let memory = fresh();
    let mut part = memory.content(FileName::Part(0)).unwrap();
    for (entry, offset) in [
        (3_usize, 0x4000_u64),
        (4, 0x5000),
        (5, 0x100),
        (600, u64::MAX),
    ] {
        part[4096 + 8 * entry..][..8].copy_from_slice(&offset.to_le_bytes());
    }
    memory.put(FileName::Part(0), part);
    let container = open(memory);
    for entry in [3, 4, 5, 600] {
        assert!(read(&container, entry * BLOCK, 4096) == block(0));
    }
    container.write(0, &[b'n'; 4 * 4096]).unwrap();
    container.flush().unwrap();
    let container = reopen(container);
    assert!(read(&container, 0, 4 * 4096) == [b'n'; 4 * 4096]);
    for entry in [4, 5, 600] {
        assert!(read(&container, entry * BLOCK, 4096) == block(0), "{entry}");
    }
    assert_sound(&container.store, &container.geometry(), "repaired");
}

/// Two blocks that the original gave one slot: each write moves its block away, and never changes the other.
#[test]
fn rule_09_a_slot_with_two_owners_is_parted() {
    let memory = fresh();
    let mut part = memory.content(FileName::Part(0)).unwrap();
    part.resize(0x5000, b'x');
    for entry in [3_usize, 9] {
        part[4096 + 8 * entry..][..8].copy_from_slice(&0x4000_u64.to_le_bytes());
    }
    part[0x3000..0x4000].fill(0);
    memory.put(FileName::Part(0), part);
    let container = open(memory);
    container.write(9 * BLOCK + 512, &[b'9'; 512]).unwrap();
    let moved = [vec![b'x'; 512], vec![b'9'; 512], vec![b'x'; 3072]].concat();
    assert!(read(&container, 3 * BLOCK, 4096) == block(b'x'));
    assert!(read(&container, 9 * BLOCK, 4096) == moved);
    // The slot that it leaves is not free: the other block is there.
    container.flush().unwrap();
    container.write(20 * BLOCK, &block(b'n')).unwrap();
    assert!(read(&container, 3 * BLOCK, 4096) == block(b'x'));
    container.trim(3 * BLOCK, BLOCK).unwrap();
    container.flush().unwrap();
    let container = reopen(container);
    assert!(read(&container, 9 * BLOCK, 4096) == moved);
    assert_sound(&container.store, &container.geometry(), "parted");
}

/// On FAT a cut leaves files with more clusters than their length says, and Linux makes all of the medium read-only when
/// such a file grows: before the first new block it is cut where its blocks end. And since a file with a length that its
/// clusters do not reach is no better, what was reserved is durable before the file becomes longer.
#[test]
fn a_file_of_a_fat_is_cut_where_its_blocks_end() {
    let container = open(fresh());
    container.write(0, &[1; 3 * 4096]).unwrap();
    container.flush().unwrap();
    let memory = container.store;
    memory.set_may_disagree();
    let before = memory.log_len();
    let container = open(memory);
    container.write(9 * BLOCK, &block(2)).unwrap();
    let log = container.store.log();
    let kinds: Vec<_> = log[before..]
        .iter()
        .map(|change| match change {
            Change::Sync(_) => ("sync", 0),
            Change::SetLen(_, len) => ("length", *len),
            Change::Write(_, offset, _) => ("data", *offset),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            ("sync", 0),
            ("length", 0x7000),
            ("sync", 0),
            ("data", 0x7000)
        ]
    );
    // Blocks that were appended and have no entry are nobody's.
    container.write(10 * BLOCK, &block(3)).unwrap();
    let container = reopen(container);
    container.write(0, &block(4)).unwrap();
    let len = container.store.len(FileName::Part(0)).unwrap();
    assert_eq!(len, Some(0x7000));
    assert!(read(&container, BLOCK, 2 * 4096) == [1; 2 * 4096]);
}
