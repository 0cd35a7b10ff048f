//! Directories in the making: a session comes into being whole, or not at all.
//!
//! A working directory has a name of which every session manager of MiniOS knows that it may be removed a day later
//! (`.tmp_` and eight letters, contract §1.3). What is made lies one level below, so that its content cannot be
//! taken for that of another program's, and moves to its place by a single rename(2). The lock of the working
//! directory tells others that somebody is at work.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::AtomicBool;

use perch_core::units::SessionId;
use perch_sys::dir;
use perch_sys::remove::{self, RemoveError};
use perch_sys::replace::{move_durably, sync_names};
use rustix::fs::{
    AtFlags, FlockOperation, Mode, OFlags, fchmod, flock, mkdirat, openat, syncfs, unlinkat,
};
use rustix::io::Errno;

use crate::change::Locked;
use crate::error::Error;
use crate::store::Store;
use crate::twins;

/// What the names of working directories begin with.
pub const PREFIX: &str = ".tmp_";
/// The directory in it that becomes a session.
pub const NEW: &str = ".perch-new";
/// The directory in it that was a session or a piece of the trash, and is being deleted.
pub const OLD: &str = ".perch-old";
/// How many letters follow [`PREFIX`].
const LETTERS: usize = 8;

/// A working directory in the store. It goes with this value, and all in it.
#[derive(Debug)]
pub struct Staged<'a> {
    store: &'a Store,
    name: String,
    /// The directory itself, locked.
    dir: OwnedFd,
    /// Something is in it.
    used: bool,
}

impl<'a> Staged<'a> {
    /// Makes an empty working directory.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn new(store: &'a Store) -> Result<Self, Error> {
        let failed = store.step("make a working directory");
        let (name, dir) = loop {
            let name = format!("{PREFIX}{}", letters());
            match mkdirat(store.dir(), &*name, Mode::from_raw_mode(0o700)) {
                Ok(()) => {
                    let dir = open(store.dir(), &name).map_err(&failed)?;
                    break (name, dir);
                }
                Err(Errno::EXIST) => {}
                Err(error) => return Err(failed(error)),
            }
        };
        // Where there are no locks, its age protects it.
        let _ = flock(&dir, FlockOperation::NonBlockingLockExclusive);
        Ok(Self {
            store,
            name,
            dir,
            used: false,
        })
    }

    /// The working directory itself.
    pub(crate) fn dir(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }

    /// The path in the store of what was [taken](Self::take).
    pub(crate) fn old(&self) -> String {
        format!("{}/{OLD}", self.name)
    }

    /// Makes the directory that is to become a session, and opens it. Its permissions are those of the root of a
    /// system, whatever the umask is.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn make_session(&mut self) -> Result<OwnedFd, Error> {
        let failed = self.store.step("make a directory");
        mkdirat(&self.dir, NEW, Mode::from_raw_mode(0o755)).map_err(&failed)?;
        self.used = true;
        let session = open(self.dir.as_fd(), NEW).map_err(&failed)?;
        match fchmod(&session, Mode::from_raw_mode(0o755)) {
            // Of file systems that have no permissions some say so.
            Ok(()) | Err(Errno::PERM | Errno::OPNOTSUPP) => Ok(session),
            Err(error) => Err(failed(error)),
        }
    }

    /// Forces everything on the store's file system to the medium: before [`settle`](Self::settle), if files were
    /// written that nobody synced.
    ///
    /// # Errors
    /// If the medium fails.
    pub fn sync_all(&self) -> Result<(), Error> {
        let failed = self.store.step("write everything to the medium");
        syncfs(&self.dir).map_err(failed)
    }

    /// Gives the directory from [`make_session`](Self::make_session) its number, which has to be free.
    ///
    /// # Errors
    /// If it is taken or the medium fails; nothing of it is left then.
    pub fn settle(self, locked: &Locked<'_>, id: SessionId) -> Result<(), Error> {
        let failed = self.store.step("give the new session its number");
        let session = open(self.dir.as_fd(), NEW).map_err(&failed)?;
        sync_names(session.as_fd()).map_err(&failed)?;
        let (store, number) = (locked.store().dir(), id.to_string());
        move_durably(self.dir.as_fd(), NEW, store, &number).map_err(failed)
    }

    /// Moves `name` in `from` here, so that it is gone from there at once. What is here is deleted by
    /// [`clear`](Self::clear), or by the next cleanup.
    ///
    /// # Errors
    /// If it cannot be moved, or a power cut has left it under another name too: it is where it was.
    pub fn take(&mut self, from: BorrowedFd<'_>, name: &str) -> Result<(), Error> {
        let twin = twins::find(self.store, from, name);
        if let Some(other) = twin.map_err(|source| self.store.failed(source))? {
            let name = name.to_owned();
            return Err(Error::TwoNames { name, other });
        }
        let failed = self.store.step("move away what is to be deleted");
        move_durably(from, name, self.dir.as_fd(), OLD).map_err(failed)?;
        self.used = true;
        Ok(())
    }

    /// Deletes what was taken; `progress` is told of every file.
    ///
    /// # Errors
    /// If something is left, which is no session any more.
    pub fn clear(
        mut self,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(),
    ) -> Result<(), RemoveError> {
        // Whatever comes of it, it is not tried a second time.
        self.used = false;
        remove::tree(self.dir.as_fd(), OLD, stop, progress)
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if self.used {
            let go_on = AtomicBool::new(false);
            for name in [NEW, OLD] {
                // Not there, or left for the next cleanup.
                let _ = remove::tree(self.dir.as_fd(), name, &go_on, &mut || {});
            }
        }
        let _ = unlinkat(self.store.dir(), &*self.name, AtFlags::REMOVEDIR);
    }
}

