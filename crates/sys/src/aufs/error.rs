//! What goes wrong with a union of aufs, in the words of the one who asked for it.

use std::path::PathBuf;

use perch_core::aufs::Unfit;
use rustix::io::Errno;

use super::complaint::Complaint;
use crate::overlay::OverlayError;

/// Why a union could not be assembled.
#[derive(Debug, thiserror::Error)]
pub enum AufsError {
    /// aufs cannot be told of these layers.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The links to bundles with odd names could not be made.
    #[error(transparent)]
    Links(#[from] OverlayError),
    /// Something is where the table of inode numbers belongs.
    #[error("cannot clear {} for the inode numbers of aufs", .path.display())]
    Table {
        /// Its path.
        path: PathBuf,
        /// The reason.
        source: Errno,
    },
    /// The kernel refused.
    #[error("aufs refuses the union of {bundles} bundles and {}{words}", .writable.display())]
    Mount {
        /// How many bundles there are.
        bundles: usize,
        /// The writable branch.
        writable: PathBuf,
        /// What the kernel wrote to its log meanwhile.
        words: Complaint,
        /// `EINVAL` a branch or option that it does not take, `ENODEV` no aufs at all, …
        source: Errno,
    },
    /// The union stands, but no file can be made in it.
    #[error("the union is read-only although {} is its writable branch", .writable.display())]
    ReadOnly {
        /// The writable branch.
        writable: PathBuf,
        /// The reason.
        source: Errno,
    },
}
