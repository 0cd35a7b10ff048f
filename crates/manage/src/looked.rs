//! The files of a session to be looked at, also of the one that this system runs from.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use perch_core::manage::permission::Verb;
use perch_core::session::UnionKind;
use perch_core::units::SessionId;
use perch_sys::dir::open_dir;

use crate::account::Account;
use crate::archive::Layout;
use crate::content::{Access, Content};
use crate::error::Error;
use crate::live::Live;
use crate::standing::Running;
use crate::store::Store;

/// The files of a session, open for reading. Nothing of it changes by that.
#[derive(Debug)]
pub enum Looked {
    /// The running one: its files are where the union has them, and may change meanwhile.
    Running {
        /// Its files.
        tree: OwnedFd,
        /// The root of its file system, or its directory.
        root: OwnedFd,
        /// Where in that they are.
        layout: Layout,
    },
    /// Any other one.
    Content(Box<Content>),
}

impl Looked {
    /// Opens them.
    ///
    /// # Errors
    /// If there is no such session, if somebody writes to it, or if its container is not in order.
    pub fn at(store: &Store, live: &Live, account: &Account, id: SessionId) -> Result<Self, Error> {
        if account.running() != Running::Session(id) {
            let content = Content::open(store, account, Verb::Read, id, Access::Read)?;
            return Ok(Self::Content(Box::new(content)));
        }
        let layout = match live.union {
            Some(UnionKind::Aufs) => Layout::Aufs,
            Some(UnionKind::Overlayfs) | None => Layout::Overlayfs,
        };
        let root = open_dir(live.layout.changes()).map_err(Error::OpenTree)?;
        Ok(Self::Running {
            tree: layout.open(root.as_fd()).map_err(Error::OpenTree)?,
            root,
            layout,
        })
    }

    /// Its files: what its union writes.
    pub fn tree(&self) -> BorrowedFd<'_> {
        match self {
            Self::Running { tree, .. } => tree.as_fd(),
            Self::Content(content) => content.tree(),
        }
    }

    /// What that lies in: its directory, or the root of the file system in its container.
    pub fn root(&self) -> BorrowedFd<'_> {
        match self {
            Self::Running { root, .. } => root.as_fd(),
            Self::Content(content) => content.root(),
        }
    }

    /// Where in the root the files are.
    pub fn layout(&self) -> Layout {
        match self {
            Self::Running { layout, .. } => *layout,
            Self::Content(content) => content.layout(),
        }
    }

    /// Whether it may change while it is read.
    pub fn is_running(&self) -> bool {
        matches!(self, Self::Running { .. })
    }

    /// Closes it.
    ///
    /// # Errors
    /// If its container does not end.
    pub fn close(self) -> Result<(), Error> {
        match self {
            Self::Running { .. } => Ok(()),
            Self::Content(content) => content.close(),
        }
    }
}
