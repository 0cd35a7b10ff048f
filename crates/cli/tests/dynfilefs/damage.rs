//! Containers as a power cut or another program left them.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::perch::Place;

/// Sets entries of a part's index.
fn set_entries(part: &Path, len: u64, entries: &[(u64, u64)]) {
    let file = OpenOptions::new().write(true).open(part).unwrap();
    file.set_len(len).unwrap();
    for (entry, offset) in entries {
        file.write_all_at(&offset.to_le_bytes(), 4096 + 8 * entry)
            .unwrap();
    }
}

/// Two blocks in one place, one behind the end and one in the index, and a part that was not told of a growth.
pub(crate) fn damaged() -> Place {
    let place = Place::with_container();
    let entries = [
        (1, 0x4000),
        (2, 0x4000),
        (3, 0x40),
        (4, 0x9000),
        (5, 0x7000),
    ];
    set_entries(&place.path("changes.dat.0"), 0x8000, &entries);
    let part = OpenOptions::new()
        .write(true)
        .open(place.path("changes.dat.2"))
        .unwrap();
    part.write_all_at(&(9_u64 << 20).to_le_bytes(), 0x810)
        .unwrap();
    place
}

/// A container of dynfilefs 4.00 to 4.03, all of it in one file: some blocks hold data.
pub(crate) fn write_single(path: &Path, size: u64, blocks: &[(u64, u8)]) {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .unwrap();
    let put = |bytes: &[u8], at: u64| file.write_all_at(bytes, at).unwrap();
    put(b"DynfilefsFS 4.00 (c) 2023 Tomas M <www.slax.org>", 0);
    for (at, number) in [(0x800, 400), (0x808, size), (0x810, size)] {
        put(&number.to_le_bytes(), at);
    }
    let data = 4096 + size / 512;
    file.set_len(data).unwrap();
    for ((block, byte), slot) in blocks.iter().zip(1..) {
        let at = data + 4096 * slot;
        put(&at.to_le_bytes(), 4096 + 8 * block);
        put(&[*byte; 4096], at);
    }
}
