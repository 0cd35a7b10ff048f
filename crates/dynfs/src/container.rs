//! A container that is open: one disk over many files.
//!
//! The order of writes is what keeps it whole through a power cut: data before the entry that points to it, an
//! entry's end before its slot is used again. All calls may come from several threads at once.

mod ahead;
mod compact;
mod copy;
mod create;
mod extents;
mod flush;
mod moves;
mod open;
mod space;
#[cfg(test)]
mod tests;
mod usage;
mod write;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use compact::{Compacted, Compaction, Progress};
pub use copy::{Copied, CopyProgress};
pub use create::create;
pub use space::{Space, Used};
pub use usage::{Form, PartUsage};

use ahead::Ahead;
use flush::{Batch, Rounds};

use crate::error::Error;
use crate::geometry::{BLOCK, Geometry};
use crate::header::Header;
use crate::part::{Common, Extent, Part, Place, all_entries};
use crate::store::{FileName, Store, read_or_zeros};
use crate::survey::{Survey, survey};

/// Index pages that are kept in memory, over all parts: 11 MiB, for 5.5 GiB in use at a time.
const PAGES: usize = 2816;
/// How many of them go at once.
const PAGES_STEP: usize = 64;
/// Index pages that may wait for a flush: with more a write flushes by itself, so that memory is bounded.
const UNSAVED_PAGES: usize = 256;

/// What a container is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everything; a container of which something is missing is refused.
    Write,
    /// Nothing is changed.
    Read,
    /// Nothing is changed, and a part that is missing reads as zeros.
    Rescue,
}

/// An open container.
#[derive(Debug)]
pub struct Container<S> {
    store: S,
    access: Access,
    layout: RwLock<Layout>,
    common: Arc<Common>,
    /// Held by whoever makes things durable: one at a time.
    flushing: Mutex<Batch>,
    rounds: Rounds,
    ahead: Ahead,
    /// The part whose pages go next where memory is short.
    hand: AtomicUsize,
    /// Something did not become durable.
    failed: AtomicBool,
}

/// What growing changes.
#[derive(Debug)]
struct Layout {
    geometry: Geometry,
    parts: Vec<Arc<Cell>>,
    /// The main file has another name while the container is being made.
    main: FileName,
}

/// A part and what is known of it without waiting for others.
#[derive(Debug)]
struct Cell {
    part: RwLock<Part>,
    /// Whether something was written to the file since it was synced.
    touched: AtomicBool,
    /// The name is here too, since it never changes.
    file: FileName,
    /// Whether the file is there; if not, all of it is a hole.
    present: bool,
}

