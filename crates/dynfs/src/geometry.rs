//! Where a virtual block lies: which part, which entry of its index, and where indexes end.
//!
//! Every number may come from a damaged header, so nothing here wraps.

/// Bytes of a virtual block, of a slot of a part, and of an index page.
pub const BLOCK: u64 = 4096;
/// Entries of an index page.
pub const PAGE_ENTRIES: u64 = BLOCK / 8;
/// The most parts a container has.
pub const MAX_PARTS: u64 = 9999;
/// The unit of all sizes.
pub const MIB: u64 = 1 << 20;
/// The split that new containers get, in bytes: even, and with room below FAT32's 4 GiB − 1.
pub const DEFAULT_SPLIT: u64 = 4000 * MIB;
/// The longest file of FAT32: its length is a 32-bit field (Microsoft FAT specification, "Directory Structure").
pub const FAT_MAX_LEN: u64 = u32::MAX as u64;

/// Why two sizes describe no container.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GeometryError {
    /// Zero, no whole MiB, or so large that a part would be longer than any file.
    #[error("split size {0} is not a number of whole MiB that a part can have")]
    Split(u64),
    /// Zero, no whole MiB, or beyond what offsets can say.
    #[error("virtual size {0} is not a number of whole MiB that a disk can have")]
    Size(u64),
    /// More parts than there may be.
    #[error("{0} parts would be needed, 9999 are possible: choose a larger split size")]
    Parts(u64),
}

/// The sizes of a container and what follows from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Virtual bytes per part.
    split: u64,
    /// Virtual bytes of the disk.
    size: u64,
    /// Where the index begins in each part.
    index_at: u64,
}

/// Where the mapping of a virtual block is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Number of the part, from 0.
    pub part: u32,
    /// Number of the entry in the part's index, from 0.
    pub entry: u64,
}

impl Geometry {
    /// Takes the virtual bytes of one part and of the disk.
    ///
    /// # Errors
    /// If one of them is impossible, or more than [`MAX_PARTS`] follow.
    pub fn new(split: u64, size: u64) -> Result<Self, GeometryError> {
        Self::with_index_at(split, size, BLOCK)
    }

