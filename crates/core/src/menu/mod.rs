//! The questions a boot asks: which session to open, which disk to use. Lines and answers only;
//! keys, clocks and terminals are somebody else's.
//!
//! [`sessions`] and [`disks`] are the two questions. All their words come from [`catalogue`], and all
//! text that is not ours passes through [`glyphs`] before it is shown.

pub mod catalogue;
mod countdown;
pub mod dialogue;
pub mod disks;
pub mod glyphs;
pub mod language;
mod list;
pub mod sessions;
