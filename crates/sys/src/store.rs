//! The session store on its medium: what it holds, and replacing its metadata.
//!
//! Everything is reached from the store's own directory descriptor, never through a link.

mod dynfilefs;
mod lock;
mod write;

use std::collections::BTreeSet;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{SystemTime, UNIX_EPOCH};

use perch_core::metadata::{BACKUP_FILE, CONF_FILE, JSON_FILE, LEGACY_FILE};
use perch_core::metadata::{Contents, FileRead, SessionDir, StoreFiles};
use perch_core::units::{Bytes, SessionId};
use rustix::fs::{AtFlags, FileType, OFlags, statat};

use crate::dir::{self, Content, DirError, Kind};
use crate::layout::{DYNFILEFS, IMAGE, IMAGE_UNFINISHED, UPPER, WORK};

pub use self::lock::{LockError, StoreLock};
pub use self::write::{WriteError, remove_leftovers, write, write_counts};

/// The longest metadata file that is read: a thousand sessions take a fifth of it.
const LONGEST: usize = 1 << 20;

/// What a store's directory holds.
#[derive(Debug)]
pub struct Found {
    /// Its metadata files and session directories, by number.
    pub files: StoreFiles,
    /// Names that look like sessions and are not: `007`, `1.bak`, a link called `3`.
    pub ignored: Vec<String>,
}

impl Found {
    /// Whether this is a store: it has a session, or files that tell of some.
    pub fn holds_something(&self) -> bool {
        let files = &self.files;
        let absent = |file: &FileRead| matches!(file, FileRead::Absent);
        files.ids().next().is_some()
            || ![&files.json, &files.conf, &files.backup, &files.legacy]
                .into_iter()
                .all(absent)
    }

    /// The session numbers among the ignored names.
    pub fn taken(&self) -> Vec<SessionId> {
        self.ignored
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect()
    }
}

/// Reads a store and looks into each session directory.
pub fn read(store: BorrowedFd<'_>) -> Result<Found, DirError> {
    let mut found = list(store)?;
    let all = found.files.unseen.clone();
    look_into(store, &mut found, &all);
    Ok(found)
}

/// Reads a store's files and names, without a look into a session directory.
pub fn list(store: BorrowedFd<'_>) -> Result<Found, DirError> {
    let mut unseen = Vec::new();
    let mut ignored = Vec::new();
    for entry in dir::list(store)? {
        let Some(name) = entry.name.to_str() else {
            continue;
        };
        if !name.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        match name.parse::<SessionId>() {
            Ok(id) if entry.kind == Kind::Directory => unseen.push(id),
            Ok(_) | Err(_) => ignored.push(name.to_owned()),
        }
    }
    unseen.sort();
    ignored.sort();
    Ok(Found {
        files: StoreFiles {
            json: read_file(store, JSON_FILE),
            conf: read_file(store, CONF_FILE),
            backup: read_file(store, BACKUP_FILE),
            legacy: read_file(store, LEGACY_FILE),
            dirs: Vec::new(),
            unseen,
        },
        ignored,
    })
}

/// Looks into these session directories. One that cannot be read counts as an empty one: it is listed,
/// and opening it says what is wrong.
pub fn look_into(store: BorrowedFd<'_>, found: &mut Found, ids: &[SessionId]) {
    let wanted: BTreeSet<SessionId> = ids.iter().copied().collect();
    let (look, leave): (Vec<_>, Vec<_>) = std::mem::take(&mut found.files.unseen)
        .into_iter()
        .partition(|id| wanted.contains(id));
    found.files.unseen = leave;
    for id in look {
        let name = id.to_string();
        match session_dir(store, id, &name) {
            Some(dir) => found.files.dirs.push(dir),
            None => found.ignored.push(name),
        }
    }
    found.ignored.sort();
}

fn kind_of(dir: impl AsFd, name: impl rustix::path::Arg) -> Option<FileType> {
    let stat = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    Some(FileType::from_raw_mode(stat.st_mode))
}

