//! Writing, and clearing: data goes into its slot before any entry points there.

use std::ops::Range;
use std::sync::RwLockWriteGuard;
use std::sync::atomic::Ordering;

use super::{Chunk, Container, UNSAVED_PAGES};
use crate::error::Error;
use crate::geometry::{BLOCK, PAGE_ENTRIES};
use crate::part::{Extent, Part, Place};
use crate::store::{Store, read_or_zeros};

/// Blocks that a trim looks at while it has a part locked: 128 MiB of the disk.
const TRIM_STEP: u64 = 64 * PAGE_ENTRIES;
/// Bytes of slots that are filled with zeros at once.
const ALLOCATE_STEP: usize = 1 << 20;
/// What two blocks that are not whole are cleared with.
static ZEROS: [u8; 2 * BLOCK as usize] = [0; 2 * BLOCK as usize];

impl<S: Store> Container<S> {
    /// Writes bytes to the disk; durable after the next [`flush`](Self::flush). Zeros take no space where nothing was.
    ///
    /// # Errors
    /// [`Error::Full`] if there is no space for new blocks. After any error part of the bytes may be written.
    pub fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        self.check_writable()?;
        for chunk in self.chunks(offset, bytes.len() as u64)? {
            let bytes = bytes.get(chunk.request.clone()).unwrap_or_default();
            if self.overwrite(&chunk, bytes)? {
                continue;
            }
            match self.write_chunk(&chunk, bytes) {
                Err(Error::Full) if self.find_room(&chunk)? => self.write_chunk(&chunk, bytes)?,
                other => other?,
            }
            self.bound_pages();
            self.bound_unsaved()?;
        }
        Ok(())
    }

    /// Lets whole blocks of a range be holes again: they read as zeros, and their space is given back by the next flush.
    /// What lies in a block that is not whole stays as it is.
    ///
    /// # Errors
    /// If the range is not within the disk, or the index cannot be read.
    pub fn trim(&self, offset: u64, len: u64) -> Result<(), Error> {
        self.check_writable()?;
        for chunk in self.chunks(offset, len)? {
            let mut first = chunk.within.start.div_ceil(BLOCK);
            let end = chunk.within.end / BLOCK;
            while first < end && chunk.cell.read().mapped().0 > 0 {
                let next = (first / TRIM_STEP + 1).saturating_mul(TRIM_STEP).min(end);
                self.trim_entries(&chunk, first..next)?;
                self.bound_pages();
                self.bound_unsaved()?;
                first = next;
            }
        }
        Ok(())
    }

    fn trim_entries(&self, chunk: &Chunk, entries: Range<u64>) -> Result<(), Error> {
        let mut part = chunk.cell.write();
        self.fence(part.survey(&self.store))?;
        let mut loaded = None;
        for entry in entries {
            // Not all pages at once.
            if loaded != Some(entry / PAGE_ENTRIES) {
                part.load(&self.store, entry, entry)?;
                loaded = Some(entry / PAGE_ENTRIES);
            }
            if part.lookup(entry).is_some() {
                part.reserve_pages(&self.store, entry, entry)?;
                part.set(entry, None);
            }
        }
        Ok(())
    }

    /// Lets a range read as zeros, and gives the space of its whole blocks back.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn zero(&self, offset: u64, len: u64) -> Result<(), Error> {
        self.check_writable()?;
        let size = self.size();
        let end = offset.checked_add(len).filter(|end| *end <= size);
        let end = end.ok_or(Error::OutOfRange { offset, len, size })?;
        let zeros = |len: u64| {
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            ZEROS.get(..len).unwrap_or(&ZEROS)
        };
        let (from, to) = (
            offset.next_multiple_of(BLOCK).min(end),
            (end / BLOCK * BLOCK).max(offset),
        );
        if from >= to {
            return self.write(offset, zeros(len));
        }
        self.write(offset, zeros(from - offset))?;
        self.write(to, zeros(end - to))?;
        self.trim(from, to - from)
    }

    /// Gives every block of a range a slot that has none yet, full of zeros: later writes to it find room on a full medium.
    /// Durable after the next [`flush`](Self::flush).
    ///
    /// # Errors
    /// As [`write`](Self::write); what was given until then stays.
    pub fn allocate(&self, offset: u64, len: u64) -> Result<(), Error> {
        self.check_writable()?;
        let zeros = vec![0; ALLOCATE_STEP];
        for chunk in self.chunks(offset, len)? {
            loop {
                let done = match self.allocate_next(&chunk, &zeros) {
                    Err(Error::Full) if self.find_room(&chunk)? => {
                        self.allocate_next(&chunk, &zeros)
                    }
                    other => other,
                };
                if done? {
                    break;
                }
                self.bound_pages();
                self.bound_unsaved()?;
            }
        }
        Ok(())
    }

    /// Gives slots to the first blocks of a chunk that have none, at most as many as `zeros` fill; whether none was left.
    fn allocate_next(&self, chunk: &Chunk, zeros: &[u8]) -> Result<bool, Error> {
        let (first, last) = chunk.entries();
        let mut part = chunk.cell.write();
        self.fence(part.survey(&self.store))?;
        let mut page = first;
        while page <= last {
            // A page at a time: a range may be longer than what is kept of the index.
            let end = (page / PAGE_ENTRIES + 1) * PAGE_ENTRIES;
            part.load(&self.store, page, page)?;
            let within = page * BLOCK..end.min(last + 1) * BLOCK;
            let hole = part
                .extents(within)
                .find(|extent| matches!(extent.place, Place::Hole));
            let Some(hole) = hole.map(|extent| extent.within) else {
                page = end;
                continue;
            };
            let (from, most) = (hole.start / BLOCK, zeros.len() as u64 / BLOCK);
            let to = hole.end.div_ceil(BLOCK).min(from + most);
            part.reserve_pages(&self.store, from, to - 1)?;
            let (slot, count) = part.allocate(&self.store, to - from)?;
            self.fence(part.secure(&self.store))?;
            chunk.cell.touched.store(true, Ordering::Release);
            let zeros = usize::try_from(count * BLOCK)
                .ok()
                .and_then(|len| zeros.get(..len));
            let written = self
                .store
                .write_at(part.file, zeros.unwrap_or_default(), slot);
            if let Err(error) = written.map_err(Error::io("write", part.file)) {
                part.release(slot, count);
                return Err(error);
            }
            for index in 0..count {
                part.set(from + index, Some(slot + index * BLOCK));
            }
            return Ok(false);
        }
        Ok(true)
    }

    /// Tries to find room for blocks of a part that has none: slots that a flush sets free, or that were not remembered.
    fn find_room(&self, chunk: &Chunk) -> Result<bool, Error> {
        let part = chunk.cell.read();
        let (pending, forgot) = (part.has_pending(), part.forgot_free());
        drop(part);
        if pending {
            self.flush()?;
        }
        if forgot {
            self.survey_cell_again(&chunk.cell)?;
        }
        Ok(pending || forgot)
    }

    /// Flushes where too much waits for it, so that memory is bounded.
    fn bound_unsaved(&self) -> Result<(), Error> {
        match self.common.budget.unsaved() > UNSAVED_PAGES {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Writes where every block has a slot of its own: the part is locked for reading only. False if one has none.
    fn overwrite(&self, chunk: &Chunk, bytes: &[u8]) -> Result<bool, Error> {
        let (first, last) = chunk.entries();
        let part = chunk.cell.read();
        if !part.is_surveyed() || !part.has_pages(first, last) {
            return Ok(false);
        }
        let mut extents = part.extents(chunk.within.clone());
        if extents.any(|extent| !matches!(extent.place, Place::Data(_))) {
            return Ok(false);
        }
        self.write_here(chunk, &part, bytes)?;
        Ok(true)
    }

    fn write_chunk(&self, chunk: &Chunk, bytes: &[u8]) -> Result<(), Error> {
        let (first, last) = chunk.entries();
        let mut part = chunk.cell.write();
        self.fence(part.survey(&self.store))?;
        part.load(&self.store, first, last)?;
        self.write_here(chunk, &part, bytes)?;
        let mut at = chunk.within.start;
        while let Some((within, old)) = next_new(&part, chunk, at, bytes) {
            let (first, last) = (within.start / BLOCK, within.end.saturating_sub(1) / BLOCK);
            part.reserve_pages(&self.store, first, last)?;
            let (slot, count) = part.allocate(&self.store, last - first + 1)?;
            self.fence(part.secure(&self.store))?;
            let within = within.start..within.end.min((first + count) * BLOCK);
            let new = New { slot, within, old };
            let written;
            (part, written) = match old.is_none() && self.store.appends_in_any_order() {
                true => self.write_apart(chunk, part, &new, bytes),
                false => (part, self.write_new(chunk, &new, bytes).map(|()| true)),
            };
            if !matches!(written, Ok(true)) {
                part.release(slot, count);
                written?;
                self.write_here(chunk, &part, bytes)?;
                continue;
            }
            // Together with the entries: a flush finds both, or neither.
            chunk.cell.touched.store(true, Ordering::Release);
            for index in 0..count {
                part.set(first + index, Some(slot + index * BLOCK));
            }
            at = new.within.end;
        }
        Ok(())
    }

    /// Fills new slots while others use the part: nobody knows of them before entries point to them. False if a block has
    /// got another slot meanwhile; what was written to that one must not be lost.
    fn write_apart<'a>(
        &self,
        chunk: &'a Chunk,
        mut part: RwLockWriteGuard<'a, Part>,
        new: &New,
        bytes: &[u8],
    ) -> (RwLockWriteGuard<'a, Part>, Result<bool, Error>) {
        let first = new.within.start / BLOCK;
        let last = new.within.end.saturating_sub(1) / BLOCK;
        part.lend(new.slot, last - first + 1);
        drop(part);
        let written = self.write_new(chunk, new, bytes);
        let mut part = chunk.cell.write();
        part.take_back(new.slot);
        let is_wanted = written.and_then(|()| {
            // The page may have gone from memory.
            part.load(&self.store, first, last)?;
            part.reserve_pages(&self.store, first, last)?;
            Ok((first..=last).all(|entry| part.lookup(entry).is_none()))
        });
        (part, is_wanted)
    }

    /// Writes into slots that blocks have, with one call for those that follow each other.
    fn write_here(&self, chunk: &Chunk, part: &Part, bytes: &[u8]) -> Result<(), Error> {
        for Extent { place, within } in part.extents(chunk.within.clone()) {
            if let Place::Data(at) = place {
                // Before the write: even one that fails may have changed something.
                chunk.cell.touched.store(true, Ordering::Release);
                let bytes = bytes.get(chunk.at(&within)).unwrap_or_default();
                let written = self.store.write_at(part.file, bytes, at);
                written.map_err(Error::io("write", part.file))?;
            }
        }
        Ok(())
    }

    /// Fills new slots: always whole, since what they held before belongs to nobody. Whole blocks are written from where
    /// they are; at most the first and the last are filled up.
    fn write_new(&self, chunk: &Chunk, new: &New, bytes: &[u8]) -> Result<(), Error> {
        let Range { start, end } = new.within;
        let whole = start.next_multiple_of(BLOCK).min(end)..(end / BLOCK * BLOCK).max(start);
        if whole.start >= whole.end {
            // One block, or parts of two.
            self.fill(chunk, new, start..whole.start, bytes)?;
            return self.fill(chunk, new, whole.start..end, bytes);
        }
        self.fill(chunk, new, start..whole.start, bytes)?;
        let here = bytes.get(chunk.at(&whole)).unwrap_or_default();
        let written = self
            .store
            .write_at(chunk.cell.file, here, new.slot_of(whole.start));
        written.map_err(Error::io("write", chunk.cell.file))?;
        self.fill(chunk, new, whole.end..end, bytes)
    }

    /// Fills a slot for bytes of one block; what the block held else comes from its old place.
    fn fill(
        &self,
        chunk: &Chunk,
        new: &New,
        within: Range<u64>,
        bytes: &[u8],
    ) -> Result<(), Error> {
        if within.is_empty() {
            return Ok(());
        }
        let mut block = [0; BLOCK as usize];
        if let Some(old) = new.old {
            read_or_zeros(&self.store, chunk.cell.file, &mut block, old)
                .map_err(Error::io("read", chunk.cell.file))?;
        }
        let from = bytes.get(chunk.at(&within)).unwrap_or_default();
        let at = usize::try_from(within.start % BLOCK).unwrap_or_default();
        for (to, from) in block.iter_mut().skip(at).zip(from) {
            *to = *from;
        }
        let slot = new.slot_of(within.start / BLOCK * BLOCK);
        let written = self.store.write_at(chunk.cell.file, &block, slot);
        written.map_err(Error::io("write", chunk.cell.file))
    }
}

