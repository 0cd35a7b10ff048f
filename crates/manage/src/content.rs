//! The content of a session, opened privately: no path leads to it, and it is closed with care.
//!
//! What a native session holds lies in its directory. A container is mounted detached, so that nobody else finds its
//! files, and read-only unless it is to be written: one that was cut off is read through a copy in memory, in which
//! its journal is replayed ([`perch_sys::container::dynfilefs::Server::snapshot`]). The session itself stays as it is.
//!
//! ```no_run
//! # use perch_manage::{account::Account, content::{Access, Content}, error::Error, live::Live, store::Store};
//! # use perch_core::{manage::permission::Verb, units::SessionId};
//! # fn read(store: &Store, live: &Live, id: SessionId) -> Result<(), Error> {
//! let account = Account::read(store, live)?;
//! let content = Content::open(store, &account, Verb::Copy, id, Access::Read)?;
//! // … content.tree() …
//! content.close()
//! # }
//! ```

mod disk;
mod layout;
mod measure;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use perch_core::manage::permission::Verb;
use perch_core::session::{Mode, UnionKind};
use perch_core::units::{Mib, SessionId};
use perch_sys::container::probe::{self, ProbeError};
use perch_sys::dir::open_dir_beneath;
use perch_sys::in_use::Lock;
use rustix::fs::syncfs;
use rustix::io::Errno;

use crate::account::Account;
use crate::archive::Layout;
use crate::delete::permit_by;
use crate::error::Error;
use crate::standing::{claim, claim_to_read};
use crate::store::Store;
use crate::tree::{self, Report, Watch};
use disk::Disk;
pub use measure::Measure;

/// What a session's content is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing of the session changes. Others may read it too.
    Read,
    /// Nobody else may have it open.
    Write,
}

/// The content of a session. Dropping it closes it too, but tells no errors.
#[derive(Debug)]
pub struct Content {
    // In this order: a file system is unmounted with the last descriptor in it.
    tree: OwnedFd,
    root: OwnedFd,
    layout: Layout,
    access: Access,
    /// Absent for a native session.
    disk: Option<Disk>,
    /// Absent where the caller keeps others away, or the file system has no locks.
    _lock: Option<Lock>,
}

impl Content {
    /// Opens the content of a session, and keeps others from it as long as it is open.
    ///
    /// # Errors
    /// If there is no such session, if `verb` is refused for it, or if its container is not in order.
    pub fn open(
        store: &Store,
        account: &Account,
        verb: Verb,
        id: SessionId,
        access: Access,
    ) -> Result<Self, Error> {
        let claim = match access {
            Access::Read => claim_to_read,
            Access::Write => claim,
        };
        let lock = permit_by(store, account, verb, id, claim)?;
        let session = account.session(id).ok_or_else(|| store.not_found(id))?;
        let dir = store.session(id)?;
        let content = Self::of(dir.as_fd(), session.mode, session.union, access)?;
        Ok(Self {
            _lock: lock,
            ..content
        })
    }

    /// Opens what is in the directory of a session that the caller keeps others from, or that nobody knows of yet.
    /// `union` is the one that wrote it, where that is known.
    ///
    /// # Errors
    /// If it cannot be opened, or if its container is not in order.
    pub fn of(
        session: BorrowedFd<'_>,
        mode: Mode,
        union: Option<UnionKind>,
        access: Access,
    ) -> Result<Self, Error> {
        let disk = match mode {
            Mode::Native => None,
            Mode::Raw | Mode::Dynfilefs => Some(Disk::open(session, mode, access)?),
        };
        Self::in_order(session, disk, union, access)
    }

    /// Makes what a session of that mode consists of in its empty directory, and opens it to be
    /// [filled](Self::fill_from), with the layout that `union` gives it.
    ///
    /// # Errors
    /// If its file system cannot hold it, or the medium fails.
    pub fn make(
        session: BorrowedFd<'_>,
        mode: Mode,
        size: Option<Mib>,
        union: UnionKind,
    ) -> Result<Self, Error> {
        let disk = match mode {
            Mode::Native => {
                check_native(session)?;
                None
            }
            Mode::Raw | Mode::Dynfilefs => Some(Disk::make(session, mode, size)?),
        };
        Self::in_order(session, disk, Some(union), Access::Write)
    }

    fn in_order(
        session: BorrowedFd<'_>,
        disk: Option<Disk>,
        union: Option<UnionKind>,
        access: Access,
    ) -> Result<Self, Error> {
        let root = match &disk {
            Some(disk) => disk.root(),
            None => open_dir_beneath(session, "."),
        };
        let root = root.map_err(Error::OpenTree)?;
        let (layout, tree) = layout::find(root.as_fd(), union, access)?;
        Ok(Self {
            tree,
            root,
            layout,
            access,
            disk,
            _lock: None,
        })
    }

    /// The session's own directory, or the root of the file system in its container.
    pub fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// The files of the session: what its union writes. Of a session that was never opened an empty directory.
    pub fn tree(&self) -> BorrowedFd<'_> {
        self.tree.as_fd()
    }

    /// Where in the root that lies.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// What had to be repaired in its file system before it could be opened, in the words of e2fsck(8).
    pub fn repaired(&self) -> Option<&str> {
        self.disk.as_ref().and_then(Disk::repaired)
    }

    /// Adds up what the files take.
    ///
    /// # Errors
    /// If a directory cannot be read, or `watch` wants an end.
    pub fn measure(&self, watch: &mut Watch<'_>) -> Result<Measure, Error> {
        Ok(Measure::of(self.tree(), watch)?)
    }

    /// Copies a tree into this content, which is empty.
    ///
    /// # Errors
    /// If reading or writing fails; whatever is there then is of no use.
    pub fn fill_from(&self, from: BorrowedFd<'_>, watch: &mut Watch<'_>) -> Result<Report, Error> {
        Ok(tree::copy(from, self.tree(), watch)?)
    }

    /// Closes it: what was written is on the medium then, and no process or device is left.
    ///
    /// # Errors
    /// If that is not so.
    pub fn close(self) -> Result<(), Error> {
        let Self {
            tree,
            root,
            access,
            disk,
            _lock,
            ..
        } = self;
        let synced = match access {
            Access::Write => syncfs(&root).map_err(Error::NotDurable),
            Access::Read => Ok(()),
        };
        drop(tree);
        drop(root);
        let closed = disk.map_or(Ok(()), |disk| disk.close(access));
        synced.and(closed)
    }
}

/// Makes sure that a native session can be kept in its empty directory.
///
/// # Errors
/// If its file system lacks something, or the medium fails.
pub fn check_native(session: BorrowedFd<'_>) -> Result<(), Error> {
    match probe::native(session) {
        Ok(()) => Ok(()),
        Err(ProbeError::NotTried(Errno::PERM)) => Err(Error::NeedsRoot),
        Err(error) => Err(Error::Probe(error)),
    }
}

#[cfg(test)]
mod tests;
