//! The content of files on its way into an archive, and out of one.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

use rustix::io::Errno;

use super::error::{ReadError, WriteError};
use super::member::Members;
use super::padding;
use crate::tree::{Action, Extent, TreeError};

/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;

/// Where an archive's bytes go, and how its files get there.
pub(crate) struct Packer<W> {
    pub(crate) out: W,
    /// The directory in the archive that the tree lies in; empty for the archive itself.
    pub(super) at: &'static [u8],
    buffer: Vec<u8>,
}

impl<W: Write> Packer<W> {
    /// For a tree that lies in the directory `at` of the archive; empty for the archive itself.
    pub(crate) fn new(out: W, at: &'static [u8]) -> Self {
        Self {
            out,
            at,
            buffer: vec![0; CHUNK],
        }
    }

    /// Packs pieces of `file`, and fills the last block. `step` is told of bytes as they are done, and says whether to
    /// go on.
    pub(super) fn pack(
        &mut self,
        file: &File,
        path: &[u8],
        extents: &[Extent],
        failed: &dyn Fn(std::io::Error) -> WriteError,
        step: &mut dyn FnMut(u64) -> bool,
    ) -> Result<(), WriteError> {
        let mut total = 0;
        for extent in extents {
            let (mut at, end) = (extent.start, extent.start + extent.len);
            while at < end {
                let most = usize::try_from(end - at).unwrap_or(CHUNK).min(CHUNK);
                let buffer = self.buffer.get_mut(..most).unwrap_or_default();
                let read = file
                    .read_at(buffer, at)
                    .map_err(|error| TreeError::call(Action::Read, path)(errno(&error)))?;
                if read == 0 {
                    return Err(TreeError::Changed { path: path.into() }.into());
                }
                let bytes = self.buffer.get(..read).unwrap_or_default();
                self.out.write_all(bytes).map_err(failed)?;
                let read = u64::try_from(read).unwrap_or(0);
                at += read;
                if !step(read) {
                    return Err(TreeError::Stopped.into());
                }
            }
            total += extent.len;
        }
        let zeros = [0; super::BLOCK];
        let fill = zeros.get(..padding(total)).unwrap_or_default();
        self.out.write_all(fill).map_err(failed)
    }
}

/// Writes the content of the present member into the empty `file`. `step` is told of bytes as they are done, and says
/// whether to go on.
pub(super) fn unpack(
    members: &mut Members,
    file: &File,
    path: &[u8],
    size: u64,
    holes: Option<&[Extent]>,
    step: &mut dyn FnMut(u64) -> bool,
) -> Result<(), ReadError> {
    let failed = |error: std::io::Error| TreeError::call(Action::Write, path)(errno(&error));
    let whole = [Extent {
        start: 0,
        len: size,
    }];
    let mut pieces = holes.unwrap_or(&whole).iter().copied();
    let mut piece = pieces.next();
    members.content(&mut |mut chunk| {
        while !chunk.is_empty() {
            let Some(extent) = &mut piece else {
                return Err(super::sparse::SparseError.into());
            };
            let len = chunk
                .len()
                .min(usize::try_from(extent.len).unwrap_or(usize::MAX));
            let (now, rest) = chunk.split_at(len);
            file.write_all_at(now, extent.start).map_err(failed)?;
            let done = u64::try_from(len).unwrap_or(0);
            extent.start += done;
            extent.len -= done;
            if extent.len == 0 {
                piece = pieces.next();
            }
            chunk = rest;
            if !step(done) {
                return Err(ReadError::Stopped);
            }
        }
        Ok(())
    })?;
    if holes.is_some() {
        file.set_len(size).map_err(failed)?;
    }
    Ok(())
}

pub(super) fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
