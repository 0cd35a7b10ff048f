//! Scenarios: what is on the medium, what is booted, and what must then be true; all of it data.
//!
//! ```no_run
//! use perch_tests::scenario::{Boot, Scenario};
//!
//! let scenario = Scenario::new("a file survives the first boot")
//!     .boot(Boot::with("perch").sh("echo one >/keep"))
//!     .boot(Boot::with("perch").expect_sh("cat /keep", "one").boot_json("/outcome/status", "session"))
//!     .store_file("1/changes/keep", "one");
//! ```
//!
//! A scenario is named after the symptom a user would see. Steps run in the order they are written; the first boot finds
//! the medium as described. [`Runner`] carries it out and reports everything that was not as expected at once.

mod boot;
mod content;
mod converse;
mod evidence;
mod expect;
mod images;
mod loaders;
mod media;
mod offline;
mod replay;
mod run;
mod spec;
mod told;
pub mod union;

pub use boot::{Action, Boot, End, Program};
pub use content::{Content, Node};
pub use evidence::Evidence;
pub use expect::Expect;
pub use images::Images;
pub use loaders::{Loaders, PACKAGES as LOADER_PACKAGES};
pub use offline::Offline;
pub(crate) use run::CMDLINE;
pub use run::Runner;
pub use spec::{DiskSpec, PartSpec, Scenario, Step, StoreAt, TableCheck};

/// The session store, from the root of the medium.
pub const STORE: &str = "minios/changes";
