//! What the tests need from the machine they run on: tools, packages, a cache, a kernel.

mod cache;
mod command;
pub mod kernel;
pub mod packages;

pub use cache::{Key, cache_dir, cached, workspace_dir};
pub use command::{command, run};
