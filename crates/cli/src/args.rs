//! The arguments of `perch`, as data. What they mean to a command is for the command to say.

pub mod dynfilefs;
pub mod image;
pub mod mark_good;
pub mod menu;
pub mod mkinitramfs;

use clap::{Args, Parser, Subcommand};

use dynfilefs::DynfilefsCommand;
use mark_good::MarkGood;
use mkinitramfs::Mkinitramfs;

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
    /// Make a stick or a disc as one file, with boot loaders and a menu
    #[command(after_help = image::EXAMPLES, long_about = image::ABOUT)]
    Image(Box<image::Image>),
}

/// The definition of all arguments, without what follows from the program's name: for completions under each name.
pub fn unbuilt() -> clap::Command {
    Cli::definition()
}

/// The definition of all arguments: for help and man pages.
pub fn command() -> clap::Command {
    let mut command = unbuilt();
    // Names in usage lines, as far as subcommands are concerned.
    command.build();
    command
}

/// The definition of `perch dynfilefs` alone.
pub(crate) fn dynfilefs_command() -> clap::Command {
    let command = command();
    let found = command.find_subcommand("dynfilefs").cloned();
    found.unwrap_or(command)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_is_sound() {
        super::command().debug_assert();
    }
}
