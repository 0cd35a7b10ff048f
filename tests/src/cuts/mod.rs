//! Power cuts, proven: the writes of one boot are recorded, every state that a cut can leave is made from them, a real
//! kernel mounts each, and what perch reads there must be old or new, with every session and every promised file.
//!
//! Some boots go on with a [`load`]: thousands of files in a container, each promised when its sync has returned.
//!
//! [`log`] reads the record, [`state`] says which states there are and `sample` which of very many are tried, `disk` makes
//! them, [`reader`] mounts them, [`judge`] is the law and [`prove`] goes through it all for one [`Case`]. Nothing waits for
//! a cut to happen by chance.

mod case;
mod check;
mod disk;
mod guest;
mod judge;
pub mod load;
pub mod log;
mod proof;
mod prove;
mod random;
mod reader;
mod record;
mod sample;
pub mod state;

pub use case::{Case, cases};
pub use proof::{Effort, Proof};
pub use prove::prove;