/// What is known of a session's directory; `None` if its container was being made when the power went:
/// nothing of anybody's is in it.
fn session_dir(store: BorrowedFd<'_>, id: SessionId, name: &str) -> Option<SessionDir> {
    let modified = statat(store, name, AtFlags::SYMLINK_NOFOLLOW)
        .map(|stat| stat.st_mtime)
        .unwrap_or(0);
    let mut found = SessionDir {
        id,
        modified,
        image: None,
        allocated: None,
        disk: None,
        parts: None,
        holds: Contents::default(),
    };
    let Ok(dir) = dir::open_beneath(store, name, OFlags::DIRECTORY) else {
        return Some(found);
    };
    let listed = dir::list(&dir);
    let entries = listed.as_deref().unwrap_or_default();
    if let [only] = entries
        && only.name == IMAGE_UNFINISHED
    {
        return None;
    }
    let files = dynfilefs::look(&dir, entries);
    if files.as_ref().is_some_and(|files| files.unfinished) {
        return None;
    }
    found.holds = contents(&dir);
    found.holds.empty = listed.is_ok_and(|entries| entries.is_empty());
    if let Some(files) = files {
        found.holds.changes_dat = true;
        found.disk = files.disk;
        found.parts = Some(files.taken);
    }
    if found.holds.changes_img
        && let Ok(stat) = statat(&dir, IMAGE, AtFlags::SYMLINK_NOFOLLOW)
    {
        let bytes = |bytes: i64| Bytes(u64::try_from(bytes).unwrap_or(0));
        found.image = Some(bytes(stat.st_size));
        // stat(2): in units of 512 bytes, whatever the block size is.
        found.allocated = Some(bytes(stat.st_blocks.saturating_mul(512)));
    }
    Some(found)
}

/// What tells a session's mode and union (contract §1.4); whether it is empty is for the caller to say.
fn contents(session: &OwnedFd) -> Contents {
    let is = |name: &str, kind: FileType| kind_of(session, name) == Some(kind);
    Contents {
        changes_dat: is(DYNFILEFS, FileType::RegularFile),
        changes_img: is(IMAGE, FileType::RegularFile),
        changes_dir: is(UPPER, FileType::Directory),
        workdir: is(WORK, FileType::Directory),
        aufs_marker: kind_of(session, ".wh..wh.aufs").is_some(),
        empty: false,
    }
}

fn read_file(store: BorrowedFd<'_>, name: &str) -> FileRead {
    match dir::read_bounded(store, name, LONGEST) {
        Ok(Content::Absent) => FileRead::Absent,
        Ok(Content::TooLarge { len }) => FileRead::TooLarge { bytes: len },
        Ok(Content::NotAFile) => FileRead::NotAFile,
        Ok(Content::Bytes { bytes, modified }) => match String::from_utf8(bytes) {
            Ok(text) => FileRead::Text {
                text,
                modified: modified.map_or(0, seconds),
            },
            Err(_) => FileRead::NotText,
        },
        Err(error) => FileRead::Unreadable {
            error: error.to_string(),
        },
    }
}

/// Seconds since 1970; negative before.
fn seconds(time: SystemTime) -> i64 {
    let clamp = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => clamp(after.as_secs()),
        Err(before) => -clamp(before.duration().as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_listed_first_and_looked_into_as_far_as_wanted() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["1/changes", "2", "10/changes", "007"] {
            std::fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        std::fs::create_dir(dir.path().join("3")).unwrap();
        std::fs::write(dir.path().join("3").join(IMAGE_UNFINISHED), "half").unwrap();
        let store = dir::open_dir(dir.path()).unwrap();
        let ids = |numbers: &[u32]| -> Vec<SessionId> {
            numbers.iter().copied().filter_map(SessionId::new).collect()
        };
        let mut found = list(store.as_fd()).unwrap();
        assert_eq!(found.files.unseen, ids(&[1, 2, 3, 10]));
        assert_eq!(
            (found.files.dirs.len(), &*found.ignored),
            (0, &["007".to_owned()][..])
        );

        look_into(store.as_fd(), &mut found, &ids(&[10, 3, 5]));
        assert_eq!(found.files.unseen, ids(&[1, 2]));
        let seen = found.files.dirs.iter();
        let seen = seen.map(|dir| (dir.id.get(), dir.holds.changes_dir));
        assert_eq!(seen.collect::<Vec<_>>(), [(10, true)]);
        // What was being made when the power went is no session, but its number is taken.
        assert_eq!(found.taken(), ids(&[3]));
    }
}
