//! The same bytes as dynfilefs, and every kind of container that it ever left behind.

use proptest::strategy::Strategy;

use super::*;
use crate::header::Header;

/// The first session of the worked example in the format's description.
fn example() -> Container<Memory> {
    let container = open(fresh());
    container.write(0, &block(b'A')).unwrap();
    container.write(2 * BLOCK, &block(0)).unwrap();
    container.write(3 * BLOCK + 1024, &[b'B'; 512]).unwrap();
    container.write(1025 * BLOCK, &block(b'C')).unwrap();
    container.write(BLOCK, &block(b'D')).unwrap();
    container.write(BLOCK, &block(0)).unwrap();
    container.flush().unwrap();
    container
}

/// A part as the description shows it.
fn part(len: usize, entries: &[(usize, u64)], blocks: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; len];
    bytes[..4096].copy_from_slice(&Header::new(4 * MIB, 6 * MIB).unwrap().to_bytes());
    for (entry, offset) in entries {
        bytes[4096 + 8 * entry..][..8].copy_from_slice(&offset.to_le_bytes());
    }
    for (offset, content) in blocks {
        bytes[*offset..][..content.len()].copy_from_slice(content);
    }
    bytes
}

#[test]
fn check_04_the_worked_example_is_the_same_to_the_byte() {
    let memory = example().store;
    let want = part(
        0x7000,
        &[(0, 0x4000), (1, 0x6000), (3, 0x5000)],
        &[(0x4000, &block(b'A')), (0x5400, &[b'B'; 512])],
    );
    assert!(memory.content(FileName::Part(0)).unwrap() == want);
    let want = part(0x5000, &[(1, 0x4000)], &[(0x4000, &block(b'C'))]);
    assert!(memory.content(FileName::Part(1)).unwrap() == want);
    let want = Header::new(4 * MIB, 6 * MIB).unwrap().to_bytes();
    assert!(memory.content(FileName::Main).unwrap() == want);
    assert_eq!(memory.content(FileName::NewMain), None);
}

#[test]
fn an_empty_container_is_header_and_index_only() {
    let memory = fresh();
    for number in 0..2 {
        assert!(memory.content(FileName::Part(number)).unwrap() == part(0x3000, &[], &[]));
    }
    assert_eq!(memory.content(FileName::Part(2)), None);
}

/// The second session of the example, as the original wrote it: it skipped a slot, which ours uses.
#[test]
fn a_skipped_slot_is_read_over_and_used_again() {
    let entries = [(0, 0x4000), (1, 0x6000), (3, 0x5000), (7, 0x8000)];
    let blocks: [(usize, &[u8]); 3] = [
        (0x4000, &block(b'A')),
        (0x5400, &[b'B'; 512]),
        (0x8000, &block(b'E')),
    ];
    let memory = example().store;
    memory.put(FileName::Part(0), part(0x9000, &entries, &blocks));
    let container = open(memory);
    assert!(read(&container, 7 * BLOCK, 4096) == block(b'E'));
    let (f, g) = (block(b'F'), block(b'G'));
    container.write(9 * BLOCK, &f).unwrap();
    container.write(10 * BLOCK, &g).unwrap();
    container.flush().unwrap();
    let entries = [&entries[..], &[(9, 0x7000), (10, 0x9000)]].concat();
    let blocks = [&blocks[..], &[(0x7000, &f), (0x9000, &g)]].concat();
    assert!(container.store.content(FileName::Part(0)).unwrap() == part(0xa000, &entries, &blocks));
}

/// Slots beside the grid, one at the end of the index, and a part that ends within a block: all were written by originals.
#[test]
fn unaligned_and_cut_blocks_are_read() {
    let memory = fresh();
    let entries = [(0, 0x6000), (1, 0x7400), (2, 0x3000), (3, 0x8400)];
    let blocks: [(usize, &[u8]); 4] = [
        (0x6000, &block(b'a')),
        (0x7400, &block(b'b')),
        (0x3000, &block(b'c')),
        (0x8400, &[b'd'; 512]),
    ];
    memory.put(FileName::Part(0), part(0x8600, &entries, &blocks));
    let container = open(memory);
    let check = |container: &Container<Memory>| {
        assert!(read(container, 0, 4096) == block(b'a'));
        assert!(read(container, BLOCK, 4096) == block(b'b'));
        assert!(read(container, 2 * BLOCK, 4096) == block(b'c'));
        assert!(read(container, 3 * BLOCK, 4096) == [vec![b'd'; 512], vec![0; 3584]].concat());
    };
    check(&container);
    container.write(8 * BLOCK, &[b'n'; 5 * 4096]).unwrap();
    container.flush().unwrap();
    let container = reopen(container);
    check(&container);
    assert!(read(&container, 8 * BLOCK, 5 * 4096) == [b'n'; 5 * 4096]);
    assert_sound(
        &container.store,
        &container.geometry(),
        "after writing beside them",
    );
}

