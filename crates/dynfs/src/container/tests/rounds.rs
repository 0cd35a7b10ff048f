//! Flushes that come at the same time, and what others may do meanwhile.

use std::io;
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use super::*;
use crate::memory::Change;

/// Long enough for any machine: reached only where something is wrong.
const DEADLINE: Duration = Duration::from_secs(100);

/// What a write begins with that waits.
const SLOW: u8 = 0xee;

/// Files in memory whose syncs wait, and so do writes of [`SLOW`] bytes.
struct Gated {
    memory: Memory,
    syncs: Gate,
    writes: Gate,
}

/// Whoever comes says so, and waits until he may go.
struct Gate {
    begun: SyncSender<()>,
    go: Mutex<Receiver<()>>,
}

impl Gate {
    /// With who hears of those that come, and who lets them go.
    fn new() -> (Self, Receiver<()>, SyncSender<()>) {
        let (begun, has_begun) = sync_channel(100);
        let (let_go, go) = sync_channel(100);
        let go = Mutex::new(go);
        (Self { begun, go }, has_begun, let_go)
    }

    fn pass(&self) {
        // In the end nobody listens.
        let _ = self.begun.send(());
        self.go.lock().unwrap().recv_timeout(DEADLINE).unwrap();
    }
}

impl Store for Gated {
    fn len(&self, file: FileName) -> io::Result<Option<u64>> {
        self.memory.len(file)
    }
    fn read_at(&self, file: FileName, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.memory.read_at(file, bytes, offset)
    }
    fn write_at(&self, file: FileName, bytes: &[u8], offset: u64) -> io::Result<()> {
        if bytes.first() == Some(&SLOW) {
            self.writes.pass();
        }
        self.memory.write_at(file, bytes, offset)
    }
    fn create(&self, file: FileName) -> io::Result<()> {
        self.memory.create(file)
    }
    fn set_len(&self, file: FileName, len: u64) -> io::Result<()> {
        self.memory.set_len(file, len)
    }
    fn reserve(&self, file: FileName, offset: u64, len: u64) -> io::Result<()> {
        self.memory.reserve(file, offset, len)
    }
    fn punch(&self, file: FileName, offset: u64, len: u64) -> io::Result<()> {
        self.memory.punch(file, offset, len)
    }
    fn sync(&self, file: FileName) -> io::Result<()> {
        self.syncs.pass();
        self.memory.sync(file)
    }
    fn rename(&self, from: FileName, to: FileName) -> io::Result<()> {
        self.memory.rename(from, to)
    }
    fn sync_names(&self) -> io::Result<()> {
        self.memory.sync_names()
    }
    fn max_len(&self) -> Option<u64> {
        self.memory.max_len()
    }
    fn data(&self, file: FileName, offset: u64) -> io::Result<Option<Range<u64>>> {
        self.memory.data(file, offset)
    }
}

/// A container with blocks 0 to 9, none of whose syncs ends before something is sent.
fn gated() -> (Container<Gated>, Receiver<()>, SyncSender<()>) {
    let (syncs, has_begun, let_go) = Gate::new();
    // The survey, and one flush with new blocks.
    (0..3).for_each(|_| let_go.send(()).unwrap());
    let container = with_ten_blocks(syncs, Gate::new().0);
    (0..3).for_each(|_| has_begun.recv_timeout(DEADLINE).unwrap());
    (container, has_begun, let_go)
}

fn with_ten_blocks(syncs: Gate, writes: Gate) -> Container<Gated> {
    let store = Gated {
        memory: fresh(),
        syncs,
        writes,
    };
    let container = Container::open(store, Access::Write).unwrap();
    container.write(0, &[1; 10 * 4096]).unwrap();
    container.flush().unwrap();
    container
}

/// Writes to block 20, which is new, and does something else while that is on its way to the medium.
fn meanwhile(bytes: &[u8], act: impl FnOnce(&Container<Gated>)) -> Container<Gated> {
    let (syncs, _has_begun, let_go) = Gate::new();
    (0..100).for_each(|_| let_go.send(()).unwrap());
    let (writes, has_begun, go) = Gate::new();
    let container = with_ten_blocks(syncs, writes);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| container.write(20 * BLOCK, bytes));
        has_begun.recv_timeout(DEADLINE).unwrap();
        act(&container);
        // It may come to write a second time.
        (0..2).for_each(|_| go.send(()).unwrap());
        slow.join().unwrap().unwrap();
    });
    container
}

fn block_of(container: &Container<Gated>, number: u64) -> Vec<u8> {
    let mut bytes = block(7);
    container.read(number * BLOCK, &mut bytes).unwrap();
    bytes
}

#[expect(clippy::disallowed_methods, reason = "a limit for a broken flush")]
fn await_waiting(container: &Container<Gated>, count: usize) {
    let start = std::time::Instant::now();
    while container.rounds.waiting() < count {
        assert!(start.elapsed() < DEADLINE, "not all are waiting");
        std::thread::yield_now();
    }
}

