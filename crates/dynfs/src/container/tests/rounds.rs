//! Flushes that come at the same time, and what others may do meanwhile.

use std::io;
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use super::*;
use crate::memory::Change;

/// Long enough for any machine: reached only where something is wrong.
const DEADLINE: Duration = Duration::from_secs(100);

/// Files in memory whose syncs say that they begin, and wait until they may.
struct Gated {
    memory: Memory,
    begun: SyncSender<()>,
    go: Mutex<Receiver<()>>,
}

impl Store for Gated {
    fn len(&self, file: FileName) -> io::Result<Option<u64>> {
        self.memory.len(file)
    }
    fn read_at(&self, file: FileName, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.memory.read_at(file, bytes, offset)
    }
    fn write_at(&self, file: FileName, bytes: &[u8], offset: u64) -> io::Result<()> {
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
        self.begun.send(()).unwrap();
        self.go.lock().unwrap().recv_timeout(DEADLINE).unwrap();
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
    let (begun, has_begun) = sync_channel(100);
    let (let_go, go) = sync_channel(100);
    // The survey, and one flush with new blocks.
    (0..3).for_each(|_| let_go.send(()).unwrap());
    let store = Gated {
        memory: fresh(),
        begun,
        go: Mutex::new(go),
    };
    let container = Container::open(store, Access::Write).unwrap();
    container.write(0, &[1; 10 * 4096]).unwrap();
    container.flush().unwrap();
    (0..3).for_each(|_| has_begun.recv_timeout(DEADLINE).unwrap());
    (container, has_begun, let_go)
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
