//! Serves the disk of a container as one file, `virtual.dat`, through FUSE.
//!
//! [`server`] is the process: it makes itself fit to carry the root's changes, does what its starter orders
//! (`perch_core::serving`, `perch_sys::container::dynfilefs`) and ends when the kernel says that nobody uses the disk any
//! more. What a container is, and the order in which it is written, is `dynfilefs`'.
#![forbid(unsafe_code)]

mod disk;
mod failure;
mod filesystem;
mod fuse;
mod growth;
pub mod server;
