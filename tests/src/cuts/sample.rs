//! States of a log that has too many for all: those at random, and what a disk that lies would leave. Pure.

use std::collections::BTreeSet;

use super::log::Entry;
use super::random::SplitMix;
use super::state::{Sampling, State, windows};

/// At most `count` states at random, each once, in the order of the cut: half of them anywhere in the log, where most is
/// written, and half between any two flushes, where most is promised. What a cache had not written by then is lost in part:
/// nothing, some, most of it, or one write alone.
pub fn sample(entries: &[Entry], sampling: Sampling, count: usize) -> Vec<State> {
    let windows = windows(entries);
    let writes: Vec<usize> = windows.iter().flatten().copied().collect();
    let mut random = SplitMix(sampling.seed);
    let mut found = BTreeSet::new();
    let pick = |random: &mut SplitMix, from: &[usize]| {
        let at = random.below(from.len().max(1) as u64);
        from.get(usize::try_from(at).unwrap_or(0)).copied()
    };
    // A log may have fewer states than are wanted.
    for _ in 0..count.saturating_mul(4) {
        if found.len() == count {
            break;
        }
        let anywhere = random.below(2) == 0;
        let all: Vec<usize> = (0..windows.len()).collect();
        let window = match anywhere {
            true => &writes,
            false => match pick(&mut random, &all) {
                Some(window) => &windows[window],
                None => break,
            },
        };
        let Some(last) = pick(&mut random, window) else {
            break;
        };
        let mut state = State {
            end: last + 1,
            lost: Vec::new(),
            torn: None,
        };
        let durable = state.durable(entries);
        let may_lose =
            |index: &usize| matches!(entries[*index], Entry::Write { durable: false, .. });
        let unwritten: Vec<usize> = (durable..last).filter(may_lose).collect();
        state.lost = match random.below(5) {
            0 => Vec::new(),
            1 => pick(&mut random, &unwritten).into_iter().collect(),
            part => {
                let kept = [0, 0, 10, 50, 90][usize::try_from(part).unwrap_or(0)];
                let lose = |_: &usize| random.below(100) >= kept;
                unwritten.into_iter().filter(lose).collect()
            }
        };
        if let Entry::Write { data, .. } = &entries[last]
            && data.len > sampling.unit
            && random.below(3) == 0
        {
            let units = (data.len / sampling.unit) as u64;
            let torn = usize::try_from(random.below(units)).unwrap_or(0) * sampling.unit;
            state.torn = Some(torn.max(sampling.unit));
        }
        found.insert(state);
    }
    found.into_iter().collect()
}

/// The same states on a disk that ignores flushes: of the last writes before each, half are lost though they were flushed.
/// That no promise can be kept there is what shows that broken ones are found.
pub fn lying(entries: &[Entry], states: Vec<State>, seed: u64) -> Vec<State> {
    const FORGOTTEN: usize = 64;
    let mut random = SplitMix(seed);
    let worse = |mut state: State| {
        let durable = state.durable(entries);
        let is_write = |index: &usize| matches!(entries[*index], Entry::Write { .. });
        let flushed = (0..durable).rev().filter(is_write).take(FORGOTTEN);
        state.lost.extend(flushed.filter(|_| random.below(2) == 0));
        state.lost.sort_unstable();
        state
    };
    states.into_iter().map(worse).collect()
}

#[cfg(test)]
mod tests {
    use super::super::log::{Piece, SECTOR};
    use super::*;

    fn write(offset: u64, sectors: usize) -> Entry {
        Entry::Write {
            offset,
            data: Piece {
                at: 0,
                len: sectors * SECTOR,
            },
            durable: false,
        }
    }

    #[test]
    fn samples_are_states_of_all_kinds() {
        let mut entries = Vec::new();
        for _ in 0..50 {
            entries.extend((0..20).map(|_| write(0, 16)));
            entries.push(Entry::Flush);
        }
        let found = sample(&entries, Sampling::default(), 200);
        assert_eq!(found.len(), 200);
        assert!(found.is_sorted());
        assert_eq!(found, sample(&entries, Sampling::default(), 200));
        for state in &found {
            let durable = state.durable(&entries);
            let open = durable..state.end - 1;
            assert!(state.lost.iter().all(|lost| open.contains(lost)), "{state}");
        }
        for (kind, least) in [
            (
                found.iter().filter(|state| state.lost.is_empty()).count(),
                20,
            ),
            (
                found.iter().filter(|state| state.lost.len() == 1).count(),
                10,
            ),
            (
                found.iter().filter(|state| state.lost.len() > 3).count(),
                50,
            ),
            (
                found.iter().filter(|state| state.torn.is_some()).count(),
                30,
            ),
        ] {
            assert!(kind >= least, "{kind} of {least}");
        }
        let lying = lying(&entries, found.clone(), 1);
        let before = |state: &&State| state.settled(&entries) < state.durable(&entries);
        assert_eq!(found.iter().filter(before).count(), 0);
        assert!(lying.iter().filter(before).count() > 180);
        assert_eq!(sample(&[Entry::Flush], Sampling::default(), 5), []);
        assert!(sample(&[write(0, 1)], Sampling::default(), 5).len() == 1);
    }
}
