//! Disk images made from directories of the host and read back, as plain files and without root.

mod ext4;
mod iso9660;
mod layout;
mod medium;
mod sparse;
mod vfat;

pub use layout::{Disk, PACKAGES, Partition, Table};
pub use medium::{ALL, Content, EXT4, ISO9660, Medium, VFAT};
pub use sparse::copy_into;
