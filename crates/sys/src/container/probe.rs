//! Whether a file system can hold a native session: tried, not guessed from its name.
//!
//! A driver may accept a call and forget what it said, so everything is read back. What overlayfs asks
//! of its upper directory is in `Documentation/filesystems/overlayfs.rst`, "Upper and Lower".

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use perch_core::notice::Notice;
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Uid, XattrFlags, fchmod, fchown, fgetxattr, fsetxattr,
    fstat, linkat, makedev, mknodat, readlinkat, statat, symlinkat, unlinkat,
};
use rustix::io::{Errno, Result};

use crate::dir::{self, DirError};
use crate::kmsg;

/// The directory that everything is tried in.
const PLACE: &str = ".probe";
/// The attribute by which overlayfs marks a directory that hides those below it.
const ATTRIBUTE: &str = "trusted.overlay.opaque";
/// A user and a group that are not ours.
const OWNER: u32 = 4321;

/// Something that a native session needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// A file belongs to whom it was given.
    Owners,
    /// Permissions stay as they were set, also set-user-ID.
    Permissions,
    /// Symbolic links.
    SymbolicLinks,
    /// A file with two names.
    HardLinks,
    /// Attributes of overlayfs.
    Attributes,
    /// The device node by which overlayfs marks what was deleted.
    Whiteouts,
}

/// Why a native session cannot be kept here, or why that cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It cannot hold one.
    #[error("it does not keep {}", Listed(.0))]
    Lacks(Vec<Ability>),
    /// It could not be tried, which says nothing of what it can do: full, defective, read-only.
    #[error("cannot try what the session store's file system can do")]
    NotTried(#[source] Errno),
    /// The directory to try it in could not be made or opened.
    #[error("cannot try what the session store's file system can do")]
    Place(#[source] DirError),
}

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owners => "owners",
            Self::Permissions => "permissions",
            Self::SymbolicLinks => "symbolic links",
            Self::HardLinks => "hard links",
            Self::Attributes => "extended attributes (trusted.overlay.*)",
            Self::Whiteouts => "marks for deleted files (device 0/0)",
        })
    }
}

struct Listed<'a>(&'a [Ability]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, ability) in self.0.iter().enumerate() {
            let link = if at == 0 { "" } else { ", " };
            write!(f, "{link}{ability}")?;
        }
        Ok(())
    }
}

/// One trial: whether what was done is there afterwards.
type Trial = fn(BorrowedFd<'_>) -> Result<bool>;

const TRIALS: [(Ability, Trial); 6] = [
    (Ability::Owners, owners),
    (Ability::Permissions, permissions),
    (Ability::SymbolicLinks, symbolic_links),
    (Ability::HardLinks, hard_links),
    (Ability::Attributes, attributes),
    (Ability::Whiteouts, whiteouts),
];

/// Tries everything in a directory of its own below `dir`, which is removed again.
pub fn native(dir: impl AsFd) -> std::result::Result<(), ProbeError> {
    dir::make_dir(&dir, PLACE, 0o700).map_err(ProbeError::Place)?;
    let outcome = dir::open_beneath(&dir, PLACE, OFlags::RDONLY | OFlags::DIRECTORY)
        .map_err(ProbeError::Place)
        .and_then(|place| {
            let outcome = all(place.as_fd());
            for name in ["file", "second", "link", "node"] {
                let _ = unlinkat(&place, name, AtFlags::empty());
            }
            outcome
        });
    if let Err(error) = unlinkat(&dir, PLACE, AtFlags::REMOVEDIR) {
        kmsg::tell(Notice::LeftBehind {
            what: format!("the directory {PLACE} in the session's"),
            error: error.to_string(),
        });
    }
    outcome
}

fn all(place: BorrowedFd<'_>) -> std::result::Result<(), ProbeError> {
    let mut lacks = Vec::new();
    for (ability, trial) in TRIALS {
        match trial(place) {
            Ok(true) => {}
            // These say nothing of the kind of file system.
            Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::IO | Errno::ROFS | Errno::NOMEM)) => {
                return Err(ProbeError::NotTried(error));
            }
            Ok(false) | Err(_) => lacks.push(ability),
        }
    }
    if lacks.is_empty() {
        return Ok(());
    }
    Err(ProbeError::Lacks(lacks))
}

fn file(place: BorrowedFd<'_>) -> Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    rustix::fs::openat(place, "file", flags, Mode::from_raw_mode(0o600))
}

fn owners(place: BorrowedFd<'_>) -> Result<bool> {
    let file = file(place)?;
    fchown(
        &file,
        Some(Uid::from_raw(OWNER)),
        Some(Gid::from_raw(OWNER)),
    )?;
    let stat = fstat(&file)?;
    Ok(stat.st_uid == OWNER && stat.st_gid == OWNER)
}

fn permissions(place: BorrowedFd<'_>) -> Result<bool> {
    let file = file(place)?;
    for mode in [0o4755, 0o640] {
        fchmod(&file, Mode::from_raw_mode(mode))?;
        if fstat(&file)?.st_mode & 0o7777 != mode {
            return Ok(false);
        }
    }
    Ok(true)
}

fn symbolic_links(place: BorrowedFd<'_>) -> Result<bool> {
    symlinkat("nowhere", place, "link")?;
    Ok(readlinkat(place, "link", Vec::new())?.as_bytes() == b"nowhere")
}

fn hard_links(place: BorrowedFd<'_>) -> Result<bool> {
    let file = file(place)?;
    linkat(place, "file", place, "second", AtFlags::empty())?;
    let second = statat(place, "second", AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(second.st_ino == fstat(&file)?.st_ino && second.st_nlink == 2)
}

fn attributes(place: BorrowedFd<'_>) -> Result<bool> {
    let file = file(place)?;
    fsetxattr(&file, ATTRIBUTE, b"y", XattrFlags::empty())?;
    let mut value = [0; 8];
    let length = fgetxattr(&file, ATTRIBUTE, &mut value)?;
    Ok(value.get(..length) == Some(b"y"))
}

fn whiteouts(place: BorrowedFd<'_>) -> Result<bool> {
    let device = makedev(0, 0);
    let mode = Mode::from_raw_mode(0o600);
    mknodat(place, "node", FileType::CharacterDevice, mode, device)?;
    let stat = statat(place, "node", AtFlags::SYMLINK_NOFOLLOW)?;
    let kind = FileType::from_raw_mode(stat.st_mode);
    Ok(kind == FileType::CharacterDevice && stat.st_rdev == device)
}

#[cfg(test)]
mod tests;
