//! The writes of a file system with a journal, as ext4 sends them: data, a transaction, its commit behind a flush, and
//! later the metadata in its place; space is given back in between and taken again.

use super::cuts::{Moment, check_cut, moment};
use super::*;
use crate::memory::Change;

const SIZE: u64 = MIB;
/// Blocks of the journal, at the start of the disk.
const JOURNAL: u64 = 24;
/// Blocks of metadata, behind it.
const METADATA: u64 = 16;
const BLOCKS: u64 = SIZE / BLOCK;

/// A file system that only knows which blocks it wrote.
struct FileSystem {
    container: Container<Memory>,
    numbers: Numbers,
    shadow: Vec<u8>,
    moments: Vec<Moment>,
    /// Where the journal goes on.
    head: u64,
    written: u8,
}

impl FileSystem {
    fn note(&mut self, flushed: bool) {
        let moment = moment(&self.container.store, &self.shadow, flushed);
        self.moments.push(moment);
    }

    /// Writes blocks with what was never written before; sometimes all of them are zeros.
    fn write(&mut self, first: u64, count: u64) {
        self.written = self.written.wrapping_add(1);
        let zeros = self.numbers.below(12) == 0;
        let byte = if zeros { 0 } else { self.written | 1 };
        let range = (first * BLOCK) as usize..((first + count) * BLOCK) as usize;
        let bytes: Vec<u8> = range
            .clone()
            .map(|at| byte.wrapping_mul(((at / 512) | 1) as u8))
            .collect();
        self.container.write(first * BLOCK, &bytes).unwrap();
        self.shadow[range].copy_from_slice(&bytes);
        self.note(false);
    }

    fn flush(&mut self) {
        self.container.flush().unwrap();
        self.note(true);
    }

    /// Blocks behind journal and metadata, within the disk.
    fn data(&mut self, most: u64) -> (u64, u64) {
        let count = 1 + self.numbers.below(most);
        let from = JOURNAL + METADATA;
        (from + self.numbers.below(BLOCKS - from - count), count)
    }

    fn transaction(&mut self) {
        for _ in 0..self.numbers.below(3) {
            let (first, count) = self.data(12);
            self.write(first, count);
        }
        let blocks = 1 + self.numbers.below(4);
        for _ in 0..blocks {
            self.write(self.head, 1);
            self.head = (self.head + 1) % JOURNAL;
        }
        self.flush();
        self.write(self.head, 1);
        self.head = (self.head + 1) % JOURNAL;
        self.flush();
        for _ in 0..self.numbers.below(blocks + 1) {
            let block = JOURNAL + self.numbers.below(METADATA);
            self.write(block, 1);
        }
        if self.numbers.below(3) == 0 {
            let (first, count) = self.data(30);
            self.container.trim(first * BLOCK, count * BLOCK).unwrap();
            self.shadow[(first * BLOCK) as usize..((first + count) * BLOCK) as usize].fill(0);
            self.note(false);
        }
    }
}

fn history(seed: u64) -> (Vec<Change>, Vec<Moment>) {
    let memory = Memory::new();
    create(&memory, MIB, SIZE).unwrap();
    if seed % 2 == 1 {
        // As on FAT.
        memory.set_may_disagree();
        memory.set_without_holes();
    }
    let mut system = FileSystem {
        container: open(memory),
        numbers: Numbers(seed),
        shadow: vec![0; SIZE as usize],
        moments: Vec::new(),
        head: 0,
        written: 0,
    };
    system.note(true);
    for _ in 0..40 {
        system.transaction();
    }
    (system.container.store.log(), system.moments)
}

/// Some thousand cuts; every fifth sector, every second, or nearly all of what was not synced is there.
#[test]
fn check_11_transactions_of_a_journal_survive_every_cut() {
    let mut cuts = 0;
    for seed in 0..6 {
        let (log, moments) = history(seed);
        let mut numbers = Numbers(seed ^ 0x1357);
        for done in moments[0].at..=log.len() {
            let kept = [20, 50, 90][done % 3];
            let memory = Memory::after_cut(&log, done, || numbers.below(100) < kept);
            let what = format!("seed {seed}, cut behind change {done}, {kept} % kept");
            check_cut(memory, done, &moments, &what);
            cuts += 1;
        }
    }
    assert!(cuts > 2000, "{cuts} cuts");
}

/// The same where syncs do nothing: if that went unseen, the tests of cuts would prove nothing.
#[test]
#[should_panic(expected = "cut behind change")]
fn check_11_a_sync_that_does_nothing_is_seen() {
    let (log, moments) = history(0);
    let lying: Vec<Change> = log
        .into_iter()
        .map(|change| match change {
            Change::Sync(_) => Change::SyncNames,
            change => change,
        })
        .collect();
    let mut numbers = Numbers(3);
    for done in moments[0].at..=lying.len() {
        let memory = Memory::after_cut(&lying, done, || numbers.below(2) == 0);
        check_cut(memory, done, &moments, &format!("cut behind change {done}"));
    }
}
