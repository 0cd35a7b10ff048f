//! Copying a disk into another container: how the containers of older versions are taken over.
//!
//! Only what is recorded is read, and zeros are not written, so that the copy is as sparse as it can be. The source is
//! never written to.

use std::ops::{ControlFlow, Range};

use super::Container;
use crate::error::Error;
use crate::store::Store;

/// Bytes that are read, written and compared at once.
const STEP: u64 = 1 << 20;
/// Bytes between two flushes, so that a full disk shows early.
const FLUSH_STEP: u64 = 64 << 20;

/// What a copy is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyProgress {
    /// Whether it is being read back: the second way through the disk.
    pub verifying: bool,
    /// The byte of the disk up to which all is done on this way.
    pub done: u64,
    /// Bytes of the disk.
    pub size: u64,
}

/// What a copy did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Bytes that were read from the source, in whole blocks.
    pub bytes: u64,
    /// Whether it was stopped: the copy is of no use.
    pub stopped: bool,
}

impl<S: Store> Container<S> {
    /// Copies the disk into one without data, makes it durable, and compares all of it. `progress` is called after each
    /// MiB, and may stop it there.
    ///
    /// A damaged source is copied as it reads: look at its [`check`](Self::check) first.
    ///
    /// # Errors
    /// If the other disk is smaller or holds data, and nothing is written then; if a medium fails, or what is read back is
    /// not what was written.
    pub fn copy_into<T: Store>(
        &self,
        target: &Container<T>,
        mut progress: impl FnMut(CopyProgress) -> ControlFlow<()>,
    ) -> Result<Copied, Error> {
        let (size, has) = (self.size(), target.size());
        if has < size {
            return Err(Error::TargetSmall {
                size: has,
                needed: size,
            });
        }
        if target.next_data(0)?.is_some() {
            return Err(Error::TargetUsed);
        }
        let mut copied = Copied::default();
        let (mut done, mut flushed) = (0, 0);
        while let Some(range) = self.next_of_both(target, done, false)? {
            done = range.end;
            copied.bytes += range.end - range.start;
            target.write(range.start, &self.read_range(&range)?)?;
            if copied.bytes - flushed >= FLUSH_STEP {
                target.flush()?;
                flushed = copied.bytes;
            }
            let verifying = false;
            copied.stopped = progress(CopyProgress {
                verifying,
                done,
                size,
            })
            .is_break();
            if copied.stopped {
                return Ok(copied);
            }
        }
        target.flush()?;
        copied.stopped = self.compare_with(target, progress)?.is_break();
        Ok(copied)
    }

    /// Compares the disk with a copy, which may be larger: all that is recorded in either. A copy that was opened again
    /// shows that its index is right too, not only what is remembered of it.
    ///
    /// # Errors
    /// [`Error::CopyDiffers`] at the first difference, or if a medium cannot be read.
    pub fn compare_with<T: Store>(
        &self,
        copy: &Container<T>,
        mut progress: impl FnMut(CopyProgress) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        let (mut done, size) = (0, self.size());
        while let Some(range) = self.next_of_both(copy, done, true)? {
            done = range.end;
            if self.read_range(&range)? != copy.read_range(&range)? {
                return Err(Error::CopyDiffers {
                    offset: range.start,
                    len: range.end - range.start,
                });
            }
            let verifying = true;
            let now = CopyProgress {
                verifying,
                done,
                size,
            };
            if progress(now).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The next bytes that are recorded here, or also those in the copy: what is behind the end here is not looked at, since
    /// nothing was written there.
    fn next_of_both<T: Store>(
        &self,
        target: &Container<T>,
        from: u64,
        both: bool,
    ) -> Result<Option<Range<u64>>, Error> {
        let here = self.next_data(from)?;
        let there = match both {
            true => target.next_data(from)?,
            false => None,
        };
        let first = match (here, there) {
            (Some(here), Some(there)) if there.start < here.start => there,
            (Some(range), _) | (None, Some(range)) => range,
            (None, None) => return Ok(None),
        };
        let end = first.end.min(first.start + STEP).min(self.size());
        Ok((first.start < end).then_some(first.start..end))
    }

    fn read_range(&self, range: &Range<u64>) -> Result<Vec<u8>, Error> {
        let len = range.end.saturating_sub(range.start);
        let mut bytes = vec![0; usize::try_from(len).unwrap_or_default()];
        self.read(range.start, &mut bytes)?;
        Ok(bytes)
    }
}
