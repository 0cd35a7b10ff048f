//! Where the bytes come from, and safe ways to pick fields out of them.
//!
//! No field access here can fail in another way than with `None`.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

/// Bytes that can be read at any offset: a block device, an image, a piece of memory.
pub trait ReadAt {
    /// Reads up to `buf.len()` bytes at `offset` (bytes from the start); 0 past the end, may be
    /// fewer than there are.
    ///
    /// # Errors
    ///
    /// Those of the device.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// How many bytes there are.
    ///
    /// # Errors
    ///
    /// Those of the device.
    fn size(&self) -> io::Result<u64>;
}

impl ReadAt for File {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buf, offset)
    }

    /// Seeks to the end, which alone works on files and block devices alike; moves the cursor.
    fn size(&self) -> io::Result<u64> {
        let mut file = self;
        file.seek(SeekFrom::End(0))
    }
}

impl ReadAt for &[u8] {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|at| self.get(at..));
        let mut rest = rest.unwrap_or_default();
        io::Read::read(&mut rest, buf)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.as_slice().read_at(buf, offset)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}

/// A source, and the start of it in memory.
pub(crate) struct Disk<'a> {
    head: Vec<u8>,
    source: &'a dyn ReadAt,
}

impl<'a> Disk<'a> {
    /// Covers every superblock we look for: the last is that of Btrfs, 4 KiB at 64 KiB.
    const HEAD: usize = 68 << 10;

    pub(crate) fn open(source: &'a dyn ReadAt) -> io::Result<Self> {
        let head = read_up_to(source, 0, Self::HEAD)?;
        Ok(Self { head, source })
    }

    /// The start of the disk from `offset` on; empty if the disk or the start is shorter.
    pub(crate) fn at(&self, offset: usize) -> Block<'_> {
        Block(self.head.get(offset..).unwrap_or_default())
    }

    /// `len` bytes from anywhere; `None` if they are not all there, cannot be read, or are more
    /// than any of our look-ups needs.
    pub(crate) fn read(&self, offset: u64, len: usize) -> Option<Vec<u8>> {
        if len > Self::HEAD {
            return None;
        }
        let start = usize::try_from(offset).ok();
        let known = start.and_then(|at| self.head.get(at..at.checked_add(len)?));
        if let Some(known) = known {
            return Some(known.to_vec());
        }
        let bytes = read_up_to(self.source, offset, len).ok()?;
        (bytes.len() == len).then_some(bytes)
    }

    /// Size of the disk in bytes; `None` if it cannot be told.
    pub(crate) fn size(&self) -> Option<u64> {
        self.source.size().ok()
    }
}

/// Reads until `len` bytes or the end.
pub(crate) fn read_up_to(source: &dyn ReadAt, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    let mut done = 0;
    while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match source.read_at(rest, offset.saturating_add(done as u64)) {
            Ok(0) => break,
            Ok(read) => done = done.saturating_add(read).min(len),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(done);
    Ok(bytes)
}

/// Some bytes of a superblock; offsets count from its start.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a>(pub(crate) &'a [u8]);

impl<'a> Block<'a> {
    pub(crate) fn bytes(self, at: usize, len: usize) -> Option<&'a [u8]> {
        self.0.get(at..at.checked_add(len)?)
    }

    pub(crate) fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.bytes(at, N)?.try_into().ok()
    }

    /// Whether `magic` stands at `at`.
    pub(crate) fn has(self, at: usize, magic: &[u8]) -> bool {
        self.bytes(at, magic.len()) == Some(magic)
    }

    pub(crate) fn u8(self, at: usize) -> Option<u8> {
        self.0.get(at).copied()
    }

    pub(crate) fn le16(self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    pub(crate) fn le32(self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    pub(crate) fn le64(self, at: usize) -> Option<u64> {
        self.array(at).map(u64::from_le_bytes)
    }

    pub(crate) fn be16(self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_be_bytes)
    }

    pub(crate) fn be32(self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_be_bytes)
    }

    pub(crate) fn be64(self, at: usize) -> Option<u64> {
        self.array(at).map(u64::from_be_bytes)
    }
}
