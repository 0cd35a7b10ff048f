//! One part: the pages of its index that are in memory, and which slots are free.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;
use crate::geometry::{BLOCK, Geometry, PAGE_ENTRIES};
use crate::runs::Runs;
use crate::store::{FileName, Store, read_or_zeros};
use crate::survey::{Entry, holds_data, survey};

/// How much space is asked for at once, in bytes: fewer calls, and longer runs on FAT.
const RESERVE_STEP: u64 = 16 << 20;
/// How much of an index is read at once, in bytes.
const SCAN_STEP: u64 = 256 << 10;

/// What changes while a part is in use.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) file: FileName,
    geometry: Geometry,
    /// Bytes that the file has, as far as data is concerned.
    len: u64,
    pages: BTreeMap<u64, Page>,
    /// The most clean pages that are kept.
    keep: usize,
    /// Whether the index was surveyed, and the fields below are true.
    surveyed: bool,
    next: u64,
    /// The length of the file when no slot is in use.
    least_len: u64,
    /// Up to where space was reserved.
    reserved: u64,
    free: Runs,
    /// Slots whose entries were cleared, not yet durably.
    pending: Vec<u64>,
    shared: BTreeSet<u64>,
}

#[derive(Debug)]
struct Page {
    entries: Vec<u64>,
    dirty: bool,
    /// Whether writing it back will find space.
    reserved: bool,
}

/// What a flush makes durable: taken while the part is locked, written while it is not.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// Offset and bytes of each changed index page.
    pub(crate) pages: Vec<(u64, Vec<u8>)>,
    /// Slots that are free afterwards.
    pub(crate) pending: Vec<u64>,
}

impl Part {
    pub(crate) fn new(file: FileName, geometry: Geometry, len: u64, keep: usize) -> Self {
        Self {
            file,
            geometry,
            len,
            pages: BTreeMap::new(),
            keep,
            surveyed: false,
            next: 0,
            least_len: 0,
            reserved: 0,
            free: Runs::default(),
            pending: Vec::new(),
            shared: BTreeSet::new(),
        }
    }

    /// Whether the part was surveyed, as every write needs it.
    pub(crate) fn is_surveyed(&self) -> bool {
        self.surveyed
    }

