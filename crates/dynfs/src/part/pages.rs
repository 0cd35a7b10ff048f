//! The pages of an index that are in memory. Those that are not yet on the medium stay, of others few do.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::geometry::PAGE_ENTRIES;

/// Index pages of all parts that are in memory.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    pages: AtomicUsize,
    unsaved: AtomicUsize,
}

impl Budget {
    /// How many there are.
    pub(crate) fn pages(&self) -> usize {
        self.pages.load(Ordering::Relaxed)
    }

    /// How many of them wait for a flush.
    pub(crate) fn unsaved(&self) -> usize {
        self.unsaved.load(Ordering::Relaxed)
    }
}

/// Pages by number.
#[derive(Debug)]
pub(crate) struct Pages {
    pages: BTreeMap<u64, Page>,
    /// Numbers of the pages that a flush has to write.
    unsaved: Vec<u64>,
    /// Behind the page that was thrown out last.
    hand: u64,
    budget: Arc<Budget>,
}

#[derive(Debug)]
struct Page {
    entries: Box<[u64]>,
    state: State,
    /// Whether writing it back will find space.
    reserved: bool,
    /// Whether it was asked for since the hand came by.
    wanted: AtomicBool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// As in the file.
    Saved,
    /// A flush is writing it: in the file it may still be the old one.
    Saving,
    Changed,
}

impl Pages {
    pub(crate) fn new(budget: Arc<Budget>) -> Self {
        Self {
            pages: BTreeMap::new(),
            unsaved: Vec::new(),
            hand: 0,
            budget,
        }
    }

    pub(crate) fn contains(&self, page: u64) -> bool {
        self.pages.contains_key(&page)
    }

    /// The entries of a page.
    pub(crate) fn get(&self, page: u64) -> Option<&[u64]> {
        let page = self.pages.get(&page)?;
        // Most are marked already: a store would take the line away from other readers.
        if !page.wanted.load(Ordering::Relaxed) {
            page.wanted.store(true, Ordering::Relaxed);
        }
        Some(&page.entries)
    }

    /// Adds a page as it is in the file.
    pub(crate) fn insert(&mut self, page: u64, entries: Box<[u64]>) {
        if let Entry::Vacant(place) = self.pages.entry(page) {
            place.insert(Page {
                entries,
                state: State::Saved,
                reserved: false,
                wanted: AtomicBool::new(true),
            });
            self.budget.pages.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Changes an entry whose page is here; false if it is not.
    pub(crate) fn set(&mut self, entry: u64, value: u64) -> bool {
        let number = entry / PAGE_ENTRIES;
        let index = usize::try_from(entry % PAGE_ENTRIES).unwrap_or(usize::MAX);
        let Some(page) = self.pages.get_mut(&number) else {
            return false;
        };
        let Some(place) = page.entries.get_mut(index) else {
            return false;
        };
        *place = value;
        if page.state != State::Changed {
            page.state = State::Changed;
            self.unsaved.push(number);
            self.budget.unsaved.fetch_add(1, Ordering::Relaxed);
        }
        true
    }

    /// Whether a page that is here was never said to find its space when it is written.
    pub(crate) fn needs_space(&self, page: u64) -> bool {
        self.pages.get(&page).is_some_and(|page| !page.reserved)
    }

    /// Notes that a page will find its space.
    pub(crate) fn set_reserved(&mut self, page: u64) {
        if let Some(page) = self.pages.get_mut(&page) {
            page.reserved = true;
        }
    }

    /// Whether some wait for a flush.
    pub(crate) fn has_unsaved(&self) -> bool {
        !self.unsaved.is_empty()
    }

    /// Whether all are as in the file.
    pub(crate) fn all_saved(&self) -> bool {
        self.pages.values().all(|page| page.state == State::Saved)
    }

    /// Hands out all changed pages in order, which a flush writes now; they stay here until [`saved`](Self::saved).
    pub(crate) fn take_unsaved(&mut self, mut take: impl FnMut(u64, &[u64])) {
        self.unsaved.sort_unstable();
        for number in &self.unsaved {
            if let Some(page) = self.pages.get_mut(number) {
                page.state = State::Saving;
                take(*number, &page.entries);
            }
        }
        let count = self.unsaved.len();
        self.budget.unsaved.fetch_sub(count, Ordering::Relaxed);
        self.unsaved.clear();
    }

    /// Notes that a page is in the file as it was handed out.
    pub(crate) fn saved(&mut self, page: u64) {
        if let Some(page) = self.pages.get_mut(&page)
            && page.state == State::Saving
        {
            page.state = State::Saved;
        }
    }

    /// Throws out up to `count` pages, those first that were not asked for since the last time; returns how many.
    pub(crate) fn evict(&mut self, count: usize) -> usize {
        let mut evicted = 0;
        // Twice round: all may have been asked for.
        let mut steps = 2 * self.pages.len();
        while evicted < count && steps > 0 {
            let Some((number, page)) = self.pages.range_mut(self.hand..).next() else {
                if self.hand == 0 {
                    break;
                }
                self.hand = 0;
                continue;
            };
            steps -= 1;
            let number = *number;
            self.hand = number + 1;
            if !std::mem::take(page.wanted.get_mut()) && page.state == State::Saved {
                self.pages.remove(&number);
                evicted += 1;
            }
        }
        self.budget.pages.fetch_sub(evicted, Ordering::Relaxed);
        evicted
    }

    /// Forgets all pages; none may be waiting for a flush.
    pub(crate) fn clear(&mut self) {
        let count = self.pages.len();
        self.budget.pages.fetch_sub(count, Ordering::Relaxed);
        self.pages.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(count: u64) -> Pages {
        let mut pages = Pages::new(Arc::default());
        (0..count).for_each(|page| pages.insert(page, Box::new([0; 512])));
        pages
    }

    #[test]
    fn what_is_not_in_the_file_stays() {
        let mut pages = pages(10);
        assert!(pages.set(3 * 512 + 7, 9) && pages.set(4 * 512, 8) && !pages.set(10 * 512, 1));
        let mut taken = Vec::new();
        pages.take_unsaved(|page, entries| taken.push((page, entries[7], entries[0])));
        assert_eq!(taken, [(3, 9, 0), (4, 0, 8)]);
        pages.set(4 * 512 + 1, 7);
        assert_eq!(pages.evict(100), 8);
        assert_eq!((pages.budget.pages(), pages.budget.unsaved()), (2, 1));
        pages.saved(3);
        pages.saved(4);
        assert_eq!(pages.evict(100), 1);
        assert_eq!(pages.get(4).unwrap()[..2], [8, 7]);
        assert!(pages.has_unsaved() && !pages.all_saved());
    }

    #[test]
    fn what_was_asked_for_last_goes_last() {
        let mut pages = pages(8);
        assert_eq!(pages.evict(1), 1);
        // The first round took all marks.
        pages.get(2);
        pages.get(5);
        assert_eq!(pages.evict(5), 5);
        assert!(pages.contains(2) && pages.contains(5));
    }
}
