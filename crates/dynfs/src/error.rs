//! What can go wrong with a container.

use std::fmt;
use std::io;

use crate::geometry::GeometryError;
use crate::header::HeaderError;
use crate::store::FileName;

/// Why something could not be done with a container.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read, written or made durable.
    #[error("cannot {what} the container's {}", Named(*file))]
    Io {
        /// What was attempted.
        what: &'static str,
        /// On which file.
        file: FileName,
        /// The kernel's reason.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("the container's {} cannot be used: {source}", Named(*file))]
    Header {
        /// Which file.
        file: FileName,
        /// What is wrong with it.
        source: HeaderError,
    },
    /// Sizes that no container can have.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// Neither a main file nor parts.
    #[error("there is no container")]
    NotFound,
    /// Parts without the file that says how they belong together.
    #[error("the main file is missing, though parts of the container are there")]
    MainMissing,
    /// Part of the disk would read as zeros.
    #[error("part {0} of the container is missing")]
    PartMissing(u32),
    /// Cut within header or index.
    #[error("part {number} of the container has {len} bytes, its index alone ends at {expected}")]
    PartShort {
        /// Which part.
        number: u32,
        /// Its length in bytes.
        len: u64,
        /// The least that it should have.
        expected: u64,
    },
    /// A part of another container.
    #[error(
        "part {number} of the container was split at {split} bytes, the main file says {expected}"
    )]
    PartSplit {
        /// Which part.
        number: u32,
        /// What the part says.
        split: u64,
        /// What the main file says.
        expected: u64,
    },
    /// Nothing is created where a container is.
    #[error("a container is there already")]
    Exists,
    /// A file that would become a part holds data.
    #[error("part {number} is there already and holds data: it has {len} bytes")]
    PartInTheWay {
        /// Which part.
        number: u32,
        /// Its length in bytes.
        len: u64,
    },
    /// A layout of dynfilefs 3.00 to 4.03.
    #[error(
        "the container was written by dynfilefs 3.00 to 4.03 and can only be read: copy its files to a new one"
    )]
    Legacy,
    /// Opened without the right to write.
    #[error("the container is open for reading only")]
    ReadOnly,
    /// Bytes that the disk does not have.
    #[error("{len} bytes at {offset} are not within the disk of {size} bytes")]
    OutOfRange {
        /// First byte.
        offset: u64,
        /// How many.
        len: u64,
        /// Size of the disk.
        size: u64,
    },
    /// No space for new blocks; those that exist can be written.
    #[error("no space for new blocks of the container")]
    Full,
    /// Something did not become durable before, so nothing later can be trusted to be.
    #[error("an earlier error of the medium ended all writing to the container")]
    Failed,
    /// A disk that is to take a copy is too small for it.
    #[error("the disk of {size} bytes cannot take a copy of one of {needed}")]
    TargetSmall {
        /// Its size.
        size: u64,
        /// The size of what was to be copied.
        needed: u64,
    },
    /// A copy is made into an empty container only.
    #[error("the container that is to take the copy holds data")]
    TargetUsed,
    /// What was written reads differently.
    #[error("the copy differs from what was copied, in {len} bytes from {offset} on")]
    CopyDiffers {
        /// First byte that was compared.
        offset: u64,
        /// How many were.
        len: u64,
    },
    /// A disk never shrinks.
    #[error("the disk has {size} bytes and cannot shrink to {wanted}")]
    Shrink {
        /// Its size.
        size: u64,
        /// What was asked for.
        wanted: u64,
    },
}

/// A file as people speak of it.
struct Named(FileName);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            FileName::Main => write!(f, "main file"),
            FileName::NewMain => write!(f, "new main file"),
            FileName::Part(number) | FileName::Padded { number, .. } => write!(f, "part {number}"),
        }
    }
}

impl Error {
    /// Wraps the kernel's reason; a lack of space is told apart, since the guest is to know.
    pub(crate) fn io(what: &'static str, file: FileName) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full,
            _ => Self::Io { what, file, source },
        }
    }
}
