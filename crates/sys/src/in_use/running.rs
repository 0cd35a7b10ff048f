//! Whether a session is the one that this system runs from.
//!
//! What a boot recorded may be a copy of another machine's, or read in a container. The mount table of
//! this process tells: the root is a union that is written through the place for changes, and that place
//! shows the session.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{AtFlags, fstat, stat, statat};

use super::mounted::{LOOP_MAJOR, attached, same, upper_of};
use crate::layout::{DYNFILEFS, IMAGE, Layout};
use crate::mountinfo::{self, Mount};

/// Whether the system runs from the session in the directory `session`, as a boot with this layout
/// opened it.
pub fn runs_from(session: impl AsFd, layout: &Layout) -> bool {
    let mounts = mountinfo::read().unwrap_or_default();
    let at = |path: &Path| mounts.iter().rfind(|mount| mount.target == path);
    let (Some(root), Some(changes)) = (at(Path::new("/")), at(&layout.changes())) else {
        return false;
    };
    is_written_through(root, layout) && shows(changes, session, layout)
}

/// Whether a mount is a union whose changes go to the place for them. aufs does not say where.
fn is_written_through(root: &Mount, layout: &Layout) -> bool {
    match root.fs_type.as_str() {
        "aufs" => true,
        "overlay" => upper_of(root)
            .and_then(|path| Some((stat(&path).ok()?, stat(layout.upper()).ok()?)))
            .is_some_and(|(upper, ours)| same(&upper, &ours)),
        _ => false,
    }
}

/// Whether the place for changes is the session's directory, or the file system in its container.
fn shows(changes: &Mount, session: impl AsFd, layout: &Layout) -> bool {
    let session = session.as_fd();
    let of = |name| statat(session, name, AtFlags::SYMLINK_NOFOLLOW).ok();
    if changes.device.0 != LOOP_MAJOR {
        let place = stat(layout.changes());
        return match (place, fstat(session)) {
            (Ok(place), Ok(session)) => same(&place, &session),
            _ => false,
        };
    }
    match of(IMAGE) {
        Some(image) => attached(&image) == Some(changes.device.1),
        // Its loop device has a file of the server's, which does not say whose it is.
        None => of(DYNFILEFS).is_some(),
    }
}
