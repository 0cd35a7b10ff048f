//! `perch dynfilefs`: containers and what is done with them.

mod check;
mod compact;
mod create;
mod import;
mod info;
mod mount;
mod repair;
mod umount;

use crate::args::dynfilefs::DynfilefsCommand;
use crate::error::Error;
use crate::output::{Outcome, Output};
pub(crate) use mount::run_old;

/// Carries out one command.
pub(crate) fn run(command: DynfilefsCommand, output: &Output) -> Result<Outcome, Error> {
    match command {
        DynfilefsCommand::Info(args) => info::run(&args, output),
        DynfilefsCommand::Check(args) => check::run(&args),
        DynfilefsCommand::Repair(args) => repair::run(&args, output),
        DynfilefsCommand::Compact(args) => compact::run(&args, output),
        DynfilefsCommand::Create(args) => create::run(&args),
        DynfilefsCommand::Mount(args) => mount::run(&args, output),
        DynfilefsCommand::Umount(args) => umount::run(&args, output),
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
