//! How much the sessions of a store take up, found out while the list of them is on the screen.
//!
//! A walk through a full session takes minutes on a slow stick, so that nobody waits for it: sizes
//! come one by one, and the walk ends with the question.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use perch_core::session::Session;
use perch_core::units::{Bytes, SessionId};
use perch_sys::usage;
use rustix::event::{EventfdFlags, eventfd};

/// How long the end of a walk is waited for: one entry of a directory, unless the stick hangs.
const PATIENCE: Duration = Duration::from_millis(300);

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
        if let Some(usage) = usage::of(store.as_fd(), &id.to_string(), stop)
            && found.send((*id, usage.allocated)).is_ok()
        {
            let _ = rustix::io::write(ring, &1_u64.to_ne_bytes());
        }
        if stop.load(Ordering::Relaxed) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use perch_sys::dir;
    use std::fs;
    use std::time::Instant;

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