/// Others may have put a block right behind the index, where the original and ours leave a slot empty.
#[test]
fn a_block_right_behind_the_index_outlives_all_others() {
    let memory = fresh();
    let entries = [(5, 0x3000), (6, 0x4000)];
    let blocks: [(usize, &[u8]); 2] = [(0x3000, &block(b'a')), (0x4000, &block(b'b'))];
    memory.put(FileName::Part(0), part(0x5000, &entries, &blocks));
    let container = open(memory);
    container.trim(6 * BLOCK, BLOCK).unwrap();
    container.flush().unwrap();
    let container = reopen(container);
    assert!(read(&container, 5 * BLOCK, 4096) == block(b'a'));
    assert_eq!(
        container.store.len(FileName::Part(0)).unwrap(),
        Some(0x4000)
    );
}

/// Behind an odd split the index ends within a page, and data begins there.
#[test]
fn an_odd_split_works_to_the_last_entry() {
    let memory = Memory::new();
    create(&memory, 5 * MIB, 5 * MIB).unwrap();
    let container = open(memory);
    let all: Vec<u8> = (0..5 * MIB).map(|at| (at / 512 % 251) as u8 + 1).collect();
    container
        .write(5 * MIB - BLOCK, &all[all.len() - 4096..])
        .unwrap();
    assert_eq!(container.cells()[0].read().lookup(1279), Some(0x4800));
    container.write(0, &all).unwrap();
    container.flush().unwrap();
    let container = reopen(container);
    assert!(read(&container, 0, all.len()) == all);
    assert_sound(&container.store, &container.geometry(), "odd split");
    assert_eq!(
        container.store.len(FileName::Part(0)).unwrap(),
        Some(container.geometry().full_len())
    );
}

/// What is refused stays as it was, and the message says which file and why.
#[test]
fn check_05_a_container_with_something_wrong_is_refused_untouched() {
    let header = |split: u64, size: u64| {
        Header::new(split * MIB, size * MIB)
            .unwrap()
            .to_bytes()
            .to_vec()
    };
    let with = |file, content: Vec<u8>| {
        let memory = fresh();
        memory.put(file, content);
        memory
    };
    let without = |file| {
        let memory = fresh();
        memory.remove(file);
        memory
    };
    let (main, first) = (FileName::Main, FileName::Part(0));
    let mut newer = header(4, 6);
    newer[0x800] = 0x91;
    let mut three = b"DynfilefsFS 3.00 (c) 2023 Tomas M <www.slax.org>".to_vec();
    three.extend((4 * MIB).to_le_bytes());
    let padded = Memory::new();
    padded.put(
        FileName::Padded {
            number: 0,
            width: 2,
        },
        [header(4, 4), vec![0; 8192]].concat(),
    );
    for (what, memory, want) in [
        ("nothing", Memory::new(), "no container"),
        ("empty main", with(main, vec![]), "interrupted"),
        (
            "short main",
            with(main, header(4, 6)[..100].to_vec()),
            "100 bytes",
        ),
        ("newer", with(main, newer.clone()), "version 401"),
        ("main missing", without(main), "main file is missing"),
        (
            "part missing",
            without(FileName::Part(1)),
            "part 1 of the container is missing",
        ),
        (
            "part of a newer version",
            with(first, newer),
            "part 0 cannot be used: format version 401",
        ),
        (
            "part of another",
            with(first, [header(2, 6), vec![0; 8192]].concat()),
            "split at 2097152",
        ),
        (
            "cut part",
            with(first, [header(4, 6), vec![0; 100]].concat()),
            "4196 bytes",
        ),
        (
            "data behind the header",
            with(main, [header(4, 6), vec![1]].concat()),
            "4097 bytes",
        ),
        (
            "4.00 in one file",
            with(main, [header(6, 6), vec![1; 20_000]].concat()),
            "can only be read",
        ),
        ("4.00 in padded parts", padded, "can only be read"),
        (
            "3.00",
            with(main, [three, vec![0; 20_000]].concat()),
            "can only be read",
        ),
        (
            "2.22",
            with(main, b"DynfilefsFS 2.22 (c) 2012".repeat(200)),
            "dynfilefs 2",
        ),
    ] {
        let state = |memory: &Memory| {
            let padded = FileName::Padded {
                number: 0,
                width: 2,
            };
            let names = [main, first, FileName::Part(1), FileName::Part(2), padded];
            (names.map(|file| memory.content(file)), memory.log_len())
        };
        let before = state(&memory);
        let error = Container::open(&memory, Access::Write)
            .unwrap_err()
            .to_string();
        assert!(error.contains(want), "{what}: {error}");
        if !["nothing", "empty main", "main missing"].contains(&what) {
            assert!(
                create(&memory, 4 * MIB, 6 * MIB).is_err(),
                "{what}: something was created"
            );
        }
        assert!(state(&memory) == before, "{what}: changed");
    }
}

