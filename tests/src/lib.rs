//! Virtual machines, media and scenarios that prove perch on real kernels.
//!
//! Four layers, each usable without the one after it: [`host`] (tools and caches of the machine the tests run on),
//! [`disk`] (images made and read back without root), [`vm`] (one QEMU process) and the scenarios built on them. [`debian`]
//! is a system to install packages in.

pub mod base;
pub mod cuts;
pub mod debian;
pub mod disk;
pub mod host;
pub mod initramfs;
pub mod scenario;
pub mod vm;
