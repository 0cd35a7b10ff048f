//! A container that is open: one disk over many files.
//!
//! The order of writes is what keeps it whole through a power cut: data before the entry that points to it, an
//! entry's end before its slot is used again. All calls may come from several threads at once.

mod compact;
mod copy;
mod create;
mod extents;
mod flush;
mod moves;
mod open;
#[cfg(test)]
mod tests;
mod usage;
mod write;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use compact::{Compacted, Compaction, Progress};
pub use copy::{Copied, CopyProgress};
pub use create::create;
pub use usage::{Form, PartUsage};

use crate::error::Error;
use crate::geometry::{BLOCK, Geometry};
use crate::header::Header;
use crate::part::{Part, all_entries};
use crate::store::{FileName, Store, read_or_zeros};
use crate::survey::{Survey, survey};

/// Index pages that are kept in memory, over all parts: 16 MiB, for 8 GiB in use at a time.
const PAGES: usize = 4096;
/// Index pages that each part may keep, however many parts there are.
const LEAST_PAGES: usize = 8;

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
    /// Held by whoever makes things durable: one at a time.
    flushing: Mutex<()>,
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
}

/// Bytes of a chunk that lie in one block.
struct Piece {
    entry: u64,
    /// Where they begin in the block.
    from: u64,
    /// Where they are in the chunk.
    bytes: Range<usize>,
}

impl Piece {
    fn is_whole(&self) -> bool {
        self.bytes.len() as u64 == BLOCK
    }
}

/// The blocks of a range of virtual bytes of a part.
fn pieces(within: &Range<u64>) -> impl Iterator<Item = Piece> + use<> {
    let Range { start, end } = *within;
    let blocks = start / BLOCK..end.div_ceil(BLOCK);
    blocks.map(move |entry| {
        let (first, last) = ((entry * BLOCK).max(start), ((entry + 1) * BLOCK).min(end));
        let at = |offset: u64| usize::try_from(offset - start).unwrap_or(usize::MAX);
        Piece {
            entry,
            from: first % BLOCK,
            bytes: at(first)..at(last),
        }
    })
}

impl<S: Store> Container<S> {
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
        for chunk in self.chunks(offset, bytes.len() as u64)? {
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
        }
        Ok(())
    }

    /// Reads with one call what lies together. The part stays locked, so that no slot is given to another block meanwhile.
    fn read_chunk(&self, chunk: &Chunk, part: &Part, bytes: &mut [u8]) -> Result<(), Error> {
        let mut run: Option<(u64, Range<usize>)> = None;
        let mut done = |run: Option<(u64, Range<usize>)>| match run {
            Some((at, range)) => {
                let bytes = bytes.get_mut(range).unwrap_or_default();
                read_or_zeros(&self.store, part.file, bytes, at)
                    .map_err(Error::io("read", part.file))
            }
            None => Ok(()),
        };
        let mut holes = Vec::new();
        for piece in pieces(&chunk.within) {
            let Some(slot) = part.lookup(piece.entry).filter(|_| chunk.cell.present) else {
                holes.push(piece.bytes);
                continue;
            };
            let at = slot + piece.from;
            match &mut run {
                Some((start, range))
                    if range.end == piece.bytes.start && *start + range.len() as u64 == at =>
                {
                    range.end = piece.bytes.end;
                }
                _ => done(run.replace((at, piece.bytes)))?,
            }
        }
        done(run)?;
        for hole in holes {
            bytes.get_mut(hole).unwrap_or_default().fill(0);
        }
        Ok(())
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

    /// All parts at this moment.
    fn cells(&self) -> Vec<Arc<Cell>> {
        self.layout().parts.clone()
    }

    /// Splits a request at the borders of parts.
    fn chunks(&self, offset: u64, len: u64) -> Result<Vec<Chunk>, Error> {
        let layout = self.layout();
        let size = layout.geometry.size();
        let end = offset.checked_add(len).filter(|end| *end <= size);
        let end = end.ok_or(Error::OutOfRange { offset, len, size })?;
        let split = layout.geometry.split();
        let mut chunks = Vec::new();
        let mut at = offset;
        while let Some(place) = layout.geometry.locate(at).filter(|_| at < end) {
            let Some(cell) = layout.parts.get(place.part as usize) else {
                break;
            };
            let within = at % split..(at % split + (end - at)).min(split);
            let next = at + (within.end - within.start);
            let request = |at: u64| usize::try_from(at - offset).unwrap_or(usize::MAX);
            chunks.push(Chunk {
                cell: Arc::clone(cell),
                within,
                request: request(at)..request(next),
            });
            at = next;
        }
        Ok(chunks)
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

    /// How many index pages a part may keep.
    fn pages_per_part(parts: u32) -> usize {
        (PAGES / parts.max(1) as usize).max(LEAST_PAGES)
    }
}
