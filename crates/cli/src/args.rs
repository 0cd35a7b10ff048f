//! The arguments of `perch`, as data. What they mean to a command is for the command to say.

pub mod dynfilefs;
pub mod image;
pub mod mark_good;
pub mod menu;
pub mod mkinitramfs;
pub mod sessions;
pub mod why;

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

use dynfilefs::DynfilefsCommand;
use mark_good::MarkGood;
use mkinitramfs::Mkinitramfs;
use sessions::SessionsCommand;

/// Keep the changes of a live system: the command line.
#[derive(Debug, Parser)]
#[command(
    name = "perch",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "Every command explains itself with --help."
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// Where the sessions are, if not where this system has them
    #[arg(long, value_name = "DIR", action = clap::ArgAction::Append)]
    pub sessions_dir: Vec<PathBuf>,
    /// What to do; without one, help is shown.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Answer with one JSON object on standard output
    #[arg(long, global = true, help_heading = "Options of every command")]
    pub json: bool,
    /// Say only what went wrong
    #[arg(long, short, global = true, help_heading = "Options of every command")]
    pub quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// What is done with sessions.
    #[command(flatten)]
    Sessions(SessionsCommand),
    /// Make, serve and look after expandable containers
    #[command(
        after_help = dynfilefs::EXAMPLES,
        disable_help_subcommand = true,
        long_about = dynfilefs::ABOUT
    )]
    Dynfilefs {
        /// What to do; without one, help is shown.
        #[command(subcommand)]
        command: Option<DynfilefsCommand>,
    },
    /// Write the menus of the boot loaders on a medium
    #[command(after_help = menu::EXAMPLES, long_about = menu::ABOUT)]
    Menu(menu::Menu),
    /// Make the initial file system that perch boots from
    #[command(after_help = mkinitramfs::EXAMPLES)]
    Mkinitramfs(Box<Mkinitramfs>),
    /// Say that the system has come up, so that its session goes on being resumed
    MarkGood(MarkGood),
    /// Explain what the last boot did, and why
    Why(why::Why),
    /// Make a stick or a disc as one file, with boot loaders and a menu
    #[command(after_help = image::EXAMPLES, long_about = image::ABOUT)]
    Image(Box<image::Image>),
}

impl Cli {
    /// What is wrong with a directory that was named before a command which knows of none: it is not passed over.
    pub(crate) fn misplaced(&self, whole: &clap::Command) -> Option<clap::Error> {
        let knows = match &self.command {
            None | Some(Command::Sessions(_)) => true,
            Some(Command::MarkGood(args)) => args.session.is_some(),
            Some(
                Command::Dynfilefs { .. }
                | Command::Menu(_)
                | Command::Mkinitramfs(_)
                | Command::Why(_)
                | Command::Image(_),
            ) => false,
        };
        let misplaced = !knows && !self.sessions_dir.is_empty();
        misplaced.then(|| {
            let text = match &self.command {
                Some(Command::MarkGood(_)) => {
                    "mark-good needs the number of a session with --sessions-dir"
                }
                _ => "this command looks at no sessions: leave --sessions-dir out",
            };
            whole.clone().error(ErrorKind::ArgumentConflict, text)
        })
    }
}

/// The definition of all arguments, without what follows from the program's name: for completions under each name.
pub fn unbuilt() -> clap::Command {
    Cli::definition()
}

/// The definition of all arguments: for help and man pages.
pub fn command() -> clap::Command {
    named("perch")
}

/// The same for a program that is called by another name.
pub fn named(name: &'static str) -> clap::Command {
    let mut command = unbuilt().name(name);
    // Names in usage lines, as far as subcommands are concerned.
    command.build();
    command
}

/// The definition of one command of `whole` alone.
pub(crate) fn subcommand(whole: &clap::Command, name: &str) -> clap::Command {
    let found = whole.find_subcommand(name).cloned();
    found.unwrap_or_else(|| whole.clone())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_is_sound() {
        super::command().debug_assert();
    }
}
