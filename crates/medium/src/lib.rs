//! What lies on a medium beside bundles and sessions: boot loaders and their menus, and whole media as images. Not part of
//! any boot.
#![forbid(unsafe_code)]

pub mod image;
pub mod menu;