    /// Whether the pages of these entries are in memory. A part without data needs none.
    pub(crate) fn has_pages(&self, first: u64, last: u64) -> bool {
        self.is_empty() || pages_of(first, last).all(|page| self.pages.contains_key(&page))
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
            if self.pages.contains_key(&page) {
                continue;
            }
            let (offset, entries) = self.geometry.page(page);
            let entries = read_entries(store, self.file, offset, entries)?;
            self.pages.insert(
                page,
                Page {
                    entries,
                    dirty: false,
                    reserved: false,
                },
            );
        }
        let mut surplus = self.pages.len().saturating_sub(self.keep);
        self.pages.retain(|page, content| {
            let wanted = content.dirty || pages_of(first, last).contains(page);
            let kept = wanted || surplus == 0;
            surplus -= usize::from(!kept);
            kept
        });
        Ok(())
    }

    /// Where the block of an entry lies; `None` for a hole. Its page has to be in memory.
    pub(crate) fn lookup(&self, entry: u64) -> Option<u64> {
        let page = self.pages.get(&(entry / PAGE_ENTRIES))?;
        let index = usize::try_from(entry % PAGE_ENTRIES).ok()?;
        let offset = *page.entries.get(index)?;
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
        let found = survey(&self.geometry, len, self.geometry.entries(), entries);
        let mut pages = BTreeMap::<u64, Vec<u64>>::new();
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
        self.len = len;
        self.next = found.next;
        self.least_len = found.least_len;
        self.free = found.free;
        self.shared = found.shared;
        self.surveyed = true;
        Ok(())
    }

    /// Takes up to `want` slots that follow each other: where they begin, and how many they are. Space for
    /// those at the end is reserved where the file system can do that.
    ///
    /// # Errors
    /// [`Error::Full`] if there is none; nothing is changed then.
    pub(crate) fn allocate(&mut self, store: &impl Store, want: u64) -> Result<(u64, u64), Error> {
        if let Some(start) = self.free.take(want) {
            return Ok((start, want));
        }
        let max = store.max_len().unwrap_or(i64::MAX as u64);
        let room = max.saturating_sub(self.next) / BLOCK;
        if room >= want
            && self
                .reserve_to(store, self.next + want * BLOCK, max)
                .is_ok()
        {
            let start = self.next;
            self.next += want * BLOCK;
            return Ok((start, want));
        }
        if let Some(some) = self.free.take_some(want) {
            return Ok(some);
        }
        if room == 0 {
            return Err(Error::Full);
        }
        let start = self.next;
        self.reserve_to(store, start + BLOCK, max)?;
        self.next += BLOCK;
        Ok((start, 1))
    }

    fn reserve_to(&mut self, store: &impl Store, end: u64, max: u64) -> Result<(), Error> {
        if end <= self.reserved {
            return Ok(());
        }
        let start = self.next;
        let far = (end + RESERVE_STEP)
            .min(self.geometry.full_len())
            .min(max)
            .max(end);
        for end in [far, end] {
            match store.reserve(self.file, start, end - start) {
                Ok(()) => {
                    self.reserved = end;
                    return Ok(());
                }
                // It shows when the data is written, before any entry is set.
                Err(error) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(()),
                Err(_) => {}
            }
        }
        Err(Error::Full)
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
            let Some(page) = self.pages.get_mut(&number).filter(|page| !page.reserved) else {
                continue;
            };
            match store.reserve(self.file, offset, entries * 8) {
                Err(error) if error.kind() != std::io::ErrorKind::Unsupported => {
                    return Err(Error::io("reserve space in", self.file)(error));
                }
                _ => page.reserved = true,
            }
        }
        Ok(())
    }

    /// Takes the first free slot, if it begins before `end`.
    pub(crate) fn take_free_before(&mut self, end: u64) -> Option<u64> {
        let (start, _) = self.free.iter().next().filter(|(start, _)| *start < end)?;
        self.free.take_at(start)
    }

    /// Takes back slots that were allocated and not used.
    pub(crate) fn release(&mut self, start: u64, slots: u64) {
        if slots == 0 {
            return;
        }
        if start + slots * BLOCK == self.next {
            self.next = start;
        } else {
            self.free.insert(start, slots * BLOCK);
        }
    }

    /// Lets an entry point to a slot whose data is written, or to none. The slot that it had is free after the next flush,
    /// unless another entry holds it too.
    pub(crate) fn set(&mut self, entry: u64, slot: Option<u64>) {
        let before = self.lookup(entry);
        let index = usize::try_from(entry % PAGE_ENTRIES).unwrap_or_default();
        let Some(page) = self.pages.get_mut(&(entry / PAGE_ENTRIES)) else {
            return;
        };
        let Some(place) = page.entries.get_mut(index) else {
            return;
        };
        *place = slot.unwrap_or(0);
        page.dirty = true;
        if let Some(slot) = slot {
            self.len = self.len.max(slot + BLOCK);
        }
        let was_shared = self.shared.remove(&entry);
        // A slot beside the grid is left alone: its neighbours may be free in halves.
        let freed = before.filter(|slot| !was_shared && self.is_on_grid(*slot));
        self.pending.extend(freed);
    }

    /// What is to be made durable; it counts as done from now on.
    pub(crate) fn snapshot(&mut self) -> Snapshot {
        let dirty = self.pages.iter_mut().filter(|(_, page)| page.dirty);
        let pages = dirty.map(|(number, page)| {
            page.dirty = false;
            (self.geometry.page(*number).0, to_bytes(&page.entries))
        });
        Snapshot {
            pages: pages.collect(),
            pending: std::mem::take(&mut self.pending),
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
        let flushed = self.pending.is_empty() && self.pages.values().all(|page| !page.dirty);
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

    /// Adds slots that are durably free, and gives the end of the file back.
    pub(crate) fn add_free(&mut self, store: &impl Store, runs: &Runs) {
        runs.iter()
            .for_each(|(start, len)| self.free.insert(start, len));
        let Some(start) = self.free.take_ending_at(self.next) else {
            return;
        };
        let len = if start == self.geometry.first_slot() {
            self.least_len
        } else {
            start
        };
        if store.set_len(self.file, len).is_ok() {
            self.next = start;
            self.reserved = 0;
            self.len = len;
        } else {
            self.free.insert(start, self.next - start);
        }
    }
}

fn pages_of(first: u64, last: u64) -> std::ops::RangeInclusive<u64> {
    first / PAGE_ENTRIES..=last / PAGE_ENTRIES
}

/// All entries of a part that are not zero.
pub(crate) fn all_entries(
    store: &impl Store,
    file: FileName,
    geometry: &Geometry,
) -> Result<Vec<Entry>, Error> {
    let len = store.len(file).map_err(Error::io("look at", file))?;
    let mut found = Vec::new();
    let mut first = 0;
    while first < geometry.entries() {
        let count = (geometry.entries() - first).min(SCAN_STEP / 8);
        let (start, _) = geometry.page(first / PAGE_ENTRIES);
        // An old container's header may speak of exbibytes; behind the end of the file all entries are zero.
        if len.is_none_or(|len| start >= len) {
            break;
        }
        let entries = read_entries(store, file, start, count)?;
        found.extend((first..).zip(entries).filter(|(_, offset)| *offset != 0));
        first += count;
    }
    Ok(found)
}

fn read_entries(
    store: &impl Store,
    file: FileName,
    offset: u64,
    count: u64,
) -> Result<Vec<u64>, Error> {
    let mut bytes = vec![0; usize::try_from(count * 8).unwrap_or_default()];
    read_or_zeros(store, file, &mut bytes, offset).map_err(Error::io("read the index of", file))?;
    let (entries, _) = bytes.as_chunks::<8>();
    Ok(entries
        .iter()
        .map(|entry| u64::from_le_bytes(*entry))
        .collect())
}

fn to_bytes(entries: &[u64]) -> Vec<u8> {
    entries
        .iter()
        .flat_map(|entry| entry.to_le_bytes())
        .collect()
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
        let mut part = Part::new(file, geometry, geometry.first_slot(), 4);
        part.survey(&memory).unwrap();
        part.load(&memory, 0, 0).unwrap();
        part.set(7, Some(geometry.first_slot()));
        for entry in (0..geometry.entries()).step_by(100) {
            part.load(&memory, entry, entry).unwrap();
            assert!(part.pages.len() <= 5, "{} pages", part.pages.len());
        }
        assert_eq!(part.lookup(7), Some(geometry.first_slot()));
        assert_eq!(part.snapshot().pages.len(), 1);
    }
}
