//! What perch decides: boot parameters, session metadata, decisions and plans.
//!
//! Everything here is a function from data to data. Nothing reads a file, the clock or the
//! environment (`.clippy.toml` of this crate refuses it), so each decision can be replayed on any
//! machine from the facts that a boot recorded.
#![forbid(unsafe_code)]

pub mod ambiguity;
pub mod aufs;
pub mod bundle;
pub mod cause;
pub mod cmdline;
pub mod decide;
pub mod explain;
pub mod facts;
pub mod filter;
#[cfg(test)]
mod fixture;
pub mod fs;
pub mod fstab;
pub mod growth;
pub mod handed;
pub mod hook;
pub mod identity;
pub mod in_use;
pub mod init;
pub mod ladder;
pub mod lease;
pub mod manage;
pub mod menu;
pub mod metadata;
pub mod notice;
pub mod partition_growth;
pub mod plan;
pub mod quoted;
pub mod reason;
pub mod record;
pub mod request;
pub mod serving;
pub mod session;
pub mod settings;
pub mod sizing;
pub mod stamp;
pub mod stop;
pub mod teardown;
pub mod toram;
pub mod units;
pub mod why;