/// Whoever comes while a round is under way shares the next one, and is answered only when that is over: the round under
/// way may have passed by what was written since.
#[test]
fn rule_02_flushes_at_the_same_time_share_a_round() {
    const OTHERS: u64 = 7;
    let (container, has_begun, go) = gated();
    let before = container.store.memory.log_len();
    std::thread::scope(|scope| {
        let container = &container;
        let flush = move |number: u64| {
            container
                .write(number * BLOCK, &block(number as u8 + 2))
                .unwrap();
            let written = container.store.memory.log_len();
            container.flush().unwrap();
            let log = container.store.memory.log();
            let synced = |change: &Change| matches!(change, Change::Sync(_));
            assert!(log[written..].iter().any(synced), "{number} is not durable");
        };
        scope.spawn(move || flush(0));
        has_begun.recv_timeout(DEADLINE).unwrap();
        for number in 1..=OTHERS {
            scope.spawn(move || flush(number));
        }
        await_waiting(container, OTHERS as usize);
        go.send(()).unwrap();
        has_begun.recv_timeout(DEADLINE).unwrap();
        // One more would wait at the gate.
        (0..OTHERS).for_each(|_| go.send(()).unwrap());
    });
    let log = container.store.memory.log();
    let syncs = log[before..]
        .iter()
        .filter(|change| matches!(change, Change::Sync(_)));
    assert_eq!(syncs.count(), 2, "one for the first, one for all others");
}

/// Everybody who waited for a round that failed hears of it.
#[test]
fn rule_07_a_failed_round_fails_all_that_it_served() {
    let (container, has_begun, go) = gated();
    std::thread::scope(|scope| {
        let container = &container;
        let flush = move |number: u64| {
            container.write(number * BLOCK, &block(9)).unwrap();
            container.flush()
        };
        let first = scope.spawn(move || flush(0));
        has_begun.recv_timeout(DEADLINE).unwrap();
        let others = [1, 2, 3].map(|number| scope.spawn(move || flush(number)));
        await_waiting(container, others.len());
        container
            .store
            .memory
            .set_fault(crate::memory::Call::Sync, 1);
        (0..9).for_each(|_| go.send(()).unwrap());
        first.join().unwrap().unwrap();
        for other in others {
            assert!(other.join().unwrap().is_err());
        }
    });
}

/// Until a flush has written an index page, the file says of its new blocks that they are holes.
#[test]
fn an_index_page_stays_in_memory_until_it_is_written() {
    let (container, has_begun, go) = gated();
    container.write(20 * BLOCK, &block(20)).unwrap();
    std::thread::scope(|scope| {
        let flush = scope.spawn(|| container.flush());
        has_begun.recv_timeout(DEADLINE).unwrap();
        let part = container.cell(0).unwrap();
        assert_eq!(part.write().evict(100), 0);
        let mut bytes = block(0);
        container.read(20 * BLOCK, &mut bytes).unwrap();
        assert!(bytes == block(20));
        (0..2).for_each(|_| go.send(()).unwrap());
        flush.join().unwrap().unwrap();
        assert_eq!(part.write().evict(100), 1);
        container.read(20 * BLOCK, &mut bytes).unwrap();
        assert!(bytes == block(20));
    });
}

/// While a new block is on its way to the medium others use the part, and it is neither seen nor made durable: a flush that
/// comes later syncs its data before its entry.
#[test]
fn rules_01_02_a_new_block_keeps_nobody_waiting() {
    let container = meanwhile(&block(SLOW), |container| {
        container.write(21 * BLOCK, &block(3)).unwrap();
        container.flush().unwrap();
        assert_eq!(block_of(container, 20), block(0));
        assert_eq!(block_of(container, 21), block(3));
    });
    let before = container.store.memory.log_len();
    container.flush().unwrap();
    let log = container.store.memory.log();
    let kinds: Vec<_> = log[before..]
        .iter()
        .map(|change| match change {
            Change::Sync(_) => "sync",
            Change::Write(..) => "index",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["sync", "index", "sync"]);
    assert_eq!(block_of(&container, 20), block(SLOW));
    assert_eq!(block_of(&container, 21), block(3));
}

/// Two write to parts of the same new block: neither is lost.
#[test]
fn rule_05_a_block_that_got_a_slot_meanwhile_keeps_it() {
    let container = meanwhile(&[SLOW; 512], |container| {
        container.write(20 * BLOCK + 512, &[3; 512]).unwrap();
    });
    let mut want = block(0);
    want[..512].fill(SLOW);
    want[512..1024].fill(3);
    assert_eq!(block_of(&container, 20), want);
    container.flush().unwrap();
    let (memory, geometry) = (&container.store.memory, container.geometry());
    assert_sound(memory, &geometry, "after two writers");
    assert_eq!(container.used().bytes, 11 * BLOCK);
}

/// A slot that is being written looks free to a survey, since no entry points there.
#[test]
fn rule_05_a_survey_leaves_out_slots_that_are_being_written() {
    let container = meanwhile(&block(SLOW), |container| {
        let cell = container.cell(0).unwrap();
        container.survey_cell_again(&cell).unwrap();
        container.write(21 * BLOCK, &[3; 3 * 4096]).unwrap();
    });
    assert_eq!(block_of(&container, 20), block(SLOW));
    (21..24).for_each(|number| assert_eq!(block_of(&container, number), block(3)));
    container.flush().unwrap();
    let (memory, geometry) = (&container.store.memory, container.geometry());
    assert_sound(memory, &geometry, "after a survey");
}
