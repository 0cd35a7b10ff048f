//! What the running system does while its writes are recorded: a plan that machine and host make from the same seed, so
//! that a number tells what was promised.
//!
//! [`plan`] says what happens in which order, [`history`] what that means for each file, [`content`] what is in a file and
//! how it is known again; [`work`] does it, and [`inspect`] with [`look`] says what is there after a
//! cut.

mod archive;
pub(super) mod content;
pub mod history;
pub mod inspect;
pub mod look;
pub mod plan;
pub mod work;

pub use plan::Load;
