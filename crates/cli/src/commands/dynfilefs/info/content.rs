//! What is on the disk of a container, told from its superblock.

use std::io;

use dynfilefs::container::Container;
use dynfilefs::files::Files;
use perch_sys::superblock::{self, ReadAt};

/// The kind of file system, with its label; `None` if there is none that is known.
pub(super) fn of(container: &Container<Files>) -> Option<String> {
    let found = superblock::read(&Disk(container)).ok()??;
    let label = found.label.map(|label| format!(" \"{label}\""));
    Some(format!("{}{}", found.kind, label.unwrap_or_default()))
}

/// The disk as bytes that are read at an offset.
struct Disk<'a>(&'a Container<Files>);

impl ReadAt for Disk<'_> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = self.0.size().saturating_sub(offset);
        let len = buf.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
        let bytes = buf.get_mut(..len).unwrap_or_default();
        self.0.read(offset, bytes).map_err(io::Error::other)?;
        Ok(len)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.size())
    }
}
