//! The container of a session, and the file system in it, mounted where no path leads.

use std::os::fd::{BorrowedFd, OwnedFd};

use perch_core::serving::BaseName;
use perch_core::session::Mode;
use perch_core::sizing;
use perch_core::units::Mib;
use perch_sys::container::dynfilefs::{Ending, Server};
use perch_sys::container::{ContainerError, Expandable, Image, Mounted, Snapshot};
use perch_sys::dir::{DirError, open_dir_beneath};

use super::Access;
use crate::error::Error;

/// A container with its file system mounted.
#[derive(Debug)]
pub(super) struct Disk {
    // In this order: the mount has the loop device, that has the file, and the server waits for both.
    mounted: Mounted,
    /// What is mounted in place of a container that was cut off and is only read.
    snapshot: Option<Snapshot>,
    container: Container,
    repaired: Option<String>,
}

#[derive(Debug)]
enum Container {
    Raw(Image),
    Dynfilefs(Box<Expandable>),
}

impl Disk {
    /// Opens the container in a session's directory.
    pub(super) fn open(session: BorrowedFd<'_>, mode: Mode, access: Access) -> Result<Self, Error> {
        Self::try_open(session, mode, access).map_err(|error| Error::OpenContainer(Box::new(error)))
    }

    fn try_open(
        session: BorrowedFd<'_>,
        mode: Mode,
        access: Access,
    ) -> Result<Self, ContainerError> {
        let server = Server::new(BaseName::of_session());
        let container = match (mode, access) {
            (Mode::Dynfilefs, Access::Write) => {
                Container::dynfilefs(Expandable::open(&server, session)?)
            }
            (Mode::Dynfilefs, Access::Read) => {
                Container::dynfilefs(Expandable::open_to_read(&server, session)?)
            }
            (_, Access::Write) => Container::Raw(Image::open(session)?),
            (_, Access::Read) => Container::Raw(Image::open_to_read(session)?),
        };
        let image = container.image();
        let mut repaired = None;
        let mut snapshot = None;
        let mounted = match access {
            Access::Write => {
                repaired = image.check()?;
                image.mount(image.name())?
            }
            Access::Read if image.is_clean()? => image.mount_to_read(image.name())?,
            Access::Read => {
                let taken = snapshot.insert(Snapshot::of(&server, image)?);
                repaired = taken.repaired().map(str::to_owned);
                taken.mount_to_read(image.name())?
            }
        };
        Ok(Self {
            mounted,
            snapshot,
            container,
            repaired,
        })
    }

    /// Makes a container in a session's empty directory.
    pub(super) fn make(
        session: BorrowedFd<'_>,
        mode: Mode,
        size: Option<Mib>,
    ) -> Result<Self, Error> {
        let failed = |error| Error::Container(Box::new(error));
        let size = size.unwrap_or(sizing::DEFAULT);
        let container = match mode {
            Mode::Dynfilefs => {
                let server = Server::new(BaseName::of_session());
                let made = Expandable::make(&server, session, size).map_err(failed)?;
                Container::dynfilefs(made)
            }
            Mode::Raw | Mode::Native => Container::Raw(Image::make(session, size).map_err(failed)?),
        };
        let image = container.image();
        let mounted = image.mount(image.name()).map_err(failed)?;
        Ok(Self {
            mounted,
            snapshot: None,
            container,
            repaired: None,
        })
    }

    /// Opens the root of the file system.
    pub(super) fn root(&self) -> Result<OwnedFd, DirError> {
        open_dir_beneath(&self.mounted.mount, ".")
    }

    pub(super) fn repaired(&self) -> Option<&str> {
        self.repaired.as_deref()
    }

    /// Unmounts it, when nobody has anything in it open, and waits until everything is on the medium.
    pub(super) fn close(self, access: Access) -> Result<(), Error> {
        let Self {
            mounted,
            snapshot,
            container,
            ..
        } = self;
        let Mounted { mount, device } = mounted;
        drop(mount);
        // The last user of the device is this one, so that the file is free when this returns.
        let detached = device.detach().map_err(Error::NotDurable);
        let unmounted = match access {
            Access::Write => container.check_unmounted(),
            Access::Read => Ok(()),
        };
        if snapshot.is_some_and(|snapshot| !snapshot.close()) {
            return Err(Error::StillServed);
        }
        let ended = match container {
            Container::Raw(_) => Ending::Durable,
            Container::Dynfilefs(container) => container.end(),
        };
        match ended {
            Ending::RunsOn => Err(Error::StillServed),
            Ending::Failed => Err(Error::NotUnmounted),
            Ending::Durable => detached.and(unmounted),
        }
    }
}

impl Container {
    fn dynfilefs(container: Expandable) -> Self {
        Self::Dynfilefs(Box::new(container))
    }

    fn image(&self) -> &Image {
        match self {
            Self::Raw(image) => image,
            Self::Dynfilefs(container) => container.image(),
        }
    }

    /// A file system that was unmounted without an error says so.
    fn check_unmounted(&self) -> Result<(), Error> {
        let found = self.image().superblock();
        let found = found.map_err(|error| Error::OpenContainer(Box::new(error)))?;
        match found.needs_recovery {
            true => Err(Error::NotUnmounted),
            false => Ok(()),
        }
    }
}
