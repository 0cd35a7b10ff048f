//! Requests that find everything in place need no memory: the server of a root file system must not wait for any.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(
    unsafe_code,
    reason = "the one way to count allocations is to be the allocator"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use dynfilefs::container::{Access, Container, create};
use dynfilefs::files::Files;
use dynfilefs::geometry::{BLOCK, MIB};
use dynfilefs::store::Store;
use rustix::fs::{CWD, Mode, OFlags, openat};

use super::flat::Flat;

thread_local! {
    /// Of this thread alone: tests run beside each other.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// Bytes that are in use, and the most that ever were.
    static LIVE: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

/// Bytes that this thread has in use.
pub fn live() -> isize {
    LIVE.with(|live| {
        let (now, _) = live.get();
        live.set((now, now));
        now
    })
}

/// The most that it had in use since it asked for [`live`] bytes.
pub fn peak() -> isize {
    LIVE.with(|live| live.get().1)
}

fn count(len: isize) {
    LIVE.with(|live| {
        let (now, peak) = live.get();
        live.set((now + len, peak.max(now + len)));
    });
}

struct Counting;

// SAFETY: everything is passed on to the system's allocator; the counter has no destructor and needs no memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        count(layout.size() as isize);
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: it came from the same allocator.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(what: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    what();
    ALLOCATIONS.with(Cell::get) - before
}

fn assert_steady(store: impl Store) {
    create(&store, 64 * MIB, 128 * MIB).unwrap();
    let container = Container::open(store, Access::Write).unwrap();
    let mut bytes = vec![7; MIB as usize];
    // Around the border of two parts, and with holes.
    let place = |number: u64| 64 * MIB - 3 * MIB + number * 37 % 5 * MIB + number % 3 * 512;
    for number in 0..5 {
        container.write(place(number * 3), &bytes).unwrap();
    }
    container.flush().unwrap();
    container.trim(63 * MIB + 5 * BLOCK, 3 * BLOCK).unwrap();
    container.flush().unwrap();
    // Once, so that the index is in memory.
    for number in (0..12).chain(60..80) {
        container.read(number * MIB, &mut bytes).unwrap();
    }
    let reads = allocations(|| {
        for number in 0..1000 {
            let len = [512, 4096, 100_000, MIB as usize][number as usize % 4];
            container.read(place(number), &mut bytes[..len]).unwrap();
            container.read(number * 4096, &mut bytes[..len]).unwrap();
        }
    });
    assert_eq!(reads, 0, "reads");
    container.write(61 * MIB, &bytes).unwrap();
    container.write(63 * MIB, &bytes).unwrap();
    container.write(64 * MIB, &bytes).unwrap();
    container.flush().unwrap();
    let writes = allocations(|| {
        for number in 0..1000 {
            let len = [512, 4096, 5000, 500_000][number as usize % 4];
            let at = 63 * MIB + number % 7 * 512 + number % 5 * 100_000;
            container.write(at, &bytes[..len]).unwrap();
            container.write(64 * MIB - 1024, &bytes[..2048]).unwrap();
        }
    });
    assert_eq!(writes, 0, "overwrites");
    let flushes = allocations(|| {
        for _ in 0..100 {
            container.flush().unwrap();
            container.write(63 * MIB, &bytes[..4096]).unwrap();
            container.flush().unwrap();
        }
    });
    assert_eq!(
        flushes, 0,
        "flushes of overwritten blocks, and without work"
    );
    // The page of the index is in memory, and was flushed before.
    let new = allocations(|| {
        for number in 0..100 {
            container
                .write(66 * MIB + number * 8192, &bytes[..4096])
                .unwrap();
        }
    });
    assert!(new <= 1, "{new} allocations for 100 new blocks");
    container.flush().unwrap();
}

#[test]
fn steady_requests_allocate_nothing() {
    let counted = allocations(|| drop(std::hint::black_box(vec![1; 100])));
    assert_eq!(counted, 1, "it counts");
    assert_steady(Flat::with_capacity(80 << 20));
    let dir = tempfile::tempdir().unwrap();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = openat(CWD, dir.path(), flags, Mode::empty()).unwrap();
    assert_steady(Files::new(fd, "changes.dat", Access::Write).unwrap());
}
