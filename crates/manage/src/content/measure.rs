//! How much there is in a tree: what a copy needs room for.

use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;

use perch_core::manage::room::Load;
use perch_core::units::Bytes;

use crate::tree::{Kind, Progress, TreeError, Walk, Watch, extents};

/// What files take room by: almost every file system has blocks of this size.
const BLOCK: u64 = 4096;

/// What a tree holds. Files with several names count once, holes not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measure {
    /// What it needs room for.
    pub load: Load,
    /// Content alone: what is read and written.
    pub content: Bytes,
}

/// What a name takes in a directory besides its bytes, and how full directories are: at least half.
const PER_NAME: u64 = 12;

impl Measure {
    /// Walks through a tree.
    pub(crate) fn of(tree: BorrowedFd<'_>, watch: &mut Watch<'_>) -> Result<Self, TreeError> {
        let mut measure = Self::default();
        let mut walk = Walk::new(tree)?;
        let mut names = 0;
        while let Some(found) = walk.next()? {
            let load = &mut measure.load;
            load.entries += 1;
            let path = &found.entry.path;
            let name = path.rsplit(|byte| *byte == b'/').next();
            names += 2 * (PER_NAME + name.map_or(0, <[u8]>::len) as u64);
            // A directory has a block, and so have a long link and attributes that do not fit into an inode.
            let is_file = matches!(found.entry.kind, Kind::File { .. });
            let is_long = found.entry.attributes.xattrs.len() > 1;
            let blocks = u64::from(!is_file) + u64::from(is_long);
            load.blocks.0 += blocks * BLOCK;
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
                measure.load.blocks.0 += stored.next_multiple_of(BLOCK);
            }
            let done = Progress {
                entries: measure.load.entries,
                bytes: 0,
            };
            if let ControlFlow::Break(()) = watch(done) {
                return Err(TreeError::Stopped);
            }
        }
        measure.load.blocks.0 += names;
        Ok(measure)
    }
}
