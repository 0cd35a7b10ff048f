//! A tree of files, with everything that a session needs of it: what `cp -a` keeps, and what it loses.
//!
//! | module | what it does |
//! |---|---|
//! | [`entry`] | one file, directory, link or device: all that is known of it beside its content |
//! | [`walk`] | reads a tree, in an order that is always the same |
//! | [`sink`] | writes a tree below a directory |
//! | [`copy`](mod@copy) | the one into the other |
//! | [`compare`](mod@compare) | whether two trees are the same |
//!
//! Everything is reached by descriptors of directories, one name at a time, never through a symbolic link: a tree may be
//! hostile, and may change while it is read.

pub mod compare;
mod content;
pub mod copy;
mod descent;
pub mod entry;
pub mod error;
pub mod loss;
pub mod marks;
pub(crate) mod read;
pub mod sink;
pub mod walk;
mod xattrs;

use std::ops::ControlFlow;

pub use compare::{Difference, compare};
pub(crate) use content::{Extent, extents};
pub use copy::{Report, copy};
pub(crate) use descent::{Descent, split};
pub use entry::{Attributes, Device, Entry, Kind, Time, Xattr};
pub use error::{Action, TreeError};
pub use loss::{Loss, Losses, Lost};
pub use sink::Sink;
pub use walk::{Found, Walk};
pub(crate) use xattrs::Buffers;

/// How far long work is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files, directories and all others that are done.
    pub entries: u64,
    /// Bytes of content that are done, holes not counted.
    pub bytes: u64,
}

/// Called now and then during long work, which stops at once where the answer is to break.
pub type Watch<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// Whether attributes `trusted.*` are hidden from us, as they are from all but root. xattr(7).
pub fn is_blind() -> bool {
    use rustix::thread::{CapabilitySet, capabilities};
    !capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN))
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
