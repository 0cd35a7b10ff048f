//! How much the sessions of a store take up, found out while the list of them is on the screen.
//!
//! A walk through a full session takes minutes on a slow stick, so that nobody waits for it: sizes
//! come one by one, and the walk ends with the question.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use perch_core::session::Session;
use perch_core::units::{Bytes, SessionId};
use perch_sys::dir;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::{AtFlags, Dir, FileType, OFlags, Stat, statat};

/// How long the end of a walk is waited for: one entry of a directory, unless the stick hangs.
const PATIENCE: Duration = Duration::from_millis(300);
/// Directories deeper than that are a trap rather than a session; each holds a descriptor.
const DEEPEST: usize = 200;
/// How many files with several names are remembered, so that each counts once.
const MOST_LINKED: usize = 200_000;

/// A walk in a thread of its own. Dropping it ends the walk.
#[derive(Debug)]
pub struct Usage {
    found: Receiver<(SessionId, Bytes)>,
    wake: OwnedFd,
    stop: Arc<AtomicBool>,
}

impl Usage {
    /// Starts to look at these sessions of `store`, the one used last first. `None` if the machine
    /// has not even that to spare.
    pub fn start(store: OwnedFd, sessions: &[Session]) -> Option<Self> {
        let mut order: Vec<&Session> = sessions.iter().collect();
        order.sort_by_key(|session| std::cmp::Reverse((session.modified, session.id)));
        let order: Vec<SessionId> = order.into_iter().map(|session| session.id).collect();
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok()?;
        let ring = wake.try_clone().ok()?;
        let (sender, found) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        std::thread::Builder::new()
            .name("usage".to_owned())
            .spawn(move || walk_all(&store, &order, &stopped, &sender, &ring))
            .ok()?;
        Some(Self { found, wake, stop })
    }

    /// Can be read when there is news.
    pub fn wake(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// What became known since the last call.
    pub fn news(&self) -> impl Iterator<Item = (SessionId, Bytes)> {
        // Before the channel is looked at, so that nothing is missed; it never blocks.
        let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        self.found.try_iter()
    }
}

impl Drop for Usage {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // The walk holds directories open, and their file system cannot be unmounted meanwhile.
        while self.found.recv_timeout(PATIENCE).is_ok() {}
    }
}

