//! Partition tables, members of arrays, and disks with more than one signature.

use perch_core::fs::FsKind;

use super::{assert_as_blkid, kind, probe};

const MIB: usize = 1 << 20;

/// Bytes to write, and where.
type Patch<'a> = (usize, &'a [u8]);

fn disk(size: usize, patches: &[Patch<'_>]) -> Vec<u8> {
    let mut bytes = vec![0; size];
    for &(at, patch) in patches {
        bytes[at..at + patch.len()].copy_from_slice(patch);
    }
    bytes
}

/// The parameters of a FAT16 of 8 MiB with the format's name, and the signature.
const FAT: [Patch<'_>; 5] = [
    (0, &[0xEB, 0x3C, 0x90]),
    (11, &[0, 2, 4, 1, 0, 2, 0, 2, 0, 64, 0xF8, 16, 0]), // 512 bytes, 4 sectors, 512 entries
    (38, b"\x29\x34\x12\xCD\xABBOOTLABEL  FAT16   "),
    (510, &[0x55, 0xAA]),
    (512, &[0xF8, 0xFF, 0xFF, 0xFF]),
];

/// One entry of a partition table: flag, kind, start, length.
fn entry(flag: u8, kind: u8, start: u32, length: u32) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[0] = flag;
    bytes[4] = kind;
    bytes[8..12].copy_from_slice(&start.to_le_bytes());
    bytes[12..].copy_from_slice(&length.to_le_bytes());
    bytes
}

#[test]
fn a_partition_table_is_not_fat() {
    let signature = (510, &[0x55, 0xAA][..]);
    let plain = entry(0x80, 0x0C, 2048, 8192);
    let second = entry(0, 0x83, 10240, 2048);
    let guard = entry(0, 0xEE, 1, u32::MAX);
    let text = *b"Boot error\r\n\0\0\0\0";
    let from_zero = entry(0x80, 0x0C, 0, 16384);
    let too_long = entry(0, 0x0C, 2048, 1 << 30);
    let fat = Some(FsKind::Vfat);
    type Row<'a> = (&'a str, &'a [Patch<'a>], &'a [Patch<'a>], Option<FsKind>);
    let rows: [Row<'_>; 10] = [
        ("empty table", &[], &[signature], None),
        ("one partition", &[], &[signature, (446, &plain)], None),
        (
            "GPT",
            &[],
            &[signature, (446, &guard), (512, b"EFI PART")],
            None,
        ),
        ("FAT", &FAT, &[], fat),
        ("old FAT, one partition", &FAT, &[(446, &plain)], None),
        ("old FAT, second entry used", &FAT, &[(462, &second)], None),
        ("old FAT, GPT", &FAT, &[(446, &guard)], None),
        ("FAT, text instead of a table", &FAT, &[(446, &text)], fat),
        (
            "FAT, table that starts at 0",
            &FAT,
            &[(446, &from_zero)],
            fat,
        ),
        ("FAT, table that cannot be", &FAT, &[(446, &too_long)], fat),
    ];
    for (name, below, above, want) in rows {
        let bytes = disk(8 * MIB, &[below, above].concat());
        assert_eq!(kind(&bytes), want, "{name}");
    }
}

