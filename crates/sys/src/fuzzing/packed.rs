//! A disk in a few bytes: its length, and those of its sectors that are not zero.

use std::cell::Cell;
use std::io;

use crate::superblock::ReadAt;

/// Bytes of a sector.
const SECTOR: usize = 512;
/// Of a record: the sector's number (little endian) and its bytes.
const RECORD: usize = 4 + SECTOR;

/// A disk. In front stand its length in bytes (8, little endian), then come records; of two for one sector the first
/// counts.
#[derive(Debug)]
pub(super) struct Packed<'a> {
    size: u64,
    records: Vec<(u64, &'a [u8])>,
    reads: Cell<u32>,
    bytes: Cell<u64>,
}

impl<'a> Packed<'a> {
    /// `None` without a length.
    pub(super) fn new(data: &'a [u8]) -> Option<Self> {
        let (size, rest) = data.split_first_chunk::<8>()?;
        let record = |record: &'a [u8]| {
            let (number, bytes) = record.split_first_chunk::<4>()?;
            Some((u64::from(u32::from_le_bytes(*number)), bytes))
        };
        Some(Self {
            size: u64::from_le_bytes(*size),
            records: rest.chunks(RECORD).filter_map(record).collect(),
            reads: Cell::new(0),
            bytes: Cell::new(0),
        })
    }

    /// What was read: how often, and how many bytes.
    pub(super) fn effort(&self) -> (u32, u64) {
        (self.reads.get(), self.bytes.get())
    }

    fn sector(&self, number: u64) -> &'a [u8] {
        let found = self.records.iter().find(|(known, _)| *known == number);
        found.map_or(&[], |(_, bytes)| bytes)
    }
}

impl ReadAt for Packed<'_> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.reads.set(self.reads.get() + 1);
        let rest = self.size.saturating_sub(offset);
        let len = buf.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
        self.bytes.set(self.bytes.get() + len as u64);
        let mut at = 0;
        while at < len {
            let place = offset + at as u64;
            let within = usize::try_from(place % SECTOR as u64).unwrap_or(0);
            let end = len.min(at + SECTOR - within);
            let piece = buf.get_mut(at..end).unwrap_or_default();
            piece.fill(0);
            let sector = self.sector(place / SECTOR as u64);
            for (byte, known) in piece.iter_mut().zip(sector.iter().skip(within)) {
                *byte = *known;
            }
            at = end;
        }
        Ok(len)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.size)
    }
}
