//! `perch dynfilefs`: containers and what is done with them.

mod check;
mod compact;
mod create;
mod import;
mod info;
mod repair;

use crate::args::dynfilefs::DynfilefsCommand;
use crate::error::Error;
use crate::output::{Outcome, Output};

/// Carries out one command.
pub(crate) fn run(command: DynfilefsCommand, output: &Output) -> Result<Outcome, Error> {
    match command {
        DynfilefsCommand::Info(args) => info::run(&args, output),
        DynfilefsCommand::Check(args) => check::run(&args),
        DynfilefsCommand::Repair(args) => repair::run(&args, output),
        DynfilefsCommand::Compact(args) => compact::run(&args, output),
        DynfilefsCommand::Create(args) => create::run(&args),
        DynfilefsCommand::Import(args) => import::run(&args, output),
    }
}

/// `1 part`, `2 parts`.
fn count(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
