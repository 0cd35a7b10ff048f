//! Bytes by an adversary or a failing disk: no panic, no long walk.
//!
//! Overflow and indexing panic in this profile, so that reading at all is the assertion; beside
//! it every read is counted.

use std::cell::Cell;
use std::io;
use std::sync::OnceLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::images::{RECIPES, make};
use super::{ReadAt, read};

/// The most that any look-up may take: reads, and bytes in all.
const MOST_READS: u32 = 200;
const MOST_BYTES: u64 = 512 << 10;

/// An image with some bytes changed and an end of its own.
struct Damaged<'a> {
    bytes: &'a [u8],
    size: u64,
    changes: &'a [(u64, u8)],
    /// From here on every read fails.
    broken: u64,
    reads: Cell<u32>,
    total: Cell<u64>,
}

impl<'a> Damaged<'a> {
    fn new(bytes: &'a [u8], size: u64, changes: &'a [(u64, u8)]) -> Self {
        Self {
            bytes,
            size,
            changes,
            broken: u64::MAX,
            reads: Cell::new(0),
            total: Cell::new(0),
        }
    }

    /// Reads it, and checks what that took.
    fn probe(&self) -> io::Result<Option<super::Superblock>> {
        let found = read(self);
        assert!(self.reads.get() <= MOST_READS, "{} reads", self.reads.get());
        assert!(self.total.get() <= MOST_BYTES, "{} bytes", self.total.get());
        let label = found
            .as_ref()
            .ok()
            .and_then(|found| found.as_ref()?.label.as_deref());
        if let Some(label) = label {
            assert!(
                !label.is_empty() && !label.contains(char::is_control),
                "{label:?}"
            );
        }
        found
    }
}

impl ReadAt for Damaged<'_> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.reads.set(self.reads.get() + 1);
        let end = offset.saturating_add(buf.len() as u64).min(self.size);
        if end > self.broken {
            return Err(io::Error::other("a bad sector"));
        }
        let len = end.saturating_sub(offset) as usize;
        let known = self.bytes.get(offset as usize..).unwrap_or_default();
        let known = &known[..len.min(known.len())];
        buf[..len].fill(0);
        buf[..known.len()].copy_from_slice(known);
        for &(at, byte) in self.changes {
            if (offset..end).contains(&at) {
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

/// The first 4 MiB of each image, and its whole length; what follows reads as zeros.
fn originals() -> &'static [(&'static str, Vec<u8>, u64)] {
    static ORIGINALS: OnceLock<Vec<(&'static str, Vec<u8>, u64)>> = OnceLock::new();
    ORIGINALS.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let images = RECIPES.iter().filter_map(|recipe| {
            let image = make(recipe, &dir)?;
            let file = std::fs::File::open(&image).expect("what was just made");
            let len = file.metadata().expect("an open file").len();
            let mut bytes = Vec::new();
            io::Read::read_to_end(&mut io::Read::take(file, 4 << 20), &mut bytes)
                .expect("an image");
            Some((recipe.name, bytes, len))
        });
        images.collect()
    })
}

/// Any of them; `None` if no tool is installed, which has been reported.
fn pick(which: Index) -> Option<&'static (&'static str, Vec<u8>, u64)> {
    let all = originals();
    (!all.is_empty()).then(|| which.get(all))
}

/// Where the fields are that steer a walk: boot sectors, superblocks, descriptors, and for NTFS
/// and FAT what they point at.
fn telling_offset() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0..512u64,
        2 => 512..4608u64,
        1 => 16384..32768u64,
        2 => 32768..36864u64,
        1 => 65536..69632u64,
        1 => 0..(4u64 << 20),
    ]
}

fn telling_byte() -> impl Strategy<Value = u8> {
    prop_oneof![any::<u8>(), select(vec![0, 1, 2, 0x7F, 0x80, 0xFF])]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn real_images_with_bytes_changed(
        which: Index,
        changes in vec((telling_offset(), telling_byte()), 1..12),
    ) {
        if let Some((_, bytes, len)) = pick(which) {
            Damaged::new(bytes, *len, &changes).probe()?;
        }
    }

    #[test]
    fn real_images_cut_off(which: Index, cut in prop_oneof![0..4096u64, 0..(4u64 << 20)]) {
        if let Some((_, bytes, len)) = pick(which) {
            Damaged::new(bytes, cut.min(*len), &[]).probe()?;
        }
    }

    #[test]
    fn noise_with_a_signature(seed: u64, len in 0..(80usize << 10), which in select(signatures())) {
        let mut bytes = noise(seed, len);
        for &(at, magic) in which {
            if let Some(place) = bytes.get_mut(at..at + magic.len()) {
                place.copy_from_slice(magic);
            }
        }
        Damaged::new(&bytes, len as u64, &[]).probe()?;
    }
}

