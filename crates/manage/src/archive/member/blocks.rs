//! What members are made of: blocks, and headers that are about other headers.

use super::super::error::ReadError;
use super::super::{BLOCK, padding, pax};
use super::{Members, OwnRecord};

/// The longest name or target in GNU's own form.
const MAX_NAME: u64 = 64 * 1024;
/// What may follow behind the end: tapes are written in large blocks.
const MAX_TRAILER: u64 = 64 << 20;

impl Members {
    /// The content of a header that is about another.
    pub(super) fn about(&mut self, size: u64, limit: u64) -> Result<Vec<u8>, ReadError> {
        if size > limit {
            let what = "bytes in an extended header";
            return Err(ReadError::Limit { what, limit });
        }
        self.left = size;
        self.padding = padding(size);
        self.small(limit)
    }

    pub(super) fn records(&mut self, size: u64) -> Result<Vec<OwnRecord>, ReadError> {
        let bytes = self.about(size, self.limits.header)?;
        let records = pax::parse(&bytes)?;
        let own = |record: pax::Record<'_>| (record.key.to_vec(), record.value.to_vec());
        Ok(records.into_iter().map(own).collect())
    }

    pub(super) fn long(&mut self, size: u64) -> Result<Vec<u8>, ReadError> {
        let bytes = self.about(size, MAX_NAME)?;
        let name = bytes.split(|&byte| byte == 0).next();
        Ok(name.unwrap_or_default().to_vec())
    }

    /// The next block; `None` at the end.
    pub(super) fn block(&mut self) -> Result<Option<[u8; BLOCK]>, ReadError> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            let chunk = self.stream.chunk()?;
            if chunk.is_empty() {
                return match filled {
                    0 => Ok(None),
                    _ => Err(ReadError::damaged("it ends in the middle of a header")),
                };
            }
            let len = chunk.len().min(BLOCK - filled);
            for (to, from) in block.iter_mut().skip(filled).zip(chunk) {
                *to = *from;
            }
            self.stream.consume(len);
            filled += len;
        }
        Ok(Some(block))
    }

    /// Reads to the end, where zstd's checksum is.
    pub(super) fn drain(&mut self) -> Result<(), ReadError> {
        let mut drained = 0;
        loop {
            let len = self.stream.chunk()?.len();
            if len == 0 {
                return Ok(());
            }
            self.stream.consume(len);
            drained += u64::try_from(len).unwrap_or(0);
            if drained > MAX_TRAILER {
                return Err(ReadError::damaged("too much follows behind its end"));
            }
        }
    }
}
