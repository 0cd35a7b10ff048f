//! Serves the disk of a container as one file, `virtual.dat`, through FUSE.
//!
//! [`server`] is the process: it makes itself fit to carry the root's changes, does what its starter orders
//! (`perch_core::serving`, `perch_sys::container::dynfilefs`) and ends when the kernel says that nobody uses the disk any
//! more. What a container is, and the order in which it is written, is `dynfilefs`'.
//!
//! # Decisions
//!
//! - 2026-11-21 **fuser speaks FUSE** (no libfuse, no C): its session takes a descriptor that we mount ourselves, detached, so the disk of a session
//!   has no path, and the server ends with its last user. It reads into 16 MiB a thread, of which 1 MiB is ever touched: hence MCL_ONFAULT.
//! - 2026-11-21 **A grown disk is looked at through a second mount of the same connection**, gone at once: a loop device takes the
//!   size that the kernel remembers, and nobody may keep the first mount to refresh it.
//! - 2026-11-21 **What a container promises, the medium can keep**: size and growth count what its files take and what is free, less 100 MiB
//!   and the indexes, by one function at boot and while running. `perchsize=` is a size, and the limit to growing by itself.
//! - 2026-11-21 **A container is looked at after so much was written, not allocated**: blocks used before fill again without an allocation. The
//!   first look comes before the boot goes on: a session that is full to the last block could not be opened otherwise.
//! - 2026-11-21 **A file system that was cut off is read from a snapshot: a server that keeps what is written in memory** (memfd, at most
//!   512 MiB). A reflink is not to be had on every medium, dm-snapshot wants a module and a device, and a thread of the program that
//!   mounts it would be waited for by its own end.
#![forbid(unsafe_code)]

mod disk;
mod failure;
mod filesystem;
mod fuse;
mod growth;
pub mod server;
mod snapshot;
mod source;
