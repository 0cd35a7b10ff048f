//! How much there is in a tree: what a copy needs room for.

use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;

use perch_core::units::Bytes;

use crate::tree::{Kind, Progress, TreeError, Walk, Watch, extents};

/// What files take room by: almost every file system has blocks of this size.
const BLOCK: u64 = 4096;

/// What a tree holds. Files with several names count once, holes not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measure {
    /// What the content of all files takes, in whole blocks of 4 KiB.
    pub blocks: Bytes,
    /// Content alone: what is read and written.
    pub content: Bytes,
    /// Files, directories and all others, names of one file each counted.
    pub entries: u64,
}

impl Measure {
    /// Walks through a tree.
    pub(crate) fn of(tree: BorrowedFd<'_>, watch: &mut Watch<'_>) -> Result<Self, TreeError> {
        let mut measure = Self::default();
        let mut walk = Walk::new(tree)?;
        while let Some(found) = walk.next()? {
            measure.entries += 1;
            if let (Kind::File { size }, Some(file)) = (&found.entry.kind, &found.file) {
                let mut stored = *size;
                if found.has_holes {
                    let pieces = extents(file, *size).map_err(TreeError::call(
                        crate::tree::Action::Read,
                        &found.entry.path,
                    ))?;
                    // Without an answer the whole file counts.
                    if let Some(pieces) = pieces {
                        stored = pieces.iter().map(|piece| piece.len).sum();
                    }
                }
                measure.content.0 += stored;
                measure.blocks.0 += stored.next_multiple_of(BLOCK);
            }
            let done = Progress {
                entries: measure.entries,
                bytes: 0,
            };
            if let ControlFlow::Break(()) = watch(done) {
                return Err(TreeError::Stopped);
            }
        }
        Ok(measure)
    }
}
