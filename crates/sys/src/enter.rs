//! Runs a program with the new system as its root, before that is anybody's root.
//!
//! A child of this very program, told apart by [`NAME`], makes a mount namespace of its own, shows
//! `/dev`, `/proc`, `/sys` and `/run` in the new root, enters it and becomes the program. So nothing is
//! mounted in the new root afterwards, and nothing else in process 1 has to change for it.

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::mount::{MountPropagationFlags, mount_change};

use crate::dir::{self, DirError};
use crate::mount::{self, Api, MountError};

/// How this program is called (`argv[0]`) to do this.
pub const NAME: &str = "perch-enter";

/// Why the program could not be started in the new root.
#[derive(Debug, thiserror::Error)]
pub enum EnterError {
    /// Root directory and program were not given.
    #[error("{NAME} needs a root directory and a program")]
    Usage,
    /// A mount namespace of its own could not be had.
    #[error("cannot make a mount namespace")]
    Namespace(#[source] Errno),
    /// The new root could not be opened.
    #[error(transparent)]
    Root(#[from] DirError),
    /// One of the kernel's file systems could not be shown there.
    #[error("cannot show {} in the new root", .path.display())]
    Show {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: Box<MountError>,
    },
    /// The new root could not be entered.
    #[error("cannot enter {}", .root.display())]
    Enter {
        /// The root.
        root: PathBuf,
        /// Why.
        source: Errno,
    },
    /// The program did not start.
    #[error("cannot start {}", .program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// `ENOENT`: it, or its interpreter, is missing.
        source: std::io::Error,
    },
}

/// The command that runs `program` with `root` as its root directory and an empty environment. It is
/// this program itself, which has to call [`become_program`] when it finds [`NAME`] as its name.
pub fn command(root: &Path, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg0(NAME).arg(root).arg(program).env_clear();
    command
}

/// What [`command`] asks for: `arguments` are the root, the program, and the program's arguments.
/// Returns only on failure. Must not be called by a program that goes on afterwards.
pub fn become_program(arguments: &[OsString]) -> Result<Infallible, EnterError> {
    let [root, program, arguments @ ..] = arguments else {
        return Err(EnterError::Usage);
    };
    let root = Path::new(root);
    crate::ioctl::unshare_mounts().map_err(EnterError::Namespace)?;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).map_err(EnterError::Namespace)?;
    let new_root = dir::open_dir(root)?;
    for kind in [Api::Dev, Api::Proc, Api::Sys, Api::Run] {
        let path = kind.usual_target();
        let relative = path.strip_prefix("/").unwrap_or(path);
        // A system without the directory does without the file system; a link that leads to another
        // place in it is followed there.
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let (Ok(place), Ok(source)) = (
            dir::open_in_root(&new_root, relative, flags),
            dir::open_dir(path),
        ) else {
            continue;
        };
        mount::clone_tree(&source, true)
            .and_then(|tree| mount::attach(tree, &place, ""))
            .map_err(|source| EnterError::Show {
                path: path.into(),
                source: Box::new(source),
            })?;
    }
    rustix::process::fchdir(&new_root)
        .and_then(|()| rustix::process::chroot("."))
        .and_then(|()| rustix::process::chdir("/"))
        .map_err(|source| EnterError::Enter {
            root: root.into(),
            source,
        })?;
    let source = Command::new(program).args(arguments).exec();
    Err(EnterError::Start {
        program: program.into(),
        source,
    })
}
