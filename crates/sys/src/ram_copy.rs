//! A copy of a directory tree in RAM, made whole or not at all.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use perch_core::notice::Notice;
use perch_core::toram::Selection;
use perch_core::units::Bytes;
use rustix::fs::{Mode, OFlags, RawMode, Timespec, Timestamps, fchmod, fstat, futimens, symlinkat};
use rustix::io::Errno;

use crate::dir::{self, DirError, Kind};
use crate::kmsg;
use crate::mount::{self, MountError, Options};

/// How deep a tree is followed.
const DEEPEST: usize = 64;
/// The most entries that are copied.
const MOST: usize = 1_000_000;
/// Bytes that are copied between two reports.
const CHUNK: usize = 1 << 20;
/// Memory for names and directories, for each entry, and for the file system itself.
const ENTRY: u64 = 4096;
const SLACK: u64 = 1 << 20;

/// One entry that is to be copied.
#[derive(Debug)]
struct Item {
    path: String,
    kind: Kind,
}

/// What is to be copied, and how large it is.
#[derive(Debug)]
pub struct Survey {
    items: Vec<Item>,
    size: Bytes,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The tree cannot be listed or read.
    #[error(transparent)]
    Directory(#[from] DirError),
    /// It is deeper or larger than any data directory.
    #[error(
        "there are more than {MOST} files, or more than {DEEPEST} directories below each other"
    )]
    TooMuch,
    /// A file cannot be copied.
    #[error("cannot copy {path}")]
    File {
        /// Its path in the tree.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The file system in RAM cannot be mounted.
    #[error(transparent)]
    Mount(#[from] MountError),
}

/// Lists what is to be copied from `source`. Links are copied as links; device nodes and names that are
/// not UTF-8 are left out.
pub fn survey(source: BorrowedFd<'_>, select: &Selection) -> Result<Survey, CopyError> {
    let mut items = Vec::new();
    let mut size = SLACK;
    let mut open: Vec<(String, usize)> = vec![(String::new(), 0)];
    while let Some((path, depth)) = open.pop() {
        if depth > DEEPEST || items.len() > MOST {
            return Err(CopyError::TooMuch);
        }
        let below = if path.is_empty() { "." } else { &path };
        let dir = dir::open_beneath(source, below, OFlags::RDONLY | OFlags::DIRECTORY)?;
        for entry in dir::list(&dir)? {
            let Some(name) = entry.name.to_str() else {
                let name = entry.name.to_string_lossy().into_owned();
                kmsg::tell(Notice::NameNotUtf8 {
                    name,
                    not: "copied",
                });
                continue;
            };
            let path = match path.as_str() {
                "" => name.to_owned(),
                path => format!("{path}/{name}"),
            };
            match entry.kind {
                Kind::Directory if select.enters(&path) => open.push((path.clone(), depth + 1)),
                Kind::File if select.takes(&path) => size = size.saturating_add(length(&dir, name)),
                Kind::Symlink if select.takes(&path) => {}
                _ => continue,
            }
            size = size.saturating_add(ENTRY);
            let kind = entry.kind;
            items.push(Item { path, kind });
        }
    }
    // A directory comes before what is in it.
    items.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Survey {
        items,
        size: Bytes(size),
    })
}

/// The memory that a file takes: whole pages.
fn length(dir: &OwnedFd, name: &str) -> u64 {
    let stat = rustix::fs::statat(dir, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW);
    stat.map_or(0, |stat| {
        u64::try_from(stat.st_size)
            .unwrap_or(0)
            .next_multiple_of(ENTRY)
    })
}

impl Survey {
    /// The memory that the copy takes at the most.
    pub fn size(&self) -> Bytes {
        self.size
    }

