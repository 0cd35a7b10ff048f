//! Disk images made from directories of the host and read back, as plain files; most of them without root.

mod btrfs;
mod exfat;
mod ext4;
mod f2fs;
mod hybrid;
mod iso9660;
mod layout;
mod medium;
mod mounted;
mod ntfs;
mod sparse;
mod vfat;
mod xfs;

pub use ext4::{was_unmounted, was_unmounted_in};
pub use hybrid::place;
pub use layout::{Disk, PACKAGES, Partition, Table};
pub use medium::{
    ALL, BTRFS, Content, EXFAT, EXT4, F2FS, GROWABLE, ISO9660, Medium, NTFS, VFAT, XFS,
};
pub use sparse::copy_into;
