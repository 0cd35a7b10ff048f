use super::*;
use crate::fixture::id;

const MIB: u64 = 1 << 20;

fn room(fs: FsKind, free_mib: u64) -> Room {
    Room {
        fs,
        free: Some(Bytes(free_mib * MIB)),
    }
}

const BY_FREE: &[&str] = &["size-cut-by-free-space"];
const BY_FS: &[&str] = &["size-cut-by-file-system"];
const TOO_LITTLE: &[&str] = &["too-little-space"];
const RAISED: &[&str] = &["size-raised"];

/// mode, asked, file system, free MiB; size or refusal, and the code of what is said
#[test]
fn new_containers() {
    use FsKind::{Exfat, Ext4, Vfat};
    use Mode::{Dynfilefs, Raw};
    let some = |mib| Some(Size::Exactly(Mib(mib)));
    let most = Some(Size::MostOfFree);
    type Row = (
        Mode,
        Option<Size>,
        FsKind,
        u64,
        Option<u64>,
        &'static [&'static str],
    );
    let rows: &[Row] = &[
        (Raw, None, Ext4, 20_000, Some(1000), &[]),
        (Raw, None, Ext4, 1100, Some(1000), &[]),
        (Raw, None, Ext4, 1099, Some(999), BY_FREE),
        (Raw, None, Ext4, 200, Some(100), BY_FREE),
        (Raw, None, Ext4, 199, None, TOO_LITTLE),
        (Raw, None, Ext4, 58, None, TOO_LITTLE),
        (Raw, None, Ext4, 0, None, TOO_LITTLE),
        (Raw, some(500), Ext4, 1000, Some(500), &[]),
        (Raw, some(8000), Ext4, 1000, Some(900), BY_FREE),
        (Raw, some(8000), Ext4, 150, None, TOO_LITTLE),
        (Raw, some(64), Ext4, 170, Some(64), &[]),
        (Raw, some(64), Ext4, 160, None, TOO_LITTLE),
        (Raw, some(1), Ext4, 1000, Some(16), RAISED),
        (Raw, some(u64::MAX), Ext4, 1000, Some(900), BY_FREE),
        (Raw, most, Ext4, 10_000, Some(9000), &[]),
        (Raw, most, Ext4, 500, Some(400), BY_FREE),
        (Raw, most, Ext4, 100, None, TOO_LITTLE),
        (Raw, some(8000), Vfat, 10_240, Some(4095), BY_FS),
        (Raw, some(4095), Vfat, 10_240, Some(4095), &[]),
        (Raw, some(8000), Vfat, 1000, Some(900), BY_FREE),
        (Raw, most, Vfat, 10_240, Some(4095), BY_FS),
        (Raw, some(8000), Exfat, 10_240, Some(8000), &[]),
        (Dynfilefs, None, Vfat, 20_000, Some(1000), &[]),
        (Dynfilefs, some(8000), Vfat, 10_240, Some(8000), &[]),
        // 100 MiB stay free, and each file's index takes 8.
        (Dynfilefs, some(20_000), Vfat, 10_240, Some(10_116), BY_FREE),
        (Dynfilefs, some(500), Vfat, 20_000, Some(500), &[]),
        (Dynfilefs, some(1), Vfat, 20_000, Some(16), RAISED),
        (Dynfilefs, most, Vfat, 10_240, Some(9216), &[]),
        (Dynfilefs, most, Exfat, 60_000, Some(54_000), &[]),
        (Dynfilefs, most, Vfat, 500, Some(392), BY_FREE),
        (Dynfilefs, None, Vfat, 1108, Some(1000), &[]),
        (Dynfilefs, None, Vfat, 1107, Some(999), BY_FREE),
        (Dynfilefs, None, Vfat, 208, Some(100), BY_FREE),
        (Dynfilefs, None, Vfat, 207, None, TOO_LITTLE),
        (Dynfilefs, some(64), Vfat, 172, Some(64), &[]),
        (Dynfilefs, some(64), Vfat, 171, None, TOO_LITTLE),
        (Dynfilefs, None, Vfat, 58, None, TOO_LITTLE),
    ];
    for &(mode, asked, fs, free, want, codes) in rows {
        let (size, reasons) = match create(mode, asked, room(fs, free)) {
            Ok(sized) => (Some(sized.size.0), sized.reasons),
            Err(reason) => (None, vec![reason]),
        };
        let got: Vec<_> = reasons.iter().map(Reason::code).collect();
        let row = format!("{mode} {asked:?} on {fs} with {free} MiB free");
        assert_eq!((size, got.as_slice()), (want, codes), "{row}");
    }
}