/// Containers of before August 2023: one file with everything, padded parts, and the layout of 3.00.
#[test]
fn legacy_containers_can_be_read() {
    let single = Memory::new();
    let mut bytes = part(0x7000, &[(3, 0x5000)], &[(0x5000, &block(b'S'))]);
    bytes[..4096].copy_from_slice(&Header::new(4 * MIB, 4 * MIB).unwrap().to_bytes());
    single.put(FileName::Main, bytes);

    let padded = Memory::new();
    let file = |number| FileName::Padded { number, width: 2 };
    padded.put(
        file(0),
        part(0x5000, &[(3, 0x4000)], &[(0x4000, &block(b'S'))]),
    );
    padded.put(file(1), part(0x3000, &[], &[]));

    let three = Memory::new();
    let data = 0x38 + 2 * 4096 + 4096;
    let mut bytes = b"DynfilefsFS 3.00 (c) 2023 Tomas M <www.slax.org>".to_vec();
    bytes.extend((4 * MIB).to_le_bytes());
    bytes.resize(data, 0);
    bytes[0x38 + 3 * 8..][..8].copy_from_slice(&(data as u64).to_le_bytes());
    bytes.extend(block(b'S'));
    three.put(FileName::Main, bytes);

    for (what, memory) in [("single", single), ("padded", padded), ("3.00", three)] {
        let container = Container::open(memory, Access::Read).unwrap();
        assert!(read(&container, 2 * BLOCK, 4096) == block(0), "{what}");
        assert!(read(&container, 3 * BLOCK, 4096) == block(b'S'), "{what}");
        assert!(
            matches!(container.write(0, &[1]), Err(Error::ReadOnly)),
            "{what}"
        );
    }
}

/// Whatever size an old header claims, no more of the index is looked at than there is of the file.
#[test]
fn a_disk_of_exbibytes_in_a_short_file_is_checked_at_once() {
    let memory = Memory::new();
    let size = 1_u64 << 62;
    let mut bytes = b"DynfilefsFS 3.00 (c) 2023 Tomas M <www.slax.org>".to_vec();
    bytes.extend(size.to_le_bytes());
    bytes.resize(4096, 0);
    memory.put(FileName::Main, bytes);
    let container = Container::open(memory, Access::Read).unwrap();
    assert_eq!(container.size(), size);
    assert_eq!(container.check().unwrap().findings, []);
}

#[test]
fn check_07_a_missing_part_reads_as_zeros_only_if_that_is_asked_for() {
    let container = example();
    container.store.remove(FileName::Part(1));
    let memory = container.store;
    assert!(matches!(
        Container::open(&memory, Access::Read),
        Err(Error::PartMissing(1))
    ));
    let container = Container::open(&memory, Access::Rescue).unwrap();
    let mut bytes = block(9);
    container.read(1025 * BLOCK, &mut bytes).unwrap();
    assert!(bytes == block(0));
    container.read(0, &mut bytes).unwrap();
    assert!(bytes == block(b'A'));
    assert_eq!(memory.content(FileName::Part(1)), None);
}

#[test]
fn check_08_growing_keeps_what_is_there_and_crosses_parts() {
    let container = example();
    assert!(matches!(container.grow(5 * MIB), Err(Error::Shrink { .. })));
    assert!(matches!(
        container.write(6 * MIB, &[1]),
        Err(Error::OutOfRange { .. })
    ));
    container.grow(13 * MIB).unwrap();
    container.write(6 * MIB - 100, &[7; 200]).unwrap();
    container.write(13 * MIB - 512, &[8; 512]).unwrap();
    container.flush().unwrap();
    for number in 0..4 {
        let content = container.store.content(FileName::Part(number)).unwrap();
        assert_eq!(
            Header::parse(&content).unwrap().size(),
            13 * MIB,
            "part {number}"
        );
    }
    let container = reopen(container);
    assert_eq!(
        (container.size(), container.geometry().parts()),
        (13 * MIB, 4)
    );
    assert!(read(&container, 0, 4096) == block(b'A'));
    assert_eq!(read(&container, 6 * MIB - 100, 200), [7; 200]);
    assert_eq!(read(&container, 13 * MIB - 512, 512), [8; 512]);
}

