//! Compaction: rule 6, and check 21 where there are no holes.

use std::ops::ControlFlow;

use super::*;
use crate::memory::{Call, Change};

fn go(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn compact(container: &Container<Memory>) -> Compacted {
    container.compact(Compaction::default(), go).unwrap()
}

/// A disk of which every third block stays, in both parts, on a file system without holes; and what is on it.
fn scattered() -> (Container<Memory>, Vec<u8>) {
    let memory = fresh();
    memory.set_without_holes();
    let container = open(memory);
    let mut shadow = vec![0; 6 << 20];
    for (at, block) in shadow.chunks_mut(4096).enumerate() {
        block.fill((at % 250) as u8 + 1);
    }
    container.write(0, &shadow).unwrap();
    container.flush().unwrap();
    for at in (0..1536).filter(|at| at % 3 > 0) {
        container.trim(at * BLOCK, BLOCK).unwrap();
        shadow[at as usize * 4096..][..4096].fill(0);
    }
    container.flush().unwrap();
    (container, shadow)
}

fn len(container: &Container<Memory>, part: u32) -> u64 {
    container.store.len(FileName::Part(part)).unwrap().unwrap()
}

/// Check 21: what was trimmed comes back where no holes can be made.
#[test]
fn check_21_compaction_gives_space_back_without_holes() {
    let (container, shadow) = scattered();
    let before = container.store.used();
    let lens = || len(&container, 0) + len(&container, 1);
    let long = lens();
    let did = compact(&container);
    assert_eq!(lens(), 512 * BLOCK + 2 * 0x4000, "only what is in use");
    assert_eq!(did.returned, long - lens());
    assert!(did.moved > 300 && !did.stopped, "{did:?}");
    assert!(before - container.store.used() >= 1000);
    let container = reopen(container);
    assert!(read(&container, 0, shadow.len()) == shadow);
    assert_sound(&container.store, &container.geometry(), "compacted");
    let again = compact(&container);
    assert_eq!(again, Compacted::default(), "nothing is left to do");
}

/// Blocks that follow each other on the disk do so in the part too, wherever they were.
#[test]
fn neighbours_come_together() {
    let container = open(fresh());
    container.write(100 * BLOCK, &vec![1; 200 * 4096]).unwrap();
    for at in (0..50).rev() {
        container.write(at * BLOCK, &block(2)).unwrap();
    }
    container.flush().unwrap();
    container.trim(100 * BLOCK, 200 * BLOCK).unwrap();
    container.flush().unwrap();
    compact(&container);
    for at in 0..50 {
        let slot = container.cells()[0].read().lookup(at);
        assert_eq!(slot, Some(0x4000 + at * BLOCK));
    }
}

/// Rule 6 in the order of writes: copy, sync, entries, sync, and only then is the old place given back.
#[test]
fn rule_06_a_block_moves_behind_syncs() {
    let container = open(fresh());
    container.write(0, &[7; 3 * 4096]).unwrap();
    container.flush().unwrap();
    container.trim(0, BLOCK).unwrap();
    container.flush().unwrap();
    let before = container.store.log_len();
    assert_eq!(compact(&container).moved, 1);
    let log = container.store.log();
    let kinds: Vec<_> = log[before..]
        .iter()
        .map(|change| match change {
            Change::Write(_, 0x1000, _) => "entry",
            Change::Write(_, 0x4000, bytes) if *bytes == block(7) => "copy",
            Change::Sync(_) => "sync",
            Change::Punch(_, 0x6000, 4096) => "free",
            Change::SetLen(_, 0x6000) => "cut",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["copy", "sync", "entry", "sync", "free", "cut"]);
}

/// A part as an original left it: blocks beside the grid behind one that was cut, zeros, skipped slots.
fn foreign() -> (Memory, Vec<u8>) {
    let memory = fresh();
    let mut part = memory.content(FileName::Part(0)).unwrap();
    let mut shadow = vec![0; 6 << 20];
    let mut end = 0x4000;
    for entry in (0..700_usize).rev() {
        let fill = if entry % 10 == 4 {
            0
        } else {
            (entry % 250) as u8 + 1
        };
        part.resize(end, 0xcc);
        part.extend(block(fill));
        part[4096 + 8 * entry..][..8].copy_from_slice(&(end as u64).to_le_bytes());
        shadow[entry * 4096..][..4096].fill(fill);
        end += 4096 + if entry % 100 == 99 { 0x1400 } else { 0 };
    }
    memory.put(FileName::Part(0), part);
    (memory, shadow)
}

/// B9: what an original wrote beside the grid comes onto it, with room at the end or without.
#[test]
fn blocks_beside_the_grid_are_aligned() {
    for limited in [false, true] {
        let (memory, shadow) = foreign();
        let len = memory.len(FileName::Part(0)).unwrap().unwrap();
        memory.set_max_len(limited.then_some(len));
        let container = open(memory);
        let unaligned = container.check().unwrap().unaligned;
        assert!(unaligned > 500);
        let did = compact(&container);
        assert_eq!((did.aligned, did.unaligned), (unaligned, 0), "{limited}");
        let report = container.check().unwrap();
        assert_eq!((report.findings, report.unaligned), (vec![], 0));
        assert!(read(&container, 0, shadow.len()) == shadow);
        assert_eq!(self::len(&container, 0), 0x4000 + 700 * BLOCK);
    }
}

/// Without a free slot and without room nothing moves, and that is said.
#[test]
fn blocks_beside_the_grid_stay_where_there_is_no_room() {
    let memory = fresh();
    let mut part = memory.content(FileName::Part(0)).unwrap();
    part.resize(0x4400, 0);
    part.extend(block(1));
    part.extend(block(2));
    for entry in 0..2_usize {
        let offset = 0x4400 + 4096 * entry as u64;
        part[4096 + 8 * entry..][..8].copy_from_slice(&offset.to_le_bytes());
    }
    let len = part.len() as u64;
    memory.put(FileName::Part(0), part);
    memory.set_max_len(Some(len));
    let container = open(memory);
    let did = compact(&container);
    assert_eq!((did.moved, did.aligned, did.unaligned), (0, 0, 2));
    assert!(read(&container, 0, 8192) == [block(1), block(2)].concat());
}

#[test]
fn zeros_become_holes_if_that_is_asked_for() {
    let (memory, shadow) = foreign();
    let container = open(memory);
    assert_eq!(compact(&container).dropped, 0);
    let wanted = Compaction { drop_zeros: true };
    let did = container.compact(wanted, go).unwrap();
    assert_eq!(did.dropped, 70);
    assert_eq!(container.check().unwrap().used, 630);
    assert_eq!(len(&container, 0), 0x4000 + 630 * BLOCK);
    assert!(read(&container, 0, shadow.len()) == shadow);
}

/// It stops where it is told to, and another run does the rest.
#[test]
fn a_compaction_can_be_stopped_and_taken_up_again() {
    let (container, shadow) = scattered();
    let mut calls = 0;
    let stop = |progress: Progress| {
        calls += 1;
        assert!(progress.done <= progress.total && progress.part < progress.parts);
        ControlFlow::Break(())
    };
    let did = container.compact(Compaction::default(), stop).unwrap();
    assert!(did.stopped);
    assert_eq!(calls, 1);
    assert!(read(&container, 0, shadow.len()) == shadow);
    let container = reopen(container);
    assert!(!compact(&container).stopped);
    assert_eq!(
        len(&container, 0) + len(&container, 1),
        512 * BLOCK + 0x8000
    );
    assert!(read(&container, 0, shadow.len()) == shadow);
}

/// Rule 6: cut anywhere, with any sectors of what was not yet synced: the disk is the same.
#[test]
fn rule_06_every_cut_of_a_compaction_leaves_the_same_disk() {
    let memory = Memory::new();
    create(&memory, MIB, 2 * MIB).unwrap();
    let container = original_in(&memory);
    let mut shadow = vec![0; 2 << 20];
    container.read(0, &mut shadow).unwrap();
    let before = memory.log_len();
    let wanted = Compaction { drop_zeros: true };
    let did = container.compact(wanted, go).unwrap();
    assert!(
        did.moved > 5 && did.aligned > 5 && did.dropped > 5,
        "{did:?}"
    );
    container.flush().unwrap();
    let log = memory.log();
    let mut numbers = Numbers(6);
    for done in before..=log.len() {
        for kept in [0, 20, 50, 80, 100] {
            let memory = Memory::after_cut(&log, done, || numbers.below(100) < kept);
            let what = format!("cut behind change {done} of {}, {kept} % kept", log.len());
            let container = open(memory);
            assert_sound(&container.store, &container.geometry(), &what);
            assert!(read(&container, 0, shadow.len()) == shadow, "{what}");
            // And it can be finished.
            compact(&container);
            container.flush().unwrap();
            let container = reopen(container);
            assert!(read(&container, 0, shadow.len()) == shadow, "{what}");
            assert_eq!(container.check().unwrap().findings, [], "{what}");
        }
    }
}

/// A container with everything that there is to do, as one history of writes.
fn original_in(memory: &Memory) -> Container<&Memory> {
    let geometry = Geometry::new(MIB, 2 * MIB).unwrap();
    let file = FileName::Part(0);
    let mut part = vec![0; geometry.data_start() as usize];
    part[..4096].copy_from_slice(&Header::new(MIB, 2 * MIB).unwrap().to_bytes());
    let mut end = geometry.first_slot() as usize;
    for entry in 0..40_usize {
        part.resize(end, 0);
        part.extend(block(if entry % 4 == 1 { 0 } else { entry as u8 + 1 }));
        part[4096 + 8 * entry..][..8].copy_from_slice(&(end as u64).to_le_bytes());
        end += if entry == 19 { 0x1400 } else { 0x1000 };
    }
    memory.write_at(file, &part, 0).unwrap();
    memory.sync(file).unwrap();
    memory.sync_names().unwrap();
    let container = Container::open(memory, Access::Write).unwrap();
    container.write(MIB, &vec![9; 30 * 4096]).unwrap();
    container.flush().unwrap();
    container.trim(0, 8 * BLOCK).unwrap();
    container.trim(MIB, 15 * BLOCK).unwrap();
    container.flush().unwrap();
    container
}

/// Each write, sync and other change fails once: the caller hears of those that matter, and the disk is the same.
#[test]
fn rule_06_an_error_anywhere_leaves_the_same_disk() {
    for call in [Call::Write, Call::Sync, Call::Any] {
        for before in 0.. {
            let (memory, shadow) = foreign();
            let container = open(memory);
            container.trim(0, 300 * BLOCK).unwrap();
            container.flush().unwrap();
            let shadow = [vec![0; 300 * 4096], shadow[300 * 4096..].to_vec()].concat();
            container.store.set_fault(call, before);
            let result = container.compact(Compaction::default(), go);
            let pending = container.store.fault_is_pending();
            let heard = result.is_err() || pending || call == Call::Any;
            assert!(heard, "{call:?} {before}: the error was lost");
            container.store.set_fault(call, usize::MAX);
            assert!(read(&container, 0, shadow.len()) == shadow);
            let container = reopen(container);
            assert_eq!(container.check().unwrap().findings, []);
            assert!(read(&container, 0, shadow.len()) == shadow);
            if pending {
                assert!(before > 3, "{call:?}");
                break;
            }
        }
    }
}

/// A disk without any space left: what can be done is, and else the error says why.
#[test]
fn a_full_disk_stops_a_compaction_cleanly() {
    for free in [0, 1, 300] {
        let container = open(fresh());
        let shadow: Vec<u8> = (0..1000_u32)
            .flat_map(|at| block((at % 250) as u8 + 1))
            .collect();
        container.write(0, &shadow).unwrap();
        container.flush().unwrap();
        container.trim(0, 400 * BLOCK).unwrap();
        container.flush().unwrap();
        let shadow = [vec![0; 400 * 4096], shadow[400 * 4096..].to_vec()].concat();
        container.store.set_free(Some(free));
        let result = container.compact(Compaction::default(), go);
        match free {
            300 => assert_eq!(result.unwrap().moved, 400),
            _ => assert!(matches!(result, Err(Error::Full))),
        }
        container.flush().unwrap();
        let container = reopen(container);
        assert!(read(&container, 0, shadow.len()) == shadow);
        assert_sound(&container.store, &container.geometry(), "full");
    }
}

/// Others write, clear and read all the while, and find what they wrote.
#[test]
fn writers_go_on_during_a_compaction() {
    const THREADS: u64 = 3;
    let (container, _) = scattered();
    std::thread::scope(|scope| {
        let writers = [0, 1, 2].map(|thread| {
            let container = &container;
            scope.spawn(move || {
                let mut numbers = Numbers(thread);
                let mut known = std::collections::BTreeMap::new();
                for step in 0..2000_u64 {
                    let offset = (numbers.below(512) * THREADS + thread) * BLOCK;
                    let value = (step % 50) as u8 + 50 * thread as u8;
                    if step % 4 == 3 {
                        container.trim(offset, BLOCK).unwrap();
                        known.insert(offset, 0);
                    } else {
                        container.write(offset, &block(value)).unwrap();
                        known.insert(offset, value);
                    }
                    let (offset, value) = known
                        .range(numbers.below(6 * MIB)..)
                        .next()
                        .map_or((offset, known[&offset]), |(offset, value)| {
                            (*offset, *value)
                        });
                    assert!(read(container, offset, 4096) == block(value), "{offset}");
                }
                known
            })
        });
        let mut moved = 0;
        while !writers.iter().all(|writer| writer.is_finished()) {
            moved += compact(&container).moved;
        }
        assert!(moved > 0);
        for writer in writers {
            for (offset, value) in writer.join().unwrap() {
                assert!(read(&container, offset, 4096) == block(value));
            }
        }
    });
    container.flush().unwrap();
    assert_sound(&container.store, &container.geometry(), "after threads");
}

#[test]
fn a_container_open_for_reading_is_not_compacted() {
    let memory = scattered().0.store;
    let container = Container::open(memory, Access::Read).unwrap();
    let result = container.compact(Compaction::default(), go);
    assert!(matches!(result, Err(Error::ReadOnly)));
}
