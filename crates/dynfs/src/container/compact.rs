//! Compaction, only when it is asked for: blocks from the end of each part move into free slots, and the part is cut.
//!
//! This is what gives space back on file systems without holes. A block moves like one that is written: its copy is
//! durable before its entry, and the entry before the old slot is free, so that it may be cut or stopped anywhere and
//! simply started again. Others may read and write meanwhile.

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};

use super::{Cell, Container};
use crate::error::Error;
use crate::geometry::BLOCK;
use crate::part::{Part, all_entries};
use crate::runs::Runs;
use crate::store::Store;
use crate::survey::Entry;

/// Blocks between two flushes: 16 MiB, so that even a slow stick has few syncs.
const BATCH: usize = 4096;
/// Blocks that are copied while the part is locked: 1 MiB, so that nobody waits long.
const STEP: usize = 256;
/// How often a part that others keep writing to is asked whether it can be surveyed.
const SURVEY_TRIES: usize = 8;

/// What a compaction is to do besides moving blocks to the front.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compaction {
    /// Whether blocks of zeros become holes: for that all data is read.
    pub drop_zeros: bool,
}

/// What a compaction did. Blocks have 4096 bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Blocks that moved to the front of their part.
    pub moved: u64,
    /// Blocks that lay beside the grid of slots, and moved onto it.
    pub aligned: u64,
    /// Blocks beside the grid that found no room, or share their place with another: check and repair first.
    pub unaligned: u64,
    /// Blocks of zeros that became holes.
    pub dropped: u64,
    /// Bytes by which the parts are shorter.
    pub returned: u64,
    /// Whether it was stopped; another run does the rest.
    pub stopped: bool,
}

/// How far a compaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Number of the part that is worked on, from 0.
    pub part: u32,
    /// How many there are.
    pub parts: u32,
    /// Blocks of the part's present step that were looked at.
    pub done: u64,
    /// Blocks of that step.
    pub total: u64,
}

/// What was done, and whom to tell.
struct Work<'a> {
    wanted: Compaction,
    did: Compacted,
    part: u32,
    parts: u32,
    tell: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
}

impl Work<'_> {
    fn tell(&mut self, done: usize, total: usize) -> ControlFlow<()> {
        (self.tell)(Progress {
            part: self.part,
            parts: self.parts,
            done: done as u64,
            total: total as u64,
        })
    }
}

