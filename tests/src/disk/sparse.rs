//! Copying between image files without filling their holes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use anyhow::Result;
use rustix::fs::SeekFrom as Whence;
use rustix::io::Errno;

/// Copies `length` bytes from `source` at `from` to `target` at `to`; ranges that are holes in the source are left
/// alone, so the target range must read as zeroes. Neither file's position survives.
///
/// # Errors
/// Those of reading and writing.
pub fn copy_into(
    source: &mut File,
    from: u64,
    length: u64,
    target: &mut File,
    to: u64,
) -> Result<()> {
    let end = from + length;
    let mut at = from;
    while at < end {
        // lseek(2): SEEK_DATA fails with ENXIO when only a hole is left.
        let data = match rustix::fs::seek(&*source, Whence::Data(at)) {
            Ok(data) if data < end => data,
            Ok(_) | Err(Errno::NXIO) => break,
            Err(error) => return Err(error.into()),
        };
        let hole = rustix::fs::seek(&*source, Whence::Hole(data))?.min(end);
        source.seek(SeekFrom::Start(data))?;
        target.seek(SeekFrom::Start(to + (data - from)))?;
        std::io::copy(&mut Read::by_ref(source).take(hole - data), target)?;
        at = hole;
    }
    target.flush()?;
    Ok(())
}
