//! Contract, check 44: a power cut at any write of a boot loses nothing. A slice of the states; `cargo xtask prove cuts`
//! goes through all of them, and of sessions under load through enough.

use std::sync::Arc;

use libtest_mimic::{Failed, Trial};
use perch_tests::cuts::{Case, Effort, cases, prove};
use perch_tests::scenario::Runner;

use crate::times::timed;

fn name(case: &Case) -> String {
    format!("a cut at any write, {}", case.name)
}

fn tried() -> impl Iterator<Item = Case> {
    cases().into_iter().filter(|case| case.in_tests)
}

pub fn names() -> impl Iterator<Item = String> {
    tried().map(|case| name(&case))
}

pub fn trials(runner: &Arc<Runner>) -> impl Iterator<Item = Trial> {
    tried().map(|case| {
        let runner = Arc::clone(runner);
        Trial::test(name(&case), move || {
            let proof = timed(case.name, || prove(runner.images(), &case, Effort::slice()))?;
            if proof.lost.is_empty() {
                return Ok(());
            }
            Err(Failed::from(proof.to_string()))
        })
    })
}
