//! The note in a working directory.

use std::ffi::OsStr;
use std::os::fd::BorrowedFd;

use perch_sys::dir::{self, Content};
use perch_sys::replace::{replace_file, sync_names};
use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;

use super::Swap;
use crate::error::Error;
use crate::store::Store;

/// Its name.
pub(super) const NOTE: &str = "swap.json";
/// The longest that is read.
const LONGEST: usize = 1 << 16;

/// Whether that is its name, or the one under which it is written.
pub(crate) fn is_note(name: &OsStr) -> bool {
    let rest = name.to_str().and_then(|name| name.strip_prefix(NOTE));
    rest.is_some_and(|rest| rest.is_empty() || rest == ".new")
}

pub(super) fn write(store: &Store, place: BorrowedFd<'_>, swap: &Swap) -> Result<(), Error> {
    let text = serde_json::to_vec(swap).unwrap_or_default();
    replace_file(place, NOTE, &text, 0o600).map_err(|source| Error::Trash {
        path: store.path().to_owned(),
        source,
    })
}

/// What it says; `None` where there is none that can be read.
pub(super) fn read(place: BorrowedFd<'_>) -> Option<Swap> {
    match dir::read_bounded(place, NOTE, LONGEST) {
        Ok(Content::Bytes { bytes, .. }) => serde_json::from_slice(&bytes).ok(),
        Ok(Content::Absent | Content::TooLarge { .. } | Content::NotAFile) | Err(_) => None,
    }
}

/// Removes it, when everything else is on the medium.
pub(super) fn remove(store: &Store, place: BorrowedFd<'_>) -> Result<(), Error> {
    let failed = store.step("remove a note");
    match unlinkat(place, NOTE, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => sync_names(place).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}
