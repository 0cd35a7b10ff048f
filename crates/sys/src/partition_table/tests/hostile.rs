//! Tables by an adversary or a failing disk: no panic, no long walk, and the second copy of a GPT
//! where the first is damaged.

use std::cell::Cell;
use std::sync::OnceLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// The most that reading any table may take.
const MOST_READS: u32 = 600;
const MOST_BYTES: u64 = 2 << 20;

/// A disk with some bytes changed that counts what is read.
struct Damaged<'a> {
    original: &'a Original,
    changes: &'a [(u64, u8)],
    size: u64,
    reads: Cell<u32>,
    total: Cell<u64>,
}

/// The first and the last MiB of a disk; all between reads as zeros.
struct Original {
    name: &'static str,
    block: BlockSize,
    size: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl<'a> Damaged<'a> {
    fn new(original: &'a Original, changes: &'a [(u64, u8)]) -> Self {
        Self {
            original,
            changes,
            size: original.size,
            reads: Cell::new(0),
            total: Cell::new(0),
        }
    }

    /// Reads it, and checks what that took and whether what it gave can be.
    fn table(&self) -> Option<PartitionTable> {
        let found = read(self, self.original.block).expect("no read fails");
        assert!(self.reads.get() <= MOST_READS, "{} reads", self.reads.get());
        assert!(self.total.get() <= MOST_BYTES, "{} bytes", self.total.get());
        for partition in found.iter().flat_map(|table| &table.partitions) {
            assert!(
                partition.number > 0 && partition.length > 0,
                "{partition:?}"
            );
            let label = partition.label.as_deref().unwrap_or("none");
            assert!(
                !label.is_empty() && !label.contains(char::is_control),
                "{label:?}"
            );
        }
        if let Some(table) = &found {
            assert!(
                table
                    .partitions
                    .iter()
                    .all(|it| it.number <= MOST_PARTITIONS)
            );
            assert!(table.partitions.is_sorted_by_key(|it| it.number));
        }
        found
    }
}

impl ReadAt for Damaged<'_> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.reads.set(self.reads.get() + 1);
        let len = self.size.saturating_sub(offset).min(buf.len() as u64) as usize;
        let tail = self.original.size - self.original.tail.len() as u64;
        for (byte, at) in buf[..len].iter_mut().zip(offset..) {
            let known = match at.checked_sub(tail) {
                Some(at) => self.original.tail.get(at as usize),
                None => self.original.head.get(at as usize),
            };
            *byte = known.copied().unwrap_or(0);
        }
        for &(at, byte) in self.changes {
            if (offset..offset + len as u64).contains(&at) {
                buf[(at - offset) as usize] = byte;
            }
        }
        self.total.set(self.total.get() + len as u64);
        Ok(len)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.size)
    }
}

fn originals() -> &'static [Original] {
    static ORIGINALS: OnceLock<Vec<Original>> = OnceLock::new();
    ORIGINALS.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let originals = RECIPES.iter().filter_map(|recipe| {
            let bytes = std::fs::read(make(recipe, &dir)?).expect("an image");
            Some(Original {
                name: recipe.name,
                block: block(recipe),
                size: recipe.size,
                head: bytes[..MIB as usize].to_vec(),
                tail: bytes[bytes.len() - MIB as usize..].to_vec(),
            })
        });
        originals.collect()
    })
}

fn named(name: &str) -> Option<&'static Original> {
    originals().iter().find(|it| it.name == name)
}

fn le(at: u64, value: u64, len: usize) -> Vec<(u64, u8)> {
    (at..)
        .zip(value.to_le_bytes().into_iter().take(len))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn real_tables_with_bytes_changed(
        which in 0..RECIPES.len(),
        changes in vec((
            prop_oneof![440..512u64, 512..604u64, 1024..1536u64, 4096..4188u64],
            prop_oneof![any::<u8>(), select(vec![0, 1, 5, 0x7F, 0x80, 0xEE, 0xFF])],
        ), 1..10),
        cut in prop_oneof![9 => Just(u64::MAX), 1 => 0..10_000u64],
    ) {
        if let Some(original) = originals().get(which) {
            let mut disk = Damaged::new(original, &changes);
            disk.size = disk.size.min(cut);
            disk.table();
        }
    }
}

