//! Writes a tree below a directory: everything is new, and no link is followed.

use std::collections::HashSet;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid, chmodat, chownat, fchmod,
    fchown, futimens, linkat, makedev, mkdirat, mknodat, openat, symlinkat, syncfs, utimensat,
};
use rustix::io::{Errno, dup};

use super::descent::{Descent, split};
use super::error::{Action, TreeError};
use super::xattrs::{Of, fit_beside_an_inode, remove_default_acl, set};
use super::{Attributes, Entry, Kind, Losses, Lost, Time};

/// A tree that is being written.
///
/// Directories belong to the writer alone until [`Sink::finish`], which gives them their owners, permissions, times and
/// attributes: neither a default ACL nor a file that comes later changes what is in them.
#[derive(Debug)]
pub struct Sink {
    places: Descent,
    directories: Vec<(Vec<u8>, Attributes)>,
    losses: Losses,
}

impl Sink {
    /// A sink that writes below `root`, an empty directory that is open for reading.
    pub fn new(root: BorrowedFd<'_>) -> Result<Self, TreeError> {
        let root = dup(root).map_err(TreeError::call(Action::Open, b""))?;
        remove_default_acl(&root).map_err(TreeError::call(Action::Write, b""))?;
        Ok(Self {
            places: Descent::new(root),
            directories: Vec::new(),
            losses: Losses::default(),
        })
    }

    /// Makes `entry`. A regular file comes back open and empty: once its content is written, it goes to
    /// [`Sink::seal`].
    ///
    /// The tree's own directory, which is there, only gets the attributes. Anything else that is there already is
    /// [`TreeError::Exists`].
    pub fn add(&mut self, entry: &Entry) -> Result<Option<File>, TreeError> {
        let path = entry.path.as_slice();
        let (parent, name) = split(path);
        let failed = || TreeError::call(Action::Make, path);
        if path.is_empty() {
            return match entry.kind {
                Kind::Directory => {
                    self.directories
                        .push((Vec::new(), entry.attributes.clone()));
                    Ok(None)
                }
                _ => Err(TreeError::Exists { path: Vec::new() }),
            };
        }
        match &entry.kind {
            Kind::Directory => {
                let dir = self.places.at(parent)?;
                mkdirat(dir, name, Mode::RWXU).map_err(failed())?;
                self.directories
                    .push((path.into(), entry.attributes.clone()));
                return Ok(None);
            }
            Kind::File { .. } => {
                let dir = self.places.at(parent)?;
                let flags = OFlags::WRONLY
                    | OFlags::CREATE
                    | OFlags::EXCL
                    | OFlags::NOFOLLOW
                    | OFlags::CLOEXEC;
                let file = openat(dir, name, flags, Mode::RUSR | Mode::WUSR).map_err(failed())?;
                return Ok(Some(File::from(file)));
            }
            Kind::HardLink { to } => return self.link(to, path).map(|()| None),
            Kind::Symlink { target } => {
                let dir = self.places.at(parent)?;
                symlinkat(target.as_slice(), dir, name).map_err(failed())?;
            }
            Kind::Fifo => return self.special(entry, FileType::Fifo, 0),
            Kind::Socket => return self.special(entry, FileType::Socket, 0),
            Kind::Character(device) => {
                let number = makedev(device.major, device.minor);
                return self.special(entry, FileType::CharacterDevice, number);
            }
            Kind::Block(device) => {
                let number = makedev(device.major, device.minor);
                return self.special(entry, FileType::BlockDevice, number);
            }
        }
        self.dress(entry).map(|()| None)
    }

    /// Gives a file its attributes, after its content: writing takes capabilities and set-ID bits away.
    pub fn seal(&mut self, file: &File, entry: &Entry) -> Result<(), TreeError> {
        let dress = Dress {
            path: &entry.path,
            attributes: &entry.attributes,
            losses: &mut self.losses,
        };
        dress.open(file.as_fd())
    }

    /// Gives all directories their attributes, and waits until the file system has everything on its disk. Returns what
    /// it could not keep.
    pub fn finish(mut self) -> Result<Losses, TreeError> {
        let mut done = HashSet::new();
        // Those further down first: nobody else gets in before everything is as it should be. Of two descriptions of a
        // directory the last one counts.
        for (path, attributes) in std::mem::take(&mut self.directories).iter().rev() {
            if !done.insert(path) {
                continue;
            }
            let dir = self.places.at(path)?;
            let dress = Dress {
                path,
                attributes,
                losses: &mut self.losses,
            };
            dress.open(dir)?;
        }
        let root = self.places.at(b"")?;
        syncfs(root).map_err(TreeError::call(Action::Sync, b""))?;
        Ok(self.losses)
    }

    /// A directory that nobody described, on the way to something else.
    pub(crate) fn make_plain(&mut self, path: &[u8]) -> Result<(), TreeError> {
        let (parent, name) = split(path);
        let dir = self.places.at(parent)?;
        let mode = Mode::from_raw_mode(0o755);
        mkdirat(dir, name, mode).map_err(TreeError::call(Action::Make, path))
    }