/// Blocks that follow each other, and the slots that they get.
struct New {
    /// Where the first of their slots begins.
    slot: u64,
    /// Their virtual bytes that are written, counted from the start of the part.
    within: Range<u64>,
    /// Where the block was; it is a single one then.
    old: Option<u64>,
}

impl New {
    /// Where a block goes that begins at a virtual byte.
    fn slot_of(&self, block: u64) -> u64 {
        self.slot + (block - self.within.start / BLOCK * BLOCK)
    }
}

/// The next bytes from `at` on whose blocks need new slots: without one up to now, and not only zeros are written; or with
/// one that another block holds too, and where that is.
fn next_new(
    part: &Part,
    chunk: &Chunk,
    at: u64,
    bytes: &[u8],
) -> Option<(Range<u64>, Option<u64>)> {
    let is_zero = |within: &Range<u64>| is_zero(bytes.get(chunk.at(within)).unwrap_or_default());
    for Extent { place, within } in part.extents(at..chunk.within.end) {
        match place {
            Place::Data(_) => {}
            Place::Shared(at) => return Some((within.clone(), Some(at - within.start % BLOCK))),
            Place::Hole => {
                let mut blocks = blocks(within);
                let Some(first) = blocks.find(|block| !is_zero(block)) else {
                    continue;
                };
                let end = blocks
                    .take_while(|block| !is_zero(block))
                    .last()
                    .map_or(first.end, |block| block.end);
                return Some((first.start..end, None));
            }
        }
    }
    None
}

/// A range of virtual bytes, block by block.
fn blocks(within: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let Range { start, end } = within;
    (start / BLOCK..end.div_ceil(BLOCK))
        .map(move |block| (block * BLOCK).max(start)..((block + 1) * BLOCK).min(end))
}

/// Whether all bytes are zero; quick where they are not.
fn is_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<64>();
    words
        .iter()
        .all(|word| word.iter().fold(0, |all, byte| all | byte) == 0)
        && rest.iter().all(|byte| *byte == 0)
}