#[test]
fn fat_needs_numbers_that_agree() {
    let rows: [(&str, Patch<'_>, bool); 12] = [
        ("as it is", (0, &[0xEB]), true),
        ("long jump", (0, &[0xE9]), true),
        ("no jump", (0, &[0x33]), false),
        ("no signature", (510, &[0]), false),
        ("sectors of 3 bytes", (11, &[3, 0]), false),
        ("sectors of 8 KiB", (11, &[0, 32]), false),
        ("no clusters", (13, &[0]), false),
        ("nothing reserved", (14, &[0, 0]), false),
        ("no table", (16, &[0]), false),
        ("tables larger than all", (22, &[0, 0x40]), false),
        ("no size", (19, &[0, 0]), false),
        ("medium 0", (21, &[0]), false),
    ];
    for (name, patch, want) in rows {
        let bytes = disk(8 * MIB, &[&FAT[..], &[patch]].concat());
        assert_eq!(kind(&bytes).is_some(), want, "{name}");
    }
    let unnamed = [&FAT[..], &[(54, &[0; 8])]].concat();
    assert_eq!(kind(&disk(8 * MIB, &unnamed)), Some(FsKind::Vfat));
    let no_table = [&unnamed[..], &[(512, &[0; 4])]].concat();
    assert_eq!(kind(&disk(8 * MIB, &no_table)), None);
}

#[test]
fn a_fat_label_is_in_the_root_directory() {
    const ROOT: usize = (1 + 2 * 16) * 512;
    let volume = b"STICK      \x08";
    let rows: [(&str, &[Patch<'_>], Option<&str>); 8] = [
        ("boot sector only", &[], None),
        ("first", &[(ROOT, volume)], Some("STICK")),
        (
            "third",
            &[
                (ROOT, b"A\0\0\0\0\0\0\0\0\0\0\x0f"),
                (ROOT + 32, b"FILE       \x20"),
                (ROOT + 64, volume),
            ],
            Some("STICK"),
        ),
        ("deleted", &[(ROOT, b"\xE5TICK      \x08")], None),
        ("after the end", &[(ROOT + 32, volume)], None),
        ("a directory", &[(ROOT, b"STICK      \x18")], None),
        ("a file", &[(ROOT, volume), (ROOT + 26, &[2])], None),
        ("no name", &[(ROOT, b"NO NAME    \x08")], None),
    ];
    for (name, patches, want) in rows {
        let found = probe(&disk(8 * MIB, &[&FAT[..], patches].concat()));
        let found = found.expect(name);
        assert_eq!(found.label.as_deref(), want, "{name}");
        assert_eq!(found.uuid.as_deref(), Some("ABCD-1234"), "{name}");
    }
}

const SIZE: usize = 16 * MIB;
const END_1_0: usize = SIZE - 8192;
const END_0_90: usize = SIZE - 65536;

/// The superblock of an ext2 with so many blocks of 1 KiB, at 1024.
fn ext2(blocks: u32) -> [u8; 128] {
    let mut block = [0; 128];
    for (at, word) in [
        (0, 128),
        (4, blocks),
        (20, 1),
        (32, 8192),
        (40, 128),
        (76, 1),
    ] {
        block[at..at + 4].copy_from_slice(&u32::to_le_bytes(word));
    }
    block[56..60].copy_from_slice(&[0x53, 0xEF, 1, 0]);
    block
}

/// A RAID superblock of version 1, to lie at `at`.
fn raid_1(at: usize) -> [u8; 256] {
    let mut block = [0; 256];
    let sectors = (at as u64 / 512).to_le_bytes();
    block[..5].copy_from_slice(&[0xFC, 0x4E, 0x2B, 0xA9, 1]);
    block[16..32].copy_from_slice(b"0123456789ABCDEF");
    block[32..40].copy_from_slice(b"host:one");
    block[136..144].copy_from_slice(&sectors);
    block[144..152].copy_from_slice(&sectors);
    let words = block.as_chunks().0.iter();
    let sum: u64 = words.map(|&word| u64::from(u32::from_le_bytes(word))).sum();
    let sum = (sum as u32).wrapping_add((sum >> 32) as u32);
    block[216..220].copy_from_slice(&sum.to_le_bytes());
    block
}

/// A RAID superblock of version 0.90, to lie at `at`, in either byte order.
fn raid_0(at: usize, order: fn(u32) -> [u8; 4]) -> [u8; 256] {
    let mut block = [0; 256];
    let sizes = [(0, 0xA92B_4EFC), (8, 90), (32, at as u32 / 1024), (40, 2)];
    let uuid = [
        (20, 0x0123_4567),
        (52, 0x89AB_CDEF),
        (56, 0x1020_3040),
        (60, 0x5060_7080),
    ];
    for (at, word) in sizes.into_iter().chain(uuid) {
        block[at..at + 4].copy_from_slice(&order(word));
    }
    block
}

/// The label of a physical volume, to lie in sector 1.
fn lvm() -> [u8; 512] {
    let mut block = [0; 512];
    block[..9].copy_from_slice(b"LABELONE\x01");
    block[20..32].copy_from_slice(b"\x20\0\0\0LVM2 001");
    block[32..64].copy_from_slice(b"yrOvZrPMf029Bdd0ZqAKhmRwWd3dyEzj");
    block[64..72].copy_from_slice(&(SIZE as u64).to_le_bytes());
    let crc = block[20..].iter().fold(0xF597_A6CF_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & 0u32.wrapping_sub(crc & 1))
        })
    });
    block[16..20].copy_from_slice(&crc.to_le_bytes());
    block
}

