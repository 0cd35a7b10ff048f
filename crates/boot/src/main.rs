//! perch-init: the early-boot program that finds the medium, opens the session and starts the real
//! system.
//!
//! One binary, told apart by how it is started: `/init` as process 1, `mount` by the scripts of another initramfs, `modprobe` when the kernel
//! wants a module, `perch-enter` to run a program in the new root, `perch-lease` to renew a lease, `@dynfilefs` to
//! serve a container, `shutdown` when the system ends, `explain` on anybody's desk.

mod ask;
mod early;
mod explain;
mod facts;
mod find;
mod growth;
mod handover;
mod hooks;
mod host;
mod hotplug;
mod layers;
mod lease;
mod patience;
mod place;
mod report;
mod rescue;
mod run;
mod search;
mod shutdown;
mod stage;
mod toram;
mod touches;

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use lexopt::prelude::*;
use perch_core::cause::Causes;
use perch_core::serving;
use perch_serve::server;
use perch_sys::enter;

use crate::handover::Handover;

fn main() -> ExitCode {
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_default();
    let arguments: Vec<OsString> = arguments.collect();
    let called = |by: &str| Path::new(&name).file_name().is_some_and(|name| name == by);
    if called("modprobe") {
        return hotplug::modprobe(&arguments);
    }
    if called(shutdown::NAME) {
        return shutdown::run(&arguments);
    }
    if name == enter::NAME {
        let Err(error) = enter::become_program(&arguments);
        eprintln!("{}", Causes(&error));
        // As a shell says it: the command was not found. POSIX, "Exit Status for Commands".
        return ExitCode::from(127);
    }
    if name == serving::NAME {
        return server::run();
    }
    if name == lease::NAME {
        return lease::renew(&arguments);
    }
    if std::process::id() == 1 {
        run::boot(&Handover::Init { arguments })
    }
    if let Some((command, arguments)) = arguments.split_first()
        && command == host::NAME
    {
        return match host::root(arguments) {
            Ok(root) => run::boot(&Handover::Host { root }),
            Err(error) => refuse(&error, ExitCode::from(2)),
        };
    }
    match command(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error, error.exit_code()),
    }
}

fn refuse(error: &dyn Error, status: ExitCode) -> ExitCode {
    eprintln!("perch-init: {error}");
    status
}

/// The commands for a running system.
fn command(arguments: Vec<OsString>) -> Result<(), explain::ExplainError> {
    let usage = |error: lexopt::Error| explain::ExplainError::Usage(error.to_string());
    let mut arguments = lexopt::Parser::from_args(arguments);
    match arguments.next().map_err(usage)? {
        Some(Value(command)) if command == "explain" => explain::run(arguments),
        Some(Long("help") | Short('h')) => explain::print(explain::HELP),
        Some(Long("version") | Short('V')) => {
            explain::print(concat!("perch-init ", env!("CARGO_PKG_VERSION"), "\n"))
        }
        Some(other) => Err(usage(other.unexpected())),
        None => Err(explain::ExplainError::Usage(
            "a command is missing, or this is not process 1".to_owned(),
        )),
    }
}
