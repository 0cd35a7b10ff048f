//! Deletes a directory and all below it, without following a link or going beyond its file system.

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, openat2, unlinkat};
use rustix::io::Errno;

use crate::dir::{self, DirError, Kind};

/// Deeper trees stay: each level holds a descriptor.
const DEEPEST: usize = 200;

/// Why something is left.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// The directory could not be opened or listed; `EXDEV`: something is mounted on it.
    #[error("cannot look into {}", .path.display())]
    Look {
        /// Its path from the directory that was to be removed.
        path: PathBuf,
        /// Why.
        source: DirError,
    },
    /// It could not be deleted.
    #[error("cannot delete {}", .path.display())]
    Delete {
        /// Its path from the directory that was to be removed.
        path: PathBuf,
        /// Why.
        source: Errno,
    },
    /// Somebody wanted it to stop.
    #[error("stopped")]
    Stopped,
}

/// Deletes the directory `name` in `parent` and all below it, or the file of that name. What is mounted there is
/// left alone, and with it all directories above. `progress` is told of every file.
pub fn tree(
    parent: BorrowedFd<'_>,
    name: &str,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(),
) -> Result<(), RemoveError> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) => return Ok(()),
        // unlink(2): Linux says the first of a directory, POSIX the second.
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(source) => {
            let path = name.into();
            return Err(RemoveError::Delete { path, source });
        }
    }
    below(
        parent,
        Path::new(name),
        name.as_ref(),
        DEEPEST,
        stop,
        progress,
    )
}

fn below(
    parent: BorrowedFd<'_>,
    shown: &Path,
    name: &Path,
    depth: usize,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(),
) -> Result<(), RemoveError> {
    let looked = |source| RemoveError::Look {
        path: shown.to_owned(),
        source,
    };
    let here = open(parent, name).map_err(looked)?;
    for entry in entries(&here).map_err(looked)? {
        if stop.load(Ordering::Relaxed) {
            return Err(RemoveError::Stopped);
        }
        let path = shown.join(&entry.0);
        if entry.1 != Kind::Directory {
            unlinkat(&here, &entry.0, AtFlags::empty())
                .map_err(|source| RemoveError::Delete { path, source })?;
            progress();
        } else if depth == 0 {
            let source = Errno::NAMETOOLONG;
            return Err(RemoveError::Delete { path, source });
        } else {
            let name = Path::new(&entry.0);
            below(here.as_fd(), &path, name, depth - 1, stop, progress)?;
        }
    }
    drop(here);
    unlinkat(parent, name, AtFlags::REMOVEDIR).map_err(|source| RemoveError::Delete {
        path: shown.to_owned(),
        source,
    })
}

/// `NO_XDEV` stops at every mount, one of the same file system too.
fn open(parent: BorrowedFd<'_>, name: &Path) -> Result<OwnedFd, DirError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS;
    openat2(parent, name, flags, Mode::empty(), resolve).map_err(|source| DirError::Open {
        path: name.to_owned(),
        source,
    })
}

/// All names in a directory, however many: [`dir::list`] has a limit.
fn entries(here: &OwnedFd) -> Result<Vec<(OsString, Kind)>, DirError> {
    let mut names = Vec::new();
    dir::each(here, |entry| {
        names.push((entry.name, entry.kind));
        Ok(())
    })?;
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn remove(dir: &Path, name: &str) -> (Result<(), RemoveError>, u32) {
        let mut files = 0;
        let parent = dir::open_dir(dir).unwrap();
        let stop = AtomicBool::new(false);
        let outcome = tree(parent.as_fd(), name, &stop, &mut || files += 1);
        (outcome, files)
    }

    #[test]
    fn everything_goes_and_nothing_outside() {
        let dir = tempfile::tempdir().unwrap();
        let session = dir.path().join("1");
        fs::create_dir_all(session.join("changes/etc")).unwrap();
        fs::create_dir(dir.path().join("2")).unwrap();
        fs::write(dir.path().join("2/file"), "kept").unwrap();
        fs::write(session.join("changes/etc/file"), "").unwrap();
        symlink("../../2", session.join("changes/link")).unwrap();
        let (outcome, files) = remove(dir.path(), "1");
        outcome.unwrap();
        assert_eq!(files, 2);
        assert!(!session.exists());
        assert_eq!(fs::read(dir.path().join("2/file")).unwrap(), b"kept");
        symlink("2", dir.path().join("3")).unwrap();
        remove(dir.path(), "3").0.unwrap();
        assert!(dir.path().join("2/file").exists());
        assert!(remove(dir.path(), "4").0.is_err());
    }

    #[test]
    fn a_directory_of_many_files_goes_too() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("1")).unwrap();
        for number in 0..=dir::MAX_ENTRIES {
            fs::write(dir.path().join("1").join(number.to_string()), "").unwrap();
        }
        remove(dir.path(), "1").0.unwrap();
        assert!(!dir.path().join("1").exists());
    }

    #[test]
    fn who_stops_it_finds_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("1/a")).unwrap();
        let parent = dir::open_dir(dir.path()).unwrap();
        let stop = AtomicBool::new(true);
        let outcome = tree(parent.as_fd(), "1", &stop, &mut || {});
        assert!(matches!(outcome, Err(RemoveError::Stopped)));
        assert!(dir.path().join("1/a").exists());
    }

    #[test]
    fn privileged_what_is_mounted_inside_stays() {
        crate::test_namespace::isolated(|place| {
            let inside = place.join("1/changes/mnt");
            fs::create_dir_all(&inside).unwrap();
            let tmpfs = crate::mount::tmpfs("inside", None, 0o755, &Default::default()).unwrap();
            crate::mount::attach_path(&tmpfs, &inside).unwrap();
            fs::write(inside.join("precious"), "kept").unwrap();
            let (outcome, _) = remove(place, "1");
            assert!(
                matches!(outcome, Err(RemoveError::Look { .. })),
                "{outcome:?}"
            );
            assert_eq!(fs::read(inside.join("precious")).unwrap(), b"kept");
        });
    }
}