/// These no tool makes without a device, so they are written by hand, and `blkid` says whether
/// the hand was right. With and without a mirrored file system in front, where there can be one.
#[test]
fn members_of_arrays_are_found_as_blkid_finds_them() {
    let small = ext2(1024);
    let (raid_le, raid_be) = (
        raid_0(END_0_90, u32::to_le_bytes),
        raid_0(END_0_90, u32::to_be_bytes),
    );
    let rows: [(&str, &[Patch<'_>], FsKind); 8] = [
        ("1.1", &[(0, &raid_1(0))], FsKind::MdRaid),
        ("1.2", &[(4096, &raid_1(4096))], FsKind::MdRaid),
        (
            "1.2 and ext2",
            &[(1024, &small), (4096, &raid_1(4096))],
            FsKind::MdRaid,
        ),
        (
            "1.0 and ext2",
            &[(1024, &small), (END_1_0, &raid_1(END_1_0))],
            FsKind::MdRaid,
        ),
        (
            "0.90 and ext2",
            &[(1024, &small), (END_0_90, &raid_le)],
            FsKind::MdRaid,
        ),
        (
            "0.90, other byte order",
            &[(1024, &small), (END_0_90, &raid_be)],
            FsKind::MdRaid,
        ),
        ("ext2 alone", &[(1024, &small)], FsKind::Ext2),
        ("LVM", &[(512, &lvm())], FsKind::Lvm),
    ];
    let dir = tempfile::tempdir().expect("a temporary directory");
    let image = dir.path().join("image");
    for (name, patches, want) in rows {
        let bytes = disk(SIZE, patches);
        assert_eq!(kind(&bytes), Some(want), "{name}");
        std::fs::write(&image, &bytes).expect("an image");
        assert_as_blkid(name, &image);
    }
}

#[test]
fn of_two_signatures_the_newer_or_the_safer_counts() {
    let (mirrored, whole, striped) = (ext2(1024), ext2(SIZE as u32 / 1024), ext2(1 << 20));
    let raid = (END_1_0, &raid_1(END_1_0)[..]);
    let moved = (END_1_0 - 4096, &raid_1(END_1_0)[..]);
    let btrfs = (65536 + 64, &b"_BHRfS_M"[..]);
    let iso = (32768, &b"\x01CD001\x01"[..]);
    let udf = (32768 + 2048, &b"\0BEA01\x01"[..]);
    let nsr = (32768 + 4096, &b"\0NSR02\x01"[..]);
    let swap = [(1024, &[1][..]), (4086, &b"SWAPSPACE2"[..])];
    let luks = (0, &b"LUKS\xBA\xBE\0\x01"[..]);
    type Row<'a> = (&'a str, &'a [Patch<'a>], &'a [Patch<'a>], FsKind);
    let rows: [Row<'_>; 12] = [
        (
            "mirror over ext2",
            &[(1024, &mirrored)],
            &[raid],
            FsKind::MdRaid,
        ),
        (
            "stripes that begin with ext2",
            &[(1024, &striped)],
            &[raid],
            FsKind::MdRaid,
        ),
        (
            "RAID given up for ext2",
            &[(1024, &whole)],
            &[raid],
            FsKind::Ext2,
        ),
        (
            "RAID of a disk of another size",
            &[(1024, &mirrored)],
            &[moved],
            FsKind::Ext2,
        ),
        ("RAID behind an image", &[iso], &[raid], FsKind::Iso9660),
        (
            "old btrfs, new ext2",
            &[(1024, &mirrored)],
            &[btrfs],
            FsKind::Ext2,
        ),
        ("old image, new btrfs", &[btrfs], &[iso], FsKind::Btrfs),
        ("old image, new FAT", &FAT, &[iso], FsKind::Vfat),
        ("bridge disc", &[iso], &[udf, nsr], FsKind::Udf),
        (
            "disc that only begins like UDF",
            &[iso],
            &[udf],
            FsKind::Iso9660,
        ),
        ("FAT and swap", &FAT, &swap, FsKind::Swap),
        (
            "LUKS, old ext2",
            &[luks],
            &[(1024, &mirrored)],
            FsKind::Luks,
        ),
    ];
    for (name, below, above, want) in rows {
        let bytes = disk(SIZE, &[below, above].concat());
        assert_eq!(kind(&bytes), Some(want), "{name}");
    }
}

