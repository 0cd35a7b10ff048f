//! The arguments of `perch menu`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use perch_core::menu::language::Language;
use perch_medium::menu::{BadSerial, Loader, Serial};

/// What it does, for `perch menu --help`.
pub(crate) const ABOUT: &str = "\
Write the menus of the boot loaders on a medium

Five entries (resume, new, choose, fresh, copy to RAM), and with --sessions one for each session that has a name. \
Your own lines between the marks in each file are kept; files that are not perch's are left alone. \
What is not said anew stays as the menu has it. \
Without --medium it is the medium that this system runs from.";

/// The first steps.
pub(crate) const EXAMPLES: &str = "\
Examples:
  perch menu --dry-run
  perch menu --sessions
  perch menu --medium /mnt/stick --loader grub --title MiniOS --timeout 5 --language de

Exit status: 0 done, 1 failed, 2 wrong arguments.";

/// `menu`
#[derive(Debug, Args)]
pub struct Menu {
    /// Where the medium is mounted
    #[arg(long, value_name = "DIR")]
    pub medium: Option<PathBuf>,
    /// The directory of the live system on it; by default that of the running system, else minios
    #[arg(long, value_name = "NAME")]
    pub live_name: Option<String>,
    /// Which menus; by default those of the loaders that have a directory on the medium
    #[arg(long, value_enum)]
    pub loader: Option<Loaders>,
    /// The name of the system
    #[arg(long)]
    pub title: Option<String>,
    /// Kernel parameters of every entry; of a new menu: boot=live quiet
    #[arg(long, value_name = "PARAMETERS")]
    pub options: Option<String>,
    /// Seconds until the first entry starts by itself, or never; of a new menu: 10
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<Timeout>,
    /// A serial line that shows the menu too (number and speed), or off; of a new menu: 0,115200
    #[arg(long, value_name = "PORT")]
    pub serial: Option<SerialChoice>,
    /// The language of the menu and of the system: en, de, es, fr, id, it, pt, pt_BR, ru or none
    #[arg(long)]
    pub language: Option<LanguageChoice>,
    /// Add an entry for each session that has a name
    #[arg(long)]
    pub sessions: bool,
    /// The kernel's path on the medium, if it is not boot/vmlinuz of the live system
    #[arg(long, value_name = "PATH")]
    pub kernel: Option<String>,
    /// The initial file system's path on the medium, if it is not boot/initrd.img of the live system
    #[arg(long, value_name = "PATH")]
    pub initrd: Option<String>,
    /// A template in place of perch's, for the one loader that is named
    #[arg(long, value_name = "FILE", requires = "loader")]
    pub template: Option<PathBuf>,
    /// Replace files that are not perch's too; they are kept as .bak
    #[arg(long)]
    pub force: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Which menus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Loaders {
    /// GRUB 2
    Grub,
    /// SYSLINUX, EXTLINUX and ISOLINUX
    Syslinux,
    /// Both
    All,
}

impl Loaders {
    /// Them.
    pub(crate) fn list(self) -> Vec<Loader> {
        match self {
            Self::Grub => vec![Loader::Grub],
            Self::Syslinux => vec![Loader::Syslinux],
            Self::All => Loader::ALL.to_vec(),
        }
    }
}

/// Seconds, or `never`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeout(pub Option<u32>);

impl FromStr for Timeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "never" => Ok(Self(None)),
            text => text
                .parse()
                .ok()
                .filter(|seconds| *seconds <= 3599)
                .map(|seconds| Self(Some(seconds)))
                .ok_or_else(|| "give seconds from 0 to 3599, or never".to_owned()),
        }
    }
}

/// A serial line, or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SerialChoice(pub Option<Serial>);

impl FromStr for SerialChoice {
    type Err = BadSerial;

    fn from_str(text: &str) -> Result<Self, BadSerial> {
        match text {
            "off" => Ok(Self(None)),
            text => Ok(Self(Some(text.parse()?))),
        }
    }
}

/// A language, or `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LanguageChoice(pub Option<Language>);

impl FromStr for LanguageChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self(None)),
            text => match Language::of_locale(text) {
                Some(language) => Ok(Self(Some(language))),
                None => Err("there are menus in en, de, es, fr, id, it, pt, pt_BR and ru".into()),
            },
        }
    }
}
