//! The index of a part as it stands in the file.

use crate::error::Error;
use crate::geometry::{Geometry, PAGE_ENTRIES};
use crate::store::{FileName, Store, read_or_zeros};
use crate::survey::Entry;

/// How much of an index is read at once, in bytes.
const SCAN_STEP: u64 = 256 << 10;

/// All entries of a part that are not zero.
pub(crate) fn all_entries(
    store: &impl Store,
    file: FileName,
    geometry: &Geometry,
) -> Result<Vec<Entry>, Error> {
    let len = store.len(file).map_err(Error::io("look at", file))?;
    let mut found = Vec::new();
    let mut first = 0;
    // Bytes that may hold something; the index of a part that is hardly used is mostly a hole.
    let mut data = 0..0;
    while first < geometry.entries() {
        let (start, _) = geometry.page(first / PAGE_ENTRIES);
        // An old container's header may speak of exbibytes; behind the end of the file all entries are zero.
        if len.is_none_or(|len| start >= len) {
            break;
        }
        if start >= data.end {
            let next = store.data(file, start);
            match next.map_err(Error::io("look for data in", file))? {
                Some(next) => data = next,
                None => break,
            }
            // Whole pages, and never back.
            let (index, _) = geometry.page(0);
            let entry = data.start.saturating_sub(index) / 8 / PAGE_ENTRIES * PAGE_ENTRIES;
            if entry > first {
                first = entry;
                continue;
            }
        }
        let behind = data.end.saturating_sub(start).div_ceil(8);
        let count = (geometry.entries() - first).min(SCAN_STEP / 8).min(
            behind
                .max(1)
                .checked_next_multiple_of(PAGE_ENTRIES)
                .unwrap_or(u64::MAX),
        );
        let entries = read_entries(store, file, start, count)?;
        found.extend((first..).zip(entries).filter(|(_, offset)| *offset != 0));
        first += count;
    }
    Ok(found)
}

pub(super) fn read_entries(
    store: &impl Store,
    file: FileName,
    offset: u64,
    count: u64,
) -> Result<Vec<u64>, Error> {
    let mut bytes = vec![0; usize::try_from(count * 8).unwrap_or_default()];
    read_or_zeros(store, file, &mut bytes, offset).map_err(Error::io("read the index of", file))?;
    let (entries, _) = bytes.as_chunks::<8>();
    Ok(entries
        .iter()
        .map(|entry| u64::from_le_bytes(*entry))
        .collect())
}

pub(super) fn to_bytes(entries: &[u64]) -> Vec<u8> {
    entries
        .iter()
        .flat_map(|entry| entry.to_le_bytes())
        .collect()
}
