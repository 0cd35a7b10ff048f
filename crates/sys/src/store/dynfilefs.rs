//! What the files of a dynfilefs container tell without opening it: how large its disk is, what it takes, and
//! whether it was ever finished.

use std::os::fd::AsFd;

use dynfilefs::geometry::{DEFAULT_SPLIT, Geometry};
use dynfilefs::header::{self, Header};
use dynfilefs::store::FileName;
use perch_core::units::Bytes;
use rustix::fs::{AtFlags, OFlags, statat};
use rustix::io::{pread, retry_on_intr};

use crate::container::is_file_of_one;
use crate::dir::{self, Content, Entry, Kind};
use crate::layout::DYNFILEFS;

/// The files of a container in a session's directory.
#[derive(Debug)]
pub(super) struct Files {
    /// Size of its disk, as the header tells; `None` if there is none, or not one of today's format.
    pub(super) disk: Option<Bytes>,
    /// What they take on the medium, in whole blocks.
    pub(super) taken: Bytes,
    /// It was being made when the power went: nothing of anybody's is in it.
    pub(super) unfinished: bool,
}

/// Looks at the files among `entries`, the entries of the session's directory; `None` if there are none.
pub(super) fn look(session: impl AsFd, entries: &[Entry]) -> Option<Files> {
    let of_container = |entry: &&Entry| entry.kind == Kind::File && is_file_of_one(&entry.name);
    let files: Vec<&Entry> = entries.iter().filter(of_container).collect();
    if files.is_empty() {
        return None;
    }
    let taken = files.iter().map(|file| taken(&session, file)).sum();
    let disk = match dir::read_bounded(&session, DYNFILEFS, header::LEN) {
        Ok(Content::Bytes { bytes, .. }) => Header::parse(&bytes).ok(),
        Ok(Content::Absent | Content::TooLarge { .. } | Content::NotAFile) | Err(_) => None,
    };
    // dynfilefs itself leaves an empty main file behind a power cut.
    let has_main = files
        .iter()
        .any(|file| file.name == DYNFILEFS && length(&session, file) > 0);
    let only_ours = files.len() == entries.len();
    let begun = format!("{DYNFILEFS}{}", FileName::NewMain);
    // What is in the parts by then is the beginning of a file system.
    let was_begun = files.iter().any(|file| file.name == *begun);
    let holds_data = || files.iter().any(|file| holds_data(&session, file));
    Some(Files {
        disk: disk.map(|header| Bytes(header.size())),
        taken: Bytes(taken),
        unfinished: !has_main && only_ours && (was_begun || !holds_data()),
    })
}

/// Whether a part is longer than its index. One without a header is measured by what we make.
fn holds_data(session: impl AsFd, part: &Entry) -> bool {
    let split = split(&session, part).unwrap_or(DEFAULT_SPLIT);
    let index = Geometry::new(split, split).map(|geometry| geometry.data_start());
    index.map_or(true, |end| length(session, part) > end)
}

fn split(session: impl AsFd, part: &Entry) -> Option<u64> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
    let file = dir::open_beneath(session, &part.name, flags).ok()?;
    let mut bytes = vec![0; header::LEN];
    let read = retry_on_intr(|| pread(&file, &mut *bytes, 0)).ok()?;
    let header = Header::parse(bytes.get(..read)?).ok()?;
    Some(header.split())
}

fn length(session: impl AsFd, file: &Entry) -> u64 {
    let stat = statat(session, &file.name, AtFlags::SYMLINK_NOFOLLOW);
    stat.map_or(0, |stat| u64::try_from(stat.st_size).unwrap_or(0))
}

fn taken(session: impl AsFd, file: &Entry) -> u64 {
    let stat = statat(session, &file.name, AtFlags::SYMLINK_NOFOLLOW);
    // stat(2): in units of 512 bytes, whatever the block size is.
    stat.map_or(0, |stat| u64::try_from(stat.st_blocks).unwrap_or(0) * 512)
}

#[cfg(test)]
mod tests;
