//! The last step of the boot: the new root takes the place of the initramfs, and its init that
//! of this program.
//!
//! Whatever can be found out before is found out before, and what can be undone is undone on
//! failure; see [`switch_root`] for the order. What is mounted in the new root is decided
//! elsewhere.
//!
//! An initramfs cannot be unmounted, and pivot_root(2) does not work on it: the new root is moved
//! over it and the files below are deleted to free their memory, as
//! `Documentation/filesystems/ramfs-rootfs-initramfs.rst` says.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, StatVfsMountFlags, fstat, fstatvfs,
    mkdirat, openat2, unlinkat,
};
use rustix::io::Errno;

use crate::mount::{attach, is_mount_point};

mod cleanup;

/// Where the new root waits when it lies below a mount that moves into it.
const STAGE: &str = "/.perch-root";

/// Proof that the boot is committed: nothing is left to undo when it is handed over. The caller
/// implements it for the one type that says so.
pub trait Committed {}

/// What is to be started, and what comes along.
#[derive(Debug, Clone, Copy)]
pub struct NewSystem<'a> {
    /// Its root directory, an absolute path to the root of a mount.
    pub root: &'a Path,
    /// Absolute paths of mounts that move to the same place in the new root: `/proc`, `/sys`,
    /// `/dev`, `/run`. One that is no mount is left out.
    pub keep: &'a [&'a Path],
    /// The program, an absolute path in the new root.
    pub init: &'a Path,
    /// Its arguments, without its own name.
    pub args: &'a [OsString],
}

/// Why the new system could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// Only the first process may do this: everybody else's root stays, and is emptied.
    #[error("only process 1 can hand the machine over to a new system")]
    NotFirst,
    /// The new root, the old one or a mount that comes along could not be opened.
    #[error("cannot open {} to switch to the new root", .path.display())]
    Open {
        /// The directory.
        path: PathBuf,
        /// The reason.
        source: Errno,
    },
    /// The new root is no mount, so that it could not be moved.
    #[error("{} is not the root of a mount", .new_root.display())]
    NotAMount {
        /// The new root.
        new_root: PathBuf,
    },
    /// The init does not exist in the new root, or is no program.
    #[error("{} in the new root {} cannot be started", .init.display(), .new_root.display())]
    NoInit {
        /// The program.
        init: PathBuf,
        /// The new root.
        new_root: PathBuf,
        /// `ENOENT` missing, `EACCES` not executable, `EISDIR` or `EINVAL` no file, `EPERM` on a
        /// mount with `noexec`.
        source: Errno,
    },
    /// The new root has no directory for a mount that comes along, and none could be made.
    #[error("the new root has no directory {}", .keep.display())]
    NoPlace {
        /// The directory.
        keep: PathBuf,
        /// The reason.
        source: Errno,
    },
    /// A mount could not be moved. The mounts that had been moved are back.
    #[error("cannot move the mount {} into its new place", .from.display())]
    Move {
        /// The mount, where it was and is.
        from: PathBuf,
        /// The reason.
        source: Errno,
    },
    /// The new root could not be entered. The mounts that had been moved are back.
    #[error("cannot make {} the root directory", .new_root.display())]
    Root {
        /// The new root.
        new_root: PathBuf,
        /// The reason.
        source: Errno,
    },
    /// The program could not be started. There is no way back: the process lives in the new
    /// root and the initramfs is empty, but the new root's shell may be usable.
    #[error("cannot start {}", .init.display())]
    Exec {
        /// The program.
        init: PathBuf,
        /// `ENOENT` with an existing program: its interpreter is missing.
        source: std::io::Error,
    },
}

/// Hands the machine over; returns only on failure.
///
/// In this order: look whether the new root is a mount and has the init; make room for the mounts
/// that come along; move them; move the new root over `/` and enter it; delete the old root's
/// files, if they live in memory, without leaving their filesystem; start the init. A failure up
/// to entering the new root leaves everything as it was; only [`SwitchError::Exec`] comes later.
///
/// Nothing the new system uses may lie in the old root's own filesystem: it is emptied. What is
/// mounted in the old root and neither in `keep` nor below it stays mounted, out of reach.
pub fn switch_root(
    committed: impl Committed,
    new: &NewSystem<'_>,
) -> Result<Infallible, SwitchError> {
    if !rustix::process::getpid().is_init() {
        return Err(SwitchError::NotFirst);
    }
    let new_root = open_dir(new.root)?;
    if is_mount_point(new.root) != Ok(true) {
        return Err(SwitchError::NotAMount {
            new_root: new.root.into(),
        });
    }
    check_init(&new_root, new)?;
    let along = find_places(&new_root, new)?;
    let old_root = open_dir(Path::new("/"))?;

    let mut moves = Moves::default();
    if let Err(error) = enter(new_root, new, along, &mut moves) {
        moves.undo();
        return Err(error);
    }
    // There is nothing left to undo, and the proof has done its work.
    drop(committed);
    let freed = cleanup::empty_if_in_memory(&old_root);
    log::debug!("deleted {freed} files of the initramfs");
    drop(old_root);
    let source = Command::new(new.init).args(new.args).exec();
    Err(SwitchError::Exec {
        init: new.init.into(),
        source,
    })
}

/// Whether `init` can be started in the new root; what [`switch_root`] verifies, without the reason.
pub fn is_program(root: &Path, init: &Path) -> bool {
    let new = NewSystem {
        root,
        keep: &[],
        init,
        args: &[],
    };
    open_dir(root).is_ok_and(|dir| check_init(&dir, &new).is_ok())
}

