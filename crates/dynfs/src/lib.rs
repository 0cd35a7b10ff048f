//! The container of dynfilefs: a virtual disk in ordinary files that take space only for what was written.
//!
//! A container is a small main file and numbered parts below the longest file that FAT32 holds. This crate
//! knows the bytes (format 400, as every dynfilefs since August 2023 writes it) and the order in which they
//! may reach the disk; the files themselves are behind a trait, and serving the disk is left to others.
#![forbid(unsafe_code)]

pub mod check;
pub mod container;
pub mod error;
#[cfg(any(test, feature = "files"))]
pub mod files;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod geometry;
pub mod header;
pub mod memory;
mod part;
pub mod room;
mod runs;
pub mod store;
mod survey;
