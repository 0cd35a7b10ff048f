//! The program itself, on real containers and systems in temporary directories.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod damage;
mod errors;
#[path = "../shared/golden.rs"]
mod golden;
mod help;
mod image;
mod import;
mod json;
mod mkinitramfs;
mod mount;
mod old_names;
#[path = "../shared/perch.rs"]
mod perch;
