//! The log of everything a machine wrote to a disk, in the format of dm-log-writes (kernel documentation,
//! admin-guide/device-mapper/log-writes.rst; drivers/md/dm-log-writes.c), as QEMU's blklogwrites driver leaves it.
//!
//! One sector with the superblock, then for each entry one sector with its header and, unless it is a discard, its data.
//! All numbers are little-endian. Pure: bytes in, entries out; nothing in the bytes is believed.

use anyhow::{Context, Result, ensure};

const MAGIC: u64 = 0x006a_7366_7773_6872;
const VERSION: u64 = 1;
const FLUSH: u64 = 1;
const FUA: u64 = 2;
const DISCARD: u64 = 4;
const MARK: u64 = 8;

/// A disk's unit of atomic writing that every drive promises, in bytes.
pub const SECTOR: usize = 512;

/// One logged request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// These bytes were written.
    Write {
        /// Where, in bytes from the start of the disk.
        offset: u64,
        /// What: a whole number of sectors, at least one.
        data: Vec<u8>,
        /// The write was on the disk before its end was reported (forced unit access).
        durable: bool,
    },
    /// Everything written before is on the disk.
    Flush,
}

/// The number of entries that the log in `bytes` counts; it is brought up to date by every flush. 0 for an empty log.
pub fn count(bytes: &[u8]) -> Result<u64> {
    Ok(superblock(bytes)?.map_or(0, |(entries, _)| entries))
}

/// Reads a log. Discards and marks are left out: a disk need not act upon the first, and the second are no requests.
///
/// # Errors
/// If it is no such log, or if an entry lies outside it.
pub fn parse(bytes: &[u8]) -> Result<Vec<Entry>> {
    let Some((count, sector)) = superblock(bytes)? else {
        return Ok(Vec::new());
    };
    let mut entries = Vec::new();
    let mut at = sector;
    for number in 0..count {
        let outside = || format!("entry {number} of {count} lies outside the log");
        let header = bytes.get(at..at + sector).with_context(outside)?;
        let field = |index: usize| u64_at(header, index * 8).with_context(outside);
        let (start, sectors, flags) = (field(0)?, field(1)?, field(2)?);
        ensure!(
            flags & !(FLUSH | FUA | DISCARD | MARK) == 0,
            "entry {number} has unknown flags {flags:#x}"
        );
        at += sector;
        if flags & FLUSH != 0 {
            entries.push(Entry::Flush);
        }
        if flags & (DISCARD | MARK) != 0 {
            ensure!(flags & MARK == 0, "entry {number} is a mark, QEMU has none");
            continue;
        }
        let length = usize::try_from(sectors)
            .ok()
            .and_then(|sectors| sectors.checked_mul(sector))
            .with_context(outside)?;
        let end = at.checked_add(length).with_context(outside)?;
        let data = bytes.get(at..end).with_context(outside)?;
        at = end;
        if !data.is_empty() {
            entries.push(Entry::Write {
                offset: start.checked_mul(sector as u64).with_context(outside)?,
                data: data.to_vec(),
                durable: flags & FUA != 0,
            });
        }
    }
    Ok(entries)
}

/// Number of entries and sector size in bytes; `None` as long as nothing was flushed.
fn superblock(bytes: &[u8]) -> Result<Option<(u64, usize)>> {
    if bytes.iter().take(SECTOR).all(|byte| *byte == 0) {
        return Ok(None);
    }
    let short = "the log ends in its superblock";
    ensure!(
        u64_at(bytes, 0).context(short)? == MAGIC,
        "this is no log of writes"
    );
    let version = u64_at(bytes, 8).context(short)?;
    ensure!(version == VERSION, "log of version {version}");
    let count = u64_at(bytes, 16).context(short)?;
    let sector = u64_at(bytes, 24).context(short)? & u64::from(u32::MAX);
    ensure!(
        sector.is_power_of_two() && (512..=65_536).contains(&sector),
        "log with sectors of {sector} bytes"
    );
    Ok(Some((count, usize::try_from(sector)?)))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let field = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(field.try_into().ok()?))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A log of `entries`, each `(sector, flags, data)`.
    pub fn image(entries: &[(u64, u64, &[u8])]) -> Vec<u8> {
        let sector = |fields: &[u64]| {
            let mut bytes: Vec<u8> = fields.iter().flat_map(|f| f.to_le_bytes()).collect();
            bytes.resize(SECTOR, 0);
            bytes
        };
        let mut log = sector(&[MAGIC, VERSION, entries.len() as u64, SECTOR as u64]);
        for (start, flags, data) in entries {
            log.extend(sector(&[*start, (data.len() / SECTOR) as u64, *flags, 0]));
            log.extend_from_slice(data);
        }
        log
    }

    #[test]
    fn writes_and_flushes_come_out_in_order() {
        let log = image(&[
            (8, 0, &[7; 1024]),
            (0, FLUSH, &[]),
            (5, DISCARD, &[]),
            (1, FUA, &[9; 512]),
            (2, FLUSH, &[4; 512]),
        ]);
        let write = |offset, byte, len, durable| Entry::Write {
            offset,
            data: vec![byte; len],
            durable,
        };
        assert_eq!(
            parse(&log).unwrap(),
            [
                write(4096, 7, 1024, false),
                Entry::Flush,
                write(512, 9, 512, true),
                Entry::Flush,
                write(1024, 4, 512, false),
            ]
        );
        assert_eq!(count(&log).unwrap(), 5);
        assert_eq!(parse(&[]).unwrap(), []);
    }

    #[test]
    fn damage_is_an_error_not_a_panic() {
        let good = image(&[(8, 0, &[7; 1024]), (0, FLUSH, &[])]);
        for end in [1, 30, 513, 1000, good.len() - 1] {
            assert!(parse(&good[..end]).is_err(), "cut at {end}");
        }
        for (at, byte) in [
            (0, 1),
            (8, 9),
            (19, 1),
            (24, 3),
            (25, 0),
            (512 + 15, 0xff),
            (512 + 7, 0xff),
            (512 + 16, 64),
        ] {
            let mut bad = good.clone();
            bad[at] = byte;
            assert!(parse(&bad).is_err(), "byte {at} set to {byte}");
        }
    }
}
