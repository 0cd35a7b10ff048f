//! Linux behind small functions: mounts, loop devices, kernel modules, superblocks, the session
//! store. What to do with them is decided in `perch-core`.

pub mod apply;
pub mod aufs;
pub mod bundles;
pub mod child;
pub mod console;
pub mod container;
pub mod devices;
pub mod dir;
pub mod durable;
pub mod enter;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod hooks;
pub mod in_use;
pub mod ioctl;
pub mod kmod;
pub mod kmsg;
pub mod layout;
pub mod loopdev;
pub mod medium;
pub mod mount;
pub mod mountinfo;
pub mod overlay;
pub mod packet;
pub mod partition_growth;
pub mod partition_table;
pub mod processes;
pub mod programs;
pub mod ram_copy;
pub mod remove;
pub mod replace;
pub mod rootcopy;
pub mod store;
pub mod superblock;
pub mod switch_root;
pub mod teardown;
pub mod uevent;
pub mod usage;
pub mod volume;

#[cfg(test)]
mod test_namespace;
