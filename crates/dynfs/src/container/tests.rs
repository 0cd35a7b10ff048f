//! The container on files in memory, and which test proves what.
//!
//! What is not here needs a mount or a machine: 2 with the original itself, 10 with power cuts of a whole machine (`cargo
//! xtask prove cuts`), 24 with an original that runs, 26 to 33.
//!
//! | rule of the design | test |
//! |---|---|
//! | 1 data before index | `rule_01_data_is_durable_before_its_entry`, `rules_01_02_04_05_every_cut_leaves_what_was_flushed` |
//! | 2 what a flush is | `rule_02_syncs_are_counted`, `rule_02_a_flush_covers_what_a_killed_predecessor_wrote` |
//! | 3 torn index pages | `rule_03_a_torn_index_page_needs_no_journal` |
//! | 4 the end of the file first | `rule_04_no_entry_points_behind_the_end_of_its_part` |
//! | 5 no slot is used again too soon | `rule_05_a_slot_is_not_used_again_before_its_end_is_durable`, `rule_05_a_slot_is_free_only_if_the_medium_says_so`, `rule_05_what_is_written_after_a_cut_disturbs_nothing` |
//! | 6 compaction | `rule_06_a_block_moves_behind_syncs`, `rule_06_every_cut_of_a_compaction_leaves_the_same_disk`, `rule_06_an_error_anywhere_leaves_the_same_disk` |
//! | 7 a failed sync | `rule_07_a_failed_sync_ends_all_writing` |
//! | 8 creation and growth | `rule_08_creation_is_all_or_nothing`, `rule_08_growth_is_all_or_nothing`, `rule_08_an_interrupted_creation_of_the_original_is_completed` |
//! | 9 foreign and damaged indexes | `rule_09_dangling_entries_never_hold_new_blocks`, `rule_09_a_slot_with_two_owners_is_parted` |
//! | 10 locks | `rule_10_a_container_that_is_open_is_refused` |
//! | 11 no extension | `rule_11_unused_bytes_of_headers_are_left_alone` |
//! | 12 full disks | `rule_12_a_full_disk_fails_new_blocks_only`, `rule_12_no_entry_is_set_that_finds_no_space_in_the_index`, `rule_12_allocated_blocks_take_writes_on_a_full_disk` |
//!
//! | acceptance check | test |
//! |---|---|
//! | 1 containers of the original | `check_01_five_starts_of_the_original_are_read`, `checks_01_02_both_engines_take_turns` |
//! | 2 in turns, with an engine of its description | `checks_01_02_both_engines_take_turns` |
//! | 3 new containers | `check_03_new_containers_are_the_same_to_the_byte` |
//! | 4 offsets | `check_04_the_same_writes_give_the_same_offsets`, `check_04_the_worked_example_is_the_same_to_the_byte` |
//! | 5 bad headers | `check_05_a_container_with_something_wrong_is_refused_untouched` |
//! | 6 legacy layouts | `check_06_legacy_containers_are_copied_into_new_ones` |
//! | 7 a missing part | `check_07_a_missing_part_reads_as_zeros_only_if_that_is_asked_for` |
//! | 8 growth | `check_08_growing_keeps_what_is_there_and_crosses_parts`, `check_08_a_file_system_grows_with_its_disk` |
//! | 9 growth that is cut | `rule_08_growth_is_all_or_nothing` |
//! | 11 reordered writes | `rules_01_02_04_05_every_cut_leaves_what_was_flushed`, `check_11_transactions_of_a_journal_survive_every_cut` |
//! | 12 killed | `check_12_a_killed_program_leaves_a_sound_container` |
//! | 13 failing calls | `check_13_an_error_of_any_call_reaches_the_caller` |
//! | 14 torn pages | `rule_03_a_torn_index_page_needs_no_journal` |
//! | 15 creation that is cut | `rule_08_creation_is_all_or_nothing` |
//! | 16, 17 full | `privileged_checks_16_17_a_full_medium_fails_new_blocks_only`, `privileged_check_17_a_page_of_the_index_finds_no_space` |
//! | 18 FAT's longest file | `check_18_a_part_on_fat_is_filled_to_its_last_block` |
//! | 19 a tebibyte | `check_19_a_tebibyte_needs_little_memory` |
//! | 20 read-only | `privileged_check_20_a_medium_turns_read_only` |
//! | 21 space comes back | `check_21_trimmed_space_is_given_back`, `check_21_compaction_gives_space_back_without_holes`, `check_21_a_full_part_on_fat_becomes_short` |
//! | 22 zeros | `check_22_zeroed_ranges_are_zeros_after_a_cut`, `check_22_a_cut_never_shows_another_block` |
//! | 23 trims among writes | `check_23_threads_see_their_own_blocks_only` |
//! | 24 a second instance | `rule_10_a_container_that_is_open_is_refused` |
//! | 25 threads with verification | `check_25_writers_and_readers_against_a_shadow` |

