//! The states that a power cut can leave a disk in: every prefix of what was written, and what a volatile cache may add
//! and drop. Pure; the samples depend on the seed alone.
//!
//! A flush puts everything before it on the disk for good. Between two flushes a disk may have written any of the
//! requests, in any order; of the last one it may have written the first half.

use std::collections::BTreeSet;

use super::log::{Entry, Piece, SECTOR};
use super::random::SplitMix;

/// Most single losses, and most random ones, that are tried between two flushes.
const SINGLES: usize = 96;

/// How many random subsets are tried between two flushes, and from which seed.
#[derive(Clone, Copy, Debug)]
pub struct Sampling {
    /// The same seed gives the same states.
    pub seed: u64,
    /// Random subsets for each pair of flushes with at least three writes between them.
    pub subsets: usize,
    /// What a disk writes whole or not at all, in bytes: a power of two, and at least a sector.
    pub unit: usize,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            seed: 1,
            subsets: 16,
            unit: SECTOR,
        }
    }
}

/// One state of the disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct State {
    /// Up to here (in entries) all writes but the lost ones are on the disk, behind it none is.
    pub end: usize,
    /// Writes before `end` that did not reach the disk, ascending.
    pub lost: Vec<usize>,
    /// Of the last write only so many bytes reached the disk.
    pub torn: Option<usize>,
}

impl State {
    /// How many leading entries are on the disk whatever a cache did; what was promised within them must be there.
    pub fn durable(&self, entries: &[Entry]) -> usize {
        let reached = &entries[..self.end.min(entries.len())];
        reached
            .iter()
            .rposition(|entry| *entry == Entry::Flush)
            .map_or(0, |flush| flush + 1)
    }

    /// How many leading entries are on the disk, all of them. As many as are [`durable`](Self::durable), unless the disk lies.
    pub fn settled(&self, entries: &[Entry]) -> usize {
        let first = self.lost.first().copied().unwrap_or(usize::MAX);
        self.durable(entries).min(first)
    }

    /// What is on the disk of the entries from `from` on: offset and data, in the order to be written.
    pub fn writes<'a>(
        &'a self,
        entries: &'a [Entry],
        from: usize,
    ) -> impl Iterator<Item = (u64, Piece)> + 'a {
        let last = self.end.saturating_sub(1);
        let reached = entries.iter().take(self.end).enumerate().skip(from);
        reached.filter_map(move |(index, entry)| match entry {
            Entry::Write { offset, data, .. } if self.lost.binary_search(&index).is_err() => {
                let torn = self.torn.filter(|_| index == last);
                let len = torn.unwrap_or(data.len).min(data.len);
                Some((*offset, Piece { len, ..*data }))
            }
            Entry::Write { .. } | Entry::Flush => None,
        })
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cut after entry {}", self.end)?;
        if let Some(bytes) = self.torn {
            write!(f, ", {bytes} bytes of the last")?;
        }
        if !self.lost.is_empty() {
            write!(f, ", without {:?}", self.lost)?;
        }
        Ok(())
    }
}

/// All states to be judged, each once, in the order of the cut: first the disk as it was, last with all that was written.
pub fn states(entries: &[Entry], sampling: Sampling) -> Vec<State> {
    let mut found = BTreeSet::new();
    let whole = |end| State {
        end,
        lost: Vec::new(),
        torn: None,
    };
    found.insert(whole(0));
    let mut random = SplitMix(sampling.seed);
    for window in windows(entries) {
        for &index in &window {
            found.insert(whole(index + 1));
            if let Entry::Write { data, .. } = &entries[index]
                && data.len > sampling.unit
            {
                let half = (data.len / 2).next_multiple_of(sampling.unit);
                found.insert(State {
                    torn: Some(half),
                    ..whole(index + 1)
                });
            }
        }
        let Some(&last) = window.last() else { continue };
        let may_lose: Vec<usize> = window
            .iter()
            .copied()
            .filter(|&index| matches!(entries[index], Entry::Write { durable: false, .. }))
            .collect();
        // To lose the last one only is the prefix before it.
        let singles = may_lose.iter().filter(|&&index| index != last);
        let step = may_lose.len().div_ceil(SINGLES).max(1);
        found.extend(singles.step_by(step).map(|&index| State {
            lost: vec![index],
            ..whole(last + 1)
        }));
        if may_lose.len() < 3 {
            continue;
        }
        for _ in 0..sampling.subsets {
            let lost: Vec<usize> = may_lose
                .iter()
                .copied()
                .filter(|_| random.next() & 1 == 0)
                .collect();
            found.insert(State {
                lost,
                ..whole(last + 1)
            });
        }
    }
    found.into_iter().collect()
}

