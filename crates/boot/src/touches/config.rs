//! `config.conf` and `config.conf.d/*.conf` of the medium, handed to the live system below `/etc/live`.
//!
//! A copy of what was handed over last lies below `/var/lib/perch/handed` in the system; by it a file that
//! the user edited there is known, and kept.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use perch_core::cause::Causes;
use perch_core::handed::{Hand, Versions, hand};
use perch_sys::dir::{self, Content, DirError, Kind};
use perch_sys::replace::{self, ReplaceError};
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::Done;

const CONFIG: &str = "config.conf";
const FRAGMENTS: &str = "config.conf.d";
const SYSTEM: &str = "etc/live";
const LAST: &str = "var/lib/perch/handed";
/// The longest file, in bytes.
const MAX: usize = 256 * 1024;
/// The most files of `config.conf.d`.
const MAX_FILES: usize = 256;

/// Why a file was not handed over.
#[derive(Debug, thiserror::Error)]
enum HandError {
    #[error("is no regular file")]
    NoFile,
    #[error("is longer than {} KiB", MAX >> 10)]
    TooLong,
    #[error("is something else than a regular file in the system")]
    Taken,
    #[error(transparent)]
    Directory(#[from] DirError),
    #[error(transparent)]
    Replace(#[from] ReplaceError),
}

/// What came of the files, by what was done with them.
#[derive(Default)]
struct Report {
    written: Vec<String>,
    kept: Vec<String>,
    same: usize,
    failed: Vec<String>,
}

/// Hands them over; `None` if the medium has none.
pub(super) fn hand_over(data: BorrowedFd<'_>, root: BorrowedFd<'_>) -> Option<Done> {
    let mut report = Report::default();
    one(data, root, "", CONFIG, &mut report);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let listed =
        dir::open_beneath(data, FRAGMENTS, flags).and_then(|dir| Ok((dir::list(&dir)?, dir)));
    match listed {
        Ok((entries, dir)) => {
            let names: Vec<&str> = entries
                .iter()
                .filter(|entry| entry.kind == Kind::File)
                .filter_map(|entry| entry.name.to_str())
                .filter(|name| name.ends_with(".conf"))
                .collect();
            if names.len() > MAX_FILES {
                report.failed.push(format!(
                    "{FRAGMENTS} has more than {MAX_FILES} files, and only these are used"
                ));
            }
            for name in names.into_iter().take(MAX_FILES) {
                one(dir.as_fd(), root, FRAGMENTS, name, &mut report);
            }
        }
        Err(error) if error.errno() == Some(Errno::NOENT) => {}
        Err(error) => report
            .failed
            .push(format!("{FRAGMENTS}: {}", Causes(&error))),
    }
    report.done()
}

/// Hands over the file `name` of `source`, to the directory `below` the place for all of them.
fn one(source: BorrowedFd<'_>, root: BorrowedFd<'_>, below: &str, name: &str, report: &mut Report) {
    let shown = format!("{below}/{name}");
    let shown = shown.trim_start_matches('/').to_owned();
    match try_one(source, root, below, name) {
        Ok(None) => {}
        Ok(Some(Hand::Same | Hand::Note)) => report.same += 1,
        Ok(Some(Hand::Write)) => report.written.push(shown),
        Ok(Some(Hand::KeepEdited)) => report.kept.push(shown),
        Err(error) => report.failed.push(format!("{shown}: {}", Causes(&error))),
    }
}

fn try_one(
    source: BorrowedFd<'_>,
    root: BorrowedFd<'_>,
    below: &str,
    name: &str,
) -> Result<Option<Hand>, HandError> {
    let medium = match dir::read_bounded(source, name, MAX)? {
        Content::Absent => return Ok(None),
        Content::Bytes { bytes, .. } => bytes,
        Content::TooLarge { .. } => return Err(HandError::TooLong),
        Content::NotAFile => return Err(HandError::NoFile),
    };
    let place = |base: &str| format!("{base}/{below}");
    let there = |base: &str| -> Result<Option<Vec<u8>>, HandError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let dir = match dir::open_in_root(root, place(base), flags) {
            Err(error) if error.errno() == Some(Errno::NOENT) => return Ok(None),
            opened => opened?,
        };
        match dir::read_bounded(&dir, name, MAX)? {
            Content::Absent => Ok(None),
            Content::Bytes { bytes, .. } => Ok(Some(bytes)),
            Content::TooLarge { .. } | Content::NotAFile => Err(HandError::Taken),
        }
    };
    let (system, last) = (there(SYSTEM)?, there(LAST)?);
    let hand = hand(Versions {
        medium: &medium,
        system: system.as_deref(),
        last: last.as_deref(),
    });
    let write = |base: &str| -> Result<(), HandError> {
        let dir: OwnedFd = dir::make_path_in_root(root, OsStr::new(&place(base)))?;
        Ok(replace::replace_file(dir.as_fd(), name, &medium, 0o644)?)
    };
    // In this order: after a power cut between the two the file is known as ours all the same.
    if hand == Hand::Write {
        write(SYSTEM)?;
    }
    if matches!(hand, Hand::Write | Hand::Note) {
        write(LAST)?;
    }
    Ok(Some(hand))
}

impl Report {
    /// In words; `None` if there was no file at all.
    fn done(self) -> Option<Done> {
        let mut parts = Vec::new();
        let mut say = |names: &[String], what: &str| {
            if !names.is_empty() {
                parts.push(format!("{} {what}", names.join(", ")));
            }
        };
        say(&self.written, "written to /etc/live");
        say(&self.kept, "kept as edited in /etc/live");
        say(&self.failed, "not written");
        if self.same > 0 {
            parts.push(format!("{} unchanged", self.same));
        }
        (!parts.is_empty()).then(|| Done {
            ok: self.failed.is_empty(),
            result: parts.join("; "),
        })
    }
}

#[cfg(test)]
mod tests;
