//! One part: the pages of its index that are in memory, and which slots are free.

mod extents;
mod index;
mod pages;
mod slots;

use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) use extents::{Extent, Place};
pub(crate) use index::all_entries;
pub(crate) use pages::Budget;

use crate::error::Error;
use crate::geometry::{BLOCK, Geometry, PAGE_ENTRIES};
use crate::room::Room;
use crate::runs::Runs;
use crate::store::{FileName, Store};
use crate::survey::{holds_data, survey};
use index::{read_entries, to_bytes};
use pages::Pages;
use slots::Slots;

/// What all parts of a container have in common.
#[derive(Debug, Default)]
pub(crate) struct Common {
    pub(crate) room: Room,
    pub(crate) budget: Arc<Budget>,
}

/// What changes while a part is in use.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) file: FileName,
    geometry: Geometry,
    /// Bytes that the file has, as far as data is concerned.
    len: u64,
    pages: Pages,
    common: Arc<Common>,
    /// Whether the index was surveyed, and the fields below are true.
    surveyed: bool,
    slots: Slots,
    /// Slots that are being written while the part is not locked: where they begin, and how many they are.
    lent: Vec<(u64, u64)>,
    /// Slots whose entries were cleared, not yet durably.
    pending: Runs,
    shared: BTreeSet<u64>,
    /// Entries that hold data.
    mapped: u64,
}

/// What a flush makes durable: taken while parts are locked, written while they are not. Kept for the next one, so that
/// it seldom needs new memory.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// Number and entries of changed index pages.
    pub(crate) pages: Vec<(u64, u64)>,
    /// The bytes of all these pages.
    pub(crate) bytes: Vec<u8>,
}

impl Part {
    pub(crate) fn new(file: FileName, geometry: Geometry, len: u64, common: &Arc<Common>) -> Self {
        Self {
            file,
            geometry,
            len,
            pages: Pages::new(Arc::clone(&common.budget)),
            common: Arc::clone(common),
            surveyed: false,
            slots: Slots::default(),
            lent: Vec::new(),
            pending: Runs::default(),
            shared: BTreeSet::new(),
            mapped: 0,
        }
    }

    /// Whether the part was surveyed, as every write needs it.
    pub(crate) fn is_surveyed(&self) -> bool {
        self.surveyed
    }

    /// Whether the pages of these entries are in memory. A part without data needs none.
    pub(crate) fn has_pages(&self, first: u64, last: u64) -> bool {
        self.is_empty() || pages_of(first, last).all(|page| self.pages.contains(page))
    }

    fn is_empty(&self) -> bool {
        !self.surveyed && self.len <= self.geometry.data_start()
    }

    /// Whether the index reaches to this entry in the file, and there is data: if not, all entries from it on are holes.
    pub(crate) fn may_record(&self, entry: u64) -> bool {
        !self.is_empty() && self.geometry.page(entry / PAGE_ENTRIES).0 < self.len
    }

    /// Brings the pages of these entries into memory.
    pub(crate) fn load(&mut self, store: &impl Store, first: u64, last: u64) -> Result<(), Error> {
        if self.is_empty() {
            return Ok(());
        }
        for page in pages_of(first, last) {
            if self.pages.contains(page) {
                continue;
            }
            let (offset, entries) = self.geometry.page(page);
            let entries = read_entries(store, self.file, offset, entries)?;
            self.pages.insert(page, entries.into_boxed_slice());
        }
        Ok(())
    }

    /// Throws pages out of memory; returns how many of those that were to go.
    pub(crate) fn evict(&mut self, count: usize) -> usize {
        self.pages.evict(count)
    }

    /// Where the block of an entry lies; `None` for a hole. Its page has to be in memory.
    pub(crate) fn lookup(&self, entry: u64) -> Option<u64> {
        let page = self.pages.get(entry / PAGE_ENTRIES)?;
        let index = usize::try_from(entry % PAGE_ENTRIES).ok()?;
        let offset = *page.get(index)?;
        holds_data(&self.geometry, self.len, offset).then_some(offset)
    }

    /// Whether another entry holds bytes of this one's slot.
    pub(crate) fn is_shared(&self, entry: u64) -> bool {
        self.shared.contains(&entry)
    }

