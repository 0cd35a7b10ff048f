//! The lock of a store: who reads its metadata and writes it back holds it in between.
//!
//! It is the one that the session manager of MiniOS takes (contract §1.3), an empty file that stays. The
//! boot takes none: nothing else runs yet.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags, flock, openat};
use rustix::io::Errno;

use crate::in_use::open_files::{User, lock_holder};

/// The file that is locked.
const NAME: &str = ".session_create.lock";
/// How long between two looks: flock(2) cannot wait for a time.
const PAUSE: Duration = Duration::from_millis(50);

/// The lock of a store, until this value goes.
#[derive(Debug)]
pub struct StoreLock {
    _file: OwnedFd,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Its file could not be opened or made: `EROFS` on a medium that is read-only.
    #[error("cannot open {NAME}")]
    Open(#[source] Errno),
    /// The file system has no locks, or the like.
    #[error("cannot lock {NAME}")]
    Failed(#[source] Errno),
    /// Somebody else had it all the time.
    #[error("another program is changing the sessions{}", by(.0.as_ref()))]
    Held(Option<User>),
}

fn by(user: Option<&User>) -> String {
    user.map(|user| format!(": {user}")).unwrap_or_default()
}

impl StoreLock {
    /// Takes the lock of the store that `store` is open on; waits for as long as `patience` while somebody
    /// else has it.
    pub fn take(store: BorrowedFd<'_>, patience: Duration) -> Result<Self, LockError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let mode = Mode::from_raw_mode(0o644);
        let file = openat(store, NAME, flags, mode).map_err(LockError::Open)?;
        let deadline = Instant::now() + patience;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(Errno::WOULDBLOCK) if Instant::now() < deadline => sleep(PAUSE),
                Err(Errno::WOULDBLOCK) => return Err(LockError::Held(lock_holder(&file))),
                Err(Errno::INTR) => {}
                Err(source) => return Err(LockError::Failed(source)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;
    use crate::dir;

    #[test]
    fn one_at_a_time_and_no_wait_without_an_end() {
        let place = tempfile::tempdir().unwrap();
        let store = dir::open_dir(place.path()).unwrap();
        let first = StoreLock::take(store.as_fd(), Duration::ZERO).unwrap();
        let second = StoreLock::take(store.as_fd(), PAUSE).unwrap_err();
        assert!(matches!(second, LockError::Held(_)), "{second:?}");
        let waiting = std::thread::spawn(move || {
            StoreLock::take(store.as_fd(), Duration::from_secs(60)).map(|_| ())
        });
        drop(first);
        waiting.join().unwrap().unwrap();
        assert!(place.path().join(NAME).exists());
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let place = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("elsewhere", place.path().join(NAME)).unwrap();
        let store = dir::open_dir(place.path()).unwrap();
        let error = StoreLock::take(store.as_fd(), Duration::ZERO).unwrap_err();
        assert!(matches!(error, LockError::Open(Errno::LOOP)), "{error:?}");
        assert!(!place.path().join("elsewhere").exists());
    }
}
