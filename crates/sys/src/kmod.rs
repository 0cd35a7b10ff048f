//! Kernel modules, loaded without libkmod or modprobe(8): an initramfs needs neither.
//!
//! [`Index`] answers from depmod's files which modules a name or a device stands for, [`Loader`]
//! puts them into the kernel, [`coldplug`] lists the devices that wait for one. `modprobe.d` is not
//! read, as an initramfs of ours has none; parameters come from the kernel line.

mod alias;
mod cmdline;
mod coldplug;
pub(crate) mod decompress;
mod dep;
mod error;
pub mod glob;
mod index;
mod insert;
mod loader;
mod modprobe;
pub mod name;
mod softdep;

pub use coldplug::{coldplug, tier};
pub use dep::{Module, Modules};
pub use error::KmodError;
pub use index::{Found, Index, MAX_DEPTH};
pub use loader::{Loaded, Loader, Outcome};
pub use modprobe::modprobe;