#[test]
fn without_known_free_space_no_more_than_the_default_is_taken() {
    let room = Room {
        fs: FsKind::Ext4,
        free: None,
    };
    for (asked, want) in [
        (None, 1000),
        (Some(Size::MostOfFree), 1000),
        (Some(Size::Exactly(Mib(8000))), 1000),
        (Some(Size::Exactly(Mib(500))), 500),
    ] {
        let sized = create(Mode::Raw, asked, room).unwrap();
        assert_eq!(sized.size, Mib(want), "{asked:?}");
        assert_eq!(sized.reasons, [Reason::FreeUnknown { size: Mib(want) }]);
    }
}

/// asked, length, allocated, file system, free MiB; size, and the code of what is said
#[test]
fn containers_grow_only_when_asked_and_never_shrink() {
    use FsKind::{Ext4, Vfat};
    let some = |mib| Some(Size::Exactly(Mib(mib)));
    type Row = (
        Option<Size>,
        u64,
        Option<u64>,
        FsKind,
        u64,
        Option<u64>,
        Option<&'static str>,
    );
    let not_shrunk = Some("size-not-shrunk");
    let rows: &[Row] = &[
        (None, 500, Some(20), Ext4, 9000, None, None),
        (
            Some(Size::MostOfFree),
            500,
            Some(20),
            Ext4,
            9000,
            None,
            None,
        ),
        (some(500), 500, Some(20), Ext4, 9000, None, None),
        (some(200), 500, Some(20), Ext4, 9000, None, not_shrunk),
        (some(1000), 500, Some(20), Ext4, 9000, Some(1000), None),
        (some(1000), 500, None, Ext4, 600, Some(1000), None),
        (
            some(1000),
            500,
            Some(20),
            Ext4,
            600,
            Some(520),
            Some("size-cut-by-free-space"),
        ),
        (
            some(1000),
            500,
            Some(20),
            Ext4,
            300,
            None,
            Some("no-room-to-grow"),
        ),
        (
            some(8000),
            500,
            Some(500),
            Vfat,
            9000,
            Some(4095),
            Some("size-cut-by-file-system"),
        ),
        (
            some(8000),
            4095,
            Some(4095),
            Vfat,
            9000,
            None,
            Some("size-cut-by-file-system"),
        ),
        (
            some(u64::MAX),
            500,
            Some(500),
            Ext4,
            600,
            Some(1000),
            Some("size-cut-by-free-space"),
        ),
    ];
    for &(asked, length, allocated, fs, free, want, code) in rows {
        let image = Image {
            length: Bytes(length * MIB),
            allocated: allocated.map(|mib| Bytes(mib * MIB)),
        };
        let (size, reason) = grow(id(1), Mode::Raw, asked, image, room(fs, free));
        let got = (size.map(|size| size.0), reason.as_ref().map(Reason::code));
        let row = format!("{length} to {asked:?} on {fs} with {free} MiB free");
        assert_eq!(got, (want, code), "{row}");
    }
    let odd = Image {
        length: Bytes(500 * MIB + 512),
        allocated: None,
    };
    let (size, reason) = grow(id(1), Mode::Raw, some(500), odd, room(Ext4, 9000));
    assert_eq!(
        (size, reason),
        (None, None),
        "half a block is no difference"
    );
}

/// asked, size, taken by all its files, free MiB; size, and the code of what is said
#[test]
fn dynfilefs_containers_grow_past_what_one_file_of_fat_holds() {
    let some = |mib| Some(Size::Exactly(Mib(mib)));
    let cut = Some("size-cut-by-free-space");
    for (asked, size, taken, free, want, code) in [
        (None, 1000, 20, 9000, None, None),
        (Some(Size::MostOfFree), 1000, 20, 9000, None, None),
        (some(1000), 1000, 20, 9000, None, None),
        (some(200), 1000, 20, 9000, None, Some("size-not-shrunk")),
        (some(8000), 1000, 20, 9000, Some(8000), None),
        (some(8000), 1000, 20, 4100, Some(4004), cut),
        // Index and skipped blocks make the files longer than the disk.
        (some(8000), 1000, 1020, 800, Some(1712), cut),
        (some(8000), 1000, 1020, 60, None, Some("no-room-to-grow")),
    ] {
        let image = Image {
            length: Mib(size).bytes(),
            allocated: Some(Mib(taken).bytes()),
        };
        let (to, reason) = grow(
            id(1),
            Mode::Dynfilefs,
            asked,
            image,
            room(FsKind::Vfat, free),
        );
        let got = (to.map(|to| to.0), reason.as_ref().map(Reason::code));
        let row = format!("{size} to {asked:?} with {taken} taken and {free} MiB free");
        assert_eq!(got, (want, code), "{row}");
    }
}