/// The writes between flushes, by index; no window is empty.
pub(super) fn windows(entries: &[Entry]) -> Vec<Vec<usize>> {
    let mut windows = vec![Vec::new()];
    for (index, entry) in entries.iter().enumerate() {
        match (entry, windows.last_mut()) {
            (Entry::Write { .. }, Some(window)) => window.push(index),
            _ => windows.push(Vec::new()),
        }
    }
    windows.retain(|window| !window.is_empty());
    windows
}

/// At most `most` of `all`, evenly spread, the first and the last among them; of one only, the middle.
pub fn spread<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let count = all.len();
    if count <= most {
        return all;
    }
    let wanted: BTreeSet<usize> = match most {
        0 => BTreeSet::new(),
        1 => BTreeSet::from([count / 2]),
        _ => (0..most).map(|n| n * (count - 1) / (most - 1)).collect(),
    };
    let numbered = all.into_iter().enumerate();
    numbered
        .filter(|(index, _)| wanted.contains(index))
        .map(|(_, item)| item)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(len: usize) -> Piece {
        Piece { at: 0, len }
    }

    fn write(offset: u64, sectors: usize) -> Entry {
        Entry::Write {
            offset,
            data: piece(sectors * SECTOR),
            durable: false,
        }
    }

    #[test]
    fn every_prefix_is_there_and_only_unflushed_writes_are_lost() {
        let entries = [
            write(0, 1),
            Entry::Flush,
            write(1, 1),
            write(2, 4),
            write(3, 1),
            write(4, 1),
            Entry::Flush,
            write(5, 1),
        ];
        let all = states(&entries, Sampling::default());
        for end in [0, 1, 3, 4, 5, 6, 8] {
            assert!(
                all.iter()
                    .any(|state| state.end == end && state.lost.is_empty() && state.torn.is_none()),
                "prefix {end} is missing"
            );
        }
        for index in 2..5 {
            assert!(
                all.iter()
                    .any(|state| state.end == 6 && state.lost == [index]),
                "{index}"
            );
        }
        let torn: Vec<_> = all.iter().filter_map(|state| state.torn).collect();
        assert_eq!(torn, [2 * SECTOR]);
        for state in &all {
            let durable = state.durable(&entries);
            assert!(state.lost.iter().all(|lost| *lost >= durable), "{state}");
        }
        assert_eq!(all, states(&entries, Sampling::default()), "not repeatable");
        let other = states(
            &entries,
            Sampling {
                seed: 2,
                ..Sampling::default()
            },
        );
        assert!(other.len() <= all.len() + 16 && other.len() > 10);
    }

    #[test]
    fn a_state_names_the_bytes_on_the_disk() {
        let entries = [write(0, 1), write(512, 2), Entry::Flush, write(4096, 4)];
        let state = State {
            end: 4,
            lost: vec![1],
            torn: Some(SECTOR),
        };
        let got: Vec<_> = state
            .writes(&entries, 0)
            .map(|(at, data)| (at, data.len))
            .collect();
        assert_eq!(got, [(0, 512), (4096, 512)]);
        assert_eq!(state.writes(&entries, 3).count(), 1);
        assert_eq!(state.durable(&entries), 3);
    }

    #[test]
    fn a_durable_write_is_never_lost() {
        let fua = Entry::Write {
            offset: 0,
            data: piece(SECTOR),
            durable: true,
        };
        let entries = [write(1, 1), fua, write(2, 1), write(3, 1)];
        let all = states(&entries, Sampling::default());
        assert!(all.iter().all(|state| !state.lost.contains(&1)));
    }

    #[test]
    fn a_spread_has_both_ends() {
        assert_eq!(spread((0..100).collect(), 4), [0, 33, 66, 99]);
        assert_eq!(spread(vec![1, 2], 4), [1, 2]);
        assert_eq!(spread((0..100).collect(), 1), [50]);
        assert_eq!(spread(vec![1, 2], 0), [0; 0]);
    }
}
