//! The directory of the sessions: finding it and opening it.

use std::io::ErrorKind;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use perch_core::units::SessionId;
use perch_sys::dir;
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::error::Error;
use crate::live::Live;

/// Where the sessions of a MiniOS are that perch did not boot (contract §1.1).
const USUAL: [&str; 2] = [
    "/run/initramfs/memory/data/minios/changes",
    "/lib/live/mount/medium/minios/changes",
];

/// A store, open.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    dir: OwnedFd,
}

impl Store {
    /// Opens the store in a directory.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Store {
            path: path.to_owned(),
            source,
        };
        let dir = dir::open_dir(path).map_err(failed)?;
        // Shown to programs, which may stand elsewhere.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok(Self { path, dir })
    }

    /// Opens the store of the running system: where its boot had it, else where they usually are.
    ///
    /// # Errors
    /// If there is none, or the first that there is cannot be opened.
    pub fn find(live: &Live) -> Result<Self, Error> {
        let looked = Self::places(live);
        for place in &looked {
            match Self::open(place) {
                Err(Error::Store { source, .. })
                    if matches!(source.errno(), Some(Errno::NOENT | Errno::NOTDIR)) => {}
                outcome => return outcome,
            }
        }
        Err(Error::NoStore { looked })
    }

    /// Where [`find`](Self::find) looks.
    pub fn places(live: &Live) -> Vec<PathBuf> {
        let recorded = live.recorded.as_ref();
        let recorded = recorded.map(|recorded| live.layout.sessions(&recorded.facts));
        let usual = USUAL.into_iter().map(PathBuf::from);
        let mut places: Vec<PathBuf> = recorded.into_iter().chain(usual).collect();
        let mut seen = Vec::new();
        places.retain(|place| {
            let new = !seen.contains(place);
            seen.push(place.clone());
            new
        });
        places
    }

    /// Its path, for messages and for people.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its directory.
    pub fn dir(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }

    /// Opens the directory of a session.
    ///
    /// # Errors
    /// If there is none of that number, or it cannot be opened.
    pub fn session(&self, id: SessionId) -> Result<OwnedFd, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        dir::open_beneath(&self.dir, id.to_string(), flags).map_err(|source| {
            match source.errno().map(|errno| errno.kind()) {
                Some(ErrorKind::NotFound | ErrorKind::NotADirectory) => self.not_found(id),
                _ => self.failed(source),
            }
        })
    }

    /// That there is no such session.
    pub(crate) fn not_found(&self, id: SessionId) -> Error {
        let path = self.path.clone();
        Error::NotFound { id, path }
    }

    /// That the store cannot be read.
    pub(crate) fn failed(&self, source: dir::DirError) -> Error {
        let path = self.path.clone();
        Error::Store { path, source }
    }

    /// That a step in it failed.
    pub(crate) fn step(&self, what: &'static str) -> impl Fn(Errno) -> Error + use<> {
        let path = self.path.clone();
        move |source| Error::Step {
            what,
            path: path.clone(),
            source,
        }
    }
}