impl Cell {
    fn new(part: Part, present: bool) -> Self {
        let file = part.file;
        Self {
            part: RwLock::new(part),
            touched: AtomicBool::new(false),
            file,
            present,
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Part> {
        self.part.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Part> {
        self.part.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes of a request that lie in one part.
struct Chunk {
    cell: Arc<Cell>,
    /// Virtual bytes, counted from the start of the part; not empty.
    within: Range<u64>,
    /// The same bytes, counted from the start of the request.
    request: Range<usize>,
}

impl Chunk {
    /// First and last entry.
    fn entries(&self) -> (u64, u64) {
        (
            self.within.start / BLOCK,
            self.within.end.saturating_sub(1) / BLOCK,
        )
    }

    /// Where virtual bytes of this chunk are in its bytes.
    fn at(&self, within: &Range<u64>) -> Range<usize> {
        let at = |offset: u64| {
            usize::try_from(offset.saturating_sub(self.within.start)).unwrap_or(usize::MAX)
        };
        at(within.start)..at(within.end)
    }
}

/// A request, split at the borders of parts. Nothing is allocated, and no lock is held between two chunks.
struct Chunks<'a> {
    layout: &'a RwLock<Layout>,
    start: u64,
    rest: Range<u64>,
}

impl Iterator for Chunks<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let Range { start, end } = self.rest;
        let layout = self.layout.read().unwrap_or_else(PoisonError::into_inner);
        let place = layout.geometry.locate(start).filter(|_| start < end)?;
        let cell = Arc::clone(layout.parts.get(place.part as usize)?);
        let split = layout.geometry.split();
        drop(layout);
        let within = start % split..(start % split + (end - start)).min(split);
        let next = start + (within.end - within.start);
        let request = |at: u64| usize::try_from(at - self.start).unwrap_or(usize::MAX);
        let request = request(start)..request(next);
        self.rest.start = next;
        Some(Chunk {
            cell,
            within,
            request,
        })
    }
}

impl<S: Store> Container<S> {
    fn new(store: S, access: Access, layout: Layout, common: Arc<Common>) -> Self {
        Self {
            store,
            access,
            layout: RwLock::new(layout),
            common,
            flushing: Mutex::default(),
            rounds: Rounds::default(),
            ahead: Ahead::default(),
            hand: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
        }
    }

    /// Size of the disk in bytes.
    pub fn size(&self) -> u64 {
        self.layout().geometry.size()
    }

    /// The sizes of the container.
    pub fn geometry(&self) -> Geometry {
        self.layout().geometry
    }

    /// The files below.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Reads bytes of the disk; what was never written is zero.
    ///
    /// # Errors
    /// If the range is not within the disk, or the medium cannot be read.
    pub fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<(), Error> {
        let chunks = self.chunks(offset, bytes.len() as u64)?;
        self.read_ahead(offset, bytes.len() as u64);
        for chunk in chunks {
            let Some(bytes) = bytes.get_mut(chunk.request.clone()) else {
                continue;
            };
            let (first, last) = chunk.entries();
            let part = chunk.cell.read();
            if part.has_pages(first, last) {
                self.read_chunk(&chunk, &part, bytes)?;
                continue;
            }
            drop(part);
            let mut part = chunk.cell.write();
            part.load(&self.store, first, last)?;
            self.read_chunk(&chunk, &part, bytes)?;
            drop(part);
            self.bound_pages();
        }
        Ok(())
    }

    /// Reads with one call what lies together. The part stays locked, so that no slot is given to another block meanwhile.
    fn read_chunk(&self, chunk: &Chunk, part: &Part, bytes: &mut [u8]) -> Result<(), Error> {
        for Extent { place, within } in part.extents(chunk.within.clone()) {
            let bytes = bytes.get_mut(chunk.at(&within)).unwrap_or_default();
            match place {
                Place::Hole => bytes.fill(0),
                Place::Data(at) | Place::Shared(at) => {
                    read_or_zeros(&self.store, part.file, bytes, at)
                        .map_err(Error::io("read", part.file))?;
                }
            }
        }
        Ok(())
    }

    /// Throws out index pages where too many are in memory: some of those that nobody asked for lately, from one part
    /// after the other. No part may be locked by the caller.
    fn bound_pages(&self) {
        let budget = &self.common.budget;
        if budget.pages() <= PAGES {
            return;
        }
        let mut surplus = budget.pages().saturating_sub(PAGES) + PAGES_STEP;
        let parts = self.layout().parts.len();
        // Twice round: all may have been asked for.
        for _ in 0..2 * parts {
            let number = self.hand.load(Ordering::Relaxed);
            let cell = self.cell(number);
            // Whoever has the part locked may hold others up for long; the pages of the next part go then.
            let evicted = match cell.as_ref().map(|cell| cell.part.try_write()) {
                Some(Ok(mut part)) => part.evict(surplus),
                _ => 0,
            };
            surplus = surplus.saturating_sub(evicted);
            if surplus == 0 {
                break;
            }
            let next = (number + 1) % parts.max(1);
            self.hand.store(next, Ordering::Relaxed);
        }
    }

    /// The header of each part, if it has its own, and a judgement on its index as it stands in the file.
    pub(crate) fn survey_parts(&self) -> Result<Vec<(Option<Header>, Survey)>, Error> {
        if self.access == Access::Write {
            self.flush()?;
        }
        let geometry = self.geometry();
        let mut surveys = Vec::new();
        for (number, cell) in (0..).zip(self.cells()) {
            if !cell.present {
                surveys.push((None, Survey::default()));
                continue;
            }
            // No flush may change the index meanwhile; one part at a time, since others wait for theirs.
            let _alone = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
            let file = cell.file;
            let len = self.store.len(file).map_err(Error::io("look at", file))?;
            let entries = all_entries(&self.store, file, &geometry)?;
            let header = match file {
                FileName::Main => None,
                file => Some(open::read_header(&self.store, file)?),
            };
            let end = geometry.used_entries(number);
            surveys.push((header, survey(&geometry, len.unwrap_or(0), end, entries)));
        }
        Ok(surveys)
    }

    /// Clears, durably, what points to no data in the part of a block, as before a first write.
    pub(crate) fn clear_impossible(&self, block: u64) -> Result<(), Error> {
        self.check_writable()?;
        let part = usize::try_from(block / self.geometry().entries()).unwrap_or(usize::MAX);
        match self.cells().get(part) {
            Some(cell) => self.fence(cell.write().survey(&self.store)),
            None => Ok(()),
        }
    }

    fn layout(&self) -> RwLockReadGuard<'_, Layout> {
        self.layout.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A part by its number.
    fn cell(&self, number: usize) -> Option<Arc<Cell>> {
        self.layout().parts.get(number).map(Arc::clone)
    }

    /// All parts at this moment.
    fn cells(&self) -> Vec<Arc<Cell>> {
        self.layout().parts.clone()
    }

    /// Splits a request at the borders of parts.
    fn chunks(&self, offset: u64, len: u64) -> Result<Chunks<'_>, Error> {
        // A disk never gets smaller.
        let size = self.size();
        let end = offset.checked_add(len).filter(|end| *end <= size);
        let end = end.ok_or(Error::OutOfRange { offset, len, size })?;
        Ok(Chunks {
            layout: &self.layout,
            start: offset,
            rest: offset..end,
        })
    }

    /// Refuses what would change something where that is not possible.
    fn check_writable(&self) -> Result<(), Error> {
        if self.access != Access::Write {
            return Err(Error::ReadOnly);
        }
        match self.failed.load(Ordering::Acquire) {
            true => Err(Error::Failed),
            false => Ok(()),
        }
    }

    /// Notes that something did not become durable: the kernel reports that once, so nobody may ask again.
    fn fence<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() {
            self.failed.store(true, Ordering::Release);
        }
        result
    }
}
