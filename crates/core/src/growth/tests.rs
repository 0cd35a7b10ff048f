use super::*;

const MIB: u64 = 1 << 20;

/// Size, taken, free on the medium, cap; all in MiB. The file system is as large as the disk.
fn measure(percent: u64, size: u64, taken: u64, free: u64, cap: Option<u64>) -> Measure {
    let total = size * MIB;
    Measure {
        inner_total: Bytes(total),
        inner_free: Bytes(total - total / 100 * percent),
        size: Mib(size),
        taken: Bytes(taken * MIB),
        medium_free: Bytes(free * MIB),
        cap: cap.map(Mib),
    }
}

/// percent used, size, taken, free on the medium, cap; what follows
#[test]
fn a_container_grows_when_it_is_nearly_full_as_far_as_the_medium_goes() {
    use Growth::{Cannot, Enough, To};
    let medium = |free| {
        Cannot(Obstacle::Medium {
            free: Bytes(free * MIB),
        })
    };
    let cap = |cap| Cannot(Obstacle::Cap(Mib(cap)));
    for (percent, size, taken, free, limit, want) in [
        (0, 1000, 10, 50_000, None, Enough),
        (80, 1000, 800, 50_000, None, Enough),
        (81, 1000, 810, 50_000, None, To(Mib(2000))),
        (100, 1000, 1000, 50_000, None, To(Mib(2000))),
        // A quarter, where that is more.
        (90, 4000, 3700, 50_000, None, To(Mib(5000))),
        (90, 8000, 7300, 50_000, None, To(Mib(10_000))),
        (90, 10_001, 9100, 50_000, None, To(Mib(12_501))),
        (90, 64, 60, 50_000, None, To(Mib(1064))),
        // 100 MiB stay free, and the index takes 8 MiB of each 4008.
        (90, 1000, 900, 1000, None, To(Mib(1792))),
        (90, 4000, 3700, 900, None, To(Mib(4484))),
        // What others have taken meanwhile is no longer there.
        (90, 1000, 900, 300, None, To(Mib(1092))),
        (90, 1000, 900, 224, None, To(Mib(1016))),
        (90, 1000, 900, 223, None, medium(223)),
        (90, 1000, 900, 0, None, medium(0)),
        // A cap is kept to, and reached by however small a step.
        (90, 1000, 900, 50_000, Some(8000), To(Mib(2000))),
        (90, 1000, 900, 50_000, Some(1500), To(Mib(1500))),
        (90, 1000, 900, 50_000, Some(1001), To(Mib(1001))),
        (90, 1000, 900, 50_000, Some(1000), cap(1000)),
        (90, 1000, 900, 50_000, Some(200), cap(200)),
        (90, 1000, 900, 0, Some(200), cap(200)),
        (90, 1000, 900, 250, Some(1500), To(Mib(1042))),
        (50, 1000, 900, 0, Some(200), Enough),
        // The usual small steps near the end of a full medium.
        (99, 60_000, 59_500, 760, None, To(Mib(60_032))),
    ] {
        let measure = measure(percent, size, taken, free, limit);
        let row = format!("{percent} % of {size}, {taken} taken, {free} free, cap {limit:?}");
        assert_eq!(decide(&measure), want, "{row}");
    }
}

#[test]
fn numbers_that_cannot_be_do_no_harm() {
    let wild = Measure {
        inner_total: Bytes(u64::MAX),
        inner_free: Bytes(0),
        size: Mib(u64::MAX),
        taken: Bytes(u64::MAX),
        medium_free: Bytes(u64::MAX),
        cap: None,
    };
    assert_eq!(wild.percent(), 100);
    assert!(matches!(decide(&wild), Growth::Cannot(_)));
    let nothing = Measure {
        inner_total: Bytes(0),
        inner_free: Bytes(u64::MAX),
        ..wild
    };
    assert_eq!((nothing.percent(), decide(&nothing)), (0, Growth::Enough));
}

/// However a container grows, it never promises what the medium does not have, never shrinks, and ends.
#[test]
fn growing_again_and_again_ends_within_the_medium() {
    for (mut size, medium) in [
        (16_u64, 700_u64),
        (1000, 20_000),
        (1000, 3000),
        (4000, 4300),
    ] {
        let mut steps = 0;
        loop {
            let taken = size + size.div_ceil(4000) * 8;
            let free = medium.saturating_sub(taken);
            match decide(&measure(95, size, taken, free, None)) {
                Growth::To(to) => {
                    assert!(to.0 > size, "{size} to {to}");
                    let with_index = to.0 + to.0.div_ceil(4000) * 8;
                    assert!(with_index + 100 <= medium, "{to} on {medium}");
                    size = to.0;
                }
                Growth::Cannot(Obstacle::Medium { .. }) => break,
                other => panic!("{other:?} at {size} of {medium}"),
            }
            steps += 1;
            assert!(steps < 40, "{size} of {medium}");
        }
    }
}

#[test]
fn a_large_container_is_looked_at_less_often() {
    for (size, want) in [
        (16, MIB),
        (1000, 1000 * MIB / 128),
        (60_000, 64 * MIB),
        (u64::MAX, 64 * MIB),
    ] {
        assert_eq!(look_after(Mib(size)), Bytes(want), "{size}");
    }
}
