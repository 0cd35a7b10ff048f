//! The content of files: where it has holes, and how it gets from one file into another.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use rustix::fs::{SeekFrom, copy_file_range, ioctl_ficlone, seek};
use rustix::io::Errno;

/// Bytes that are copied between two looks at the clock or at the one who watches.
const STEP: u64 = 8 << 20;

/// A piece of a file that is no hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Where it begins, in bytes.
    pub(crate) start: u64,
    /// How long it is, in bytes.
    pub(crate) len: u64,
}

/// The pieces of a file of `size` bytes that are no holes, in order. lseek(2), `SEEK_DATA`.
///
/// `None` where it has no hole, or where the file system does not tell.
pub(crate) fn extents(file: &File, size: u64) -> rustix::io::Result<Option<Vec<Extent>>> {
    let mut extents = Vec::new();
    let mut at = 0;
    while at < size {
        let start = match seek(file, SeekFrom::Data(at)) {
            Ok(start) => start.min(size),
            // Nothing but a hole from here on.
            Err(Errno::NXIO) => size,
            Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(None),
            Err(error) => return Err(error),
        };
        if start >= size {
            break;
        }
        // Past `start`, or the file changes: then one byte at a time is better than no end.
        let end = seek(file, SeekFrom::Hole(start))?.clamp(start + 1, size);
        extents.push(Extent {
            start,
            len: end - start,
        });
        at = end;
    }
    let whole = [Extent {
        start: 0,
        len: size,
    }];
    Ok((size > 0 && extents != whole).then_some(extents))
}

/// How content gets from one tree into another.
#[derive(Debug)]
pub(super) struct Copier {
    /// Whether both files can share their blocks, as far as is known.
    shares: bool,
    /// Whether the kernel can copy between both file systems.
    ranges: bool,
    buffer: Vec<u8>,
}

impl Default for Copier {
    fn default() -> Self {
        Self {
            shares: true,
            ranges: true,
            buffer: Vec::new(),
        }
    }
}

/// Why content was not copied.
pub(super) enum Failed {
    /// The file became shorter.
    Changed,
    /// The one who watches wants an end.
    Stopped,
    /// Reading or writing failed.
    Io(Errno),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }
}

impl From<Errno> for Failed {
    fn from(error: Errno) -> Self {
        Self::Io(error)
    }
}

impl Copier {
    /// Copies `size` bytes, and leaves holes as they are. `step` is told of bytes as they are done, and says whether to
    /// go on. Returns whether both files share their blocks now.
    pub(super) fn copy(
        &mut self,
        from: &File,
        to: &File,
        size: u64,
        has_holes: bool,
        step: &mut dyn FnMut(u64) -> bool,
    ) -> Result<bool, Failed> {
        if size == 0 {
            return Ok(false);
        }
        if self.shares {
            match ioctl_ficlone(to, from) {
                // One that grew meanwhile is cut; one that shrank is seen.
                Ok(()) => {
                    let len = to.metadata()?.len();
                    if len < size {
                        return Err(Failed::Changed);
                    }
                    // Without need XFS waits for its log with each: a copy takes five times as long.
                    if len > size {
                        to.set_len(size)?;
                    }
                    return step(size).then_some(true).ok_or(Failed::Stopped);
                }
                // Two file systems, one that shares nothing, or a file that is special to it.
                Err(Errno::XDEV | Errno::OPNOTSUPP | Errno::NOTTY | Errno::NOSYS) => {
                    self.shares = false;
                }
                Err(Errno::INVAL | Errno::TXTBSY | Errno::PERM) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let holes = if has_holes {
            extents(from, size)?
        } else {
            None
        };
        let whole = vec![Extent {
            start: 0,
            len: size,
        }];
        for extent in holes.unwrap_or(whole) {
            let mut at = extent.start;
            let end = extent.start + extent.len;
            while at < end {
                let done = self.piece(from, to, at, (end - at).min(STEP))?;
                at += done;
                if !step(done) {
                    return Err(Failed::Stopped);
                }
            }
        }
        // A hole at the end, and nothing else, is still to be made.
        if to.metadata()?.len() < size {
            to.set_len(size)?;
        }
        Ok(false)
    }

    /// Copies up to `len` bytes at `at`, and says how many.
    fn piece(&mut self, from: &File, to: &File, at: u64, len: u64) -> Result<u64, Failed> {
        let max = usize::try_from(len).unwrap_or(usize::MAX);
        if self.ranges {
            let (mut read, mut written) = (at, at);
            match copy_file_range(from, Some(&mut read), to, Some(&mut written), max) {
                Ok(0) => return Err(Failed::Changed),
                Ok(done) => return Ok(u64::try_from(done).unwrap_or(len)),
                Err(Errno::XDEV | Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS) => {
                    self.ranges = false;
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.buffer.resize(max.min(1 << 20), 0);
        let done = from.read_at(&mut self.buffer, at)?;
        if done == 0 {
            return Err(Failed::Changed);
        }
        to.write_all_at(self.buffer.get(..done).unwrap_or_default(), at)?;
        Ok(u64::try_from(done).unwrap_or(len))
    }
}