/// Xorshift: proptest's own vectors of this length take longer than what they test.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// Enough to get past the first comparison of each kind.
fn signatures() -> Vec<&'static [(usize, &'static [u8])]> {
    vec![
        &[],
        &[
            (1024 + 56, &[0x53, 0xEF]),
            (1024 + 24, &[2, 0, 0, 0]),
            (1024 + 76, &[1, 0, 0, 0]),
        ],
        &[(0, b"XFSB\0\0\x10\0")],
        &[(65536 + 64, b"_BHRfS_M")],
        &[(0, b"hsqs"), (12, &[0, 0, 2, 0]), (28, &[4, 0])],
        &[(1024, &[0xE2, 0xE1, 0xF5, 0xE0]), (1024 + 12, &[12])],
        &[
            (1024, &[0x10, 0x20, 0xF5, 0xF2]),
            (1024 + 16, &[12, 0, 0, 0]),
        ],
        &[
            (0, &[0xEB]),
            (11, &[0, 2, 8]),
            (16, &[2]),
            (21, &[0xF8, 0, 0]),
            (54, b"FAT"),
            (446, &[1]),
            (510, &[0x55, 0xAA]),
        ],
        &[
            (3, b"EXFAT   "),
            (11, &[0; 53]),
            (108, &[9, 3]),
            (446, &[1]),
            (510, &[0x55, 0xAA]),
        ],
        &[
            (3, b"NTFS    \0\x02\x08\0\0\0\0\0\0\0"),
            (22, &[0, 0]),
            (48, &[4, 0, 0, 0, 0, 0, 0, 0]),
            (64, &[0xF6]),
            (16384 + 3072, b"FILE\x30\0\x03\0"),
        ],
        &[
            (32768, b"\x01CD001"),
            (34816, b"\x02CD001"),
            (36864, b"\xffCD001"),
        ],
        &[(32768, b"\0BEA01"), (34816, b"\0NSR03")],
        &[(0, b"LUKS\xBA\xBE\0\x02")],
        &[(1024, &[1, 0, 0, 0]), (4086, b"SWAPSPACE2")],
        &[(512, b"LABELONE\x01\0\0\0\0\0\0\0"), (536, b"LVM2 001")],
        &[(0, &[0xFC, 0x4E, 0x2B, 0xA9, 1, 0, 0, 0]), (144, &[0; 8])],
    ]
}

/// Each byte of each superblock, and of the NTFS record with the label, at its extremes: lengths
/// of nothing, products that overflow.
#[test]
fn every_field_at_its_extremes() {
    let places = [
        0..96,
        1024..1200,
        4086..4096,
        19456..19968,
        32768..32900,
        65536..65760,
    ];
    for (_, bytes, len) in originals() {
        for at in places.iter().cloned().flatten() {
            for value in [0, 0x7F, 0xFF] {
                Damaged::new(bytes, *len, &[(at, value)])
                    .probe()
                    .expect("a read");
            }
        }
    }
}

/// The walks that an adversary would choose: every link leads to cluster 2 again, and no entry is
/// the last one. The reads show that the walk took place.
#[test]
fn endless_directories_end() {
    let large_clusters: &[(u64, u8)] = &[(109, 10)];
    for (name, changes, least) in [
        ("fat32-unnamed", &[][..], 60),
        ("exfat-unnamed", &[], 60),
        ("exfat-unnamed", large_clusters, 60),
        ("fat16", &[], 1),
    ] {
        let Some((_, bytes, len)) = originals().iter().find(|(found, ..)| *found == name) else {
            continue; // already reported as skipped
        };
        let mut bytes = bytes.clone();
        for link in bytes[1024..].as_chunks_mut().0 {
            *link = 2u32.to_le_bytes();
        }
        let damaged = Damaged::new(&bytes, *len, changes);
        let found = damaged.probe().expect(name).expect(name);
        assert_eq!(found.label, None, "{name}");
        assert!(damaged.reads.get() >= least, "{name}");
    }
}

/// A bad sector costs the label, not the disk.
#[test]
fn what_cannot_be_read_further_back_is_absent() {
    for (name, bytes, len) in originals() {
        let whole = Damaged::new(bytes, *len, &[]).probe().expect(name);
        let mut damaged = Damaged::new(bytes, *len, &[]);
        damaged.broken = 68 << 10;
        let found = damaged.probe().expect(name);
        let kinds = [whole, found].map(|found| found.map(|found| found.kind));
        assert_eq!(kinds[0], kinds[1], "{name}");
        damaged.broken = 0;
        damaged.probe().expect_err(name);
    }
}
