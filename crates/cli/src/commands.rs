//! The commands, one file each.

pub(crate) mod dynfilefs;
pub(crate) mod image;
pub(crate) mod mark_good;
pub(crate) mod menu;
pub(crate) mod mkinitramfs;
pub(crate) mod sessions;
pub(crate) mod why;
