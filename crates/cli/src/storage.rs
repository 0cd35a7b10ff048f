//! A container by the path of its main file: finding it, opening it, and who else has it open.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use dynfilefs::container::{Access, Container};
use dynfilefs::error::Error as ContainerError;
use dynfilefs::files::Files;
use perch_sys::dir::{list, open_dir};
use perch_sys::in_use::open_files::{User, lock_holder, of_files};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, openat, statat, unlinkat};
use rustix::io::Errno;

use crate::error::Error;

/// The files of a container, whether they are there or not.
#[derive(Debug)]
pub(crate) struct Storage {
    path: PathBuf,
    dir: OwnedFd,
    base: String,
}

impl Storage {
    /// Takes the path of a main file, which need not be there.
    pub(crate) fn at(path: &Path) -> Result<Self, Error> {
        let owned = || path.to_owned();
        let Some(name) = path.file_name() else {
            // `.`, `..` and `/`.
            return Err(Error::IsDirectory { path: owned() });
        };
        let base = name.to_str().ok_or_else(|| Error::Name { path: owned() })?;
        let parent = path.parent().filter(|parent| *parent != Path::new(""));
        let parent = parent.unwrap_or(Path::new("."));
        let dir = open_dir(parent).map_err(|source| Error::Directory {
            path: parent.to_owned(),
            source,
        })?;
        let storage = Self {
            path: owned(),
            dir,
            base: base.to_owned(),
        };
        let kind = storage
            .stat(base)?
            .map(|stat| FileType::from_raw_mode(stat.st_mode));
        match kind {
            Some(FileType::Directory) => return Err(Error::IsDirectory { path: owned() }),
            Some(FileType::Symlink) => return Err(Error::IsLink { path: owned() }),
            _ => {}
        }
        // Alone, the only part of a container looks like a container of an older dynfilefs.
        if let Some((main, number)) = base.rsplit_once('.')
            && is_number(number)
            && storage.stat(main)?.is_some()
        {
            let main = path.with_file_name(main);
            return Err(Error::IsPart {
                path: owned(),
                main,
            });
        }
        Ok(storage)
    }

    /// As it was given.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The main file's name in its directory.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// A descriptor of the directory.
    fn dir(&self) -> io::Result<OwnedFd> {
        self.dir.try_clone()
    }

    /// The directory that holds the files.
    pub(crate) fn directory(&self) -> &OwnedFd {
        &self.dir
    }

    /// The files, nothing opened yet.
    pub(crate) fn files(&self, access: Access) -> Result<Files, Error> {
        let files = self
            .dir()
            .and_then(|dir| Files::new(dir, &self.base, access));
        files.map_err(|source| self.look(source))
    }

    /// Opens the container. For writing, it is refused while any other process has one of its files open: the existing
    /// dynfilefs takes no locks.
    pub(crate) fn open(&self, access: Access) -> Result<Container<Files>, Error> {
        if access == Access::Write {
            self.refuse_users()?;
        }
        let container = Container::open(self.files(access)?, access);
        container.map_err(|source| self.error(source))
    }

    /// Refuses a container of which any other process has a file open, with or without a lock.
    pub(crate) fn refuse_users(&self) -> Result<(), Error> {
        let mut stats = Vec::new();
        for name in self.names()? {
            stats.extend(self.stat(&name)?);
        }
        match of_files(&stats).into_iter().next() {
            Some(user) => Err(Error::InUse {
                path: self.path.clone(),
                user: Some(user),
            }),
            None => Ok(()),
        }
    }

    /// An error of the container, with its path; a lock becomes the name of whoever holds it.
    pub(crate) fn error(&self, source: ContainerError) -> Error {
        let path = self.path.clone();
        match &source {
            ContainerError::Io { file, source, .. }
                if source.kind() == io::ErrorKind::ResourceBusy =>
            {
                let user = self.holder(&format!("{}{file}", self.base));
                Error::InUse { path, user }
            }
            ContainerError::Geometry(error) => Error::Size(error.clone()),
            ContainerError::NotFound => Error::NotFound { path },
            ContainerError::Exists => Error::Exists { path },
            _ => Error::Container { path, source },
        }
    }

    /// The process that has the container open, if one has.
    pub(crate) fn user(&self) -> Option<User> {
        self.holder(&self.base)
    }

    /// Who holds the lock of a file; the kernel may not tell, then whoever has it open.
    fn holder(&self, name: &str) -> Option<User> {
        let flags = OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = openat(&self.dir, name, flags, Mode::empty()).ok()?;
        let by_open_file = || of_files(&[self.stat(name).ok()??]).into_iter().next();
        lock_holder(file).or_else(by_open_file)
    }

    /// Who has the container open for writing, and how its main file begins; neither locks nor waits.
    pub(crate) fn peek(&self) -> Result<File, Error> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = openat(&self.dir, self.base.as_str(), flags, Mode::empty());
        Ok(file.map_err(|error| self.look(error.into()))?.into())
    }

    /// The names of all files that belong to it, sorted as strings.
    pub(crate) fn names(&self) -> Result<Vec<String>, Error> {
        let entries = list(&self.dir).map_err(|source| Error::Directory {
            path: self.path.clone(),
            source,
        })?;
        let is_ours = |name: &OsStr| {
            let rest = name.to_str()?.strip_prefix(&self.base)?;
            let number = rest.strip_prefix('.').unwrap_or_default();
            let ours = rest.is_empty() || rest == ".new" || is_number(number);
            ours.then(|| format!("{}{rest}", self.base))
        };
        let mut names: Vec<String> = entries
            .iter()
            .filter_map(|entry| is_ours(&entry.name))
            .collect();
        names.sort();
        Ok(names)
    }

    /// What the kernel says of a file in the directory; `None` if there is none. A link is not followed.
    pub(crate) fn stat(&self, name: &str) -> Result<Option<Stat>, Error> {
        match statat(&self.dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.look(error.into())),
        }
    }

    /// Removes what came since `before` was listed: of an attempt that failed.
    pub(crate) fn remove_new(&self, before: &[String]) {
        for name in self.names().unwrap_or_default() {
            if !before.contains(&name) {
                // What stays is named by the next attempt.
                let _ = unlinkat(&self.dir, &name, AtFlags::empty());
            }
        }
    }

    fn look(&self, source: io::Error) -> Error {
        Error::Look {
            path: self.path.clone(),
            source,
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
