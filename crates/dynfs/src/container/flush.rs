//! Making durable: data, then the entries that point to it, and only then is a slot free that lost its entry.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Cell, Container};
use crate::error::Error;
use crate::geometry::BLOCK;
use crate::part::Snapshot;
use crate::runs::Runs;
use crate::store::Store;

/// How much of an index is written with one call, in bytes.
const WRITE_STEP: usize = 256 << 10;

/// What one round of making durable does. It stays for the next, so that a round needs no new memory.
#[derive(Debug, Default)]
pub(super) struct Batch {
    work: Vec<Work>,
    snapshot: Snapshot,
}

/// What one part has to be written for.
#[derive(Debug)]
struct Work {
    cell: Arc<Cell>,
    /// How many pages of the snapshot are its.
    pages: usize,
    /// Slots that are free afterwards.
    pending: Runs,
    /// Whether data was written since the last sync.
    touched: bool,
}

/// Flushes that come while one is under way share the next: a round serves everybody who waited before it began.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    state: Mutex<Round>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct Round {
    /// Rounds that began, and those that ended.
    begun: u64,
    ended: u64,
    /// How many wait.
    waiting: usize,
}

/// Ends the present round, however it ends: nobody may wait for ever.
struct Ending<'a>(&'a Rounds);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut round = self.0.lock();
        round.ended = round.begun;
        drop(round);
        self.0.ended.notify_all();
    }
}

impl Rounds {
    /// How many flushes wait for others to end.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting
    }

    fn lock(&self) -> MutexGuard<'_, Round> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Store> Container<S> {
    /// Makes everything durable that was written before this call. One sync a part without new blocks, two with; calls that
    /// come at the same time share them.
    ///
    /// # Errors
    /// If anything may be lost. From then on nothing can be written: what the kernel reported once it does not report
    /// again, and a later success would be a lie.
    pub fn flush(&self) -> Result<(), Error> {
        self.check_writable()?;
        let mut round = self.rounds.lock();
        // One that began before may have passed by what was written since.
        let mine = round.begun + 1;
        while round.begun > round.ended && round.ended < mine {
            round.waiting += 1;
            let waited = self.rounds.ended.wait(round);
            round = waited.unwrap_or_else(PoisonError::into_inner);
            round.waiting -= 1;
        }
        if round.ended >= mine {
            drop(round);
            return self.check_writable();
        }
        round.begun += 1;
        drop(round);
        let _ending = Ending(&self.rounds);
        self.flush_alone()
    }

    fn flush_alone(&self) -> Result<(), Error> {
        let mut batch = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_writable()?;
        let Batch { work, snapshot } = &mut *batch;
        snapshot.pages.clear();
        snapshot.bytes.clear();
        work.clear();
        let mut number = 0;
        while let Some(cell) = self.cell(number) {
            number += 1;
            // What is done is seen here; what is not is for the next flush.
            if !cell.touched.load(Ordering::Acquire) && !cell.read().has_unsaved() {
                continue;
            }
            // Under the lock no write is half done: each is in this flush or in the next.
            let mut part = cell.write();
            let before = snapshot.pages.len();
            let pending = part.snapshot(snapshot);
            let touched = cell.touched.swap(false, Ordering::AcqRel);
            drop(part);
            work.push(Work {
                pages: snapshot.pages.len() - before,
                cell,
                pending,
                touched,
            });
        }
        self.fence(self.write_back(work, snapshot))?;
        let mut pages = snapshot.pages.as_slice();
        for done in work.drain(..) {
            let (mine, others) = pages.split_at_checked(done.pages).unwrap_or((pages, &[]));
            pages = others;
            self.finish(&done, mine);
        }
        self.bound_pages();
        Ok(())
    }

    /// Notes what became durable, and gives space back.
    fn finish(&self, done: &Work, pages: &[(u64, u64)]) {
        let Work { cell, pending, .. } = done;
        for (start, len) in pending.iter() {
            // A file system without holes keeps the space for blocks to come.
            let punched = self.store.punch(cell.file, start, len);
            self.common.room.note_punch(&punched);
        }
        if pages.is_empty() && pending.is_empty() {
            return;
        }
        let mut part = cell.write();
        pages.iter().for_each(|(page, _)| part.saved(*page));
        if !pending.is_empty() {
            part.add_free(&self.store, pending);
        }
    }

    fn write_back(&self, work: &[Work], snapshot: &Snapshot) -> Result<(), Error> {
        let sync = |cell: &Cell| {
            self.store
                .sync(cell.file)
                .map_err(Error::io("sync", cell.file))
        };
        for Work { cell, .. } in work.iter().filter(|work| work.touched) {
            sync(cell)?;
        }
        let (mut pages, mut bytes) = (snapshot.pages.as_slice(), snapshot.bytes.as_slice());
        for work in work {
            let (mine, others) = pages.split_at_checked(work.pages).unwrap_or((pages, &[]));
            pages = others;
            let follows = |one: &(u64, u64), two: &(u64, u64)| one.1 + BLOCK == two.1;
            for run in mine.chunk_by(follows) {
                let Some((_, offset)) = run.first() else {
                    continue;
                };
                // The last page of an index may be shorter, and is the last of its run then.
                let len = run.iter().map(|page| self.page_len(page.0)).sum();
                let (here, behind) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
                bytes = behind;
                for (bytes, at) in here.chunks(WRITE_STEP).zip((*offset..).step_by(WRITE_STEP)) {
                    let written = self.store.write_at(work.cell.file, bytes, at);
                    written.map_err(Error::io("write the index of", work.cell.file))?;
                }
            }
        }
        for Work { cell, .. } in work.iter().filter(|work| work.pages > 0) {
            sync(cell)?;
        }
        Ok(())
    }

    /// Bytes of an index page.
    fn page_len(&self, page: u64) -> usize {
        let (_, entries) = self.geometry().page(page);
        usize::try_from(entries * 8).unwrap_or_default()
    }
}
