//! The machine's consoles as a place for questions: all of them at once, the virtual terminal and
//! every serial line, each with its own size and characters.
//!
//! What is asked, and what a key means, is a [`Dialogue`](perch_core::menu::dialogue::Dialogue).
//! No terminfo: the sequences used here are those of ECMA-48 that every terminal since the VT100
//! has, and the kernel calls every console `linux` whatever hangs on it.

mod converse;
pub mod keys;
mod raw;
mod terminals;
mod view;

pub use converse::{Ending, converse};
pub use raw::restore_all;
pub use terminals::{Terminal, Terminals, any};
