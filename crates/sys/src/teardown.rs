//! The end of a system: what there is to undo, and the calls that undo it. The order is decided in
//! `perch_core::teardown`.

mod disks;
mod facts;
mod pivot;
mod swap;

pub use disks::{eject, force_read_only, in_use, make_read_only, unwritten};
pub use facts::facts;
pub use pivot::{PivotError, is_pivoted, pivot};
pub use swap::swap_off;
