//! Out of the root file system that is to be unmounted.
//!
//! systemd does this itself before it starts us (systemd-shutdown(8)); for all others it is done in the same
//! way. The mounts that are bound into the new root are bound alone, without what is mounted below them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::mount::{MountPropagationFlags, mount_bind, mount_change};
use rustix::process::{chdir, chroot, pivot_root};

use crate::mount;
use crate::mountinfo;

/// What the new root needs of the old one.
const BOUND: [&str; 4] = ["proc", "sys", "dev", "run"];

/// Why the root could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum PivotError {
    /// A directory could not be made.
    #[error("cannot make {}", .path.display())]
    Make {
        /// The directory.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Mounts are shared with other namespaces and stay so.
    #[error("cannot keep mounts to this system")]
    Private(#[source] Errno),
    /// A directory could not be bound.
    #[error("cannot bind {} to {}", .from.display(), .to.display())]
    Bind {
        /// The directory.
        from: PathBuf,
        /// Where it was to be seen too.
        to: PathBuf,
        /// The reason.
        source: Errno,
    },
    /// The change itself.
    #[error("cannot make {} the root directory", .new_root.display())]
    Pivot {
        /// The new root.
        new_root: PathBuf,
        /// The reason.
        source: Errno,
    },
}

/// Whether the old root is mounted at `old_root`, as [`pivot`] and systemd leave it.
pub fn is_pivoted(old_root: &Path) -> bool {
    mountinfo::read().is_ok_and(|mounts| mountinfo::at(&mounts, old_root).is_some())
}

/// Makes the directory `new_root` the root of this process and of all that had the old one, which is then seen
/// at the directory `old_root` of the new one. What could not be done leaves nothing mounted.
pub fn pivot(new_root: &Path, old_root: &str) -> Result<(), PivotError> {
    let private = MountPropagationFlags::PRIVATE;
    // The kernel refuses to move what it would have to move elsewhere too. mount_namespaces(7).
    mount_change("/", private | MountPropagationFlags::REC).map_err(PivotError::Private)?;
    bind(new_root, new_root)?;
    let done = enter(new_root, old_root);
    if done.is_err() {
        let _ = mount::unmount(new_root, true);
    }
    done
}

fn enter(new_root: &Path, old_root: &str) -> Result<(), PivotError> {
    mount_change(new_root, MountPropagationFlags::PRIVATE).map_err(PivotError::Private)?;
    for name in BOUND {
        let target = new_root.join(name);
        make(&target)?;
        bind(&Path::new("/").join(name), &target)?;
    }
    make(&new_root.join(old_root))?;
    let done = chdir(new_root)
        .and_then(|()| pivot_root(".", old_root))
        .and_then(|()| chroot("."))
        .and_then(|()| chdir("/"));
    done.map_err(|source| PivotError::Pivot {
        new_root: new_root.into(),
        source,
    })?;
    leave_standard_files();
    Ok(())
}

/// Standard input, output and error may be files of the old root.
fn leave_standard_files() {
    let null = open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty());
    if let Ok(null) = null {
        let _ = rustix::stdio::dup2_stdin(&null);
        let _ = rustix::stdio::dup2_stdout(&null);
        let _ = rustix::stdio::dup2_stderr(&null);
    }
}

fn make(path: &Path) -> Result<(), PivotError> {
    fs::create_dir_all(path).map_err(|source| PivotError::Make {
        path: path.into(),
        source,
    })
}

fn bind(from: &Path, to: &Path) -> Result<(), PivotError> {
    mount_bind(from, to).map_err(|source| PivotError::Bind {
        from: from.into(),
        to: to.into(),
        source,
    })
}
