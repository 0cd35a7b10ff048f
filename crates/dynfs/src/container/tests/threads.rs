//! Several threads at once: writers, readers, trims and flushes on one container.

use super::*;

/// Each thread has blocks of its own, side by side with those of others in the same parts and index pages, so that it
/// knows what it has to read; slots go from one thread's blocks to another's all the time.
#[test]
fn threads_see_their_own_blocks_only() {
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
