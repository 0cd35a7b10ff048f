//! Sessions as files: `.tar.zst` archives that keep everything, and that are not believed when they come from elsewhere.
//!
//! ```text
//! metadata.json    what the session is, and the checksum of the list of its files
//! session.info     the same for people
//! data/…           the session's tree, POSIX pax
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`write`](mod@write) | packs a session, reads it back, and only then gives the archive its name |
//! | [`read`](mod@read) | unpacks one, also those of MiniOS's own manager, into a directory that nobody uses yet |
//! | [`manifest`] | `metadata.json`, and `session.info` |
//! | [`layout`] | where in a session its tree lies |
//! | [`list`] | the list of files, whose checksum tells whether all are there |
//! | [`policy`] | what is taken from a stranger, and how much |
//!
//! Content is guarded by the checksum that zstd keeps of everything in a frame.
//!
//! # Decisions
//!
//! - 2026-11-21 **Archives have our own pax packer and reader** on zstd's threads: the tar crate loses directories' attributes, unpacks deletion
//!   marks as files, stops at sockets. zstd's checksum guards content; **sha2**'s of the list of files, in metadata.json, that all are there.
//! - 2026-11-21 **An import takes deletion marks and opaque directories from overlayfs's attributes, nothing else**: redirect and metacopy show
//!   any file of a lower layer. Devices stay out too, set-ID programs come in, all of it is told. A copy of one's own session keeps them.

mod content;
pub mod error;
mod feed;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod header;
pub mod layout;
pub mod list;
pub mod manifest;
mod member;
mod pack;
mod pax;
mod place;
pub mod policy;
pub mod read;
mod sparse;
mod stream;
mod survey;
mod target;
pub mod write;

pub(crate) use content::Packer;
pub use error::{ReadError, WriteError};
pub use layout::Layout;
pub use manifest::{About, Manifest};
pub use policy::{Finding, Findings, Found, Limits, Policy};
pub use read::{Imported, inspect, read};
pub use survey::{Survey, survey};
pub(crate) use target::{Target, write_error};
pub(crate) use write::member;
pub use write::{Options, Packed, Written};

/// Tar is made of blocks of this many bytes.
pub(crate) const BLOCK: usize = 512;

/// What the files are called that tell about an archive.
const MANIFEST: &[u8] = b"metadata.json";
const INFO: &[u8] = b"session.info";
/// The directory with the session's tree.
const DATA: &[u8] = b"data";

/// How many bytes follow `len` bytes up to the next block.
fn padding(len: u64) -> usize {
    let block = 512;
    usize::try_from((block - len % block) % block).unwrap_or(0)
}

#[cfg(test)]
mod tests;
