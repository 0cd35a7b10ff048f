//! Puts a new file or link in its place: whole, or not at all.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Mode, OFlags, Stat, fchmod, openat, renameat, symlinkat, unlinkat};
use rustix::io::Errno;

use super::{Limits, TEMP, keep};

/// What a new file is to be like.
pub(super) struct New<'a> {
    /// The original.
    pub(super) status: &'a Stat,
    /// Its permissions.
    pub(super) mode: u32,
    /// How many bytes it has; one that grows meanwhile is cut there.
    pub(super) len: u64,
    pub(super) limits: &'a Limits,
}

/// Writes `name` in `place` with the content of `from`, from where it stands.
pub(super) fn file(
    from: &mut File,
    place: &OwnedFd,
    name: &OsStr,
    new: &New<'_>,
) -> io::Result<()> {
    remove_temporary(place)?;
    let written = write(from, place, new)
        .and_then(|()| renameat(place, TEMP, place, name).map_err(io::Error::from));
    if written.is_err() {
        // A full disk should not stay full of our attempt.
        let _ = remove_temporary(place);
    }
    written
}

fn write(from: &mut File, place: &OwnedFd, new: &New<'_>) -> io::Result<()> {
    // O_EXCL: nothing that has the name is written through.
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let to = openat(place, TEMP, flags, Mode::from_raw_mode(0o600))?;
    let mut to = File::from(to);
    let copied = io::copy(&mut Read::by_ref(from).take(new.len), &mut to)?;
    if copied != new.len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if new.limits.keeps_modes {
        keep::attributes(&*from, &to, new.status)?;
    } else {
        fchmod(&to, Mode::from_raw_mode(new.mode))?;
        keep::time(&to, new.status)?;
    }
    if new.limits.lasting {
        to.sync_all()?;
    }
    Ok(())
}

/// Makes `name` in `place` a symbolic link to `target`.
pub(super) fn link(target: &CStr, place: &OwnedFd, name: &OsStr) -> io::Result<()> {
    remove_temporary(place)?;
    symlinkat(target, place, TEMP)?;
    let renamed = renameat(place, TEMP, place, name);
    if renamed.is_err() {
        let _ = remove_temporary(place);
    }
    Ok(renamed?)
}

fn remove_temporary(place: &OwnedFd) -> io::Result<()> {
    match unlinkat(place, TEMP, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
