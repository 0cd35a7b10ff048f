//! What the tests need from the machine they run on: tools, packages, a cache, a kernel.

mod cache;
mod command;
pub mod kernel;
pub mod packages;
mod target;

pub use cache::{Key, cache_dir, cached, workspace_dir};
pub use command::{command, run};
pub use target::{STATIC_TARGET, ensure_static_target, perch_init, static_program};
