//! Writing, and clearing: data goes into its slot before any entry points there.

use std::sync::atomic::Ordering;

use super::{Chunk, Container, Piece, pieces};
use crate::error::Error;
use crate::geometry::{BLOCK, PAGE_ENTRIES};
use crate::part::Part;
use crate::store::{Store, read_or_zeros};

/// What happens to the bytes of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// They go into the slot that the block has.
    Here(u64),
    /// The block gets a slot, and what else it holds comes from the given one.
    New(Option<u64>),
}

/// Pieces whose slots follow each other.
struct Run<'a> {
    slot: u64,
    pieces: &'a [(Piece, Target)],
}

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
                Err(Error::Full) if chunk.cell.read().has_pending() => {
                    self.flush()?;
                    self.write_chunk(&chunk, bytes)?;
                }
                other => other?,
            }
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
            let mut part = chunk.cell.write();
            self.fence(part.survey(&self.store))?;
            let mut loaded = None;
            for piece in pieces(&chunk.within).filter(Piece::is_whole) {
                // A trim may be as long as the disk: not all pages at once.
                if loaded != Some(piece.entry / PAGE_ENTRIES) {
                    part.load(&self.store, piece.entry, piece.entry)?;
                    loaded = Some(piece.entry / PAGE_ENTRIES);
                }
                if part.lookup(piece.entry).is_some() {
                    part.reserve_pages(&self.store, piece.entry, piece.entry)?;
                    part.set(piece.entry, None);
                }
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
        let (from, to) = (
            offset.next_multiple_of(BLOCK).min(end),
            (end / BLOCK * BLOCK).max(offset),
        );
        if from >= to {
            return self.write(offset, &vec![0; usize::try_from(len).unwrap_or_default()]);
        }
        for (start, end) in [(offset, from), (to, end)] {
            self.write(
                start,
                &vec![0; usize::try_from(end - start).unwrap_or_default()],
            )?;
        }
        self.trim(from, to - from)
    }

    /// Writes where every block has a slot of its own: the part is locked for reading only. False if one has none.
    fn overwrite(&self, chunk: &Chunk, bytes: &[u8]) -> Result<bool, Error> {
        let (first, last) = chunk.entries();
        let part = chunk.cell.read();
        if !part.is_surveyed() || !part.has_pages(first, last) {
            return Ok(false);
        }
        let here = |piece: Piece| {
            let slot = part
                .lookup(piece.entry)
                .filter(|_| !part.is_shared(piece.entry))?;
            Some((piece, Target::Here(slot)))
        };
        match pieces(&chunk.within).map(here).collect::<Option<Vec<_>>>() {
            Some(targets) => self
                .write_here(chunk, &part, &targets, bytes)
                .map(|()| true),
            None => Ok(false),
        }
    }

    fn write_chunk(&self, chunk: &Chunk, bytes: &[u8]) -> Result<(), Error> {
        let (first, last) = chunk.entries();
        let mut part = chunk.cell.write();
        self.fence(part.survey(&self.store))?;
        part.load(&self.store, first, last)?;
        let target = |piece: Piece| {
            let target = match part.lookup(piece.entry) {
                Some(slot) if part.is_shared(piece.entry) => Target::New(Some(slot)),
                Some(slot) => Target::Here(slot),
                None => {
                    let bytes = bytes.get(piece.bytes.clone()).unwrap_or_default();
                    bytes
                        .iter()
                        .any(|byte| *byte != 0)
                        .then_some(Target::New(None))?
                }
            };
            Some((piece, target))
        };
        let targets: Vec<_> = pieces(&chunk.within).filter_map(target).collect();
        let (new, here): (Vec<_>, Vec<_>) = targets
            .into_iter()
            .partition(|(_, target)| matches!(target, Target::New(_)));
        self.write_here(chunk, &part, &here, bytes)?;
        for (piece, _) in &new {
            part.reserve_pages(&self.store, piece.entry, piece.entry)?;
        }
        let mut rest = new.as_slice();
        while !rest.is_empty() {
            let (slot, count) = part.allocate(&self.store, rest.len() as u64)?;
            let (run, behind) = rest.split_at_checked(count as usize).unwrap_or((rest, &[]));
            let written = self.write_new(&part, &Run { slot, pieces: run }, bytes);
            if let Err(error) = written {
                part.release(slot, count);
                return Err(error);
            }
            chunk.cell.touched.store(true, Ordering::Release);
            for ((piece, _), index) in run.iter().zip(0..) {
                part.set(piece.entry, Some(slot + index * BLOCK));
            }
            rest = behind;
        }
        Ok(())
    }

    /// Fills new slots: always whole, since what they held before belongs to nobody.
    fn write_new(&self, part: &Part, run: &Run<'_>, bytes: &[u8]) -> Result<(), Error> {
        let mut filled = vec![0; run.pieces.len() * BLOCK as usize];
        let (blocks, _) = filled.as_chunks_mut::<{ BLOCK as usize }>();
        for ((piece, target), block) in run.pieces.iter().zip(blocks) {
            if let Target::New(Some(old)) = target {
                read_or_zeros(&self.store, part.file, block, *old)
                    .map_err(Error::io("read", part.file))?;
            }
            let from = bytes.get(piece.bytes.clone()).unwrap_or_default();
            for (to, from) in block.iter_mut().skip(piece.from as usize).zip(from) {
                *to = *from;
            }
        }
        self.store
            .write_at(part.file, &filled, run.slot)
            .map_err(Error::io("write", part.file))
    }

    /// Writes into slots that blocks have, with one call for those that follow each other.
    fn write_here(
        &self,
        chunk: &Chunk,
        part: &Part,
        targets: &[(Piece, Target)],
        bytes: &[u8],
    ) -> Result<(), Error> {
        let follows = |a: &(Piece, Target), b: &(Piece, Target)| match (a.1, b.1) {
            (Target::Here(one), Target::Here(two)) => {
                one + BLOCK == two && a.0.bytes.end == b.0.bytes.start
            }
            _ => false,
        };
        for run in targets.chunk_by(follows) {
            let (Some((first, Target::Here(slot))), Some((last, _))) = (run.first(), run.last())
            else {
                continue;
            };
            let bytes = bytes
                .get(first.bytes.start..last.bytes.end)
                .unwrap_or_default();
            // Before the write: even one that fails may have changed something.
            chunk.cell.touched.store(true, Ordering::Release);
            let written = self.store.write_at(part.file, bytes, slot + first.from);
            written.map_err(Error::io("write", part.file))?;
        }
        Ok(())
    }
}