fn walk_all(
    store: &OwnedFd,
    order: &[SessionId],
    stop: &AtomicBool,
    found: &Sender<(SessionId, Bytes)>,
    ring: &OwnedFd,
) {
    for id in order {
        // What cannot be walked through has no size on the screen; opening it tells why.
        if let Some(used) = used(store.as_fd(), &id.to_string(), stop)
            && found.send((*id, used)).is_ok()
        {
            let _ = rustix::io::write(ring, &1_u64.to_ne_bytes());
        }
        if stop.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// The space that the directory `name` and all below it take on the file system: blocks, not
/// lengths, so that holes count for nothing and files with several names count once. No link is
/// followed. `None` if it cannot be told, or when `stop` is set.
fn used(store: BorrowedFd<'_>, name: &str, stop: &AtomicBool) -> Option<Bytes> {
    let mut linked = BTreeSet::new();
    let mut count = |stat: &Stat| {
        let several = stat.st_nlink > 1
            && FileType::from_raw_mode(stat.st_mode) != FileType::Directory
            && linked.len() < MOST_LINKED;
        if several && !linked.insert((stat.st_dev, stat.st_ino)) {
            return 0;
        }
        // Always in units of 512 bytes, stat(3type).
        u64::try_from(stat.st_blocks)
            .unwrap_or(0)
            .saturating_mul(512)
    };
    let look = |dir: BorrowedFd<'_>, name: &Path| statat(dir, name, AtFlags::SYMLINK_NOFOLLOW);
    let enter = |dir: BorrowedFd<'_>, name: &Path| {
        let fd = dir::open_beneath(dir, name, OFlags::RDONLY | OFlags::DIRECTORY).ok()?;
        Dir::new(fd).ok()
    };
    let mut sum = count(&look(store, Path::new(name)).ok()?);
    let mut open = vec![enter(store, Path::new(name))?];
    while let Some(dir) = open.last_mut() {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        let Some(entry) = dir.read() else {
            open.pop();
            continue;
        };
        let entry = entry.ok()?;
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        let name = Path::new(OsStr::from_bytes(name));
        let here = dir.fd().ok()?;
        // Gone meanwhile.
        let Ok(stat) = look(here, name) else { continue };
        sum = sum.saturating_add(count(&stat));
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            let below = enter(here, name)?;
            if open.len() == DEEPEST {
                return None;
            }
            open.push(below);
        }
    }
    Some(Bytes(sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};
    use std::time::Instant;

    fn go_on() -> AtomicBool {
        AtomicBool::new(false)
    }

    fn blocks(path: &Path) -> u64 {
        fs::symlink_metadata(path).unwrap().blocks() * 512
    }

    #[test]
    fn holes_count_for_nothing_links_once_and_nothing_outside() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir::open_dir(dir.path()).unwrap();
        let session = dir.path().join("1");
        let deep = session.join("changes/etc");
        fs::create_dir_all(&deep).unwrap();
        fs::write(dir.path().join("outside"), vec![7; 500_000]).unwrap();
        fs::write(deep.join("file"), vec![7; 100_000]).unwrap();
        fs::hard_link(deep.join("file"), session.join("same")).unwrap();
        symlink("../outside", session.join("link")).unwrap();
        symlink("..", session.join("up")).unwrap();
        let hole = fs::File::create(session.join("changes.dat")).unwrap();
        hole.set_len(1 << 40).unwrap();
        let want: u64 = [
            "",
            "changes",
            "changes/etc",
            "changes/etc/file",
            "link",
            "up",
            "changes.dat",
        ]
        .iter()
        .map(|name| blocks(&session.join(name)))
        .sum();
        let got = used(store.as_fd(), "1", &go_on()).unwrap();
        assert_eq!(got, Bytes(want));
        assert!((100_000..400_000).contains(&got.0), "{got:?}");
    }

    #[test]
    fn what_is_no_session_directory_has_no_size() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir::open_dir(dir.path()).unwrap();
        symlink("/", dir.path().join("1")).unwrap();
        fs::write(dir.path().join("2"), "").unwrap();
        for name in ["1", "2", "3"] {
            assert_eq!(used(store.as_fd(), name, &go_on()), None, "{name}");
        }
    }

    #[test]
    fn a_bottomless_directory_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir::open_dir(dir.path()).unwrap();
        let mut path = dir.path().join("1");
        for _ in 0..=DEEPEST {
            path.push("d");
        }
        fs::create_dir_all(&path).unwrap();
        assert_eq!(used(store.as_fd(), "1", &go_on()), None);
    }

    #[test]
    fn a_walk_that_is_stopped_says_nothing_more() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir::open_dir(dir.path()).unwrap();
        fs::create_dir_all(dir.path().join("1/changes")).unwrap();
        assert_eq!(used(store.as_fd(), "1", &AtomicBool::new(true)), None);
    }

    #[test]
    fn sizes_arrive_and_the_end_is_at_once() {
        let dir = tempfile::tempdir().unwrap();
        for id in 1..=50 {
            fs::create_dir_all(dir.path().join(format!("{id}/changes"))).unwrap();
        }
        let sessions: Vec<Session> = (1..=50)
            .map(|id| Session {
                id: SessionId::new(id).unwrap(),
                mode: perch_core::session::Mode::Native,
                version: None,
                edition: None,
                union: None,
                size: None,
                image: None,
                allocated: None,
                modified: Some(i64::from(id)),
                in_use: None,
            })
            .collect();
        let usage = Usage::start(dir::open_dir(dir.path()).unwrap(), &sessions).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut ids = Vec::new();
        while ids.len() < 50 && Instant::now() < deadline {
            ids.extend(usage.news().map(|(id, _)| id.get()));
            std::thread::yield_now();
        }
        assert_eq!(ids, (1..=50).rev().collect::<Vec<_>>());
        drop(usage);
    }
}
