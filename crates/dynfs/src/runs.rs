//! Byte ranges of a part that no entry refers to: where blocks may go, and what may be given back.

use std::collections::BTreeMap;

use crate::geometry::BLOCK;

/// Ranges of whole slots, none touching another; start and length in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Runs(BTreeMap<u64, u64>);

impl Runs {
    /// Adds a range that overlaps none here.
    pub(crate) fn insert(&mut self, start: u64, len: u64) {
        let (mut start, mut len) = (start, len);
        if let Some((&before, &before_len)) = self.0.range(..start).next_back()
            && before + before_len == start
        {
            self.0.remove(&before);
            (start, len) = (before, before_len + len);
        }
        if let Some(after_len) = self.0.remove(&(start + len)) {
            len += after_len;
        }
        self.0.insert(start, len);
    }

    /// The first range of at least `slots` slots.
    pub(crate) fn find(&self, slots: u64) -> Option<(u64, u64)> {
        self.iter().find(|(_, len)| *len >= slots * BLOCK)
    }

    /// Takes `slots` slots that follow each other; `None` if no range is that long.
    pub(crate) fn take(&mut self, slots: u64) -> Option<u64> {
        let (start, _) = self.find(slots)?;
        self.take_front(start, slots);
        Some(start)
    }

    /// Takes up to `slots` slots of the range that begins at `start`.
    pub(crate) fn take_front(&mut self, start: u64, slots: u64) {
        if let Some(len) = self.0.remove(&start)
            && len > slots * BLOCK
        {
            self.0.insert(start + slots * BLOCK, len - slots * BLOCK);
        }
    }

    /// Takes a part of a range, if there is such a range.
    pub(crate) fn take_within(&mut self, start: u64, slots: u64) {
        let Some((&first, &len)) = self.0.range(..=start).next_back() else {
            return;
        };
        let (end, taken) = (first + len, start + slots * BLOCK);
        if taken > end {
            return;
        }
        self.0.remove(&first);
        for (start, end) in [(first, start), (taken, end)] {
            if start < end {
                self.0.insert(start, end - start);
            }
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets all but the first `count` ranges; whether there were more.
    pub(crate) fn keep_first(&mut self, count: usize) -> bool {
        let more = self.0.len() > count;
        while self.0.len() > count {
            self.0.pop_last();
        }
        more
    }

    /// Takes the range that ends at `end`; where it begins.
    pub(crate) fn take_ending_at(&mut self, end: u64) -> Option<u64> {
        let (&start, &len) = self.0.range(..end).next_back()?;
        (start + len == end).then(|| self.0.remove(&start))?;
        Some(start)
    }

    /// All ranges in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().map(|(start, len)| (*start, *len))
    }

    /// Slots in all.
    pub(crate) fn slots(&self) -> u64 {
        self.0.values().sum::<u64>() / BLOCK
    }
}

impl FromIterator<u64> for Runs {
    fn from_iter<T: IntoIterator<Item = u64>>(slots: T) -> Self {
        let mut runs = Self::default();
        slots.into_iter().for_each(|slot| runs.insert(slot, BLOCK));
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_become_one_range() {
        let mut runs: Runs = [0x5000, 0x3000, 0x4000, 0x8000].into_iter().collect();
        assert_eq!(
            runs.iter().collect::<Vec<_>>(),
            [(0x3000, 0x3000), (0x8000, 0x1000)]
        );
        assert_eq!(runs.slots(), 4);
        assert_eq!(runs.take(4), None);
        assert_eq!(runs.take(2), Some(0x3000));
        assert_eq!((runs.find(1), runs.find(2)), (Some((0x5000, 0x1000)), None));
        runs.take_front(0x5000, 5);
        assert_eq!(runs.take_ending_at(0xa000), None);
        assert!(!runs.clone().keep_first(1) && runs.clone().keep_first(0));
        assert_eq!(runs.take_ending_at(0x9000), Some(0x8000));
        assert_eq!(runs, Runs::default());
    }

    #[test]
    fn a_part_of_a_range_is_taken() {
        let mut runs: Runs = [0x3000, 0x4000, 0x5000, 0x8000].into_iter().collect();
        runs.take_within(0x4000, 1);
        runs.take_within(0x6000, 1);
        runs.take_within(0x2000, 1);
        runs.take_within(0x8000, 1);
        assert_eq!(
            runs.iter().collect::<Vec<_>>(),
            [(0x3000, 0x1000), (0x5000, 0x1000)]
        );
    }
}