#[test]
fn names_without_sense_are_nothing() {
    let rows: [(&str, &[Patch<'_>]); 9] = [
        ("16 bits of ext2", &[(1024 + 56, &[0x53, 0xEF])]),
        (
            "an external journal",
            &[(1024, &ext2(1024)), (1024 + 96, &[8])],
        ),
        ("XFS without blocks", &[(0, b"XFSB")]),
        (
            "squashfs 3",
            &[(0, b"hsqs"), (12, &[0, 0, 2, 0]), (28, &[3])],
        ),
        ("LUKS 3", &[(0, b"LUKS\xBA\xBE\0\x03")]),
        ("LVM in the wrong sector", &[(1024, &lvm())]),
        ("RAID in the wrong place", &[(4096, &raid_1(0))]),
        ("swap version 0", &[(4086, b"SWAPSPACE2")]),
        (
            "a supplementary descriptor alone",
            &[(32768, b"\x02CD001\x01")],
        ),
    ];
    for (name, patches) in rows {
        assert_eq!(kind(&disk(8 * MIB, patches)), None, "{name}");
    }
    for size in [0, 1, 511, 512, 1023, 1024, 4096, 32768, 65536, 65536 + 72] {
        assert_eq!(kind(&vec![0; size]), None, "{size} zeros");
        assert_eq!(kind(&vec![0xFF; size]), None, "{size} ones");
    }
}

#[test]
fn an_image_is_known_by_its_date() {
    let unset = "0000000000000000";
    let rows = [
        (
            "2019020304050607",
            "2020112233445566",
            Some("2020-11-22-33-44-55-66"),
        ),
        ("2019020304050607", unset, Some("2019-02-03-04-05-06-07")),
        (unset, unset, None),
    ];
    let dir = tempfile::tempdir().expect("a temporary directory");
    let image = dir.path().join("image");
    for (created, modified, want) in rows {
        let patches = [
            (32768, &b"\x01CD001\x01"[..]),
            (32768 + 40, b"A LABEL                         "),
            (32768 + 813, created.as_bytes()),
            (32768 + 830, modified.as_bytes()),
            (34816, b"\xFFCD001\x01"),
        ];
        let bytes = disk(MIB, &patches);
        let found = probe(&bytes).expect("an image");
        assert_eq!(found.uuid.as_deref(), want, "{created}, {modified}");
        std::fs::write(&image, &bytes).expect("an image");
        assert_as_blkid(created, &image);
    }
}