/// Each byte of both headers: whatever it becomes, the other copy tells all there was.
#[test]
fn a_damaged_copy_of_a_gpt_does_not_matter() {
    for name in ["gpt", "gpt-4k"] {
        let Some(original) = named(name) else {
            continue;
        };
        let whole = Damaged::new(original, &[]).table().expect(name);
        let block = u64::from(original.block.0);
        for header in [block, original.size - block] {
            for at in header..header + 92 {
                let mut changed = [(at, 0)];
                let old = &mut [0];
                Damaged::new(original, &[])
                    .read_at(old, at)
                    .expect("a byte");
                changed[0].1 = !old[0];
                let found = Damaged::new(original, &changed).table();
                assert_eq!(found.as_ref(), Some(&whole), "{name}: byte {at}");
            }
        }
        let entries = [(2 * block + 57, 1)];
        let found = Damaged::new(original, &entries).table();
        assert_eq!(found.as_ref(), Some(&whole), "{name}: an entry");
        let both = [(block + 50, 0xFF), (original.size - block + 50, 0xFF)];
        assert_eq!(Damaged::new(original, &both).table(), None, "{name}");
    }
}

/// A header may be whole by its checksum and still ask for anything.
#[test]
fn a_gpt_that_asks_for_much_is_refused() {
    let Some(original) = named("gpt") else { return };
    for (name, changes) in [
        (
            "more entries than there can be",
            le(512 + 80, u32::MAX.into(), 4),
        ),
        ("no entries", le(512 + 80, 0, 4)),
        ("entries of no size", le(512 + 84, 0, 4)),
        ("entries of a size that overflows", le(512 + 84, 1 << 31, 4)),
        ("entries behind the end", le(512 + 72, u64::MAX, 8)),
        ("a header longer than its block", le(512 + 12, 513, 4)),
        ("a header of no length", le(512 + 12, 0, 4)),
        ("partitions behind the end", le(512 + 48, u64::MAX, 8)),
    ] {
        let mut changes = changes;
        let header = &mut [0; 512];
        Damaged::new(original, &changes)
            .read_at(header, 512)
            .expect("a header");
        header[16..20].fill(0);
        let sum = super::super::crc32::crc32(header[..92].iter().copied());
        changes.extend(le(512 + 16, sum.into(), 4));
        changes.push((original.size - 512, 0)); // no second copy
        assert_eq!(Damaged::new(original, &changes).table(), None, "{name}");
    }
}

#[test]
fn a_chain_that_loops_ends() {
    let Some(original) = named("mbr-logical") else {
        return;
    };
    let bytes = std::cell::RefCell::new([0; 16]);
    Damaged::new(original, &[])
        .read_at(&mut *bytes.borrow_mut(), 462)
        .expect("an entry");
    let start = u64::from(u32::from_le_bytes(
        bytes.borrow()[8..12].try_into().expect("four"),
    ));
    // The extended partition is moved to where this test keeps bytes.
    let moved = le(462 + 8, 64, 4);
    let record = 64 * 512;
    let link = |slot: u64, code: u8, start: u64, length: u64| {
        let at = record + 446 + 16 * slot;
        let mut changes = vec![(at + 4, code)];
        changes.extend(le(at + 8, start, 4));
        changes.extend(le(at + 12, length, 4));
        changes
    };
    let mark = vec![(record + 510, 0x55), (record + 511, 0xAA)];
    assert!(start > 64);
    for (name, entries, partitions) in [
        ("onto itself, empty", [link(1, 5, 0, 10), vec![]], 0),
        (
            "onto itself, with a partition",
            [link(1, 5, 0, 10), link(0, 0x83, 1, 1)],
            251,
        ),
        (
            "only in the last entry",
            [link(3, 5, 0, 10), link(0, 0x83, 1, 1)],
            251,
        ),
        (
            "far beyond the end",
            [link(1, 5, u32::MAX.into(), 1), link(0, 0x83, 1, 1)],
            1,
        ),
        (
            "a partition of garbage in a late entry",
            [link(2, 0x83, u32::MAX.into(), 1), vec![]],
            0,
        ),
    ] {
        let changes = [moved.clone(), mark.clone(), entries.concat()].concat();
        let table = Damaged::new(original, &changes).table().expect(name);
        let logical = table.partitions.iter().filter(|it| it.number >= 5).count();
        assert_eq!(logical, partitions, "{name}");
    }
}

#[test]
fn a_disk_without_a_signature_has_no_uuids() {
    let Some(original) = named("mbr") else { return };
    let changes = le(440, 0, 4);
    let table = Damaged::new(original, &changes).table().expect("a table");
    assert!(
        table.partitions.iter().all(|it| it.uuid.is_none()),
        "{table:?}"
    );
}

#[test]
fn a_first_block_that_cannot_be_read_is_an_error() {
    struct Broken;
    impl ReadAt for Broken {
        fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
            Err(io::Error::other("a bad sector"))
        }
        fn size(&self) -> io::Result<u64> {
            Ok(1 << 30)
        }
    }
    assert!(read(&Broken, BlockSize::default()).is_err());
    assert_eq!(
        read(&Vec::new(), BlockSize::default()).expect("nothing"),
        None
    );
}
