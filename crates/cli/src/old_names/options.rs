//! What follows `-o`: options of the existing program, and those that mount(8) hands to every file system.

use perch_core::units::Mib;

use super::BadArguments;
use crate::args::dynfilefs::Wanted;

/// Options that change nothing here: mount(8), "FILESYSTEM-INDEPENDENT MOUNT OPTIONS", and those that the existing
/// program hands on to libfuse. `virtual.dat` is the only file, which nobody runs.
const WITHOUT_MEANING: [&str; 34] = [
    "defaults",
    "rw",
    "auto",
    "noauto",
    "user",
    "nouser",
    "users",
    "owner",
    "group",
    "_netdev",
    "nofail",
    "exec",
    "noexec",
    "suid",
    "nosuid",
    "dev",
    "nodev",
    "async",
    "sync",
    "dirsync",
    "atime",
    "noatime",
    "diratime",
    "nodiratime",
    "relatime",
    "norelatime",
    "strictatime",
    "nostrictatime",
    "lazytime",
    "nolazytime",
    "silent",
    "allow_other",
    "allow_root",
    "default_permissions",
];

/// What the options say.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) size: Option<Wanted>,
    pub(super) split: Option<Mib>,
    pub(super) read_only: bool,
}

impl Options {
    /// Takes a list with commas; of several values the last counts.
    pub(super) fn add(&mut self, list: &str) -> Result<(), BadArguments> {
        for option in list.split(',').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("size", value)) => self.set_size(value)?,
                Some(("split", value)) => self.set_split(value)?,
                // For mount(8), systemd and people.
                Some(("comment" | "fsname" | "subtype", _)) => {}
                _ if option.starts_with("x-") || option.starts_with("X-") => {}
                None if option == "ro" => self.read_only = true,
                None if option == "rw" => self.read_only = false,
                None if option == "remount" => return Err(BadArguments::Remount),
                None if WITHOUT_MEANING.contains(&option) => {}
                _ => return Err(BadArguments::UnknownOption(option.to_owned())),
            }
        }
        Ok(())
    }

    pub(super) fn set_size(&mut self, value: &str) -> Result<(), BadArguments> {
        self.size = Some(value.parse()?);
        Ok(())
    }

    pub(super) fn set_split(&mut self, value: &str) -> Result<(), BadArguments> {
        self.split = Some(value.parse()?);
        Ok(())
    }
}