/// Makes the directories in the new root that mounts of the initramfs are to be moved to, where they are missing: for a
/// host initramfs, which does the moving itself.
pub fn make_places(root: &Path, keep: &[&Path]) -> Result<(), SwitchError> {
    let new = NewSystem {
        root,
        keep,
        init: Path::new(""),
        args: &[],
    };
    find_places(&open_dir(root)?, &new).map(drop)
}

fn open_dir(path: &Path) -> Result<OwnedFd, SwitchError> {
    crate::dir::open_dir(path).map_err(|error| SwitchError::Open {
        path: path.into(),
        source: error.errno().unwrap_or(Errno::IO),
    })
}

/// Opens an absolute path as if `root` were `/`, links included. openat2(2), Linux 5.6.
fn in_root(root: impl AsFd, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    openat2(
        root,
        path,
        flags | OFlags::CLOEXEC,
        Mode::empty(),
        ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS,
    )
}

/// Looks at the init as execve(2) will see it.
fn check_init(new_root: &OwnedFd, new: &NewSystem<'_>) -> Result<(), SwitchError> {
    let checked = in_root(new_root, new.init, OFlags::PATH).and_then(|init| {
        let status = fstat(&init)?;
        let noexec = StatVfsMountFlags::NOEXEC;
        match FileType::from_raw_mode(status.st_mode) {
            FileType::Directory => Err(Errno::ISDIR),
            FileType::RegularFile if status.st_mode & 0o111 == 0 => Err(Errno::ACCESS),
            FileType::RegularFile if fstatvfs(&init)?.f_flag.contains(noexec) => Err(Errno::PERM),
            FileType::RegularFile => Ok(()),
            _ => Err(Errno::INVAL),
        }
    });
    checked.map_err(|source| SwitchError::NoInit {
        init: new.init.into(),
        new_root: new.root.into(),
        source,
    })
}

/// A mount that comes along, and where it goes.
struct Along<'a> {
    from: &'a Path,
    place: OwnedFd,
}

/// Opens the directories in the new root for the mounts that come along; a missing one is made.
fn find_places<'a>(new_root: &OwnedFd, new: &NewSystem<'a>) -> Result<Vec<Along<'a>>, SwitchError> {
    let mut along = Vec::new();
    for &from in new.keep {
        if is_mount_point(from) != Ok(true) {
            continue;
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let place = match in_root(new_root, from, flags) {
            Err(Errno::NOENT) => {
                make_in_root(new_root, from).and_then(|()| in_root(new_root, from, flags))
            }
            outcome => outcome,
        };
        let place = place.map_err(|source| SwitchError::NoPlace {
            keep: from.into(),
            source,
        })?;
        along.push(Along { from, place });
    }
    Ok(along)
}

fn make_in_root(root: &OwnedFd, path: &Path) -> rustix::io::Result<()> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Errno::INVAL);
    };
    let parent = in_root(root, parent, OFlags::PATH | OFlags::DIRECTORY)?;
    mkdirat(parent, name, Mode::from_raw_mode(0o755))
}

/// Moves all mounts and makes the new root this process's own.
fn enter(
    new_root: OwnedFd,
    new: &NewSystem<'_>,
    along: Vec<Along<'_>>,
    moves: &mut Moves,
) -> Result<(), SwitchError> {
    let mut root_is_at = new.root;
    let stage = Path::new(STAGE);
    // A mount cannot move into a mount below itself (ELOOP): the new root goes first, aside.
    if along.iter().any(|mount| new.root.starts_with(mount.from)) {
        match mkdirat(CWD, stage, Mode::from_raw_mode(0o700)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(source) => {
                return Err(SwitchError::NoPlace {
                    keep: stage.into(),
                    source,
                });
            }
        }
        moves.make(root_is_at, open_dir(new.root)?, &open_dir(stage)?)?;
        root_is_at = stage;
    }
    for mount in along {
        moves.make(mount.from, open_dir(mount.from)?, &mount.place)?;
    }
    let entered = new_root.try_clone();
    moves.make(root_is_at, new_root, &open_dir(Path::new("/"))?)?;
    // Path look-ups still start below the mount that now covers `/`.
    entered
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
        .and_then(|root| rustix::process::fchdir(&root))
        .and_then(|()| rustix::process::chroot("."))
        .and_then(|()| rustix::process::chdir("/"))
        .map_err(|source| SwitchError::Root {
            new_root: new.root.into(),
            source,
        })
}

/// Mounts that were moved, so that they can be moved back.
#[derive(Default)]
struct Moves {
    done: Vec<(PathBuf, OwnedFd)>,
}

impl Moves {
    /// Moves `mount`, which is at `from`, over the directory `to`.
    fn make(&mut self, from: &Path, mount: OwnedFd, to: &OwnedFd) -> Result<(), SwitchError> {
        attach(&mount, to, "").map_err(|error| SwitchError::Move {
            from: from.into(),
            source: error.errno(),
        })?;
        self.done.push((from.into(), mount));
        Ok(())
    }

    /// The last first, since an earlier one may hold the directory of a later one. What fails
    /// here cannot be helped; the error that led here is the one to tell.
    fn undo(self) {
        for (from, mount) in self.done.into_iter().rev() {
            let _ = attach(mount, CWD, from);
        }
        let _ = unlinkat(CWD, STAGE, AtFlags::REMOVEDIR);
    }
}

#[cfg(test)]
mod tests;
