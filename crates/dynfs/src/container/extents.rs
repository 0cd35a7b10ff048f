//! Which bytes of a disk are recorded, without reading them: what a copy and a search for data need.

use std::ops::Range;

use super::Container;
use crate::error::Error;
use crate::geometry::{BLOCK, PAGE_ENTRIES};
use crate::store::Store;

impl<S: Store> Container<S> {
    /// The first bytes from `offset` on that are recorded, up to the next hole or the end of an index page (2 MiB of the
    /// disk); `None` if there are none. Everything before them reads as zeros.
    ///
    /// # Errors
    /// If an index cannot be read.
    pub fn next_data(&self, offset: u64) -> Result<Option<Range<u64>>, Error> {
        let geometry = self.geometry();
        let Some(place) = geometry.locate(offset) else {
            return Ok(None);
        };
        let mut first = place.entry;
        for (number, cell) in (0..).zip(self.cells()).skip(place.part as usize) {
            let end = geometry.used_entries(number);
            while cell.present && first < end {
                let last = (first / PAGE_ENTRIES * PAGE_ENTRIES + PAGE_ENTRIES).min(end) - 1;
                let mut part = cell.write();
                if !part.may_record(first) {
                    break;
                }
                part.load(&self.store, first, last)?;
                let is_data = |entry: &u64| part.lookup(*entry).is_some();
                if let Some(found) = (first..=last).find(is_data) {
                    let behind = (found..=last).find(|entry| !is_data(entry));
                    let at = |entry| u64::from(number) * geometry.split() + entry * BLOCK;
                    // An entry counts from its start, wherever in it was asked for.
                    let start = at(found).max(offset);
                    return Ok(Some(start..at(behind.unwrap_or(last + 1))));
                }
                first = last + 1;
            }
            first = 0;
        }
        Ok(None)
    }
}