/// Whether a name in the store is that of a working directory.
pub fn is_working_directory(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|rest| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        rest.len() == LETTERS && rest.bytes().all(plain)
    })
}

/// Eight letters and digits that nobody else has chosen.
fn letters() -> String {
    const ALL: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut number = RandomState::new().build_hasher().finish();
    let mut letters = String::new();
    for _ in 0..LETTERS {
        let at = usize::try_from(number % 36).unwrap_or(0);
        letters.push(char::from(ALL.get(at).copied().unwrap_or(b'a')));
        number /= 36;
    }
    letters
}

pub(crate) fn open(parent: BorrowedFd<'_>, name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, name, flags, Mode::empty())
}

/// Opens a directory in the store that is no session, without following a link.
pub(crate) fn open_in(store: &Store, name: &str) -> Result<OwnedFd, dir::DirError> {
    dir::open_beneath(store.dir(), name, OFlags::RDONLY | OFlags::DIRECTORY)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn it_is_gone_with_its_value_and_never_twice_the_same() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::open(place.path()).unwrap();
        let mut first = Staged::new(&store).unwrap();
        let mut second = Staged::new(&store).unwrap();
        first.make_session().unwrap();
        second.make_session().unwrap();
        let names = |place: &std::path::Path| -> Vec<String> {
            let entries = fs::read_dir(place).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.collect()
        };
        let there = names(place.path());
        assert_eq!(there.len(), 2);
        assert!(
            there.iter().all(|name| is_working_directory(name)),
            "{there:?}"
        );
        fs::create_dir_all(place.path().join(&there[0]).join(NEW).join("a/b")).unwrap();
        drop((first, second));
        assert!(names(place.path()).is_empty());
    }

    #[test]
    fn what_was_taken_is_nobodys_session_and_is_deleted() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("1/changes/etc")).unwrap();
        let store = Store::open(place.path()).unwrap();
        let mut staged = Staged::new(&store).unwrap();
        staged.take(store.dir(), "1").unwrap();
        assert!(!place.path().join("1").exists());
        let go_on = AtomicBool::new(false);
        staged.clear(&go_on, &mut || {}).unwrap();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn names_of_working_directories() {
        for (name, want) in [
            (".tmp_ab12cd34", true),
            (".tmp_ab_2cd34", true),
            (".tmp_", false),
            (".tmp_ab12cd3", false),
            (".tmp_AB12cd34", false),
            ("tmp_ab12cd34", false),
            (".tmp_../../..", false),
        ] {
            assert_eq!(is_working_directory(name), want, "{name}");
        }
    }
}