    /// Looks at the whole index, and clears durably what points to no data: an entry that dangles would else come to
    /// hold the next block that is written there.
    pub(crate) fn survey(&mut self, store: &impl Store) -> Result<(), Error> {
        if self.surveyed {
            return Ok(());
        }
        // A killed predecessor may have left pages that say "free" in the cache only.
        store
            .sync(self.file)
            .map_err(Error::io("sync", self.file))?;
        let len = store
            .len(self.file)
            .map_err(Error::io("look at", self.file))?
            .unwrap_or(0);
        let entries = all_entries(store, self.file, &self.geometry)?;
        let mut found = survey(&self.geometry, len, self.geometry.entries(), entries);
        let mut pages = std::collections::BTreeMap::<u64, Vec<u64>>::new();
        for (entry, _) in found.inside.iter().chain(&found.dangling) {
            pages
                .entry(entry / PAGE_ENTRIES)
                .or_default()
                .push(entry % PAGE_ENTRIES);
        }
        for (page, cleared) in &pages {
            let (offset, count) = self.geometry.page(*page);
            let mut entries = read_entries(store, self.file, offset, count)?;
            for index in cleared
                .iter()
                .filter_map(|index| usize::try_from(*index).ok())
            {
                entries
                    .get_mut(index)
                    .into_iter()
                    .for_each(|entry| *entry = 0);
            }
            store
                .write_at(self.file, &to_bytes(&entries), offset)
                .map_err(Error::io("repair", self.file))?;
        }
        if !pages.is_empty() {
            store
                .sync(self.file)
                .map_err(Error::io("sync", self.file))?;
        }
        self.pages.clear();
        self.slots = Slots::new(&mut found, &self.geometry, &self.lent);
        let place = (self.file, &self.geometry);
        self.len = self.slots.settle(store, place, len)?;
        self.shared = found.shared;
        self.mapped = found.used;
        self.surveyed = true;
        Ok(())
    }

    /// Takes up to `want` slots that follow each other: where they begin, and how many they are. Space for
    /// them is reserved where the file system can do that.
    ///
    /// # Errors
    /// [`Error::Full`] if there is none; nothing is changed then.
    pub(crate) fn allocate(&mut self, store: &impl Store, want: u64) -> Result<(u64, u64), Error> {
        let place = (self.file, &self.geometry, &self.common.room);
        let slots = self.slots.allocate(store, place, want);
        if matches!(slots, Err(Error::Full)) {
            self.common.room.note_full();
        }
        slots
    }

    /// Makes the space of allocated slots durable, where that has to be before they are written.
    ///
    /// # Errors
    /// If it may be lost.
    pub(crate) fn secure(&mut self, store: &impl Store) -> Result<(), Error> {
        self.slots.secure(store, self.file)
    }

    /// Makes sure that the pages of these entries can be written back on a full disk: in a sparse index they may be holes.
    pub(crate) fn reserve_pages(
        &mut self,
        store: &impl Store,
        first: u64,
        last: u64,
    ) -> Result<(), Error> {
        for number in pages_of(first, last) {
            let (offset, entries) = self.geometry.page(number);
            if !self.pages.needs_space(number) {
                continue;
            }
            match store.reserve(self.file, offset, entries * 8) {
                Err(error) if error.kind() != std::io::ErrorKind::Unsupported => {
                    return Err(Error::io("reserve space in", self.file)(error));
                }
                _ => self.pages.set_reserved(number),
            }
        }
        Ok(())
    }

    /// Takes the first free slot, if it begins before `end`.
    pub(crate) fn take_free_before(&mut self, end: u64) -> Option<u64> {
        self.slots.take_free_before(end)
    }

    /// Takes back slots that were allocated and not used.
    pub(crate) fn release(&mut self, start: u64, slots: u64) {
        self.slots.release(start, slots);
    }

    /// Notes that allocated slots are written while others may use the part, until they are [taken back](Self::take_back).
    pub(crate) fn lend(&mut self, start: u64, slots: u64) {
        self.lent.push((start, slots));
    }

    /// Notes that nobody writes to these slots any more.
    pub(crate) fn take_back(&mut self, start: u64) {
        self.lent.retain(|(lent, _)| *lent != start);
    }