mod compaction;
mod copying;
mod cuts;
mod format;
mod full;
mod journal;
mod limits;
mod original;
mod room;
mod rounds;
mod sparse;
mod threads;

use super::*;
use crate::fuzzing::Numbers;
use crate::geometry::MIB;
use crate::memory::Memory;

/// A disk of two parts, the second only half used.
fn fresh() -> Memory {
    let memory = Memory::new();
    create(&memory, 4 * MIB, 6 * MIB).unwrap();
    memory
}

fn open(memory: Memory) -> Container<Memory> {
    Container::open(memory, Access::Write).unwrap()
}

fn reopen(container: Container<Memory>) -> Container<Memory> {
    open(container.store)
}

fn block(byte: u8) -> Vec<u8> {
    vec![byte; BLOCK as usize]
}

fn read(container: &Container<Memory>, offset: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0xee; len];
    container.read(offset, &mut bytes).unwrap();
    bytes
}

/// The index of a part as it stands in the file.
fn surveyed(memory: &Memory, geometry: &Geometry, number: u32) -> Survey {
    let file = FileName::Part(number);
    let entries = crate::part::all_entries(memory, file, geometry).unwrap();
    let len = memory.len(file).unwrap().unwrap();
    survey(geometry, len, geometry.used_entries(number), entries)
}

/// No entry without all of its data, and no slot with two owners, in any part.
#[track_caller]
fn assert_sound(memory: &Memory, geometry: &Geometry, what: &str) {
    for number in 0..geometry.parts() {
        let survey = surveyed(memory, geometry, number);
        assert!(
            survey.inside.is_empty() && survey.dangling.is_empty(),
            "{what}: part {number}: {survey:?}"
        );
        let entries = crate::part::all_entries(memory, FileName::Part(number), geometry).unwrap();
        let end = entries
            .iter()
            .map(|(_, offset)| offset.saturating_add(BLOCK))
            .max();
        let len = memory.len(FileName::Part(number)).unwrap();
        assert!(
            end <= len,
            "{what}: part {number}: {end:?} is the end of the last block, the file has {len:?}"
        );
        assert!(
            survey.overlaps.is_empty(),
            "{what}: part {number}: {:?}",
            survey.overlaps
        );
    }
}

/// The tables above name tests that exist, and leave out no rule.
#[test]
fn the_tables_are_true() {
    let table = include_str!("tests.rs");
    let sources = [
        include_str!("tests/compaction.rs"),
        include_str!("tests/copying.rs"),
        include_str!("tests/cuts.rs"),
        include_str!("tests/format.rs"),
        include_str!("tests/full.rs"),
        include_str!("tests/journal.rs"),
        include_str!("tests/limits.rs"),
        include_str!("tests/original.rs"),
        include_str!("tests/threads.rs"),
        include_str!("../files/tests.rs"),
        include_str!("../../tests/real/child.rs"),
        include_str!("../../tests/real/ext4.rs"),
        include_str!("../../tests/real/sizes.rs"),
    ];
    let rows: Vec<_> = table
        .lines()
        .filter_map(|line| line.strip_prefix("//! | "))
        .collect();
    for name in rows
        .iter()
        .flat_map(|row| row.split('`').skip(1).step_by(2))
    {
        let function = format!("fn {name}()");
        let exists = sources.iter().any(|source| source.contains(&function));
        assert!(exists, "{name}");
    }
    for rule in 1..=12 {
        let name = format!("rule_{rule:02}_");
        assert!(rows.iter().any(|row| row.contains(&name)), "{name}");
    }
}