impl<S: Store> Container<S> {
    /// Moves blocks from the end of each part into free slots, aligns those beside the grid, and cuts the parts.
    /// Everything before is durable afterwards too. No part gets longer but for a batch (16 MiB) that alignment may
    /// need for a while, and does without where there is no room.
    ///
    /// `progress` is called after each batch, and may stop it there.
    ///
    /// # Errors
    /// If the container is open for reading only, or the medium fails. What is on the disk stays the same in any case.
    pub fn compact(
        &self,
        wanted: Compaction,
        mut progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Compacted, Error> {
        self.check_writable()?;
        let cells = self.cells();
        let mut work = Work {
            wanted,
            did: Compacted::default(),
            part: 0,
            parts: u32::try_from(cells.len()).unwrap_or(u32::MAX),
            tell: &mut progress,
        };
        for (part, cell) in (0..).zip(&cells) {
            work.part = part;
            let before = self.file_len(cell)?;
            // A part without data has nothing to move, and thousands may be so.
            if before <= self.geometry().data_start() {
                continue;
            }
            let flow = self.compact_part(cell, &mut work)?;
            work.did.returned += before.saturating_sub(self.file_len(cell)?);
            if flow.is_break() {
                work.did.stopped = true;
                break;
            }
        }
        Ok(work.did)
    }

    fn file_len(&self, cell: &Cell) -> Result<u64, Error> {
        let len = self.store.len(cell.file);
        Ok(len.map_err(Error::io("look at", cell.file))?.unwrap_or(0))
    }

    fn compact_part(
        &self,
        cell: &Arc<Cell>,
        work: &mut Work<'_>,
    ) -> Result<ControlFlow<()>, Error> {
        self.fence(cell.write().survey(&self.store))?;
        if work.wanted.drop_zeros && self.drop_zeros(cell, work)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        if self.align(cell, work)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let mut blocks = self.entries_on_medium(cell)?;
        blocks.sort_unstable_by_key(|(_, offset)| std::cmp::Reverse(*offset));
        let mut moved = 0;
        let flow = self.in_batches(cell, &blocks, work, |part, blocks| {
            let count =
                self.move_blocks(cell, part, blocks, |part, from| part.take_free_before(from))?;
            moved += count;
            Ok(count)
        })?;
        work.did.moved += moved;
        // What was free at the end before, and what no move has cut.
        cell.write().add_free(&self.store, &Runs::default());
        Ok(flow)
    }

    /// The entries of a part as the medium has them now. Others may change them, so each is looked at again before
    /// anything is done. 16 bytes a block: 16 MB for a full part of 4000 MiB, as for the survey.
    fn entries_on_medium(&self, cell: &Cell) -> Result<Vec<Entry>, Error> {
        self.flush()?;
        all_entries(&self.store, cell.file, &self.geometry())
    }

    /// Lets `step` change blocks, a few under the lock at a time, and makes each batch durable. It says how many it changed,
    /// and that there is nothing more to do by changing none.
    fn in_batches(
        &self,
        cell: &Cell,
        blocks: &[Entry],
        work: &mut Work<'_>,
        mut step: impl FnMut(&mut Part, &[Entry]) -> Result<u64, Error>,
    ) -> Result<ControlFlow<()>, Error> {
        let mut done = 0;
        for batch in blocks.chunks(BATCH) {
            let mut changed = 0;
            for blocks in batch.chunks(STEP) {
                self.check_writable()?;
                let result = step(&mut cell.write(), blocks);
                changed += match result {
                    // What moved before makes room, once it is durable.
                    Err(Error::Full) if changed > 0 => {
                        self.flush()?;
                        step(&mut cell.write(), blocks)?
                    }
                    other => other?,
                };
            }
            self.flush()?;
            done += batch.len();
            if work.tell(done, blocks.len()).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if changed == 0 {
                break;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Lets blocks of zeros be holes.
    fn drop_zeros(&self, cell: &Cell, work: &mut Work<'_>) -> Result<ControlFlow<()>, Error> {
        let mut blocks = self.entries_on_medium(cell)?;
        blocks.sort_unstable_by_key(|(_, offset)| *offset);
        let mut dropped = 0;
        let flow = self.in_batches(cell, &blocks, work, |part, blocks| {
            let bytes = self.read_blocks(cell, blocks)?;
            let (contents, _) = bytes.as_chunks::<{ BLOCK as usize }>();
            for ((entry, offset), content) in blocks.iter().zip(contents) {
                if content.iter().any(|byte| *byte != 0) {
                    continue;
                }
                part.load(&self.store, *entry, *entry)?;
                if part.lookup(*entry) == Some(*offset) {
                    part.reserve_pages(&self.store, *entry, *entry)?;
                    part.set(*entry, None);
                    dropped += 1;
                }
            }
            // Later blocks may be zeros where these are none.
            Ok(blocks.len() as u64)
        })?;
        work.did.dropped += dropped;
        Ok(flow)
    }

    /// Moves blocks onto the grid of slots, from the front on: what each round leaves makes room for the next.
    fn align(&self, cell: &Cell, work: &mut Work<'_>) -> Result<ControlFlow<()>, Error> {
        loop {
            let mut blocks = self.entries_on_medium(cell)?;
            let part = cell.read();
            // Slots at the end of the index are on the grid, and before the first that is given away.
            let grid = |offset: u64| part.is_on_grid(offset.saturating_add(BLOCK));
            blocks.retain(|(_, offset)| !grid(*offset));
            drop(part);
            blocks.sort_unstable_by_key(|(_, offset)| *offset);
            let total = blocks.len();
            blocks.truncate(BATCH);
            let mut aligned = 0;
            let mut flow = ControlFlow::Continue(());
            if !blocks.is_empty() {
                flow = self.in_batches(cell, &blocks, work, |part, blocks| {
                    let count = self.move_blocks(cell, part, blocks, |part, _| {
                        let free = part.take_free_before(u64::MAX);
                        free.or_else(|| {
                            let (slot, _) = part.allocate(&self.store, 1).ok()?;
                            self.fence(part.secure(&self.store)).ok()?;
                            Some(slot)
                        })
                    })?;
                    aligned += count;
                    Ok(count)
                })?;
            }
            work.did.aligned += aligned;
            if aligned > 0 {
                self.survey_cell_again(cell)?;
            }
            if aligned == 0 || flow.is_break() {
                work.did.unaligned += total as u64 - aligned;
                return Ok(flow);
            }
        }
    }

    /// Finds the slots that became free in halves. Where others never leave the part flushed they stay unknown until it is
    /// opened again.
    pub(super) fn survey_cell_again(&self, cell: &Cell) -> Result<(), Error> {
        for _ in 0..SURVEY_TRIES {
            self.flush()?;
            // What a flush has taken and not yet written must not be missed.
            let _alone = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
            if self.fence(cell.write().survey_again(&self.store))? {
                break;
            }
        }
        Ok(())
    }
}
