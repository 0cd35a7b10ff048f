//! The server as a process, with the kernel's FUSE, loop devices and ext4. Needs root.
#![allow(clippy::unwrap_used, reason = "a test")]

mod faults;
mod life;
mod machine;
mod snapshot;
