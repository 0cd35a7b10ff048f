//! When a session was used last.
//!
//! A boot touches its directory; besides, whatever lies directly in it changes with use: the files of a container,
//! and the work directory that overlayfs empties at each mount. What is deeper has times of its own making.

use std::os::fd::AsFd;

use perch_core::session::{Mode, Session};
use perch_sys::container::is_file_of_one;
use perch_sys::dir;
use perch_sys::layout::{IMAGE, UPPER, WORK};
use rustix::fs::{AtFlags, OFlags, statat};

use crate::store::Store;
use crate::time::Time;

/// The time of the last use; `None` if the directory is gone.
pub fn last_use(store: &Store, session: &Session) -> Option<Time> {
    let name = session.id.to_string();
    let of = |dir: &dyn AsFd, name: &str| {
        let stat = statat(dir.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let nanoseconds = u32::try_from(stat.st_mtime_nsec).unwrap_or(0);
        Some(Time::new(stat.st_mtime, nanoseconds))
    };
    let own = of(&store.dir(), &name)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let Ok(dir) = dir::open_beneath(store.dir(), &name, flags) else {
        return Some(own);
    };
    let inside: Vec<Option<Time>> = match session.mode {
        Mode::Native => {
            let work = format!("{WORK}/work");
            [UPPER, WORK, &work].map(|name| of(&dir, name)).into()
        }
        Mode::Raw => vec![of(&dir, IMAGE)],
        Mode::Dynfilefs => dir::list(&dir)
            .unwrap_or_default()
            .iter()
            .filter(|entry| is_file_of_one(&entry.name))
            .filter_map(|entry| entry.name.to_str())
            .map(|name| of(&dir, name))
            .collect(),
    };
    inside.into_iter().flatten().chain([own]).max()
}
