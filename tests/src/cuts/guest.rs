//! What the machines of a load need beside the test system: our own program, and a checker that needs no libraries.

use std::fs;

use anyhow::{Context, Result};

use crate::base::Bundle;
use crate::host::{packages, static_program};
use crate::scenario::Scenario;

const PROGRAM: &str = "cuts-guest";
const PACKAGE: &str = "e2fsck-static";
const CHECKER: &str = "/sbin/e2fsck.static";

/// How the program is called in the machines.
pub(super) const GUEST: &str = "/cuts/guest";

/// Adds both to the system of a medium.
pub(super) fn with_guest(medium: Scenario) -> Result<Scenario> {
    packages::ensure(&[PACKAGE])?;
    let program = fs::read(static_program("perch-tests", PROGRAM)?)?;
    let checker = fs::read(CHECKER).with_context(|| format!("{PACKAGE} has no {CHECKER}"))?;
    let bundle = Bundle::default()
        .executable(GUEST.trim_start_matches('/'), &program)
        .executable("cuts/e2fsck", &checker);
    Ok(medium.bundle("minios/40-cuts.sb", bundle))
}
