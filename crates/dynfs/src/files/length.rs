//! How long a file is, on FAT: what fdatasync(2) may leave out.
//!
//! Linux keeps the length in the file's inode. Its own writing back, whose moment nobody chooses, puts it into a buffer of
//! the directory without writing that, and the inode counts as clean from then on: fsync(2) leaves both out
//! (fs/fat/inode.c, `__fat_write_inode`; fs/libfs.c, `__generic_file_fsync`). A power cut would leave entries for blocks
//! behind the end of their file. `cargo xtask prove cuts` found one in 50 states.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{fdatasync, syncfs};

/// What is known of the length that a file has on the medium.
#[derive(Debug, Default)]
pub(super) struct Length {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Absent where it is not certain.
    durable: Option<u64>,
    /// How often the file was cut, or given another length.
    changes: u64,
}

impl Length {
    /// Sets the length by `act`: the same one later need not be the one that is on the medium.
    pub(super) fn change<T>(&self, act: impl FnOnce() -> T) -> T {
        self.forget();
        let done = act();
        // Whoever looked in between saw the old length.
        self.forget();
        done
    }

    fn forget(&self) {
        let mut state = self.lock();
        state.durable = None;
        state.changes += 1;
    }

    /// Makes a file durable, and its length, which `len` tells.
    pub(super) fn sync(
        &self,
        fd: BorrowedFd<'_>,
        len: impl FnOnce() -> io::Result<u64>,
    ) -> io::Result<()> {
        let changes = self.lock().changes;
        // Before all else: what is appended meanwhile is for the next call.
        let len = len()?;
        fdatasync(fd)?;
        if self.lock().durable == Some(len) {
            return Ok(());
        }
        settle(fd)?;
        let mut state = self.lock();
        if state.changes == changes {
            state.durable = Some(len);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the length durable, behind an fdatasync(2): syncfs(2) waits for the kernel's own writing back and writes every
/// buffer, fdatasync(2) has the medium empty its cache.
pub(super) fn settle(fd: BorrowedFd<'_>) -> io::Result<()> {
    syncfs(fd)?;
    Ok(fdatasync(fd)?)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn a_length_is_certain_once_synced_and_not_after_a_change() {
        let file = tempfile::tempfile().unwrap();
        let length = Length::default();
        let known = || length.lock().durable;
        let sync = |file: &File| length.sync(file.as_fd(), || Ok(file.metadata()?.len()));
        sync(&file).unwrap();
        assert_eq!(known(), Some(0));
        length.change(|| file.set_len(10)).unwrap();
        assert_eq!(known(), None);
        sync(&file).unwrap();
        assert_eq!(known(), Some(10));
        // Cut and lengthened while a sync is under way: what that saw is not what is there.
        let cut = || {
            length.change(|| file.set_len(5)).unwrap();
            Ok(10)
        };
        length.sync(file.as_fd(), cut).unwrap();
        assert_eq!(known(), None);
    }
}
