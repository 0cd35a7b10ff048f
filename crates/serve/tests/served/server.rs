//! The server alone, for tests and measurements.

use std::process::ExitCode;

fn main() -> ExitCode {
    perch_serve::server::run()
}
