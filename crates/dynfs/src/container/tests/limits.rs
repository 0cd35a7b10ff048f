//! FAT's longest file, and what zeros do: checks 18 and 22.

use super::original::Original;
use super::sparse::Fat;
use super::*;
use crate::memory::Change;

/// Check 18: a part of the usual split and one of the longest that was ever advised are filled to the last block, with 20
/// starts, before each of which the original skips a slot. Of 4088 MiB only one may be skipped: they are used again.
#[test]
fn check_18_a_part_on_fat_is_filled_to_its_last_block() {
    for split in [4000, 4088] {
        let fat = Fat::default();
        create(&fat, split * MIB, split * MIB).unwrap();
        let byte = |mib: u64| (mib % 255) as u8 + 1;
        // The original writes into the last MiB, which ours fills in the end.
        let last = (split - 1) * MIB;
        for round in 0..20 {
            Original::start(&fat, split, split).write(last + round * BLOCK, &block(0xaa));
            let container = Container::open(&fat, Access::Write).unwrap();
            for mib in (round..split - 1).step_by(20) {
                container
                    .write(mib * MIB, &vec![byte(mib); 1 << 20])
                    .unwrap();
            }
            container.flush().unwrap();
        }
        let container = Container::open(&fat, Access::Write).unwrap();
        let rest = vec![0xbb; (1 << 20) - 20 * 4096];
        container.write(last + 20 * BLOCK, &rest).unwrap();
        container.flush().unwrap();
        let len = fat.len(FileName::Part(0)).unwrap().unwrap();
        assert!(len <= u64::from(u32::MAX), "{len}");
        let container = Container::open(&fat, Access::Read).unwrap();
        let report = container.check().unwrap();
        assert_eq!((report.used, report.findings), (split * 256, vec![]));
        let most = if split == 4088 { 1 } else { 20 };
        assert!(report.free <= most, "{} slots were left out", report.free);
        let mut bytes = vec![0; 1 << 20];
        for mib in 0..split - 1 {
            container.read(mib * MIB, &mut bytes).unwrap();
            assert!(bytes[0] == byte(mib) && bytes[1..] == bytes[..bytes.len() - 1]);
        }
        container.read(last, &mut bytes).unwrap();
        let (theirs, ours) = bytes.split_at(20 * 4096);
        assert!(theirs == [0xaa; 20 * 4096] && ours == rest);
    }
}

/// Check 21 on FAT: the part is full, is emptied for the most, and is short after a compaction.
#[test]
fn check_21_a_full_part_on_fat_becomes_short() {
    let fat = Fat::default();
    create(&fat, 400 * MIB, 400 * MIB).unwrap();
    let container = Container::open(&fat, Access::Write).unwrap();
    for mib in 0..400 {
        container
            .write(mib * MIB, &vec![mib as u8 | 1; 1 << 20])
            .unwrap();
    }
    // One block of each MiB stays, and the last of all, so that nothing can be cut by itself.
    for mib in 0..400 {
        container.trim(mib * MIB, MIB - BLOCK).unwrap();
    }
    container.flush().unwrap();
    let len = || fat.len(FileName::Part(0)).unwrap().unwrap();
    let full = len();
    let go = |_| std::ops::ControlFlow::Continue(());
    let did = container.compact(Compaction::default(), go).unwrap();
    assert_eq!(len(), container.geometry().first_slot() + 400 * BLOCK);
    assert_eq!(did.returned, full - len());
    for mib in 0..400 {
        let mut bytes = block(0);
        container.read((mib + 1) * MIB - BLOCK, &mut bytes).unwrap();
        assert!(bytes == block(mib as u8 | 1));
    }
}

/// Check 22: zeros over blocks with data and without, whole and in parts, are zeros after a cut too once they are flushed.
#[test]
fn check_22_zeroed_ranges_are_zeros_after_a_cut() {
    let mut numbers = Numbers(22);
    for (offset, len) in [
        (0, 4096),
        (512, 1024),
        (4096 - 512, 1024),
        (1000, 50_000),
        (20 * BLOCK, 8192),
        (4 * MIB - 5000, 10_000),
        (0, 6 * MIB),
    ] {
        let container = open(fresh());
        let mut shadow = vec![0; 6 << 20];
        for at in [0, 4 * MIB - 10 * BLOCK] {
            container.write(at, &vec![7; 15 * 4096]).unwrap();
            shadow[at as usize..][..15 * 4096].fill(7);
        }
        container.flush().unwrap();
        container.zero(offset, len).unwrap();
        shadow[offset as usize..][..len as usize].fill(0);
        assert!(read(&container, 0, 6 << 20) == shadow, "{offset} {len}");
        container.flush().unwrap();
        let log = container.store.log();
        for kept in [0, 50, 100] {
            let cut = Memory::after_cut(&log, log.len(), || numbers.below(100) < kept);
            assert!(read(&open(cut), 0, 6 << 20) == shadow, "{offset} {len}");
        }
    }
}

