//! Making durable: data, then the entries that point to it, and only then is a slot free that lost its entry.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::{Cell, Container};
use crate::error::Error;
use crate::part::Snapshot;
use crate::runs::Runs;
use crate::store::Store;

/// What one part has to be written for.
struct Work {
    cell: Arc<Cell>,
    snapshot: Snapshot,
    /// Whether data was written since the last sync.
    touched: bool,
}

impl<S: Store> Container<S> {
    /// Makes everything durable that was written before this call. One sync a part without new blocks, two with.
    ///
    /// # Errors
    /// If anything may be lost. From then on nothing can be written: what the kernel reported once it does not report
    /// again, and a later success would be a lie.
    pub fn flush(&self) -> Result<(), Error> {
        self.check_writable()?;
        let _alone = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_writable()?;
        let mut work = Vec::new();
        for cell in self.cells() {
            // Under the lock no write is half done: each is in this flush or in the next.
            let mut part = cell.write();
            let snapshot = part.snapshot();
            let touched = cell.touched.swap(false, Ordering::AcqRel);
            drop(part);
            if touched || !snapshot.pages.is_empty() {
                work.push(Work {
                    cell,
                    snapshot,
                    touched,
                });
            }
        }
        self.fence(self.write_back(&work))?;
        for Work { cell, snapshot, .. } in work {
            let mut pending = snapshot.pending;
            pending.sort_unstable();
            let runs: Runs = pending.into_iter().collect();
            if runs.slots() > 0 {
                for (start, len) in runs.iter() {
                    // A file system without holes keeps the space for blocks to come.
                    let _ = self.store.punch(cell.file, start, len);
                }
                cell.write().add_free(&self.store, &runs);
            }
        }
        Ok(())
    }

    fn write_back(&self, work: &[Work]) -> Result<(), Error> {
        let sync = |cell: &Cell| {
            self.store
                .sync(cell.file)
                .map_err(Error::io("sync", cell.file))
        };
        for Work { cell, .. } in work.iter().filter(|work| work.touched) {
            sync(cell)?;
        }
        for Work { cell, snapshot, .. } in work {
            for (offset, bytes) in &snapshot.pages {
                let written = self.store.write_at(cell.file, bytes, *offset);
                written.map_err(Error::io("write the index of", cell.file))?;
            }
        }
        for Work { cell, snapshot, .. } in work {
            if !snapshot.pages.is_empty() {
                sync(cell)?;
            }
        }
        Ok(())
    }
}
