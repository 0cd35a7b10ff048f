//! What is served as one file: the disk of a container, or a snapshot of a file.

use dynfilefs::error::Error;
use perch_core::units::Bytes;

/// Something that holds so many bytes, each of which can be read and written. Called by several threads.
pub(crate) trait Source: Send + Sync + 'static {
    /// How many bytes there are.
    fn size(&self) -> Bytes;
    /// Reads bytes that all lie within.
    fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<(), SourceError>;
    /// Writes bytes that all lie within.
    fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), SourceError>;
    /// Has bytes read as zeros.
    fn zero(&self, offset: u64, length: u64) -> Result<(), SourceError>;
    /// Takes room for bytes that are to be written.
    fn allocate(&self, offset: u64, length: u64) -> Result<(), SourceError>;
    /// Makes durable what was written.
    fn flush(&self) -> Result<(), SourceError>;
}

/// Why bytes were not read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// The container.
    #[error(transparent)]
    Container(#[from] Error),
    /// A file beneath a snapshot, or the memory for it.
    #[error("cannot read the file beneath the snapshot, or keep what is written to it")]
    Io(#[from] std::io::Error),
    /// More is written to a snapshot than it is for.
    #[error("more is written to the snapshot than memory is given for it")]
    Full,
}
