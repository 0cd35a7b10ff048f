//! What any bytes may do to whoever reads a medium or a kernel line: the bodies of the fuzz targets, feature `fuzzing`.
//!
//! `fuzz/` runs them without end; the tests here run them on its corpus, and on what becomes of that by small changes.
//! A panic is a finding. Those of perch-core are here too, which has no files and so no corpus.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic is how a fuzz target says that it found something"
)]

mod boot;
mod metadata;
mod modules;
mod packed;
mod superblock;

pub use boot::{boot_json, cmdline};
pub use metadata::{session_conf, session_json};
pub use modules::modules;
pub use superblock::superblock;

/// Nothing that a person is shown can move a cursor or end a line.
fn assert_shows(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
}

#[cfg(test)]
mod tests;
