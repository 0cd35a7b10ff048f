//! Where bytes of a part lie: what can be read or written with one call.

use std::ops::Range;

use super::Part;
use crate::geometry::{BLOCK, PAGE_ENTRIES};
use crate::survey::holds_data;

/// Where an extent lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nowhere: it reads as zeros.
    Hole,
    /// From this offset of the file on.
    Data(u64),
    /// As [`Data`](Self::Data), but bytes of the block belong to another one too.
    Shared(u64),
}

/// Bytes that follow each other both on the disk and in the file, or are a hole together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) place: Place,
    /// Virtual bytes, counted from the start of the part; not empty.
    pub(crate) within: Range<u64>,
}

/// The extents of a range, whose pages are in memory. Nothing is allocated.
pub(crate) struct Extents<'a> {
    part: &'a Part,
    page: u64,
    entries: &'a [u64],
    rest: Range<u64>,
}

impl Part {
    /// The extents of virtual bytes, counted from the start of the part. Their pages have to be in memory.
    pub(crate) fn extents(&self, within: Range<u64>) -> Extents<'_> {
        Extents {
            part: self,
            page: u64::MAX,
            entries: &[],
            rest: within,
        }
    }
}

impl Extents<'_> {
    /// Where the byte at `offset` lies.
    fn place(&mut self, offset: u64) -> Place {
        let entry = offset / BLOCK;
        let page = entry / PAGE_ENTRIES;
        if page != self.page {
            self.page = page;
            self.entries = self.part.pages.get(page).unwrap_or_default();
        }
        let index = usize::try_from(entry % PAGE_ENTRIES).unwrap_or(usize::MAX);
        match self.entries.get(index) {
            Some(slot) if holds_data(&self.part.geometry, self.part.len, *slot) => {
                match self.part.shared.is_empty() || !self.part.is_shared(entry) {
                    true => Place::Data(slot + offset % BLOCK),
                    false => Place::Shared(slot + offset % BLOCK),
                }
            }
            _ => Place::Hole,
        }
    }
}

impl Iterator for Extents<'_> {
    type Item = Extent;

    fn next(&mut self) -> Option<Extent> {
        let Range { start, end } = self.rest;
        if start >= end {
            return None;
        }
        let place = self.place(start);
        let mut to = (start / BLOCK + 1) * BLOCK;
        while to < end {
            let follows = match (place, self.place(to)) {
                (Place::Hole, Place::Hole) => true,
                (Place::Data(from), Place::Data(next)) => next - from.min(next) == to - start,
                _ => false,
            };
            if !follows {
                break;
            }
            to += BLOCK;
        }
        let to = to.min(end);
        self.rest.start = to;
        Some(Extent {
            place,
            within: start..to,
        })
    }
}
