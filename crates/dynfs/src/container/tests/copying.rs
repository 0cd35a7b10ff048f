//! Copies, and the containers of older versions that are taken over by them: built here byte by byte.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::*;
use crate::container::CopyProgress;

fn go(_: CopyProgress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// What the containers below hold: the first blocks, some further on, and the last.
fn content() -> Vec<u8> {
    let mut disk = vec![0; 6 << 20];
    for (entry, byte) in [
        (0, 1),
        (1, 2),
        (2, 3),
        (700, 4),
        (1023, 5),
        (1024, 6),
        (1535, 7),
    ] {
        disk[entry * 4096..][..4096].fill(byte);
    }
    disk[700 * 4096..][..1000].fill(0);
    disk
}

/// Appends the blocks of `disk` that are not zero behind an index at `index_at`, as dynfilefs did: in the order `entries`
/// come, the first one block behind the index.
fn append(file: &mut Vec<u8>, index_at: usize, entries: usize, disk: &[u8]) {
    let mut end = index_at + 8 * entries + 4096;
    for (entry, block) in disk.chunks(4096).enumerate().rev() {
        if block.iter().all(|byte| *byte == 0) {
            continue;
        }
        file.resize(end, 0);
        file[index_at + 8 * entry..][..8].copy_from_slice(&(end as u64).to_le_bytes());
        file.extend(block);
        end += 4096;
    }
}

fn header(split: u64, size: u64) -> Vec<u8> {
    let mut bytes = b"DynfilefsFS 4.00 (c) 2023 Tomas M <www.slax.org>".to_vec();
    bytes.resize(0x800, 0);
    for number in [400, split, size] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.resize(4096, 0);
    bytes
}

fn version3() -> Memory {
    let mut file = b"DynfilefsFS 3.00 (c) 2023 Tomas M <www.slax.org>".to_vec();
    file.extend((6 * MIB).to_le_bytes());
    append(&mut file, 0x38, 1536, &content());
    let memory = Memory::new();
    memory.put(FileName::Main, file);
    memory
}

fn single() -> Memory {
    let mut file = header(6 * MIB, 6 * MIB);
    append(&mut file, 4096, 1536, &content());
    let memory = Memory::new();
    memory.put(FileName::Main, file);
    memory
}

/// 4.00-rc2 had no main file beside padded parts, 4.01 to 4.03 one that is a header.
fn padded(with_main: bool, width: usize) -> Memory {
    let memory = Memory::new();
    for (number, disk) in content().chunks(4 << 20).enumerate() {
        let mut file = header(4 * MIB, 6 * MIB);
        file.resize(0x3000, 0);
        append(&mut file, 4096, 1024, disk);
        let number = number as u32;
        memory.put(FileName::Padded { number, width }, file);
    }
    if with_main {
        memory.put(FileName::Main, header(4 * MIB, 6 * MIB));
    }
    memory
}

/// Check 6: what versions 3.00 to 4.03 left is read to the byte, copied, and never changed, nor is anything made beside it.
#[test]
fn check_06_legacy_containers_are_copied_into_new_ones() {
    for (what, source) in [
        ("3.00", version3()),
        ("4.00 in one file", single()),
        ("4.00 in parts", padded(false, 2)),
        ("4.02 in parts", padded(true, 3)),
    ] {
        let files = |memory: &Memory| {
            let padded = (2..5)
                .flat_map(|width| (0..3).map(move |number| FileName::Padded { number, width }));
            let parts = (0..3).map(FileName::Part);
            let all = [FileName::Main, FileName::NewMain];
            let all = all.into_iter().chain(parts).chain(padded);
            all.map(|file| memory.content(file)).collect::<Vec<_>>()
        };
        let before = files(&source);
        let refused = Container::open(&source, Access::Write).unwrap_err();
        assert!(matches!(refused, Error::Legacy), "{what}: {refused}");
        assert!(create(&source, 4 * MIB, 6 * MIB).is_err(), "{what}");
        let old = Container::open(&source, Access::Read).unwrap();
        let mut disk = vec![9; 6 << 20];
        old.read(0, &mut disk).unwrap();
        assert!(disk == content(), "{what}");
        assert_eq!(old.check().unwrap().findings, [], "{what}");

        // A larger disk with another split.
        let memory = Memory::new();
        create(&memory, 2 * MIB, 8 * MIB).unwrap();
        let new = open(memory);
        let copied = old.copy_into(&new, go).unwrap();
        assert_eq!((copied.bytes, copied.stopped), (7 * BLOCK, false), "{what}");
        let new = reopen(new);
        assert!(read(&new, 0, 6 << 20) == content(), "{what}");
        assert!(read(&new, 6 * MIB, 2 << 20) == vec![0; 2 << 20], "{what}");
        assert_eq!(new.check().unwrap().used, 7, "{what}: it is sparse");
        assert!(old.compare_with(&new, go).unwrap().is_continue(), "{what}");
        new.write(700 * BLOCK, &[1]).unwrap();
        let differs = old.compare_with(&new, go).unwrap_err().to_string();
        assert_eq!(
            differs,
            "the copy differs from what was copied, in 4096 bytes from 2867200 on"
        );
        assert!(files(&source) == before && source.log_len() == 0, "{what}");
    }
}

#[test]
fn data_is_found_and_holes_are_not() {
    let container = open(fresh());
    for (offset, len) in [
        (0, 100),
        (BLOCK, 4096),
        (3 * BLOCK, 1),
        (4 * MIB - BLOCK, 8192),
    ] {
        container.write(offset, &vec![1; len]).unwrap();
    }
    let next = |offset| container.next_data(offset).unwrap();
    assert_eq!(next(0), Some(0..2 * BLOCK));
    assert_eq!(next(5000), Some(5000..2 * BLOCK));
    assert_eq!(next(2 * BLOCK), Some(3 * BLOCK..4 * BLOCK));
    assert_eq!(next(4 * BLOCK), Some(4 * MIB - BLOCK..4 * MIB));
    assert_eq!(next(4 * MIB), Some(4 * MIB..4 * MIB + BLOCK));
    assert_eq!(next(4 * MIB + BLOCK), None);
    assert_eq!(next(6 * MIB), None);
    assert_eq!(next(u64::MAX), None);
}

/// However large a disk is said to be, and however many parts it has, only what is there is looked at.
#[test]
fn data_is_found_at_once_on_a_disk_of_exbibytes() {
    let memory = version3();
    let mut file = memory.content(FileName::Main).unwrap();
    file[0x30..0x38].copy_from_slice(&(1_u64 << 62).to_le_bytes());
    file.truncate(8192);
    memory.put(FileName::Main, file);
    let container = Container::open(memory, Access::Read).unwrap();
    assert_eq!(container.next_data(0).unwrap(), None);
}

#[test]
fn a_copy_goes_into_an_empty_disk_that_is_large_enough() {
    let old = Container::open(single(), Access::Read).unwrap();
    let memory = Memory::new();
    create(&memory, 4 * MIB, 5 * MIB).unwrap();
    let small = open(memory);
    let error = old.copy_into(&small, go).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the disk of 5242880 bytes cannot take a copy of one of 6291456"
    );
    let used = open(fresh());
    used.write(5 * MIB, &[1]).unwrap();
    let error = old.copy_into(&used, go).unwrap_err();
    assert!(matches!(error, Error::TargetUsed), "{error}");
    assert!(read(&used, 0, 4096) == block(0), "nothing was written");
}