    /// Lets an entry point to a slot whose data is written, or to none. The slot that it had is free after the next flush,
    /// unless another entry holds it too.
    pub(crate) fn set(&mut self, entry: u64, slot: Option<u64>) {
        let before = self.lookup(entry);
        if !self.pages.set(entry, slot.unwrap_or(0)) {
            return;
        }
        if let Some(slot) = slot {
            self.len = self.len.max(slot + BLOCK);
        }
        self.mapped =
            (self.mapped + u64::from(slot.is_some())).saturating_sub(u64::from(before.is_some()));
        let was_shared = self.shared.remove(&entry);
        // A slot beside the grid is left alone: its neighbours may be free in halves.
        if let Some(slot) = before.filter(|slot| !was_shared && self.is_on_grid(*slot)) {
            self.pending.insert(slot, BLOCK);
        }
    }

    /// Whether a flush would find something here.
    pub(crate) fn has_unsaved(&self) -> bool {
        self.pages.has_unsaved() || !self.pending.is_empty()
    }

    /// Adds what is to be made durable; it counts as done from now on. Returns the slots that are free afterwards.
    pub(crate) fn snapshot(&mut self, snapshot: &mut Snapshot) -> Runs {
        let geometry = self.geometry;
        self.pages.take_unsaved(|page, entries| {
            snapshot.pages.push((page, geometry.page(page).0));
            for entry in entries {
                snapshot.bytes.extend_from_slice(&entry.to_le_bytes());
            }
        });
        std::mem::take(&mut self.pending)
    }

    /// Notes that a page of a snapshot is in the file.
    pub(crate) fn saved(&mut self, page: u64) {
        self.pages.saved(page);
    }

    /// Blocks that hold data: exact once the part was surveyed, else the most that the file can hold.
    pub(crate) fn mapped(&self) -> (u64, bool) {
        match self.surveyed {
            true => (self.mapped, true),
            false => {
                let most = self.len.saturating_sub(self.geometry.data_start());
                let most = most.div_ceil(BLOCK).min(self.geometry.entries());
                (most, most == 0)
            }
        }
    }

    /// Whether slots begin at multiples of a block behind the first one here, and this is one of them.
    pub(crate) fn is_on_grid(&self, offset: u64) -> bool {
        offset
            .checked_sub(self.geometry.first_slot())
            .is_some_and(|at| at.is_multiple_of(BLOCK))
    }

    /// Looks at the whole index again, as for the first write: slots that were freed in halves are found. False, and
    /// nothing is done, if something has to be flushed first.
    pub(crate) fn survey_again(&mut self, store: &impl Store) -> Result<bool, Error> {
        let flushed = self.pending.is_empty() && self.pages.all_saved();
        if flushed {
            self.surveyed = false;
            self.survey(store)?;
        }
        Ok(flushed)
    }

    /// Whether slots wait for a flush before they are free.
    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether there are free slots that only another survey finds.
    pub(crate) fn forgot_free(&self) -> bool {
        self.slots.forgot_all()
    }

    /// Adds slots that are durably free, and gives the end of the file back.
    pub(crate) fn add_free(&mut self, store: &impl Store, runs: &Runs) {
        let place = (self.file, &self.geometry);
        if let Some(len) = self.slots.add_free(store, place, runs) {
            self.len = len;
        }
    }
}

fn pages_of(first: u64, last: u64) -> std::ops::RangeInclusive<u64> {
    first / PAGE_ENTRIES..=last / PAGE_ENTRIES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::MIB;
    use crate::memory::Memory;

    /// However much of a disk is read, few pages stay; what is not yet durable stays in any case.
    #[test]
    fn memory_does_not_grow_with_what_is_read() {
        let memory = Memory::new();
        let geometry = Geometry::new(64 * MIB, 64 * MIB).unwrap();
        let file = FileName::Part(0);
        memory.put(file, vec![0; geometry.first_slot() as usize]);
        let common = Arc::default();
        let mut part = Part::new(file, geometry, geometry.first_slot(), &common);
        part.survey(&memory).unwrap();
        part.load(&memory, 0, 0).unwrap();
        part.set(7, Some(geometry.first_slot()));
        for entry in (0..geometry.entries()).step_by(100) {
            part.load(&memory, entry, entry).unwrap();
            part.evict(common.budget.pages().saturating_sub(5));
            assert!(common.budget.pages() <= 5);
        }
        assert_eq!(part.lookup(7), Some(geometry.first_slot()));
        let mut snapshot = Snapshot::default();
        assert!(part.snapshot(&mut snapshot).is_empty());
        assert_eq!(
            (snapshot.pages, snapshot.bytes.len()),
            (vec![(0, 4096)], 4096)
        );
    }
}
