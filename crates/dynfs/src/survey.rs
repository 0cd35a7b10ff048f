//! What the index of a part says when all of it is looked at: before the part is written for the first time,
//! and for a check. An entry of a container may point anywhere.

use std::collections::BTreeSet;

use crate::geometry::{BLOCK, Geometry};
use crate::runs::Runs;

/// An entry that is not zero: its number, and the byte offset that it holds.
pub(crate) type Entry = (u64, u64);

/// The judgement on one index.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Survey {
    /// Point into header or index, where no data is.
    pub(crate) inside: Vec<Entry>,
    /// Point behind the end of the file: left by a full disk or a power cut.
    pub(crate) dangling: Vec<Entry>,
    /// Hold bytes that another entry holds too.
    pub(crate) shared: BTreeSet<u64>,
    /// Pairs behind [`shared`](Self::shared), the one with the lower offset first.
    pub(crate) overlaps: Vec<(Entry, Entry)>,
    /// How many lie beside the grid of slots: legal, left by a part that ended within a block.
    pub(crate) unaligned: u64,
    /// How many hold data though the disk ends before them.
    pub(crate) beyond: u64,
    /// How many hold data.
    pub(crate) used: u64,
    /// Slots between those in use.
    pub(crate) free: Runs,
    /// The shortest that the part may become without its blocks on the grid: data of others may lie right behind the index.
    pub(crate) least_len: u64,
    /// Where the next new slot goes: behind the end of the file and of every slot.
    pub(crate) next: u64,
}

/// Whether data can lie at `offset` of a part that is `len` bytes long. A slot that is cut by the end counts: its
/// rest reads as zeros.
pub(crate) fn holds_data(geometry: &Geometry, len: u64, offset: u64) -> bool {
    (geometry.data_start()..len).contains(&offset)
}

/// Rounds up to where a slot may begin; slots are counted from the end of the index, wherever that is.
fn next_slot(geometry: &Geometry, offset: u64) -> u64 {
    let behind = offset.saturating_sub(geometry.first_slot());
    geometry.first_slot() + behind.next_multiple_of(BLOCK)
}

/// Judges the entries (in any order) of a part that is `len` bytes long, and of which the disk needs the first `end`.
pub(crate) fn survey(geometry: &Geometry, len: u64, end: u64, mut entries: Vec<Entry>) -> Survey {
    let mut survey = Survey::default();
    entries.retain(|entry| {
        let good = holds_data(geometry, len, entry.1);
        match good {
            true => {}
            false if entry.1 < geometry.data_start() => survey.inside.push(*entry),
            false => survey.dangling.push(*entry),
        }
        good
    });
    survey.beyond = entries.iter().filter(|(entry, _)| *entry >= end).count() as u64;
    entries.sort_unstable_by_key(|(entry, offset)| (*offset, *entry));
    survey.least_len = match entries.first() {
        Some((_, offset)) if *offset < geometry.first_slot() => geometry.first_slot(),
        _ => geometry.data_start(),
    };
    let mut end = geometry.first_slot();
    let mut last: Option<Entry> = None;
    for (entry, offset) in entries {
        survey.used += 1;
        survey.unaligned += u64::from(!(offset - geometry.data_start()).is_multiple_of(BLOCK));
        if let Some(before) = last.filter(|before| before.1 + BLOCK > offset) {
            survey.overlaps.push((before, (entry, offset)));
            survey.shared.extend([before.0, entry]);
        }
        survey.add_free(geometry, end, offset);
        end = end.max(offset + BLOCK);
        last = Some((entry, offset));
    }
    survey.next = next_slot(geometry, len.max(end));
    survey.add_free(geometry, end, survey.next);
    survey
}

impl Survey {
    /// Notes the whole slots between `from` and `to`.
    fn add_free(&mut self, geometry: &Geometry, from: u64, to: u64) {
        let from = next_slot(geometry, from);
        let len = to.saturating_sub(from) / BLOCK * BLOCK;
        if len > 0 {
            self.free.insert(from, len);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::MIB;

    fn look(len: u64, entries: &[Entry]) -> Survey {
        survey(
            &Geometry::new(4 * MIB, 4 * MIB).unwrap(),
            len,
            1024,
            entries.to_vec(),
        )
    }

    /// The example of the format's description, after its second session: one slot was skipped.
    #[test]
    fn skipped_slots_are_free() {
        let survey = look(
            0x9000,
            &[(0, 0x4000), (1, 0x6000), (3, 0x5000), (7, 0x8000)],
        );
        assert_eq!(survey.free.iter().collect::<Vec<_>>(), [(0x7000, 0x1000)]);
        assert_eq!((survey.used, survey.next, survey.unaligned), (4, 0x9000, 0));
        assert!(survey.shared.is_empty() && survey.dangling.is_empty() && survey.inside.is_empty());
    }

    #[test]
    fn a_part_without_data_begins_one_slot_behind_its_index() {
        let survey = look(0x3000, &[]);
        assert_eq!((survey.next, survey.free.slots()), (0x4000, 0));
    }

    #[test]
    fn impossible_entries_are_told_apart() {
        let survey = look(
            0x6100,
            &[
                (0, 8),
                (1, 0x2fff),
                (2, 0x3000),
                (3, 0x6000),
                (4, 0x6100),
                (5, u64::MAX),
            ],
        );
        assert_eq!(survey.inside, [(0, 8), (1, 0x2fff)]);
        assert_eq!(survey.dangling, [(4, 0x6100), (5, u64::MAX)]);
        assert_eq!(
            (survey.used, survey.next),
            (2, 0x7000),
            "a cut block counts, as does the first slot"
        );
        assert_eq!(survey.free.iter().collect::<Vec<_>>(), [(0x4000, 0x2000)]);
    }

    /// Entries as an original left them after a part ended in a partial block.
    #[test]
    fn unaligned_blocks_are_legal_and_leave_whole_slots_only() {
        let survey = look(
            0x9400,
            &[(0, 0x4000), (1, 0x6000), (2, 0x7400), (3, 0x8400)],
        );
        assert_eq!((survey.unaligned, survey.next), (2, 0xa000));
        assert!(survey.shared.is_empty());
        assert_eq!(survey.free.iter().collect::<Vec<_>>(), [(0x5000, 0x1000)]);
    }

    #[test]
    fn blocks_that_share_bytes_are_found() {
        let survey = look(
            0x9000,
            &[(9, 0x4000), (2, 0x4000), (5, 0x4800), (7, 0x8000)],
        );
        assert_eq!(survey.shared, BTreeSet::from([2, 5, 9]));
        assert_eq!(survey.overlaps.len(), 2);
        assert_eq!(survey.free.iter().collect::<Vec<_>>(), [(0x6000, 0x2000)]);
    }
}
