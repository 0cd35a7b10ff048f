//! The commands on sessions, as the program itself, on stores in temporary directories and on real file systems.
//! Numbers in the names of tests are those of the checks in the contract, §7.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod checking;
mod cleaning;
mod committing;
mod content;
mod converting;
mod copying;
mod creating;
mod cuts;
mod deleting;
mod diffing;
mod exporting;
mod forms;
mod importing;
mod languages;
mod machine;
mod metadata;
#[path = "../shared/perch.rs"]
#[allow(dead_code, reason = "shared with another test program")]
mod perch;
mod places;
mod reading;
mod resizing;
mod resuming;
mod round;
#[path = "../../../manage/src/tree/samples.rs"]
#[allow(dead_code, reason = "shared with the library's own tests")]
mod samples;
mod snapshots;
mod store;
mod union;
mod why;