/// Check 22: blocks are cleared and their slots used by others at once; whatever of it a cut leaves, no block shows what was
/// written to another.
#[test]
fn check_22_a_cut_never_shows_another_block() {
    let container = open(fresh());
    let before = container.store.log_len();
    for round in 0..6_u64 {
        for at in 0..8 {
            container.write(at * BLOCK, &block(at as u8 + 1)).unwrap();
        }
        container.zero(round * BLOCK, 3 * BLOCK).unwrap();
        if round % 2 == 0 {
            container.flush().unwrap();
        }
        for at in 20 + 3 * round..23 + 3 * round {
            container.write(at * BLOCK, &block(at as u8 + 1)).unwrap();
        }
        container.trim((20 + round) * BLOCK, 2 * BLOCK).unwrap();
        container.flush().unwrap();
    }
    let log = container.store.log();
    let mut numbers = Numbers(2);
    for done in before..=log.len() {
        for kept in [0, 30, 70, 100] {
            let cut = Memory::after_cut(&log, done, || numbers.below(100) < kept);
            let container = Container::open(cut, Access::Read).unwrap();
            for at in 0..60_u64 {
                let bytes = read(&container, at * BLOCK, 4096);
                let own = bytes.iter().all(|byte| [0, at as u8 + 1].contains(byte));
                assert!(own, "cut behind {done}, {kept} % kept: block {at}");
            }
        }
    }
}

/// Rule 4: whenever an entry is written, the file reaches behind its block already, and that is durable.
#[test]
fn rule_04_no_entry_points_behind_the_end_of_its_part() {
    let container = open(fresh());
    let mut numbers = Numbers(4);
    for step in 0..300 {
        let at = numbers.below(1536) * BLOCK;
        match step % 10 {
            0 => container.flush().unwrap(),
            1 => container.trim(at, BLOCK).unwrap(),
            2 if step % 50 == 2 => {
                let go = |_| std::ops::ControlFlow::Continue(());
                container.compact(Compaction::default(), go).unwrap();
            }
            _ => container.write(at, &block(step as u8 | 1)).unwrap(),
        }
    }
    container.flush().unwrap();
    let data_start = container.geometry().data_start();
    let (mut lens, mut durable) = ([0_u64; 8], [0_u64; 8]);
    let mut entries = 0;
    for change in container.store.log() {
        match change {
            Change::Write(file, offset, bytes) if (4096..data_start).contains(&offset) => {
                for entry in bytes.as_chunks::<8>().0 {
                    let at = u64::from_le_bytes(*entry);
                    assert!(at == 0 || at + BLOCK <= durable[file], "{at} {durable:?}");
                    entries += u64::from(at > 0);
                }
            }
            Change::Write(file, offset, bytes) => {
                lens[file] = lens[file].max(offset + bytes.len() as u64);
            }
            // What is cut is gone at once, as far as can be known.
            Change::SetLen(file, len) => {
                lens[file] = len;
                durable[file] = durable[file].min(len);
            }
            Change::Sync(file) => durable[file] = lens[file],
            _ => {}
        }
    }
    assert!(entries > 1000);
}

/// Rule 11: the optional extension is not used, and what others keep in the unused bytes of headers outlives everything.
#[test]
fn rule_11_unused_bytes_of_headers_are_left_alone() {
    let memory = fresh();
    let files = [FileName::Main, FileName::Part(0), FileName::Part(1)];
    for file in files {
        let mut bytes = memory.content(file).unwrap();
        for at in [0x30, 0x100, 0x7ff, 0x818, 0x900, 0xfff] {
            assert_eq!(bytes[at], 0, "{file:?}: nothing of ours is there");
            bytes[at] = 0x5a;
        }
        memory.put(file, bytes);
    }
    let container = open(memory);
    container.write(0, &vec![1; 5 << 20]).unwrap();
    container.trim(BLOCK, 3 * MIB).unwrap();
    container.grow(7 * MIB).unwrap();
    container.flush().unwrap();
    let go = |_| std::ops::ControlFlow::Continue(());
    container.compact(Compaction::default(), go).unwrap();
    container
        .repair(&container.check().unwrap().repairs())
        .unwrap();
    let container = reopen(container);
    for file in files {
        let bytes = container.store.content(file).unwrap();
        for at in [0x30, 0x100, 0x7ff, 0x818, 0x900, 0xfff] {
            assert_eq!(bytes[at], 0x5a, "{file:?} {at:#x}");
        }
    }
}
