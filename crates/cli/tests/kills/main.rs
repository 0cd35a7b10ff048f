//! A command that is killed, or whose medium fails, at any one of the system calls that change something: the store
//! holds the old state or the new one, nothing of a user is lost, and the same command works afterwards.
//!
//! A run tries every 41st call; `cargo xtask prove kills` tries all of them. A new command needs a line in
//! `cases.rs`.
#![cfg(target_arch = "x86_64")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod calls;
mod cases;
mod content;
#[path = "../shared/perch.rs"]
#[allow(dead_code, reason = "shared with another test program")]
mod perch;
mod prove;
mod state;
#[path = "../sessions/store.rs"]
#[allow(dead_code, reason = "shared with another test program")]
mod store;
mod template;
mod tracer;

use std::sync::Mutex;

use nix::errno::Errno;

use prove::{Effort, prove};
use tracer::Fault;

/// A program that is started inherits what its starter has open for a moment, which would be somebody in a session.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The commands that the environment asks for, with the effort that it asks for.
fn prove_all(what: &str, fault: fn(usize) -> Fault) {
    let _alone = ONE_AT_A_TIME.lock();
    let effort = Effort::from_environment();
    let only = std::env::var("PERCH_KILLS_ONLY").unwrap_or_default();
    let mut lost = Vec::new();
    for case in cases::ALL
        .iter()
        .filter(|case| case.command.contains(&only))
    {
        let proof = prove(case, effort, fault);
        println!("| {what} | {proof} |");
        // A full run takes long: nobody should wait for its end to see these.
        proof.lost.iter().for_each(|lost| println!("{lost}"));
        lost.extend(proof.lost);
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
fn privileged_a_kill_at_any_call_loses_nothing() {
    prove_all("killed", Fault::Kill);
}

#[test]
fn privileged_a_failing_medium_loses_nothing() {
    prove_all("EIO", |at| Fault::Fail(at, Errno::EIO));
}

#[test]
fn privileged_a_full_medium_loses_nothing() {
    prove_all("ENOSPC", |at| Fault::Fail(at, Errno::ENOSPC));
}

/// The session was in the trash then, and what the trash knew of it was gone.
#[test]
fn privileged_a_deletion_that_cannot_be_synced_hides_no_session() {
    let _alone = ONE_AT_A_TIME.lock();
    let case = cases::ALL.iter().find(|case| case.command == "delete 2");
    let proof = prove(case.unwrap(), Effort::ALL, Fault::FailSync);
    assert!(proof.lost.is_empty(), "{}", proof.lost.join("\n"));
}
