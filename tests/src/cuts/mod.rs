//! Power cuts, proven: the writes of one boot are recorded, every state that a cut can leave is made from them, a real
//! kernel mounts each, and what perch reads there must be old or new, with every session and every promised file.
//!
//! [`log`] reads the record, [`state`] says which states there are, [`reader`] makes and mounts them, [`judge`] is the law
//! and [`prove`] goes through it all for one [`Case`]. Nothing waits for a cut to happen by chance.

mod case;
mod check;
mod judge;
pub mod log;
mod prove;
mod reader;
mod record;
pub mod state;

pub use case::{Case, cases};
pub use prove::{Effort, Proof, prove};