/// What a medium does not keep is found when it is read back.
#[test]
fn a_copy_that_reads_differently_is_no_success() {
    for (offset, what) in [(0x4000, "a block"), (0x1000, "an entry")] {
        let old = Container::open(single(), Access::Read).unwrap();
        let new = open(fresh());
        let result = old.copy_into(&new, |progress| {
            if !progress.verifying && progress.done == progress.size {
                new.flush().unwrap();
                new.store
                    .write_at(FileName::Part(0), &[0x40], offset + 1)
                    .unwrap();
                // As after a restart, so that nothing of the index is remembered.
                let part = new.cells()[0].read().file;
                let geometry = new.geometry();
                *new.cells()[0].write() = Part::new(part, geometry, 0x8000, &Arc::default());
            }
            ControlFlow::Continue(())
        });
        let error = result.unwrap_err();
        assert!(
            matches!(error, Error::CopyDiffers { .. }),
            "{what}: {error}"
        );
    }
}

#[test]
fn a_copy_says_how_far_it_is_and_can_be_stopped() {
    let old = Container::open(single(), Access::Read).unwrap();
    let new = open(fresh());
    let mut seen = Vec::new();
    let copied = old.copy_into(&new, |progress| {
        seen.push((progress.verifying, progress.done));
        go(progress)
    });
    assert!(!copied.unwrap().stopped);
    assert!(seen.is_sorted() && seen.len() >= 8, "{seen:?}");
    assert_eq!(seen.last(), Some(&(true, 6 * MIB)));
    let new = open(fresh());
    let stopped = old.copy_into(&new, |_| ControlFlow::Break(())).unwrap();
    assert!(stopped.stopped && stopped.bytes < 7 * BLOCK);
}

/// A full disk, or one that fails: the copy does not succeed, whatever fails.
#[test]
fn a_copy_onto_a_bad_medium_fails() {
    let old = Container::open(single(), Access::Read).unwrap();
    for before in 0.. {
        let new = open(fresh());
        new.store.set_fault(crate::memory::Call::Any, before);
        let result = old.copy_into(&new, go);
        if new.store.fault_is_pending() {
            assert!(before > 5);
            result.unwrap();
            break;
        }
        assert!(result.is_err(), "{before}");
    }
    let new = open(fresh());
    new.store.set_free(Some(3));
    let error = old.copy_into(&new, go).unwrap_err();
    assert!(matches!(error, Error::Full), "{error}");
}
