//! Regular files, and where they have holes.

use super::super::error::ReadError;
use super::super::header::{field, number};
use super::super::{BLOCK, sparse};
use super::{Extra, MemberKind, Members};

impl Members {
    /// A file, of which the present form of a map may come first.
    pub(super) fn file(&mut self, extra: &Extra, stored: u64) -> Result<MemberKind, ReadError> {
        let is_sparse = extra
            .records
            .iter()
            .any(|(key, _)| key.starts_with(b"GNU.sparse."));
        if !is_sparse {
            return Ok(MemberKind::File {
                size: stored,
                holes: None,
            });
        }
        if extra.get(b"GNU.sparse.major") != Some(b"1") {
            // GNU tar wrote 0.0 and 0.1 for two years.
            return Err(ReadError::damaged(
                "a sparse file in an old form: pack it again with GNU tar 1.17 or later",
            ));
        }
        let size = extra.number(b"GNU.sparse.realsize")?;
        let size = size.ok_or(sparse::SparseError)?;
        let mut reading = sparse::Reading::default();
        let extents = loop {
            let block = self.block()?.filter(|_| self.left >= BLOCK as u64);
            let block = block.ok_or(sparse::SparseError)?;
            self.left -= BLOCK as u64;
            if let Some(extents) = reading.block(&block)? {
                break extents;
            }
        };
        let holes = Some(sparse::checked(extents, size, self.left)?);
        Ok(MemberKind::File { size, holes })
    }

    /// A file whose map begins in the header.
    pub(super) fn old_sparse(
        &mut self,
        block: &[u8; BLOCK],
        stored: u64,
    ) -> Result<MemberKind, ReadError> {
        let size = number(field(block, 483, 12))?;
        let size = u64::try_from(size).map_err(|_| sparse::SparseError)?;
        let (mut extents, mut more) = sparse::old(block, true)?;
        while more {
            let block = self.block()?.ok_or(sparse::SparseError)?;
            let (next, follows) = sparse::old(&block, false)?;
            extents.extend(next);
            more = follows;
            if u64::try_from(extents.len()).is_ok_and(|len| len > sparse::MOST) {
                return Err(sparse::SparseError.into());
            }
        }
        let holes = Some(sparse::checked(extents, size, stored)?);
        Ok(MemberKind::File { size, holes })
    }
}
