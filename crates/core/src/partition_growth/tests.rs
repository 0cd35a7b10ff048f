use super::*;

const MIB: u64 = 1 << 20;
const KIB: u64 = 1 << 10;

fn empty() -> Holds {
    Holds::Growable(Content::Empty { claims: 128 * KIB })
}

fn partition(number: u32, start: u64, length: u64, holds: Holds) -> Partition {
    Partition {
        number,
        extent: Extent { start, length },
        holds,
    }
}

/// As xorriso lays out an image with an appended partition, on a stick of 200 MiB.
fn hybrid(table: Table) -> Disk {
    Disk {
        size: 200 * MIB,
        block: 512,
        read_only: false,
        table,
        partitions: vec![
            partition(1, 0, 6280 * 512, Holds::Other),
            partition(2, 6280 * 512, 128 * KIB, empty()),
        ],
    }
}

fn mbr() -> Disk {
    hybrid(Table::Mbr)
}

#[test]
fn the_rest_of_the_disk_is_taken_in_whole_mebibytes() {
    let new = |disk: &Disk| plan_growth(disk).map(|growth| growth.new);
    // The old file system ends at 3.2 MiB.
    let wanted = |length| {
        Ok(Extent {
            start: 4 * MIB,
            length,
        })
    };
    assert_eq!(new(&mbr()), wanted(196 * MIB));
    let copy = 33 * 512;
    assert_eq!(new(&hybrid(Table::Gpt { copy })), wanted(195 * MIB));
    let odd = Disk {
        size: 200 * MIB + 12_345,
        ..mbr()
    };
    assert_eq!(new(&odd), wanted(196 * MIB));
}

#[test]
fn an_mbr_ends_at_2_tib_of_small_blocks() {
    for (block, size, want) in [
        (512, 5 << 40, (2 << 40) - MIB + 4 * MIB),
        (4096, 5 << 40, 5 << 40),
        (512, 1 << 40, 1 << 40),
    ] {
        let disk = Disk {
            block,
            size,
            ..mbr()
        };
        let growth = plan_growth(&disk).unwrap();
        assert_eq!(growth.new.end(), want, "{block} {size}");
        assert!(growth.new.length / u64::from(block) <= u64::from(u32::MAX));
    }
    let mut far = Disk {
        size: 5 << 40,
        ..mbr()
    };
    far.partitions[1].extent.start = 3 << 40;
    assert_eq!(plan_growth(&far), Err(Refusal::NoRoom { room: 0 }));
}

#[test]
fn an_images_filling_gives_way() {
    let mut disk = hybrid(Table::Gpt { copy: 33 * 512 });
    let behind = 6280 * 512 + 128 * KIB;
    disk.partitions
        .push(partition(3, behind, 300 * KIB, Holds::Filling));
    let growth = plan_growth(&disk).unwrap();
    let extent = Extent {
        start: behind,
        length: 300 * KIB,
    };
    assert_eq!(growth.without, [Filling { number: 3, extent }]);
    assert_eq!(growth.new.start, 4 * MIB);

    // In front it is in nobody's way; on top of it it is not understood.
    disk.partitions[2].extent.start = 0;
    assert_eq!(plan_growth(&disk).unwrap().without, []);
    disk.partitions[2].extent.start = behind - 1024;
    assert_eq!(plan_growth(&disk), Err(Refusal::NotLast { number: 3 }));
}

#[test]
fn one_that_was_made_larger_but_not_formatted_is_taken_too() {
    let mut disk = mbr();
    disk.partitions[1].extent.length = 190 * MIB;
    let growth = plan_growth(&disk).unwrap();
    assert_eq!((growth.new.start, growth.new.length), (4 * MIB, 196 * MIB));
}

#[test]
fn refusals() {
    let content = |content| Holds::Growable(content);
    let files = "holds files";
    type Change = fn(&mut Disk);
    let cases: [(Change, Refusal); 10] = [
        (|disk| disk.partitions.truncate(1), Refusal::None),
        (
            |disk| disk.partitions[0].holds = Holds::Persistence,
            Refusal::Persistence { number: 1 },
        ),
        (|disk| disk.partitions[0].holds = empty(), Refusal::Several),
        (|disk| disk.read_only = true, Refusal::ReadOnly),
        (|disk| disk.partitions[1].number = 5, Refusal::Logical),
        (
            |disk| {
                disk.partitions
                    .push(partition(3, 150 * MIB, MIB, Holds::Other));
            },
            Refusal::NotLast { number: 3 },
        ),
        (
            // The system's partition covers it.
            |disk| disk.partitions[0].extent.length = 100 * MIB,
            Refusal::NotLast { number: 1 },
        ),
        (
            |disk| disk.partitions[0].extent.length = u64::MAX,
            Refusal::NotLast { number: 1 },
        ),
        (
            |disk| disk.size = 67 * MIB,
            Refusal::NoRoom { room: 63 * MIB },
        ),
        (
            // Shorter than its table says.
            |disk| disk.size = MIB,
            Refusal::NoRoom { room: 0 },
        ),
    ];
    for (change, want) in cases {
        let mut disk = mbr();
        change(&mut disk);
        assert_eq!(plan_growth(&disk), Err(want));
    }
    for (holds, want) in [
        (content(Content::Not(files.into())), files),
        (
            content(Content::Empty { claims: 129 * KIB }),
            "was cut short",
        ),
        (
            content(Content::Empty { claims: u64::MAX }),
            "was cut short",
        ),
    ] {
        let mut disk = mbr();
        disk.partitions[1].holds = holds;
        assert_eq!(plan_growth(&disk), Err(Refusal::NotEmpty(want.into())));
    }
}

#[test]
fn the_least_room_is_enough() {
    let disk = Disk {
        size: 68 * MIB,
        ..mbr()
    };
    assert_eq!(plan_growth(&disk).unwrap().new.length, 64 * MIB);
}

#[test]
fn refusals_say_what_is_in_the_way() {
    for (refusal, want) in [
        (
            Refusal::NoRoom { room: 5 * MIB },
            "there are only 5 MiB behind it, and 64 are the least",
        ),
        (
            Refusal::NotEmpty("holds files".into()),
            "it holds files: nothing in it is given up; move it away, or relabel the partition",
        ),
        (
            Refusal::NotLast { number: 3 },
            "partition 3 is in the way behind it",
        ),
    ] {
        assert_eq!(refusal.to_string(), want);
    }
}
