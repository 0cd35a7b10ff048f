//! Full disks, files at their limit, and media that fail.

use super::*;
use crate::memory::{Call, Change};

fn syncs(memory: &Memory, from: usize) -> usize {
    memory
        .log()
        .iter()
        .skip(from)
        .filter(|change| matches!(change, Change::Sync(_)))
        .count()
}

/// The guest gets an error for new blocks only, no entry is left without data, and writing goes on when there is space.
#[test]
fn rule_12_a_full_disk_fails_new_blocks_only() {
    for without_holes in [false, true] {
        let container = open(fresh());
        if without_holes {
            container.store.set_without_holes();
        }
        container.write(0, &block(1)).unwrap();
        container.flush().unwrap();
        container.store.set_free(Some(0));
        // What was reserved before still serves some, but not the second page of the index.
        let failed = (1..600)
            .find(|number| container.write(number * BLOCK, &block(2)).is_err())
            .unwrap();
        assert!(matches!(
            container.write(failed * BLOCK, &block(2)),
            Err(Error::Full)
        ));
        container.write(0, &block(3)).unwrap();
        container.flush().unwrap();
        let geometry = container.geometry();
        assert_sound(&container.store, &geometry, "full");
        let container = reopen(container);
        assert!(read(&container, failed * BLOCK, 4096) == block(0));
        container.store.set_free(None);
        for number in 1024..1200 {
            container.write(number * BLOCK, &block(4)).unwrap();
        }
        container.write(failed * BLOCK, &block(2)).unwrap();
        container.flush().unwrap();
        assert_sound(&container.store, &geometry, "with space again");
        assert!(read(&container, 0, 4096) == block(3));
        assert!(read(&container, failed * BLOCK, 4096) == block(2));
    }
}

/// An index page that is a hole gets its space before the entry is set: storing it later cannot fail.
#[test]
fn rule_12_no_entry_is_set_that_finds_no_space_in_the_index() {
    let container = open(fresh());
    container.write(0, &block(1)).unwrap();
    container.flush().unwrap();
    container.store.set_free(Some(0));
    // Entry 600 lies in the second index page; the slot itself was reserved with the first.
    assert!(matches!(
        container.write(600 * BLOCK, &block(2)),
        Err(Error::Full)
    ));
    container.write(BLOCK, &block(2)).unwrap();
    container.flush().unwrap();
}

/// No part gets longer than the file system can hold, however often it is opened: slots are used again.
#[test]
fn a_part_stays_below_the_longest_file() {
    let memory = fresh();
    let geometry = open(memory).geometry();
    let memory = fresh();
    memory.set_max_len(Some(geometry.full_len()));
    let mut container = open(memory);
    for round in 0..20 {
        for number in (round..1024).step_by(20) {
            container
                .write(number * BLOCK, &block(round as u8 + 1))
                .unwrap();
        }
        container.flush().unwrap();
        container = reopen(container);
    }
    assert_eq!(
        container.store.len(FileName::Part(0)).unwrap(),
        Some(geometry.full_len())
    );
    for number in 0..1024 {
        assert!(
            read(&container, number * BLOCK, 4096) == block((number % 20) as u8 + 1),
            "{number}"
        );
    }
    // At the limit, a cleared block makes room for another only after a flush, which the write makes by itself.
    container.trim(0, BLOCK).unwrap();
    container.write(0, &block(9)).unwrap();
    container.flush().unwrap();
    assert_sound(&container.store, &geometry, "at the limit");
}

/// What was once not made durable is never reported as durable later.
#[test]
fn rule_07_a_failed_sync_ends_all_writing() {
    for before in 0..2 {
        let container = open(fresh());
        container.write(0, &block(1)).unwrap();
        container.store.set_fault(Call::Sync, before);
        assert!(
            matches!(container.flush(), Err(Error::Io { what: "sync", .. })),
            "sync {before}"
        );
        assert!(
            matches!(container.flush(), Err(Error::Failed)),
            "sync {before}"
        );
        assert!(
            matches!(container.write(0, &block(2)), Err(Error::Failed)),
            "sync {before}"
        );
        assert!(
            matches!(container.trim(0, BLOCK), Err(Error::Failed)),
            "sync {before}"
        );
        assert!(
            matches!(container.grow(8 * MIB), Err(Error::Failed)),
            "sync {before}"
        );
        assert!(read(&container, 0, 4096) == block(1));
        let container = reopen(container);
        assert_sound(
            &container.store,
            &container.geometry(),
            "after a failed sync",
        );
    }
}

