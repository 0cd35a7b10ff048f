//! Directories that a power cut has left under two names.
//!
//! FAT and exFAT rename a directory by two writes: of the new entry, and of the old one, which are in different sectors
//! (fs/fat/namei_vfat.c, `vfat_rename`; fs/exfat/namei.c, `exfat_rename_file`). Cut in between, both lead to the same
//! clusters. Whoever deletes one of them then destroys what the other leads to, so nothing is deleted here before it is
//! known to be no other's.
//!
//! The kernel knows a file there by the place of its entry, which lies in the directory's own clusters: looked up through
//! either name while it is open, it is one inode (fs/fat/inode.c, `fat_iget`; fs/exfat/inode.c, `exfat_iget`). The
//! directories themselves are two.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use perch_core::units::SessionId;
use perch_sys::dir::{self, DirError, Kind};
use perch_sys::replace::has_lasting_inodes;
use rustix::fs::{AtFlags, OFlags, fstat, statat};

use crate::shelf::SESSION;
use crate::snapshot::SNAPSHOTS;
use crate::store::Store;
use crate::trash::TRASH;

/// Where in the store the directory `name` of `from`, or one right in it, is found once more; `None` if nowhere, and
/// where a rename is a single step.
///
/// # Errors
/// If something cannot be looked at: then it is not known.
pub(crate) fn find(
    store: &Store,
    from: BorrowedFd<'_>,
    name: &str,
) -> Result<Option<String>, DirError> {
    match has_lasting_inodes(store.dir()) {
        true => Ok(None),
        false => find_anywhere(store.dir(), from, name),
    }
}

fn find_anywhere(
    store: BorrowedFd<'_>,
    from: BorrowedFd<'_>,
    name: &str,
) -> Result<Option<String>, DirError> {
    let top = dir::open_dir_beneath(from, name)?;
    let mut mine: Vec<OwnedFd> = Vec::new();
    for inner in directories(top.as_fd())? {
        mine.push(dir::open_dir_beneath(&top, inner)?);
    }
    mine.push(top);
    for place in places(store)? {
        let other = dir::open_dir_beneath(store, &place)?;
        for mine in &mine {
            if are_one(mine.as_fd(), other.as_fd())? {
                return Ok(Some(place));
            }
        }
    }
    Ok(None)
}

/// Everything in a store that somebody may want: sessions, and what is in the trash and among the snapshots.
fn places(store: BorrowedFd<'_>) -> Result<Vec<String>, DirError> {
    let mut found = Vec::new();
    for name in directories(store)? {
        if name.parse::<SessionId>().is_ok() {
            found.push(name);
        }
    }
    for (shelf, depth) in [(TRASH, 1), (SNAPSHOTS, 2)] {
        let mut level = vec![shelf.to_owned()];
        for _ in 0..depth {
            let mut next = Vec::new();
            for place in &level {
                let Ok(open) = dir::open_dir_beneath(store, place) else {
                    continue;
                };
                let names = directories(open.as_fd())?;
                next.extend(names.into_iter().map(|name| format!("{place}/{name}")));
            }
            level = next;
        }
        let sessions = level.into_iter().map(|place| format!("{place}/{SESSION}"));
        found.extend(sessions.filter(|place| dir::open_dir_beneath(store, place).is_ok()));
    }
    Ok(found)
}

fn directories(dir: BorrowedFd<'_>) -> Result<Vec<String>, DirError> {
    let entries = dir::list(dir)?.into_iter();
    let found = entries.filter(|entry| entry.kind == Kind::Directory);
    Ok(found
        .filter_map(|entry| entry.name.into_string().ok())
        .collect())
}

/// Whether two names lead to one directory, by one of its files. One that has none has nothing to lose.
fn are_one(mine: BorrowedFd<'_>, other: BorrowedFd<'_>) -> Result<bool, DirError> {
    let same = |one: &rustix::fs::Stat, two: &rustix::fs::Stat| {
        (one.st_dev, one.st_ino) == (two.st_dev, two.st_ino)
    };
    if let (Ok(one), Ok(two)) = (fstat(mine), fstat(other))
        && same(&one, &two)
    {
        // It is the name itself that was found.
        return Ok(false);
    }
    let entries = dir::list(mine)?;
    for entry in entries.iter().filter(|entry| entry.kind == Kind::File) {
        // Open, it stays the same inode.
        let file = dir::open_beneath(mine, &entry.name, OFlags::RDONLY)?;
        let there = statat(other, &entry.name, AtFlags::SYMLINK_NOFOLLOW);
        if let (Ok(here), Ok(there)) = (fstat(&file), there)
            && same(&here, &there)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Links stand for what a FAT shows of a directory with two names: the same files in both.
    #[test]
    fn what_is_found_under_another_name_is_told() {
        let place = tempfile::tempdir().unwrap();
        let make = |path: &str| {
            let path = place.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        };
        let link = |from: &str, to: &str| {
            let to = place.path().join(to);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::hard_link(place.path().join(from), to).unwrap();
        };
        make("1/changes.dat");
        make("1/changes.dat.0");
        make("2/changes.dat");
        make("3/changes.img");
        make(".trash/7-1/session/changes.img");
        make(".snapshots/2/1/session/changes.dat");
        make(".tmp_aaaaaaaa/.perch-new/changes.dat");
        link("1/changes.dat.0", ".tmp_bbbbbbbb/.perch-new/changes.dat.0");
        link("3/changes.img", ".trash/8-1/session/changes.img");
        link(
            ".trash/7-1/session/changes.img",
            ".tmp_cccccccc/.perch-old/session",
        );
        link(
            ".snapshots/2/1/session/changes.dat",
            ".tmp_dddddddd/.perch-old/changes.dat",
        );
        let store = dir::open_dir(place.path()).unwrap();
        for (from, name, want) in [
            ("", ".tmp_aaaaaaaa", None),
            ("", ".tmp_bbbbbbbb", Some("1")),
            // Of another name, so another file.
            ("", ".tmp_cccccccc", None),
            ("", ".tmp_dddddddd", Some(".snapshots/2/1/session")),
            (".trash", "7-1", None),
            (".trash", "8-1", Some("3")),
            ("", "2", None),
            ("", "3", Some(".trash/8-1/session")),
        ] {
            let from = dir::open_dir(place.path().join(from)).unwrap();
            let found = find_anywhere(store.as_fd(), from.as_fd(), name).unwrap();
            assert_eq!(found.as_deref(), want, "{name}");
        }
        // Where a rename is one step, links are nothing to look for.
        let store = Store::open(place.path()).unwrap();
        assert_eq!(find(&store, store.dir(), ".tmp_bbbbbbbb").unwrap(), None);
    }
}