    /// Gives a directory that is there other attributes than were said first.
    pub(crate) fn change_directory(&mut self, entry: &Entry) -> Result<(), TreeError> {
        self.places.at(&entry.path)?;
        self.directories
            .push((entry.path.clone(), entry.attributes.clone()));
        Ok(())
    }

    fn link(&mut self, to: &[u8], path: &[u8]) -> Result<(), TreeError> {
        let (parent, name) = split(to);
        let from = self.places.at(parent)?;
        let from = dup(from).map_err(TreeError::call(Action::Open, to))?;
        let (parent, new) = split(path);
        let dir = self.places.at(parent)?;
        linkat(from, name, dir, new, AtFlags::empty()).map_err(TreeError::call(Action::Make, path))
    }

    fn special(
        &mut self,
        entry: &Entry,
        kind: FileType,
        number: u64,
    ) -> Result<Option<File>, TreeError> {
        let (parent, name) = split(&entry.path);
        let dir = self.places.at(parent)?;
        match mknodat(dir, name, kind, Mode::RUSR | Mode::WUSR, number) {
            Ok(()) => self.dress(entry)?,
            Err(errno @ (Errno::PERM | Errno::ACCESS | Errno::OPNOTSUPP)) => {
                self.losses.add(&entry.path, Lost::Special, errno);
            }
            Err(errno) => return Err(TreeError::call(Action::Make, &entry.path)(errno)),
        }
        Ok(None)
    }

    fn dress(&mut self, entry: &Entry) -> Result<(), TreeError> {
        let (parent, name) = split(&entry.path);
        let dir = self.places.at(parent)?;
        let dress = Dress {
            path: &entry.path,
            attributes: &entry.attributes,
            losses: &mut self.losses,
        };
        dress.named(dir, name, matches!(entry.kind, Kind::Symlink { .. }))
    }
}

/// Attributes on their way to an object.
struct Dress<'a> {
    path: &'a [u8],
    attributes: &'a Attributes,
    losses: &'a mut Losses,
}

impl Dress<'_> {
    fn open(mut self, fd: BorrowedFd<'_>) -> Result<(), TreeError> {
        let (uid, gid) = self.owner();
        self.note(fchown(fd, uid, gid), Lost::Owner)?;
        self.xattrs(Of::Open(fd))?;
        let mode = self.mode();
        self.note(fchmod(fd, mode), Lost::Mode)?;
        self.note(futimens(fd, &times(self.attributes.modified)), Lost::Time)
    }

    fn named(mut self, dir: BorrowedFd<'_>, name: &[u8], link: bool) -> Result<(), TreeError> {
        let (uid, gid) = self.owner();
        let nofollow = AtFlags::SYMLINK_NOFOLLOW;
        self.note(chownat(dir, name, uid, gid, nofollow), Lost::Owner)?;
        self.xattrs(Of::Named(dir, name))?;
        if !link {
            // It was made a moment ago in a directory that is the writer's own, so no link is followed.
            let mode = self.mode();
            self.note(chmodat(dir, name, mode, AtFlags::empty()), Lost::Mode)?;
        }
        let times = times(self.attributes.modified);
        self.note(utimensat(dir, name, &times, nofollow), Lost::Time)
    }

    fn owner(&self) -> (Option<Uid>, Option<Gid>) {
        let Attributes { uid, gid, .. } = *self.attributes;
        (Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))
    }

    fn mode(&self) -> Mode {
        Mode::from_raw_mode(self.attributes.mode)
    }

    /// After the owner, whose change takes capabilities away; before the mode, which an ACL would change.
    fn xattrs(&mut self, of: Of<'_>) -> Result<(), TreeError> {
        for xattr in &self.attributes.xattrs {
            let outcome = match set(of, xattr) {
                // More than its file system has room for beside an inode.
                Err(Errno::TOOBIG | Errno::RANGE) => Err(Errno::OPNOTSUPP),
                // ext4 says that its disk is full, which may also be so.
                Err(Errno::NOSPC) if !fit_beside_an_inode(of, &self.attributes.xattrs) => {
                    Err(Errno::OPNOTSUPP)
                }
                outcome => outcome,
            };
            self.note(outcome, Lost::Xattr(xattr.name.clone()))?;
        }
        Ok(())
    }

    /// What the place or the user may not have is a loss; anything else is a failure.
    fn note(&mut self, outcome: rustix::io::Result<()>, lost: Lost) -> Result<(), TreeError> {
        match outcome {
            Ok(()) => Ok(()),
            Err(errno @ (Errno::PERM | Errno::ACCESS | Errno::OPNOTSUPP | Errno::INVAL)) => {
                self.losses.add(self.path, lost, errno);
                Ok(())
            }
            Err(errno) => Err(TreeError::call(Action::Write, self.path)(errno)),
        }
    }
}

fn times(time: Time) -> Timestamps {
    let written = Timespec {
        tv_sec: time.seconds,
        tv_nsec: time.nanoseconds.into(),
    };
    Timestamps {
        last_access: written,
        last_modification: written,
    }
}