/// A file that holds data is never made a part, whoever left it there.
#[test]
fn growing_into_a_file_with_data_is_refused() {
    let container = example();
    container
        .store
        .put(FileName::Part(2), part(0x3001, &[], &[]));
    assert!(matches!(
        container.grow(13 * MIB),
        Err(Error::PartInTheWay {
            number: 2,
            len: 0x3001
        })
    ));
    assert_eq!(container.size(), 6 * MIB);
    container
        .store
        .put(FileName::Part(2), part(0x2000, &[], &[]));
    container.grow(13 * MIB).unwrap();
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    /// Against a plain buffer: any writes, trims, zeros, flushes and reopenings, at any bounds.
    #[test]
    fn a_container_is_a_disk(ops in proptest::collection::vec((0u8..8, 0u64..6 << 20, 1usize..40_000, 0u8..4), 1..60)) {
        let mut container = open(fresh());
        let mut shadow = vec![0; 6 << 20];
        for (op, offset, len, byte) in ops {
            let end = (offset as usize + len).min(shadow.len());
            let (start, len) = (offset as usize, end - offset as usize);
            match op {
                0..4 => {
                    container.write(offset, &vec![byte; len]).unwrap();
                    shadow[start..end].fill(byte);
                }
                4 => {
                    container.zero(offset, len as u64).unwrap();
                    shadow[start..end].fill(0);
                }
                5 => {
                    container.trim(offset, len as u64).unwrap();
                    let whole = start.next_multiple_of(4096)..end / 4096 * 4096;
                    shadow.get_mut(whole).unwrap_or_default().fill(0);
                }
                6 => container.flush().unwrap(),
                _ => {
                    container.flush().unwrap();
                    container = reopen(container);
                }
            }
            proptest::prop_assert!(read(&container, offset, len) == shadow[start..end]);
        }
        proptest::prop_assert!(read(&container, 0, shadow.len()) == shadow);
        container.flush().unwrap();
        let container = reopen(container);
        proptest::prop_assert!(read(&container, 0, shadow.len()) == shadow);
        assert_sound(&container.store, &container.geometry(), "random");
    }

    /// Any index and any sizes: what comes is an error or a disk, and what is written is there.
    #[test]
    fn nothing_on_the_medium_is_believed(
        entries in proptest::collection::vec((0usize..1024, proptest::prop_oneof![
            proptest::num::u64::ANY, 0u64..0x10000, (3u64..12).prop_map(|slot| slot * 4096)
        ]), 0..40),
        len in 0x2f00usize..0x10000,
        header in proptest::option::of((0usize..4, proptest::num::i64::ANY)),
    ) {
        let entries: std::collections::BTreeMap<_, _> = entries.into_iter().collect();
        let memory = fresh();
        let mut bytes = part(0x10000, &[], &[]);
        for (entry, offset) in entries {
            bytes[4096 + 8 * entry..][..8].copy_from_slice(&offset.to_le_bytes());
        }
        bytes[0x3000..].fill(b'd');
        bytes.truncate(len);
        memory.put(FileName::Part(0), bytes);
        if let Some((field, value)) = header {
            let mut main = memory.content(FileName::Main).unwrap();
            main[0x800 + 8 * field..][..8].copy_from_slice(&value.to_le_bytes());
            memory.put(FileName::Main, main);
        }
        let Ok(container) = Container::open(&memory, Access::Write) else { return Ok(()) };
        container.check().unwrap();
        let mut shadow = vec![0; 6 << 20];
        container.read(0, &mut shadow).unwrap();
        for (block, byte) in [(1, 1), (700, 2), (20, 3), (1030, 4)] {
            container.write(block * BLOCK + 8, &[byte; 4096]).unwrap();
            shadow[block as usize * 4096 + 8..][..4096].fill(byte);
        }
        container.flush().unwrap();
        let container = Container::open(&memory, Access::Write).unwrap();
        let mut found = vec![0; 6 << 20];
        container.read(0, &mut found).unwrap();
        proptest::prop_assert!(found == shadow);
        let repairs = container.check().unwrap().repairs();
        container.repair(&repairs).unwrap();
        proptest::prop_assert_eq!(container.check().unwrap().findings, []);
        container.read(0, &mut found).unwrap();
        proptest::prop_assert!(found == shadow);
    }
}
