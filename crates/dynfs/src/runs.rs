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

    /// Takes `slots` slots that follow each other; `None` if no range is that long.
    pub(crate) fn take(&mut self, slots: u64) -> Option<u64> {
        let wanted = slots * BLOCK;
        let (start, len) = self.iter().find(|(_, len)| *len >= wanted)?;
        self.0.remove(&start);
        if len > wanted {
            self.0.insert(start + wanted, len - wanted);
        }
        Some(start)
    }

    /// Takes the first slot of the range that begins at `start`.
    pub(crate) fn take_at(&mut self, start: u64) -> Option<u64> {
        let len = self.0.remove(&start)?;
        if len > BLOCK {
            self.0.insert(start + BLOCK, len - BLOCK);
        }
        Some(start)
    }

    /// Takes the first range, or as much of it as `slots` slots; where it begins and how many slots it has.
    pub(crate) fn take_some(&mut self, slots: u64) -> Option<(u64, u64)> {
        let (_, len) = self.iter().next()?;
        let slots = slots.min(len / BLOCK);
        Some((self.take(slots)?, slots))
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
        assert_eq!(runs.take_at(0x4000), None);
        assert_eq!(runs.take(2), Some(0x3000));
        assert_eq!(runs.take_some(5), Some((0x5000, 1)));
        assert_eq!(runs.take_ending_at(0xa000), None);
        assert_eq!(runs.clone().take_at(0x8000), Some(0x8000));
        assert_eq!(runs.take_ending_at(0x9000), Some(0x8000));
        assert_eq!(runs, Runs::default());
    }
}
