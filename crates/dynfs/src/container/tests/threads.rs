//! Several threads at once: writers, readers, trims and flushes on one container.

use super::*;

/// Each thread has blocks of its own, side by side with those of others in the same parts and index pages, so that it
/// knows what it has to read; slots go from one thread's blocks to another's all the time.
#[test]
fn check_23_threads_see_their_own_blocks_only() {
    const THREADS: u64 = 4;
    let container = open(fresh());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let container = &container;
            scope.spawn(move || {
                let mut numbers = Numbers(thread);
                let mut mine = [0_u8; 64];
                for step in 0..1500_u64 {
                    let index = numbers.below(64);
                    // Around the border of the parts, so that both are in use.
                    let offset = 4 * MIB - 128 * BLOCK + (index * THREADS + thread) * BLOCK;
                    let Some(value) = mine.get_mut(index as usize) else {
                        return;
                    };
                    match numbers.below(9) {
                        0..4 => {
                            *value = (step % 50) as u8 + 1 + 50 * thread as u8;
                            container.write(offset, &block(*value)).unwrap();
                        }
                        4 | 5 => {
                            container.trim(offset, BLOCK).unwrap();
                            *value = 0;
                        }
                        6 => container.flush().unwrap(),
                        _ => {}
                    }
                    let found = read(container, offset, 4096);
                    assert!(
                        found == block(*value),
                        "thread {thread}, step {step}: {} for {value}",
                        found[0]
                    );
                }
            });
        }
    });
    container.flush().unwrap();
    assert_sound(&container.store, &container.geometry(), "after threads");
}

/// What is being read stays what it is while the block is cleared and its slot given away.
#[test]
fn a_reader_never_sees_another_block() {
    let container = open(fresh());
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for _ in 0..400 {
                container.write(0, &block(1)).unwrap();
                container.trim(0, BLOCK).unwrap();
                container.flush().unwrap();
                container.write(7 * BLOCK, &block(2)).unwrap();
                container.trim(7 * BLOCK, BLOCK).unwrap();
                container.flush().unwrap();
            }
        });
        while !writer.is_finished() {
            let first = read(&container, 0, 4096);
            assert!(first == block(0) || first == block(1), "{}", first[0]);
        }
    });
}

/// Check 25, and 23 with it: writers with requests of any size and place, each in an area of its own that reaches over the
/// border of parts, readers that compare with a shadow, and others that flush, trim and compact all the while.
#[test]
fn check_25_writers_and_readers_against_a_shadow() {
    const AREA: u64 = 3 * MIB / 2;
    let container = open(fresh());
    let shadows = [(); 4].map(|()| RwLock::new(vec![0_u8; AREA as usize]));
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (container, shadows, is_done) = (&container, &shadows, &is_done);
        let request = |numbers: &mut Numbers| {
            let most = 2 << numbers.below(17);
            let len = 1 + numbers.below(most);
            (numbers.below(AREA - len), len)
        };
        let writers: Vec<_> = (0..4)
            .map(|area| {
                scope.spawn(move || {
                    let mut numbers = Numbers(area);
                    for step in 0..400_u64 {
                        let (at, len) = request(&mut numbers);
                        let fill = numbers.below(8) as u8 * 30;
                        let bytes: Vec<u8> = (0..len)
                            .map(|index| {
                                fill.wrapping_add((index / 100 * u64::from(fill > 0)) as u8)
                            })
                            .collect();
                        // Held over both, so that readers know what they have to see.
                        let mut shadow = shadows[area as usize].write().unwrap();
                        let range = at as usize..(at + len) as usize;
                        if step % 5 == 4 {
                            container.zero(area * AREA + at, len).unwrap();
                            shadow[range].fill(0);
                        } else {
                            container.write(area * AREA + at, &bytes).unwrap();
                            shadow[range].copy_from_slice(&bytes);
                        }
                    }
                })
            })
            .collect();
        for reader in 0..4 {
            scope.spawn(move || {
                let mut numbers = Numbers(100 + reader);
                while !is_done.load(Ordering::Acquire) {
                    let area = numbers.below(4);
                    let (at, len) = request(&mut numbers);
                    let shadow = shadows[area as usize].read().unwrap();
                    let found = read(container, area * AREA + at, len as usize);
                    assert!(found == shadow[at as usize..][..len as usize]);
                }
            });
        }
        scope.spawn(move || {
            while !is_done.load(Ordering::Acquire) {
                container.flush().unwrap();
                let go = |_| std::ops::ControlFlow::Continue(());
                container
                    .compact(Compaction { drop_zeros: true }, go)
                    .unwrap();
                std::thread::yield_now();
            }
        });
        let ends: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        is_done.store(true, Ordering::Release);
        ends.into_iter().for_each(|end| end.unwrap());
    });
    container.flush().unwrap();
    assert_sound(&container.store, &container.geometry(), "after threads");
    let container = reopen(container);
    for (area, shadow) in (0..).zip(&shadows) {
        assert!(read(&container, area * AREA, AREA as usize) == *shadow.read().unwrap());
    }
}
