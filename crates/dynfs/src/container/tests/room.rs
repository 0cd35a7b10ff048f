//! What of the medium stays free, and who hears of it.

use super::*;
use crate::room::Alarm;

const CLUSTERS: usize = MIB as usize / 4096;

/// A container on a medium with this much space, of which one MiB is kept.
fn with_free(clusters: usize) -> Container<Memory> {
    let memory = fresh();
    memory.tell_free();
    memory.set_free(Some(clusters));
    let container = open(memory);
    container.set_reserve(MIB);
    container
}

fn free(container: &Container<Memory>) -> u64 {
    container.space().unwrap().free.unwrap()
}

/// New blocks end where the reserve begins; what is there can be written, index pages find their room, and once there is
/// space again all goes on.
#[test]
fn rule_12_new_blocks_leave_the_reserve() {
    for without_holes in [false, true] {
        let container = with_free(2 * CLUSTERS);
        if without_holes {
            container.store.set_without_holes();
        }
        let what = format!("without holes: {without_holes}");
        let refused = (0..1024)
            .find(|number| container.write(number * BLOCK, &block(1)).is_err())
            .unwrap();
        assert!((250..=256).contains(&refused), "{what}: {refused}");
        // The page of the index may come out of the reserve.
        assert!(free(&container) >= MIB - BLOCK, "{what}");
        assert_eq!(container.alarm(), Some(Alarm::Full), "{what}");
        assert!(
            container.write(5 * MIB, &block(1)).is_err(),
            "another part, {what}"
        );
        assert_eq!(container.alarm(), None, "once only, {what}");
        container.write(0, &block(2)).unwrap();
        container.flush().unwrap();
        // Some for pages of the index, which the reserve gave.
        container.trim(BLOCK, 9 * BLOCK).unwrap();
        container.flush().unwrap();
        container.write(700 * BLOCK, &block(7)).unwrap();
        let again = (701..720).find(|number| container.write(number * BLOCK, &block(7)).is_err());
        assert!(again.is_some_and(|again| again > 704), "{again:?}, {what}");
        container.flush().unwrap();
        assert_sound(&container.store, &container.geometry(), &what);
        container.store.set_free(Some(400 * CLUSTERS));
        container.write(720 * BLOCK, &block(8)).unwrap();
        container.flush().unwrap();
        assert!(read(&container, 700 * BLOCK, 4096) == block(7), "{what}");
    }
}

/// The guest's last blocks fit to the last byte before the reserve, and without a reserve to the last of the medium.
#[test]
fn rule_12_a_tool_may_use_the_reserve() {
    let container = with_free(100);
    assert!(matches!(container.write(0, &block(1)), Err(Error::Full)));
    container.set_reserve(0);
    let refused = (0..200).find(|number| container.write(number * BLOCK, &block(1)).is_err());
    assert!(refused.is_some_and(|refused| refused > 90), "{refused:?}");
    container.flush().unwrap();
    assert_sound(&container.store, &container.geometry(), "full");
}

/// Asking costs a system call: once for many blocks, with or without reservation.
#[test]
fn the_free_space_is_not_asked_for_with_each_block() {
    for without_holes in [false, true] {
        let container = with_free(400 * CLUSTERS);
        if without_holes {
            container.store.set_without_holes();
        }
        for number in 0..1500 {
            container.write(number * BLOCK, &block(1)).unwrap();
        }
        let looks = container.store.looks();
        assert!(looks <= 4, "{looks} looks, without holes: {without_holes}");
        assert_eq!(container.alarm(), None);
        // Free space that others took is noticed with the next look.
        container.store.set_free(Some(200 * CLUSTERS));
        container.space().unwrap();
        assert_eq!(container.alarm(), Some(Alarm::Low));
    }
}

/// Exact where a part was surveyed, else the most that it can be.
#[test]
fn used_blocks_are_counted() {
    let container = open(fresh());
    let used = |bytes, exact| Used { bytes, exact };
    assert_eq!(container.used(), used(0, true));
    container.write(0, &[1; 10 * 4096]).unwrap();
    container.write(BLOCK, &[2; 4096]).unwrap();
    container.write(5 * MIB, &[0; 4096]).unwrap();
    assert_eq!(container.used(), used(10 * BLOCK, true));
    container.trim(0, 3 * BLOCK).unwrap();
    assert_eq!(container.used(), used(7 * BLOCK, true));
    container.flush().unwrap();
    let container = reopen(container);
    // Ten slots, and the one behind the index that nobody uses.
    assert_eq!(container.used(), used(11 * BLOCK, false));
    container.write(3 * BLOCK, &[1; 4096]).unwrap();
    assert_eq!(container.used(), used(7 * BLOCK, true));
    let space = container.space().unwrap();
    assert_eq!((space.free, space.size), (None, 6 * MIB));
}
