//! What lies on a medium beside bundles and sessions. Texts only: nothing is read or written here.
#![forbid(unsafe_code)]

pub mod menu;
