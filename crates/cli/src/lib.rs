//! The command line `perch`, for people and programs on a running system.
//!
//! Each command is a function from its arguments to an [`Outcome`](output::Outcome) or an [`Error`](error::Error);
//! [`output`] alone prints, as text or as one JSON object. What is decided and done lies in the crates below.
#![forbid(unsafe_code)]

pub mod args;
mod ask;
mod commands;
mod error;
mod interrupt;
mod old_names;
mod output;
mod progress;
mod reading;
mod storage;
mod words;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use perch_core::serving;

use args::sessions::SessionsCommand;
use args::{Cli, Command};
use old_names::Asked;
pub use old_names::HELP as OLD_NAMES_HELP;
use output::Output;
use words::Words;

/// The status of wrong arguments, as of most programs.
const USAGE: u8 = 2;
/// The session manager of MiniOS: this program takes its arguments under any name.
const SESSION_MANAGER: &str = "minios-session";
/// Wrong arguments under the existing program's names. mount(8), "EXIT STATUS".
const BAD_ARGUMENTS: u8 = 1;
/// As [`BAD_ARGUMENTS`]: the mount failed.
const NOT_MOUNTED: u8 = 32;

/// Runs the program: what it does follows from its name, the first of `args`.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let name = args.first().cloned().unwrap_or_default();
    if name == serving::NAME {
        return perch_serve::server::run();
    }
    if old_names::is_old_name(&name) {
        return run_old(args.into_iter().skip(1));
    }
    if reading::is_reading_name(&name)
        && let Err(refused) = reading::check(args.get(1..).unwrap_or_default())
    {
        let json = args.iter().any(|arg| arg == "--json");
        output::report_usage(&format!("error: {refused}\n"), json);
        return ExitCode::from(USAGE);
    }
    let called = Path::new(&name).file_name();
    let command = match called {
        Some(called) if called == SESSION_MANAGER => args::named(SESSION_MANAGER),
        _ => args::command(),
    };
    match command.clone().try_get_matches_from(&args) {
        Ok(matches) => match Cli::from_arg_matches(&matches) {
            Ok(cli) => match cli.misplaced(&command) {
                Some(error) => wrong_usage(&args, &error),
                None => run(cli, &command),
            },
            Err(error) => wrong_usage(&args, &error),
        },
        Err(error) => wrong_usage(&args, &error),
    }
}

fn run(cli: Cli, definition: &clap::Command) -> ExitCode {
    let of = |name| args::subcommand(definition, name);
    let output = Output::new(cli.global.json, cli.global.quiet, Words::of_environment());
    let result = match cli.command {
        None => Err(definition.clone()),
        Some(Command::Dynfilefs { command: None }) => Err(of("dynfilefs")),
        Some(Command::Dynfilefs {
            command: Some(command),
        }) => Ok(commands::dynfilefs::run(command, &output)),
        Some(Command::Menu(menu)) => Ok(commands::menu::run(&menu, &output)),
        Some(Command::Mkinitramfs(args)) => Ok(commands::mkinitramfs::run(*args, &output)),
        Some(Command::Sessions(SessionsCommand::Trash { command: None, .. })) => Err(of("trash")),
        Some(Command::Sessions(command)) => {
            let dir = cli.sessions_dir.into_iter().next();
            Ok(commands::sessions::run(command, dir, &output))
        }
        Some(Command::MarkGood(mut args)) => {
            // The first one on the line counts.
            args.sessions_dir = cli.sessions_dir.into_iter().next().or(args.sessions_dir);
            Ok(commands::mark_good::run(&args))
        }
        Some(Command::Why(args)) => Ok(commands::why::run(&args)),
        Some(Command::Image(args)) => Ok(commands::image::run(*args, &output)),
    };
    match result {
        Ok(result) => output.finish(result),
        // Without a command there is nothing to do wrong.
        Err(mut command) => {
            output::print(&command.render_help().to_string());
            ExitCode::SUCCESS
        }
    }
}

/// Under the existing program's names.
fn run_old(args: impl Iterator<Item = OsString>) -> ExitCode {
    let output = Output::new(false, false, Words::of_environment());
    match old_names::parse(args) {
        Ok(Asked::Help) => output::print(old_names::HELP),
        Ok(Asked::Nothing) => {}
        Ok(Asked::Mount(mount)) => {
            if let Err(error) = commands::dynfilefs::run_old(&mount, &output) {
                output.fail(&error);
                return ExitCode::from(NOT_MOUNTED);
            }
        }
        Err(error) => {
            output::complain(&format!("error: {error}\n\n{}", old_names::HELP));
            return ExitCode::from(BAD_ARGUMENTS);
        }
    }
    ExitCode::SUCCESS
}

/// Help and version come this way too.
fn wrong_usage(args: &[OsString], error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        output::print(&error.render().to_string());
        return ExitCode::SUCCESS;
    }
    // The arguments could not be read, so they are searched for what follows no `--`.
    let json = args
        .iter()
        .take_while(|arg| *arg != "--")
        .any(|arg| arg == "--json");
    output::report_usage(&error.render().to_string(), json);
    ExitCode::from(USAGE)
}

impl Cli {
    /// The definition that help, completions and man pages are made from.
    fn definition() -> clap::Command {
        Self::command()
    }
}