/// A disk is as large as its main file says: nobody is told otherwise because a part's own number was not written.
#[test]
fn a_growth_that_is_done_does_not_fail() {
    let container = open(fresh());
    // After the new part's header and the main file's 24 bytes.
    container.store.set_fault(Call::Write, 2);
    container.grow(9 * MIB).unwrap();
    assert!(!container.store.fault_is_pending());
    let container = reopen(container);
    assert_eq!(container.size(), 9 * MIB);
    assert_eq!(container.check().unwrap().findings, []);
}

/// Each write and each sync of a busy minute fails once: the caller hears of it, and what is there is sound.
#[test]
fn check_13_an_error_of_any_call_reaches_the_caller() {
    let work = |container: &Container<Memory>| -> Result<(), Error> {
        container.write(0, &[1; 3 * 4096])?;
        container.flush()?;
        container.write(BLOCK, &[2; 100])?;
        container.trim(2 * BLOCK, BLOCK)?;
        container.write(4 * MIB - 100, &[3; 200])?;
        container.flush()?;
        container.grow(9 * MIB)?;
        container.write(8 * MIB, &[4; 4096])?;
        container.flush()
    };
    for call in [Call::Write, Call::Sync] {
        for before in 0.. {
            let container = open(fresh());
            container.store.set_fault(call, before);
            let result = work(&container);
            if container.store.fault_is_pending() {
                assert!(result.is_ok() && before > 8, "{call:?} {before}");
                break;
            }
            // The size that a part notes: nobody needs it, and the next opening writes it again.
            let stale = !container
                .check()
                .is_ok_and(|report| report.findings.is_empty());
            assert!(
                result.is_err() || stale,
                "{call:?} {before}: the error was lost"
            );
            let container = reopen(container);
            assert_sound(&container.store, &container.geometry(), "after an error");
        }
    }
}

/// Rule 2 in numbers: one sync where no block is new, two where one is, none where nothing was written.
#[test]
fn rule_02_syncs_are_counted() {
    let container = open(fresh());
    container.write(0, &block(1)).unwrap();
    for (what, write, want) in [
        ("new block", 0, 2),
        ("overwritten", 1, 1),
        ("nothing", 2, 0),
    ] {
        let before = container.store.log_len();
        if write == 1 {
            container.write(0, &block(2)).unwrap();
        }
        let before = before + write % 2;
        container.flush().unwrap();
        assert_eq!(syncs(&container.store, before), want, "{what}");
    }
}

/// Space comes back: by holes in the middle, by cutting at the end.
#[test]
fn trimmed_blocks_give_their_space_back() {
    for without_holes in [false, true] {
        let container = open(fresh());
        if without_holes {
            container.store.set_without_holes();
        }
        container.write(0, &vec![5; 4 << 20]).unwrap();
        container.flush().unwrap();
        let full = container.store.used();
        container.trim(BLOCK, 4 * MIB - BLOCK).unwrap();
        container.flush().unwrap();
        assert!(
            full - container.store.used() >= 1000,
            "{} of {full} are still used",
            container.store.used()
        );
        assert_eq!(
            container.store.len(FileName::Part(0)).unwrap(),
            Some(0x5000)
        );
        assert!(read(&container, 0, 4096) == block(5) && read(&container, BLOCK, 4096) == block(0));
        container.trim(0, BLOCK).unwrap();
        container.flush().unwrap();
        assert_eq!(
            container.store.len(FileName::Part(0)).unwrap(),
            Some(0x3000)
        );
    }
}

/// What was allocated can be written when nothing new finds room, and what was there stays.
#[test]
fn rule_12_allocated_blocks_take_writes_on_a_full_disk() {
    let memory = Memory::new();
    create(&memory, 4 * MIB, 6 * MIB).unwrap();
    let container = Container::open(&memory, Access::Write).unwrap();
    container.write(4 * MIB + 100, &[7; 5000]).unwrap();
    container.allocate(3 * MIB + 5, 2 * MIB).unwrap();
    container.flush().unwrap();
    let mut bytes = vec![1; 3 << 20];
    container.read(3 * MIB, &mut bytes).unwrap();
    let at = (1 << 20) + 100;
    let mut want = vec![0; 3 << 20];
    want[at..at + 5000].fill(7);
    assert!(bytes == want, "allocating changed what is read");
    memory.set_free(Some(0));
    container.write(3 * MIB, &vec![9; 2 << 20]).unwrap();
    container.flush().unwrap();
    assert!(matches!(container.write(0, &[1]), Err(Error::Full)));
    drop(container);
    let container = Container::open(&memory, Access::Read).unwrap();
    container.read(3 * MIB, &mut bytes).unwrap();
    assert!(bytes[..2 << 20].iter().all(|byte| *byte == 9));
    assert_eq!(container.check().unwrap().findings, []);
}