    /// The single file of dynfilefs 3.00, whose index follows 56 bytes of header.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn version3(size: u64) -> Result<Self, GeometryError> {
        Self::with_index_at(size, size, 0x38)
    }

    fn with_index_at(split: u64, size: u64, index_at: u64) -> Result<Self, GeometryError> {
        if size == 0 || !size.is_multiple_of(MIB) || size > i64::MAX as u64 {
            return Err(GeometryError::Size(size));
        }
        // Index, one unused slot, all data: has to be an offset that the kernel takes.
        let longest = split
            .checked_add(split / 512)
            .and_then(|len| len.checked_add(2 * BLOCK));
        let fits = longest.is_some_and(|len| len <= i64::MAX as u64);
        if split == 0 || !split.is_multiple_of(MIB) || !fits {
            return Err(GeometryError::Split(split));
        }
        let parts = size.div_ceil(split);
        if parts > MAX_PARTS {
            return Err(GeometryError::Parts(parts));
        }
        Ok(Self {
            split,
            size,
            index_at,
        })
    }

    /// Virtual bytes per part.
    pub fn split(&self) -> u64 {
        self.split
    }

    /// Where the index begins in each part: behind the header.
    pub(crate) fn index_at(&self) -> u64 {
        self.index_at
    }

    /// Virtual bytes of the disk.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many parts there are.
    pub fn parts(&self) -> u32 {
        // At most MAX_PARTS, as checked when this was made.
        u32::try_from(self.size.div_ceil(self.split)).unwrap_or(u32::MAX)
    }

    /// Entries of each part's index; the last part has all of them, even if the disk ends before.
    pub fn entries(&self) -> u64 {
        self.split / BLOCK
    }

    /// Blocks of the disk that lie in `part`.
    pub fn used_entries(&self, part: u32) -> u64 {
        let start = u64::from(part).saturating_mul(self.split);
        self.size.saturating_sub(start).min(self.split) / BLOCK
    }

    /// Where the index of a part ends and its data begins, as byte offset in the file.
    pub fn data_start(&self) -> u64 {
        self.index_at + 8 * self.entries()
    }

    /// Where the writer puts the first block of a part: the slot at [`data_start`](Self::data_start) stays unused.
    pub fn first_slot(&self) -> u64 {
        self.data_start() + BLOCK
    }

    /// Length of a part in which every block was written once and none was skipped, in bytes.
    pub fn full_len(&self) -> u64 {
        self.first_slot() + self.split
    }

    /// Byte offset of an index page in its part, and how many entries it has: the last may have fewer than others,
    /// and data follows at once.
    pub fn page(&self, page: u64) -> (u64, u64) {
        let first = page.saturating_mul(PAGE_ENTRIES);
        let entries = self.entries().saturating_sub(first).min(PAGE_ENTRIES);
        (
            self.index_at.saturating_add(first.saturating_mul(8)),
            entries,
        )
    }

    /// Where the block of the virtual byte `offset` is recorded; `None` behind the end of the disk.
    pub fn locate(&self, offset: u64) -> Option<Place> {
        let part = u32::try_from(offset / self.split).ok()?;
        let entry = offset % self.split / BLOCK;
        (offset < self.size).then_some(Place { part, entry })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_long_as_the_format_says() {
        for (split, size, parts, data_start, full_len) in [
            (4, 6, 2, 0x3000, 8192 + 1_050_624 * 4),
            (4, 4, 1, 0x3000, 8192 + 1_050_624 * 4),
            (5, 5, 1, 0x3800, 8192 + 1_050_624 * 5),
            (4000, 4000, 1, 8_196_096, 4_202_504_192),
            (4000, 60_000, 15, 8_196_096, 4_202_504_192),
            (4000, 1 << 20, 263, 8_196_096, 4_202_504_192),
            (1, 9999, 9999, 0x1800, 8192 + 1_050_624),
        ] {
            let geometry = Geometry::new(split * MIB, size * MIB).unwrap();
            assert_eq!(geometry.parts(), parts, "{split} {size}");
            assert_eq!(geometry.data_start(), data_start, "{split} {size}");
            assert_eq!(geometry.full_len(), full_len, "{split} {size}");
        }
    }

    /// How many slots a part may skip before FAT32 cannot hold it, as counted for the splits in use.
    #[test]
    fn room_below_four_gib() {
        for (split, skips) in [(4000, 22_573), (4087, 258), (4088, 1)] {
            let geometry = Geometry::new(split * MIB, split * MIB).unwrap();
            assert_eq!(
                (FAT_MAX_LEN - geometry.full_len()) / BLOCK,
                skips,
                "{split}"
            );
        }
        let too_long = Geometry::new(4089 * MIB, 4089 * MIB).unwrap();
        assert!(too_long.full_len() > FAT_MAX_LEN);
    }

    #[test]
    fn blocks_are_found_across_parts() {
        let geometry = Geometry::new(4 * MIB, 6 * MIB).unwrap();
        for (offset, want) in [
            (0, Some((0, 0))),
            (4095, Some((0, 0))),
            (4096, Some((0, 1))),
            (4 * MIB - 1, Some((0, 1023))),
            (1025 * BLOCK, Some((1, 1))),
            (6 * MIB - 1, Some((1, 511))),
            (6 * MIB, None),
            (u64::MAX, None),
        ] {
            let want = want.map(|(part, entry)| Place { part, entry });
            assert_eq!(geometry.locate(offset), want, "{offset}");
        }
        assert_eq!(
            (
                geometry.entries(),
                geometry.used_entries(0),
                geometry.used_entries(1)
            ),
            (1024, 1024, 512)
        );
        assert_eq!(geometry.used_entries(2), 0);
    }

    /// Behind an odd number of MiB the last index page is half as long, and the other half is data.
    #[test]
    fn the_last_index_page_ends_with_the_index() {
        let geometry = Geometry::new(5 * MIB, 5 * MIB).unwrap();
        assert_eq!(geometry.page(1), (0x2000, 512));
        assert_eq!(geometry.page(2), (0x3000, 256));
        assert_eq!(geometry.page(3), (0x4000, 0));
        assert_eq!(geometry.first_slot(), 0x4800);
    }

    #[test]
    fn sizes_that_cannot_be_are_named() {
        let most = i64::MAX as u64 / MIB * MIB;
        for (split, size, want) in [
            (0, MIB, GeometryError::Split(0)),
            (MIB, 0, GeometryError::Size(0)),
            (4096, MIB, GeometryError::Split(4096)),
            (MIB, MIB + 512, GeometryError::Size(MIB + 512)),
            (most, most, GeometryError::Split(most)),
            (MIB, 1 << 63, GeometryError::Size(1 << 63)),
            (MIB, 10_000 * MIB, GeometryError::Parts(10_000)),
        ] {
            assert_eq!(Geometry::new(split, size), Err(want));
        }
    }
}
