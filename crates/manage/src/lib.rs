//! What is done with the sessions of a store on a running system, for any front end.
//!
//! A [`Store`](store::Store) is opened once and reached by its descriptor from then on; what it holds is an
//! [`Account`](account::Account). Whatever is new is made beside the sessions ([`staged`]) and renamed in one
//! step. Metadata changes under the store's one lock only ([`change`]). What is allowed is decided in
//! `perch_core::manage`. Nothing here prints, asks, or reads arguments.
//!
//! The front end's own program serves containers while they are made: it has to call
//! `perch_serve::server::run` where it is started under that name.
#![forbid(unsafe_code)]

pub mod account;
pub mod activate;
pub mod archive;
pub mod change;
pub mod check;
pub mod cleanup;
pub mod commit;
pub mod content;
pub mod convert;
pub mod copy;
pub mod create;
pub mod delete;
pub mod diff;
pub mod done;
pub mod error;
pub mod export;
pub mod import;
pub mod layers;
pub mod leftovers;
pub mod live;
pub mod looked;
pub mod place;
pub mod rename;
pub mod resize;
mod shelf;
pub mod snapshot;
pub mod staged;
pub mod standing;
pub mod store;
pub mod swap;
pub mod time;
pub mod trash;
pub mod tree;
mod twins;
pub mod used;
pub mod view;
pub mod work;