    /// Copies all of it into a new file system in RAM, below the directory `below` there, and returns its
    /// mount, detached. `progress` hears the bytes copied so far. On any error nothing remains.
    pub fn copy(
        &self,
        source: BorrowedFd<'_>,
        below: &str,
        progress: &mut dyn FnMut(Bytes),
    ) -> Result<OwnedFd, CopyError> {
        let options = Options {
            nosuid: true,
            nodev: true,
            noexec: true,
            ..Options::default()
        };
        let mount = mount::tmpfs("toram", Some(self.size.0), 0o755, &options)?;
        let mut target = dir::open_beneath(&mount, ".", OFlags::RDONLY | OFlags::DIRECTORY)?;
        for name in below.split('/').filter(|name| !name.is_empty()) {
            dir::make_dir(&target, name, 0o755)?;
            target = dir::open_beneath(&target, name, OFlags::RDONLY | OFlags::DIRECTORY)?;
        }
        let mut done = 0;
        for item in &self.items {
            copy_one(source, target.as_fd(), item, &mut |bytes| {
                done += bytes;
                progress(Bytes(done));
            })
            .map_err(|source| CopyError::File {
                path: item.path.clone(),
                source,
            })?;
        }
        Ok(mount)
    }
}

fn copy_one(
    source: BorrowedFd<'_>,
    target: BorrowedFd<'_>,
    item: &Item,
    copied: &mut dyn FnMut(u64),
) -> io::Result<()> {
    let path = item.path.as_str();
    match item.kind {
        Kind::Directory => {
            rustix::fs::mkdirat(target, path, Mode::from_raw_mode(0o755))?;
        }
        Kind::Symlink => {
            let link = rustix::fs::readlinkat(source, path, Vec::new())?;
            symlinkat(&link, target, path)?;
        }
        Kind::File => {
            let open = |dir, flags| dir::open_beneath(dir, path, flags).map_err(io::Error::other);
            let mut from = File::from(open(source, OFlags::RDONLY | OFlags::NONBLOCK)?);
            let stat = fstat(&from)?;
            let new = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
            let mut to = File::from(open(target, new)?);
            let mut buffer = vec![0; CHUNK];
            loop {
                let len = match from.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(len) => len,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error),
                };
                to.write_all(buffer.get(..len).unwrap_or_default())?;
                copied(u64::try_from(len).unwrap_or(0));
            }
            keep_attributes(&to, &stat)?;
        }
        Kind::Special => {}
    }
    Ok(())
}

/// Mode and time as they were: tools compare the copy with the medium.
fn keep_attributes(file: &File, stat: &rustix::fs::Stat) -> Result<(), Errno> {
    fchmod(file, Mode::from_raw_mode(stat.st_mode as RawMode & 0o777))?;
    let time = Timespec {
        tv_sec: stat.st_mtime,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    futimens(file, &times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_namespace::isolated;
    use perch_core::request::ToRam;
    use std::fs;

    #[test]
    fn privileged_a_tree_is_copied_whole_but_the_sessions() {
        let source = tempfile::tempdir().unwrap();
        let root = source.path();
        fs::create_dir_all(root.join("modules/deep")).unwrap();
        fs::create_dir_all(root.join("changes/1")).unwrap();
        fs::write(root.join("00-core.sb"), vec![7; 3 << 20]).unwrap();
        fs::write(root.join("modules/deep/10-x.sb"), "x").unwrap();
        fs::write(root.join("changes/1/secret"), "s").unwrap();
        std::os::unix::fs::symlink("00-core.sb", root.join("link")).unwrap();
        let dir = dir::open_dir(root).unwrap();
        let select = Selection::new(ToRam::Full, []);
        let survey = survey(dir.as_fd(), &select).unwrap();
        assert!(survey.size().0 > 3 << 20);
        let mut seen = 0;
        isolated(|at| {
            let mount = survey
                .copy(dir.as_fd(), "minios", &mut |bytes| seen = bytes.0)
                .unwrap();
            mount::attach_path(&mount, at).unwrap();
            let copy = at.join("minios");
            let read = |path: &str| fs::read(copy.join(path)).unwrap();
            assert_eq!(read("00-core.sb"), vec![7; 3 << 20]);
            assert_eq!(read("modules/deep/10-x.sb"), b"x");
            let link = fs::read_link(copy.join("link")).unwrap();
            assert_eq!(link.to_str(), Some("00-core.sb"));
            assert!(!copy.join("changes").exists());
        });
        assert_eq!(seen, (3 << 20) + 1);
    }
}
