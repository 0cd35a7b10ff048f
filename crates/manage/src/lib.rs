//! What is done with the sessions of a store on a running system, for any front end.
//!
//! Nothing here prints, asks, or reads arguments; what is allowed is decided in `perch_core::manage`.
#![forbid(unsafe_code)]

pub mod error;
