//! The log of everything a machine wrote to a disk, in the format of dm-log-writes (kernel documentation,
//! admin-guide/device-mapper/log-writes.rst; drivers/md/dm-log-writes.c), as QEMU's blklogwrites driver leaves it.
//!
//! One sector with the superblock, then for each entry one sector with its header and, unless it is a discard, its data.
//! All numbers are little-endian. Nothing in the bytes is believed.

use std::fs::File;
use std::os::unix::fs::FileExt;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// These bytes were written.
    Write {
        /// Where, in bytes from the start of the disk.
        offset: u64,
        /// What: a whole number of sectors, at least one.
        data: Piece,
        /// The write was on the disk before its end was reported (forced unit access).
        durable: bool,
    },
    /// Everything written before is on the disk.
    Flush,
}

/// Bytes that stand in the log: a log of minutes is longer than what a test may keep in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where, in bytes from the start of the log.
    pub at: u64,
    /// How many.
    pub len: usize,
}

/// A log that is complete.
#[derive(Debug)]
pub struct Log {
    file: File,
    /// What it says.
    pub entries: Vec<Entry>,
    /// Where each of the entries ends in the log, ascending.
    ends: Vec<u64>,
}

impl Log {
    /// Reads a log. Discards and marks are left out: a disk need not act upon the first, and the second are no requests.
    ///
    /// # Errors
    /// If it is no such log, or if an entry lies outside it.
    pub fn read(file: File) -> Result<Self> {
        let length = file.metadata()?.len();
        let mut log = Self {
            file,
            entries: Vec::new(),
            ends: Vec::new(),
        };
        let Some((count, sector)) = log.superblock(length)? else {
            return Ok(log);
        };
        let mut at = sector;
        for number in 0..count {
            let outside = || format!("entry {number} of {count} lies outside the log");
            let mut header = [0; SECTOR];
            ensure!(at < length, outside());
            log.bytes(at, &mut header).with_context(outside)?;
            let field = |index: usize| u64_at(&header, index * 8).with_context(outside);
            let (start, sectors, flags) = (field(0)?, field(1)?, field(2)?);
            ensure!(
                flags & !(FLUSH | FUA | DISCARD | MARK) == 0,
                "entry {number} has unknown flags {flags:#x}"
            );
            at += sector;
            if flags & FLUSH != 0 {
                log.entries.push(Entry::Flush);
                log.ends.push(at);
            }
            if flags & (DISCARD | MARK) != 0 {
                ensure!(flags & MARK == 0, "entry {number} is a mark, QEMU has none");
                continue;
            }
            let len = sectors.checked_mul(sector).with_context(outside)?;
            let end = at.checked_add(len).with_context(outside)?;
            ensure!(end <= length, outside());
            if len > 0 {
                log.entries.push(Entry::Write {
                    offset: start.checked_mul(sector).with_context(outside)?,
                    data: Piece {
                        at,
                        len: usize::try_from(len)?,
                    },
                    durable: flags & FUA != 0,
                });
                log.ends.push(end);
            }
            at = end;
        }
        Ok(log)
    }

    /// The bytes of `piece`.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn data(&self, piece: Piece) -> Result<Vec<u8>> {
        let mut data = vec![0; piece.len];
        self.bytes(piece.at, &mut data)?;
        Ok(data)
    }

    /// How many entries there were when the log was so many bytes long. It is written entry by entry, but says how many
    /// there are only when it is flushed: its length is what can be had at any moment.
    pub fn entries_within(&self, length: u64) -> usize {
        self.ends.partition_point(|end| *end <= length)
    }

    /// Number of entries and sector size in bytes; `None` as long as nothing was flushed.
    fn superblock(&self, length: u64) -> Result<Option<(u64, u64)>> {
        let mut bytes = vec![0; usize::try_from(length.min(SECTOR as u64))?];
        self.bytes(0, &mut bytes)?;
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let short = "the log ends in its superblock";
        ensure!(
            u64_at(&bytes, 0).context(short)? == MAGIC,
            "this is no log of writes"
        );
        let version = u64_at(&bytes, 8).context(short)?;
        ensure!(version == VERSION, "log of version {version}");
        let count = u64_at(&bytes, 16).context(short)?;
        let sector = u64_at(&bytes, 24).context(short)? & u64::from(u32::MAX);
        ensure!(
            sector.is_power_of_two() && (512..=65_536).contains(&sector),
            "log with sectors of {sector} bytes"
        );
        Ok(Some((count, sector)))
    }

    fn bytes(&self, at: u64, bytes: &mut [u8]) -> Result<()> {
        let read = self.file.read_exact_at(bytes, at);
        read.with_context(|| format!("the log cannot be read at {at}"))
    }
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

    /// A file that holds `bytes`.
    pub fn file(bytes: &[u8]) -> File {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(bytes, 0).unwrap();
        file
    }

    #[test]
    fn writes_and_flushes_come_out_in_order() {
        let bytes = image(&[
            (8, 0, &[7; 1024]),
            (0, FLUSH, &[]),
            (5, DISCARD, &[]),
            (1, FUA, &[9; 512]),
            (2, FLUSH, &[4; 512]),
        ]);
        let write = |offset, at, len, durable| Entry::Write {
            offset,
            data: Piece { at, len },
            durable,
        };
        let log = Log::read(file(&bytes)).unwrap();
        assert_eq!(
            log.entries,
            [
                write(4096, 1024, 1024, false),
                Entry::Flush,
                write(512, 3584, 512, true),
                Entry::Flush,
                write(1024, 4608, 512, false),
            ]
        );
        for (entry, byte) in [(0, 7), (2, 9), (4, 4)] {
            let Entry::Write { data, .. } = log.entries[entry] else {
                panic!("entry {entry}");
            };
            let bytes = log.data(data).unwrap();
            assert_eq!(bytes, vec![byte; data.len], "entry {entry}");
        }
        // While it was written.
        for (length, entries) in [(0, 0), (512, 0), (2047, 0), (2048, 1), (2560, 2), (9999, 5)] {
            assert_eq!(log.entries_within(length), entries, "{length} bytes");
        }
        assert_eq!(Log::read(file(&[])).unwrap().entries, []);
    }

    #[test]
    fn damage_is_an_error_not_a_panic() {
        let good = image(&[(8, 0, &[7; 1024]), (0, FLUSH, &[])]);
        let read = |bytes: &[u8]| Log::read(file(bytes));
        for end in [1, 30, 513, 1000, good.len() - 1] {
            assert!(read(&good[..end]).is_err(), "cut at {end}");
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
            assert!(read(&bad).is_err(), "byte {at} set to {byte}");
        }
    }
}
