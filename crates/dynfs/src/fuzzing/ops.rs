//! Any sequence of what guests, users, full disks, bad media and power cuts do, against a disk beside it.

use std::ops::ControlFlow;

use super::disk::{Disk, SECTOR};
use super::{Input, Numbers};
use crate::check::Finding;
use crate::container::{Access, Compaction, Container, create};
use crate::error::Error;
use crate::geometry::{BLOCK, MIB};
use crate::memory::{Call, Memory};
use crate::store::{FileName, Store};

/// Small, so that parts are full soon and their borders are met often.
const SPLIT: u64 = MIB;
const MOST: u64 = 4 * MIB;
const STEPS: usize = 200;

/// How a container was left.
enum End {
    Done,
    Killed,
    Cut(Memory),
}

/// Writes, clears, flushes, grows, compacts, fails, is killed and cut, as `data` says.
///
/// # Panics
/// If anything is read that was not written, or anything is lost that was flushed.
pub fn ops(data: &[u8]) {
    let mut input = Input(data);
    let without_holes = input.byte() % 4 == 0;
    let size = MIB * (1 + input.below(2));
    let mut memory = Memory::new();
    create(&memory, SPLIT, size).unwrap();
    let mut disk = Disk::new(size);
    let mut steps = 0;
    let mut flushed_at = memory.log_len();
    loop {
        if without_holes {
            memory.set_without_holes();
        }
        let container = Container::open(&memory, Access::Write).unwrap();
        let mut life = Life {
            container,
            disk: &mut disk,
            flushed_at,
            steps: &mut steps,
        };
        let end = life.run(&mut input);
        flushed_at = life.flushed_at;
        // A fault that has not come yet does not come any more.
        memory.set_fault(Call::Any, usize::MAX);
        memory.set_free(None);
        memory.set_max_len(None);
        let is_final = match end {
            End::Done => return,
            End::Killed => false,
            End::Cut(left) => {
                memory = left;
                flushed_at = memory.log_len();
                true
            }
        };
        let container = Container::open(&memory, Access::Read).unwrap();
        disk.take_cut(&container, is_final);
        let findings = container.check().unwrap().findings;
        let stale = |finding: &Finding| matches!(finding, Finding::StaleSize { .. });
        assert!(findings.iter().all(stale), "{findings:?}");
    }
}

/// From one opening to the next.
struct Life<'a> {
    container: Container<&'a Memory>,
    disk: &'a mut Disk,
    /// Length of the log when a flush had last returned.
    flushed_at: usize,
    steps: &'a mut usize,
}

impl Life<'_> {
    fn run(&mut self, input: &mut Input<'_>) -> End {
        while !input.is_empty() && *self.steps < STEPS {
            *self.steps += 1;
            match input.byte() % 16 {
                op @ 0..9 => self.change(op, input),
                9 | 10 => self.flush(),
                11 => self.grow(input),
                12 => self.compact(input),
                13 => return End::Killed,
                14 => return End::Cut(self.cut(input)),
                _ => self.limit(input),
            }
        }
        self.disk.assert_same(&self.container);
        End::Done
    }

    fn change(&mut self, op: u8, input: &mut Input<'_>) {
        let sectors = self.disk.size() / SECTOR as u64;
        let first = input.below(sectors);
        let most = (sectors - first).min(1 << (input.byte() % 10));
        let count = 1 + input.below(most);
        let (mut offset, mut len) = (first * SECTOR as u64, count * SECTOR as u64);
        let fill = match op {
            0..6 => input.byte(),
            _ => 0,
        };
        let mut bytes = vec![0; usize::try_from(len).unwrap()];
        for (sector, bytes) in bytes
            .chunks_mut(SECTOR)
            .enumerate()
            .filter(|_| fill % 5 > 0)
        {
            bytes.fill(fill ^ u8::try_from(sector % 8).unwrap());
        }
        let result = match op {
            0..6 => self.container.write(offset, &bytes),
            6 | 7 => self.container.zero(offset, len),
            _ => {
                let result = self.container.trim(offset, len);
                let end = (offset + len) / BLOCK * BLOCK;
                offset = offset.next_multiple_of(BLOCK).min(end);
                len = end - offset;
                bytes.truncate(usize::try_from(len).unwrap());
                result
            }
        };
        match result {
            Ok(()) => self.disk.write(offset, &bytes),
            Err(_) => self.disk.write_failed(&self.container, offset, &bytes),
        }
        let mut found = vec![0xee; bytes.len()];
        self.container.read(offset, &mut found).unwrap();
        assert!(result.is_err() || found == bytes, "not what was written");
    }

    fn flush(&mut self) {
        if self.container.flush().is_ok() {
            self.disk.flushed();
            self.flushed_at = self.container.store().log_len();
        }
    }

    fn grow(&mut self, input: &mut Input<'_>) {
        let size = (self.disk.size() + MIB * input.below(2)).min(MOST);
        // Whether it is durable does not matter: a size that it might have had is allowed.
        let result = self.container.grow(size);
        self.disk.grow(size, result.is_ok());
        assert_eq!(self.container.size(), self.disk.size());
    }

    fn compact(&mut self, input: &mut Input<'_>) {
        let choice = input.byte();
        let wanted = Compaction {
            drop_zeros: choice % 2 == 1,
        };
        let mut calls = choice / 2 % 4;
        let result = self.container.compact(wanted, |_| {
            calls = calls.wrapping_sub(1);
            if calls == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        self.disk.assert_same(&self.container);
        // The check makes durable what was written, which may be where a fault is due.
        if let (Ok(_), Ok(report)) = (result, self.container.check()) {
            assert_eq!(report.unaligned, 0);
        }
    }

    /// What a cut leaves that comes anywhere behind the last flush; all of it durable.
    fn cut(&mut self, input: &mut Input<'_>) -> Memory {
        let log = self.container.store().log();
        let done = self.flushed_at + input.below((log.len() - self.flushed_at) as u64 + 1) as usize;
        let kept = input.below(101);
        let mut numbers = Numbers(input.number::<4>());
        let cut = Memory::after_cut(&log, done, || numbers.below(100) < kept);
        let settled = Memory::new();
        let parts = u32::try_from(MOST / SPLIT).unwrap();
        let files = (0..parts).map(FileName::Part).chain([FileName::Main]);
        for (file, content) in files.filter_map(|file| Some((file, cut.content(file)?))) {
            settled.create(file).unwrap();
            settled.write_at(file, &content, 0).unwrap();
            settled.sync(file).unwrap();
        }
        settled.sync_names().unwrap();
        settled
    }

    /// The disk below gets full, or fails once, or there is space again.
    fn limit(&mut self, input: &mut Input<'_>) {
        let store = self.container.store();
        match (input.byte() % 6, input.below(40)) {
            (0 | 1, clusters) => store.set_free(Some(clusters as usize)),
            (2, blocks) => store.set_max_len(Some(blocks * 0x5000 + 512)),
            (3, before) => store.set_fault(Call::Write, before as usize),
            (4, before) => store.set_fault(Call::Sync, before as usize),
            _ => {
                store.set_free(None);
                store.set_max_len(None);
                // What failed once stays so until it is opened again.
                if !matches!(self.container.flush(), Err(Error::Failed)) {
                    self.flush();
                }
            }
        }
    }
}
