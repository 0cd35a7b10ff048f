//! Unmounting what may be in use.

use std::path::Path;
use std::time::{Duration, Instant};

use perch_core::notice::Notice;
use perch_sys::in_use::open_files::{self, User};
use perch_sys::{kmsg, mount, teardown};
use rustix::event::{Timespec, poll};
use rustix::io::Errno;

use super::settle;

/// How long a mount is tried that processes use.
const USED: Duration = Duration::from_secs(15);
/// How long one is tried that no process uses: the kernel lets go of things a moment after their user.
const FREE: Duration = Duration::from_secs(3);
/// Between two tries that nothing announces.
const PAUSE: Duration = Duration::from_millis(20);

/// What became of a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmounted {
    /// It is gone.
    Yes,
    /// It was only taken out of sight, and its file system lives on.
    OutOfSight,
}

/// Removes the mount `id` at `target`, which users know as `name`. Whoever uses it is named and ended, or waited for;
/// as the last resort its file system is made read-only and the mount taken out of sight.
pub fn unmount(id: u32, target: &Path, name: &str) -> Unmounted {
    let error = match try_unmount(id, target, name) {
        Ok(()) => return Unmounted::Yes,
        Err(error) => error,
    };
    let read_only = teardown::make_read_only(target).is_ok();
    let lazily = mount::unmount(target, true);
    kmsg::tell(Notice::NotUnmounted {
        target: name.to_owned(),
        error: error.to_string(),
        read_only,
    });
    if let Err(error) = lazily {
        log::info!("{name} stays where it is: {error}");
    }
    Unmounted::OutOfSight
}

fn try_unmount(id: u32, target: &Path, name: &str) -> Result<(), Errno> {
    let began = Instant::now();
    let mut named: Vec<User> = Vec::new();
    loop {
        match mount::unmount(target, false).map_err(|error| error.errno()) {
            // Gone with another one, or with the directory that it was mounted at.
            Ok(()) | Err(Errno::INVAL | Errno::NOENT) => return Ok(()),
            Err(Errno::BUSY) => {}
            Err(error) => return Err(error),
        }
        let users = open_files::of_mount(id);
        tell(name, &users, &mut named);
        let limit = if users.is_empty() { FREE } else { USED };
        let left = limit.saturating_sub(began.elapsed());
        // Process 1 cannot be ended, and does not end.
        let pids: Vec<u32> = users.iter().map(|user| user.pid).collect();
        if left.is_zero() || (!pids.is_empty() && pids.iter().all(|pid| *pid == 1)) {
            return Err(Errno::BUSY);
        }
        if !settle::these(&pids) {
            settle::servers(&pids, left);
            // Nothing tells of what is not a process.
            let _ = poll(&mut [], Timespec::try_from(PAUSE).ok().as_ref());
        }
    }
}

/// Names those who were not named yet.
fn tell(name: &str, users: &[User], named: &mut Vec<User>) {
    let new: Vec<User> = users
        .iter()
        .filter(|user| !named.contains(user))
        .cloned()
        .collect();
    if new.is_empty() {
        return;
    }
    let words: Vec<String> = new.iter().map(User::to_string).collect();
    kmsg::tell(Notice::StillInUse {
        target: name.to_owned(),
        users: words.join(", "),
    });
    named.extend(new);
}
