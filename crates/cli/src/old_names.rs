//! The names and options of the existing program, so that scripts and `/etc/fstab` keep working: `dynfilefs` and
//! `mount.dynfilefs`, with or without the `@` that keeps systemd from ending them.
//!
//! mount(8) calls `mount.dynfilefs SPEC DIR [-sfnv] [-o OPTIONS]`, whose `-s` and `-f` have other meanings than the
//! program's own: they are taken as mount(8)'s where both names stand before and no value follows.

mod options;
#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use lexopt::Arg;
use perch_core::serving;
use perch_core::units::{BadSize, Mib};

use crate::args::dynfilefs::Wanted;
use options::Options;

/// What `--help` prints under these names; their manual page is made of it.
pub const HELP: &str = "\
Usage: dynfilefs -f STORAGE_FILE -m MOUNT_DIR [-s SIZE_MB] [-p SPLIT_SIZE_MB] [-d]
       dynfilefs STORAGE_FILE MOUNT_DIR [-o size=SIZE_MB,split=SPLIT_SIZE_MB]
       mount -t dynfilefs -o size=SIZE_MB STORAGE_FILE MOUNT_DIR

Serves the disk that STORAGE_FILE and the files beside it hold as MOUNT_DIR/virtual.dat.

  -f, --file STORAGE_FILE    the container's main file; it is made if it is not there
  -m, --mountdir MOUNT_DIR   an empty directory
  -s, --size SIZE_MB         size of virtual.dat in MiB; a container that is there grows to it, or by
                             +SIZE_MB, and never gets smaller
  -p, --split SPLIT_SIZE_MB  the most of the disk that one file holds, in MiB; without it a new
                             container has one part, on FAT one for each 4000 MiB
  -o OPTIONS                 size=, split=, ro, and those that mount(8) gives all file systems
  -d, --debug                stay in the foreground
  -h, --help                 this text

This is perch under the name of dynfilefs; perch dynfilefs --help tells of all that it can do with
containers.

Exit status: 0 mounted, 1 wrong arguments, 32 not mounted.
";

/// What one of these programs was called for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Help,
    /// mount(8) with `-f`: everything but the mount.
    Nothing,
    Mount(OldMount),
}

/// The arguments of the existing program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct OldMount {
    pub(crate) file: PathBuf,
    pub(crate) dir: PathBuf,
    pub(crate) size: Option<Wanted>,
    pub(crate) split: Option<Mib>,
    pub(crate) read_only: bool,
    pub(crate) foreground: bool,
}

/// Why the arguments mean nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadArguments {
    #[error(transparent)]
    Arguments(#[from] lexopt::Error),
    #[error("{0}")]
    Size(#[from] BadSize),
    #[error("the option -{} is not known", .0.escape_debug())]
    Unknown(String),
    #[error("the storage file is missing")]
    NoFile,
    #[error("the directory to mount on is missing")]
    NoDirectory,
    #[error("\"{}\" is one name too many", .0.escape_debug())]
    TooMany(String),
    #[error("the mount option \"{}\" is not known", .0.escape_debug())]
    UnknownOption(String),
    #[error("a container cannot be remounted: unmount it first")]
    Remount,
    #[error("namespaces (-N) are not supported")]
    Namespace,
}

/// Whether a program of this name takes the existing program's arguments. `@dynfilefs` is a server's name.
pub(crate) fn is_old_name(program: &OsStr) -> bool {
    let name = Path::new(program).file_name().and_then(OsStr::to_str);
    let name = name.map(|name| name.strip_prefix('@').unwrap_or(name));
    program != serving::NAME && matches!(name, Some("dynfilefs" | "mount.dynfilefs"))
}

/// Reads the arguments behind the program's name.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Asked, BadArguments> {
    let mut parser = lexopt::Parser::from_args(args);
    let (mut file, mut dir) = (None::<PathBuf>, None::<PathBuf>);
    let mut options = Options::default();
    let (mut foreground, mut fake) = (false, false);
    while let Some(arg) = parser.next()? {
        let option = match arg {
            Arg::Short(letter) => letter.to_string(),
            Arg::Long(name) => format!("-{name}"),
            Arg::Value(name) if file.is_none() => {
                file = Some(name.into());
                continue;
            }
            Arg::Value(name) if dir.is_none() => {
                dir = Some(name.into());
                continue;
            }
            Arg::Value(name) => {
                return Err(BadArguments::TooMany(name.to_string_lossy().into_owned()));
            }
        };
        match option.as_str() {
            "h" | "-help" => return Ok(Asked::Help),
            "d" | "-debug" => foreground = true,
            // Of mount(8): no mtab, verbose.
            "n" | "v" => {}
            // Of mount(8): sloppy, fake.
            "s" | "f" if file.is_some() && dir.is_some() && !has_value(&mut parser) => {
                fake |= option == "f";
            }
            "f" | "-file" => file = Some(parser.value()?.into()),
            "m" | "-mountdir" => dir = Some(parser.value()?.into()),
            "s" | "-size" => options.set_size(&text(&mut parser)?)?,
            "p" | "-split" => options.set_split(&text(&mut parser)?)?,
            "o" => options.add(&text(&mut parser)?)?,
            // The type is known by the program's name.
            "t" => drop(parser.value()?),
            "N" => return Err(BadArguments::Namespace),
            _ => return Err(BadArguments::Unknown(option)),
        }
    }
    let mount = OldMount {
        file: file.ok_or(BadArguments::NoFile)?,
        dir: dir.ok_or(BadArguments::NoDirectory)?,
        size: options.size,
        split: options.split,
        read_only: options.read_only,
        foreground,
    };
    Ok(match fake {
        true => Asked::Nothing,
        false => Asked::Mount(mount),
    })
}

/// Whether a value belongs to the option that was just read, in the same word or as the next.
fn has_value(parser: &mut lexopt::Parser) -> bool {
    // `None` if something is left of the same word.
    parser.try_raw_args().is_none_or(|rest| {
        let next = rest.peek();
        next.is_some_and(|next| !next.as_encoded_bytes().starts_with(b"-"))
    })
}

fn text(parser: &mut lexopt::Parser) -> Result<String, BadArguments> {
    let value = parser.value()?;
    Ok(value.into_string().map_err(lexopt::Error::from)?)
}
