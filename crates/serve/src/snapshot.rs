//! A file as it is now, on which whatever is written stays in memory: a file system that was cut off is put in order there,
//! and read, while the file stays as it is.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{PoisonError, RwLock};

use dynfilefs::geometry::BLOCK;
use perch_core::units::Bytes;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;

use crate::source::{Source, SourceError};

/// The most that is kept in memory: more than the largest journal that mke2fs makes for a container, 128 MiB up to
/// 128 GiB, with what a repair adds.
const MOST: u64 = 512 << 20;

/// A file, and what was written over it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    below: File,
    size: u64,
    /// As long as the file, and empty but for the blocks that were written.
    above: File,
    /// Which these are.
    written: RwLock<BTreeSet<u64>>,
}

impl Snapshot {
    pub(crate) fn new(below: File) -> io::Result<Self> {
        let size = below.metadata()?.len();
        let above = File::from(memfd_create("perch-snapshot", MemfdFlags::CLOEXEC)?);
        above.set_len(size.next_multiple_of(BLOCK))?;
        Ok(Self {
            below,
            size,
            above,
            written: RwLock::default(),
        })
    }

    /// Whether a block was written.
    fn is_above(&self, block: u64) -> bool {
        let written = self.written.read();
        written
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&block)
    }

    /// Makes sure that a block is above, with what it holds where it is not `overwritten` as a whole.
    fn take_up(&self, block: u64, overwritten: bool) -> Result<(), SourceError> {
        if self.is_above(block) {
            return Ok(());
        }
        let mut written = self.written.write().unwrap_or_else(PoisonError::into_inner);
        let kept = u64::try_from(written.len()).unwrap_or(u64::MAX) * BLOCK;
        if kept >= MOST {
            return Err(SourceError::Full);
        }
        if !overwritten && !written.contains(&block) {
            let start = block * BLOCK;
            let mut bytes = vec![0; usize::try_from(BLOCK.min(self.size - start)).unwrap_or(0)];
            self.below.read_exact_at(&mut bytes, start)?;
            self.above.write_all_at(&bytes, start)?;
        }
        written.insert(block);
        Ok(())
    }

    fn put(&self, offset: u64, bytes: &[u8]) -> Result<(), SourceError> {
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let end = offset.checked_add(len).filter(|end| *end <= self.size);
        let end = end.ok_or(Errno::INVAL).map_err(io::Error::from)?;
        for block in offset / BLOCK..end.div_ceil(BLOCK) {
            let whole = offset <= block * BLOCK && end >= (block + 1) * BLOCK;
            self.take_up(block, whole)?;
        }
        Ok(self.above.write_all_at(bytes, offset)?)
    }
}

impl Source for Snapshot {
    fn size(&self) -> Bytes {
        Bytes(self.size)
    }

    fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<(), SourceError> {
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            // As many blocks as lie on the same side.
            let above = self.is_above(at / BLOCK);
            let end = at + u64::try_from(rest.len()).unwrap_or(0);
            let mut next = (at / BLOCK + 1) * BLOCK;
            while next < end && self.is_above(next / BLOCK) == above {
                next += BLOCK;
            }
            let len = usize::try_from(next.min(end) - at).unwrap_or(rest.len());
            let (now, later) = rest.split_at_mut(len);
            let file = if above { &self.above } else { &self.below };
            file.read_exact_at(now, at)?;
            at = next;
            rest = later;
        }
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), SourceError> {
        self.put(offset, bytes)
    }

    fn zero(&self, offset: u64, length: u64) -> Result<(), SourceError> {
        let zeros = [0; BLOCK as usize];
        let mut left = length;
        while left > 0 {
            let most = left.min(BLOCK);
            let now = zeros.get(..usize::try_from(most).unwrap_or(0));
            self.put(offset + (length - left), now.unwrap_or_default())?;
            left -= most;
        }
        Ok(())
    }

    fn allocate(&self, _: u64, _: u64) -> Result<(), SourceError> {
        Ok(())
    }

    /// Nobody looks at it after a power cut.
    fn flush(&self) -> Result<(), SourceError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const LEN: usize = 5 * BLOCK as usize + 1000;

    fn file() -> (File, Vec<u8>) {
        let bytes: Vec<u8> = (0..LEN).map(|at| (at * 7 % 251) as u8 + 1).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        (file, bytes)
    }

    #[test]
    fn what_is_written_is_read_and_the_file_stays() {
        let (file, mut want) = file();
        let before = want.clone();
        let snapshot = Snapshot::new(file.try_clone().unwrap()).unwrap();
        let check = |want: &[u8]| {
            for (at, len) in [(0, LEN), (1, 5000), (4095, 2), (LEN - 3, 3), (8192, 0)] {
                let mut got = vec![0; len];
                snapshot.read(at as u64, &mut got).unwrap();
                assert_eq!(got, want[at..at + len], "{at} {len}");
            }
        };
        check(&want);
        for (at, len) in [(4096, 4096), (10, 3), (8000, 9000), (LEN - 5, 5), (4100, 1)] {
            let bytes = vec![at as u8; len];
            snapshot.write(at as u64, &bytes).unwrap();
            want[at..at + len].copy_from_slice(&bytes);
            check(&want);
        }
        snapshot.zero(3, 4200).unwrap();
        want[3..4203].fill(0);
        check(&want);
        let mut below = vec![0; LEN];
        file.read_exact_at(&mut below, 0).unwrap();
        assert_eq!(below, before);
    }

    #[test]
    fn nothing_is_written_past_the_end() {
        let (file, _) = file();
        let snapshot = Snapshot::new(file).unwrap();
        assert!(snapshot.write(LEN as u64 - 1, b"ab").is_err());
        assert!(snapshot.write(u64::MAX, b"ab").is_err());
    }
}
