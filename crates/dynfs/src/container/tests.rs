//! The container on files in memory. Names of tests that begin with `rule` say which rule of the design they prove.

mod compaction;
mod copying;
mod cuts;
mod format;
mod full;
mod limits;
mod original;
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
