//! The commands, one file each.

pub(crate) mod dynfilefs;
pub(crate) mod mkinitramfs;
