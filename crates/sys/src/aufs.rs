//! The union of read-only bundles and one writable directory by aufs, in kernels that have it: aufs(5).
//!
//! What the kernel is told is made by [`perch_core::aufs`]. It is told through mount(2): aufs learnt
//! fsopen(2) only for Linux 6, and there a value ends after 255 bytes.
//!
//! The union outlives the change of the root: its branches are held by their mounts, which move with
//! `/run`, and the table of inode numbers is an unlinked file on the tmpfs of `/run`. Nothing of it
//! lies in the initramfs, which is emptied.

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use perch_core::aufs::{MARKER, MARKS, calls, is_plain};
use perch_core::cause::Causes;
use perch_core::notice::Notice;
use perch_core::session::UnionKind;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, openat, statat, unlinkat};
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount, mount_remount};

use crate::kmod::Loader;
use crate::kmsg;
use crate::layout::{UPPER, WORK};
use crate::mount::unmount;
use crate::overlay::{Farm, Lower, OverlayError, plant};

mod complaint;
mod error;
use complaint::Listener;
pub use error::AufsError;

/// The kernel's name for it, of the module and of the file system.
const NAME: &str = "aufs";

/// The file whose creation proves that the union takes writes.
const PROOF: &str = ".perch-write-test";

/// Whether this kernel has aufs; its module is loaded if there is one. Where there is none that costs
/// a look into a list that is in memory already.
pub fn available(loader: &Loader) -> bool {
    if registered() {
        return true;
    }
    let known = loader
        .index()
        .modules()
        .is_ok_and(|modules| modules.find(NAME).is_some());
    if !known {
        return false;
    }
    if let Err(error) = loader.load(NAME) {
        let error = Causes(&error).to_string();
        kmsg::tell(Notice::AufsUnusable { error });
    }
    registered()
}

fn registered() -> bool {
    std::fs::read_to_string("/proc/filesystems").is_ok_and(|text| is_registered(&text))
}

/// Reads `/proc/filesystems`, proc_filesystems(5): `nodev`, a tab, the name.
fn is_registered(filesystems: &str) -> bool {
    filesystems
        .lines()
        .any(|line| line.split_whitespace().next_back() == Some(NAME))
}

/// The union that wrote in the place for changes `dir`, as its content tells; `None` if nothing does, or
/// both do. aufs leaves a mark in each writable branch; overlayfs has its two directories there, which
/// a user of aufs may have as well.
pub fn written_by(dir: impl AsFd) -> Option<UnionKind> {
    let kind = |name: &str| {
        let found = statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(FileType::from_raw_mode(found.st_mode))
    };
    let is_dir = |name| kind(name) == Some(FileType::Directory);
    match (kind(MARKER).is_some(), is_dir(UPPER) && is_dir(WORK)) {
        (true, false) => Some(UnionKind::Aufs),
        (false, true) => Some(UnionKind::Overlayfs),
        (true, true) | (false, false) => None,
    }
}

/// Removes what aufs makes in the root of a writable branch and leaves there, as far as it is empty. For
/// a directory that is about to be removed; what the user wrote stays.
pub fn remove_marks(branch: impl AsFd) {
    for mark in MARKS {
        let flags = if mark.is_dir {
            AtFlags::REMOVEDIR
        } else {
            AtFlags::empty()
        };
        let _ = unlinkat(&branch, mark.name, flags);
    }
}

/// Mounts the union of `bundles`, the lowest first, below the directory `writable` at `target`, and
/// proves that it takes writes. A failure leaves no mount behind.
///
/// `xino` is a path in memory, outside of all branches, for the table of inode numbers. `farm` is a
/// directory that we may make and fill with links, for bundles whose paths aufs cannot be told.
pub fn assemble(
    bundles: &[Lower<'_>],
    writable: &Path,
    xino: &Path,
    farm: &Path,
    target: &Path,
) -> Result<(), AufsError> {
    let paths = told(bundles, farm)?;
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let calls = calls(writable, &paths, xino)?;
    // A leftover would be refused; the kernel removes its own name at once.
    match unlinkat(CWD, xino, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(source) => {
            return Err(AufsError::Table {
                path: xino.into(),
                source,
            });
        }
    }
    let mut listener = Listener::start();
    let mut failed = |source| AufsError::Mount {
        bundles: bundles.len(),
        writable: writable.into(),
        words: listener.heard(),
        source,
    };
    let data = text(calls.mount).map_err(&mut failed)?;
    mount(NAME, target, NAME, MountFlags::empty(), data.as_c_str()).map_err(&mut failed)?;
    let finished = calls
        .remounts
        .into_iter()
        .try_for_each(|data| mount_remount(target, MountFlags::empty(), text(data)?))
        .map_err(failed)
        .and_then(|()| {
            prove(target).map_err(|source| AufsError::ReadOnly {
                writable: writable.into(),
                source,
            })
        });
    if finished.is_err() {
        // The caller is told of the failure that led here.
        let _ = unmount(target, true);
    }
    finished
}

/// The bundles' paths as aufs can be told of them: links where a file name has a special character.
fn told(bundles: &[Lower<'_>], farm: &Path) -> Result<Vec<PathBuf>, OverlayError> {
    if bundles.iter().all(|bundle| is_plain(bundle.path)) {
        return Ok(bundles.iter().map(|bundle| bundle.path.into()).collect());
    }
    let Farm { lowers, .. } = plant(farm, bundles, None)?;
    Ok(lowers.iter().map(|name| farm.join(name)).collect())
}

fn text(data: Vec<u8>) -> rustix::io::Result<CString> {
    CString::new(data).map_err(|_| Errno::INVAL)
}

/// Makes a file in the directory `target` and removes it.
fn prove(target: &Path) -> rustix::io::Result<()> {
    let dir = crate::dir::open_dir(target).map_err(|error| error.errno().unwrap_or(Errno::IO))?;
    match make(dir.as_fd()) {
        // Of a boot that was cut off just here.
        Err(Errno::EXIST) => {
            unlinkat(&dir, PROOF, AtFlags::empty())?;
            make(dir.as_fd())?;
        }
        outcome => outcome?,
    }
    unlinkat(&dir, PROOF, AtFlags::empty())
}

fn make(dir: BorrowedFd<'_>) -> rustix::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    openat(dir, PROOF, flags, Mode::from_raw_mode(0o600)).map(drop)
}

#[cfg(test)]
mod tests;
