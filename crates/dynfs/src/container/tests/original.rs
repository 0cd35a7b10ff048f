//! Another engine for the same format: the original as its description says, with its allocator, and nothing of ours but
//! the files. What both make of the same history is compared.
//!
//! It keeps the original's faults: it syncs nothing, skips a slot after each start, and rounds so wrongly that blocks
//! come to lie beside the grid.

use super::*;

const MIB_BYTES: u64 = 1 << 20;

/// An open container as the original has it.
pub(super) struct Original<S> {
    pub(super) files: S,
    split: u64,
    size: u64,
    /// Where the last block of each part is taken to lie.
    last: Vec<u64>,
}

fn header(split: u64, size: u64) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    bytes[..48].copy_from_slice(b"DynfilefsFS 4.00 (c) 2023 Tomas M <www.slax.org>");
    for (at, number) in [(0x800, 400), (0x808, split), (0x810, size)] {
        bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

fn number(files: &impl Store, file: FileName, at: u64) -> u64 {
    let mut bytes = [0; 8];
    files.read_at(file, &mut bytes, at).unwrap();
    u64::from_le_bytes(bytes)
}

impl<S: Store> Original<S> {
    /// Starts as `dynfilefs -f base -s MIB -p SPLIT` does: makes what is missing, and grows.
    pub(super) fn start(files: S, split_mib: u64, size_mib: u64) -> Self {
        let (mut split, mut size) = (split_mib * MIB_BYTES, size_mib * MIB_BYTES);
        if files.len(FileName::Main).unwrap().is_some() {
            assert_eq!(number(&files, FileName::Main, 0x800), 400);
            split = number(&files, FileName::Main, 0x808);
            size = size.max(number(&files, FileName::Main, 0x810));
            let fields = &header(split, size)[0x800..0x818];
            files.write_at(FileName::Main, fields, 0x800).unwrap();
        } else {
            files.create(FileName::Main).unwrap();
            let header = header(split, size);
            files.write_at(FileName::Main, &header, 0).unwrap();
        }
        let data_start = 4096 + 8 * (split / 4096);
        let parts = if size <= split {
            1
        } else {
            size.div_ceil(split)
        };
        let mut last = Vec::new();
        for part in 0..u32::try_from(parts).unwrap() {
            let file = FileName::Part(part);
            let header = header(split, size);
            if let Some(len) = files.len(file).unwrap() {
                files.write_at(file, &header[0x800..0x818], 0x800).unwrap();
                let written = len.saturating_sub(data_start);
                last.push(data_start + written + written % 4096);
            } else {
                files.create(file).unwrap();
                files.write_at(file, &header, 0).unwrap();
                files.write_at(file, &[0], data_start - 1).unwrap();
                last.push(data_start);
            }
        }
        Self {
            files,
            split,
            size,
            last,
        }
    }

    /// File, place of the entry, bytes in the block before `at`, and bytes of a request up to its end.
    fn place(&self, at: u64, end: u64) -> (u32, u64, u64, u64) {
        let part = u32::try_from(at / self.split).unwrap();
        let entry = 4096 + at % self.split / 4096 * 8;
        (part, entry, at % 4096, (4096 - at % 4096).min(end - at))
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        let end = offset + bytes.len() as u64;
        assert!(end <= self.size);
        let mut at = offset;
        while at < end {
            let (part, entry, before, len) = self.place(at, end);
            let piece = &bytes[(at - offset) as usize..][..len as usize];
            let file = FileName::Part(part);
            let mut block = number(&self.files, file, entry);
            if block != 0 || piece.iter().any(|byte| *byte != 0) {
                if block == 0 {
                    self.last[part as usize] += 4096;
                    block = self.last[part as usize];
                    self.files
                        .write_at(file, &block.to_le_bytes(), entry)
                        .unwrap();
                }
                self.files.write_at(file, piece, block + before).unwrap();
            }
            at += len;
        }
    }

    pub(super) fn read(&self, offset: u64, bytes: &mut [u8]) {
        let end = offset + bytes.len() as u64;
        let mut at = offset;
        while at < end {
            let (part, entry, before, len) = self.place(at, end);
            let piece = &mut bytes[(at - offset) as usize..][..len as usize];
            let file = FileName::Part(part);
            piece.fill(0);
            match number(&self.files, file, entry) {
                0 => {}
                block => {
                    self.files.read_at(file, piece, block + before).unwrap();
                }
            }
            at += len;
        }
    }
}

fn disk(original: &Original<&Memory>) -> Vec<u8> {
    let mut bytes = vec![0xee; original.size as usize];
    original.read(0, &mut bytes);
    bytes
}

/// Check 3: the same arguments make the same bytes, lengths included.
#[test]
fn check_03_new_containers_are_the_same_to_the_byte() {
    for (split, size) in [
        (4, 6),
        (4, 4),
        (5, 5),
        (5, 13),
        (7, 3),
        (1, 40),
        (4000, 4000),
    ] {
        let (theirs, ours) = (Memory::new(), Memory::new());
        Original::start(&theirs, split, size);
        create(&ours, split * MIB, size * MIB).unwrap();
        for number in 0..=40 {
            let file = FileName::Part(number);
            assert!(theirs.content(file) == ours.content(file), "{split} {size}");
        }
        assert!(theirs.content(FileName::Main) == ours.content(FileName::Main));
    }
}

/// The worked example of the description, so that the other engine itself is right.
#[test]
fn the_other_engine_makes_the_worked_example() {
    let memory = Memory::new();
    let mut original = Original::start(&memory, 4, 6);
    original.write(0, &block(b'A'));
    original.write(2 * BLOCK, &block(0));
    original.write(3 * BLOCK + 1024, &[b'B'; 512]);
    original.write(1025 * BLOCK, &block(b'C'));
    original.write(BLOCK, &block(b'D'));
    original.write(BLOCK, &block(0));
    assert_eq!(memory.len(FileName::Part(0)).unwrap(), Some(0x7000));
    let mut original = Original::start(&memory, 4, 6);
    original.write(7 * BLOCK, &block(b'E'));
    let part = memory.content(FileName::Part(0)).unwrap();
    assert_eq!(part.len(), 0x9000);
    assert_eq!(
        part[0x1000..0x1040],
        [0x4000_u64, 0x6000, 0, 0x5000, 0, 0, 0, 0x8000]
            .map(u64::to_le_bytes)
            .concat()
    );
    assert!(part[0x8000..] == block(b'E') && part[0x7000..0x8000] == block(0));
    let part = memory.content(FileName::Part(1)).unwrap();
    assert_eq!(
        (part.len(), &part[0x1008..0x100a]),
        (0x5000, &[0, 0x40][..])
    );
}

/// The rounding as it was seen: a part that ended with 512 bytes of a block makes all later ones unaligned.
#[test]
fn the_other_engine_leaves_the_grid_as_the_original_does() {
    let memory = Memory::new();
    Original::start(&memory, 4, 6).write(0, &[1; 512]);
    assert_eq!(memory.len(FileName::Part(0)).unwrap(), Some(0x4200));
    Original::start(&memory, 4, 6).write(BLOCK, &[[2; 4096], [3; 4096]].concat());
    let at = |entry: u64| number(&memory, FileName::Part(0), 4096 + 8 * entry);
    // 0x1200 written, 0x200 added to that, and a block on top.
    assert_eq!([at(0), at(1), at(2)], [0x4000, 0x5400, 0x6400]);
}

/// A request as guests make them: 512 bytes to 300 KB, half of it zeros, often at the border of parts.
fn request(numbers: &mut Numbers, size: u64) -> (u64, Vec<u8>) {
    let most = if numbers.below(4) == 0 { 600 } else { 30 };
    let len = 512 * (1 + numbers.below(most));
    let offset = match numbers.below(3) {
        0 => numbers.below(size / 512) * 512,
        1 => (numbers.below(8) * MIB).saturating_sub(numbers.below(64) * 512),
        _ => numbers.below(200) * 512,
    };
    let offset = offset.min(size - len);
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < len {
        let fill = numbers.below(256) as u8 & (numbers.below(2) * 0xff) as u8;
        bytes.resize(bytes.len() + 512 * (1 + numbers.below(20)) as usize, fill);
    }
    bytes.truncate(len as usize);
    (offset, bytes)
}

/// Check 4: without trims, the same requests give the same offsets.
#[test]
fn check_04_the_same_writes_give_the_same_offsets() {
    for (seed, split, size) in [(0, 4, 6), (1, 5, 5), (2, 5, 13), (3, 1, 8), (4, 3, 7)] {
        let (theirs, ours) = (Memory::new(), Memory::new());
        let mut original = Original::start(&theirs, split, size);
        create(&ours, split * MIB, size * MIB).unwrap();
        let container = Container::open(&ours, Access::Write).unwrap();
        let mut numbers = Numbers(seed);
        for _ in 0..150 {
            let (offset, bytes) = request(&mut numbers, size * MIB);
            original.write(offset, &bytes);
            container.write(offset, &bytes).unwrap();
            if numbers.below(10) == 0 {
                container.flush().unwrap();
            }
        }
        container.flush().unwrap();
        for number in 0..container.geometry().parts() {
            let file = FileName::Part(number);
            let (mut theirs, ours) = (theirs.content(file).unwrap(), ours.content(file).unwrap());
            // Ours always writes whole blocks, so that it never ends within one.
            theirs.resize(theirs.len().max(ours.len()), 0);
            assert!(theirs == ours, "seed {seed}, part {number}");
            assert!(ours.len() > 100_000, "something was compared");
        }
    }
}

/// Check 1, and 2 as far as it goes without the original: both take turns on one container, which grows now and then, and
/// each reads what the other wrote; ours also trims and compacts.
#[test]
fn checks_01_02_both_engines_take_turns() {
    for (seed, split, size) in [(0, 4, 6), (1, 5, 5), (2, 5, 13), (3, 1, 8), (4, 4, 4)] {
        let memory = Memory::new();
        let mut numbers = Numbers(seed);
        let mut size = size;
        let mut shadow = vec![0; (size * MIB) as usize];
        Original::start(&memory, split, size);
        let mut unaligned = 0;
        for turn in 0..16 {
            let grows = turn % 6 == 5;
            size += u64::from(grows);
            shadow.resize((size * MIB) as usize, 0);
            let mut write = |write: &mut dyn FnMut(u64, &[u8])| {
                for _ in 0..20 {
                    let (offset, bytes) = request(&mut numbers, size * MIB);
                    write(offset, &bytes);
                    shadow[offset as usize..][..bytes.len()].copy_from_slice(&bytes);
                }
            };
            // The original two times of three, so that slots are skipped and blocks leave the grid.
            if turn % 3 < 2 {
                let mut original = Original::start(&memory, split, size);
                write(&mut |offset, bytes| original.write(offset, bytes));
            } else {
                let container = Container::open(&memory, Access::Write).unwrap();
                container.grow(size * MIB).unwrap();
                write(&mut |offset, bytes| container.write(offset, bytes).unwrap());
                let at = numbers.below(size) * MIB;
                container.trim(at, 40 * BLOCK).unwrap();
                shadow[at as usize..][..40 * 4096].fill(0);
                if turn > 9 {
                    let go = |_| std::ops::ControlFlow::Continue(());
                    container.compact(Compaction::default(), go).unwrap();
                }
                container.flush().unwrap();
            }
            let what = format!("seed {seed}, turn {turn}");
            let container = Container::open(&memory, Access::Read).unwrap();
            let mut found = vec![0xee; shadow.len()];
            container.read(0, &mut found).unwrap();
            assert!(found == shadow, "{what}: ours reads something else");
            let report = container.check().unwrap();
            assert_eq!(report.findings, [], "{what}");
            unaligned += report.unaligned;
            let original = Original::start(&memory, split, size);
            assert!(disk(&original) == shadow, "{what}: the original would");
        }
        assert!(unaligned > 0, "seed {seed}: nothing was beside the grid");
    }
}

/// Check 1, what originals leave: five starts with skipped slots, then some that end within a block.
#[test]
fn check_01_five_starts_of_the_original_are_read() {
    let memory = Memory::new();
    let mut shadow = vec![0; 6 << 20];
    for start in 0..8_u64 {
        let mut original = Original::start(&memory, 4, 6);
        let len = if start < 5 { 4096 } else { 512 };
        for at in [start * 3, 100 + start, 1023 + start] {
            let bytes = vec![start as u8 + 1; len];
            original.write(at * BLOCK, &bytes);
            shadow[at as usize * 4096..][..len].copy_from_slice(&bytes);
        }
        let container = Container::open(&memory, Access::Read).unwrap();
        let mut found = vec![0xee; shadow.len()];
        container.read(0, &mut found).unwrap();
        assert!(found == shadow, "start {start}");
        let report = container.check().unwrap();
        assert!(report.findings.is_empty());
        assert_eq!(report.unaligned > 0, start > 5, "{report:?}");
        assert_eq!(report.free > 0, start > 0, "{report:?}");
    }
}
