//! The steps about containers, and the probe that tells whether one is needed.

mod record;

use std::os::fd::{AsFd, OwnedFd};

use perch_core::cause::Causes;
use perch_core::notice::Notice;
use perch_core::session::Mode;
use perch_core::units::{Mib, SessionId};
use rustix::fs::OFlags;

pub(super) use self::record::RecordError;
use super::{Machine, StepError, Undo};
use crate::container::{Expandable, GrowError, Image, Mounted, probe};
use crate::dir::{self, DirError};
use crate::kmsg;
use crate::layout::{DYNFILEFS, IMAGE, STORE};
use crate::mount;

/// The container of a session, open.
#[derive(Debug)]
pub(super) enum Container {
    Raw(Image),
    Dynfilefs(Box<Expandable>),
}

impl Container {
    /// The file that holds the file system.
    fn image(&self) -> &Image {
        match self {
            Self::Raw(image) => image,
            Self::Dynfilefs(container) => container.image(),
        }
    }

    fn grow(&mut self, to: Mib) -> Result<(), GrowError> {
        match self {
            Self::Raw(image) => image.grow(to),
            Self::Dynfilefs(container) => container.grow(to),
        }
    }
}

impl Machine {
    fn session(&self, id: SessionId) -> Result<OwnedFd, DirError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        dir::open_beneath(self.store()?, id.to_string(), flags)
    }

    pub(super) fn probe_native(&self, id: SessionId) -> Result<(), StepError> {
        probe::native(self.session(id)?).map_err(StepError::Probe)
    }

    pub(super) fn make_container(
        &mut self,
        id: SessionId,
        mode: Mode,
        size: Mib,
    ) -> Result<(), StepError> {
        let session = self.session(id)?;
        let (container, undo) = match mode {
            Mode::Native => return Err(StepError::NoContainer(mode)),
            Mode::Raw => {
                let image = Image::make(session.as_fd(), size)?;
                let (dir, name) = (session, IMAGE);
                (Container::Raw(image), Undo::RemoveFile { dir, name })
            }
            Mode::Dynfilefs => {
                let container = Expandable::make(&self.server, session.as_fd(), size)?;
                let container = Container::Dynfilefs(Box::new(container));
                (container, Undo::RemoveContainer(session))
            }
        };
        self.container = Some(container);
        self.undo.push(undo);
        Ok(())
    }

    pub(super) fn check_container(&mut self, id: SessionId, mode: Mode) -> Result<(), StepError> {
        let container = self.take_container(id, mode)?;
        let repaired = container.image().check();
        self.container = Some(container);
        if let Some(said) = repaired? {
            kmsg::tell(Notice::ContainerRepaired { id, said });
        }
        Ok(())
    }

    pub(super) fn grow_container(
        &mut self,
        id: SessionId,
        mode: Mode,
        to: Mib,
    ) -> Result<(), StepError> {
        let mut container = self.take_container(id, mode)?;
        let grown = container.grow(to);
        self.container = Some(container);
        grown.map_err(|error| match error {
            GrowError::AsItWas(error) => StepError::NotGrown(error),
            GrowError::NotInOrder(error) => StepError::Container(error),
        })
    }

    pub(super) fn open_container(
        &mut self,
        id: SessionId,
        mode: Mode,
        cap: Option<Mib>,
    ) -> Result<(), StepError> {
        match self.take_container(id, mode)? {
            Container::Raw(image) => {
                let mounted = image.mount(&format!("{STORE}/{id}/{IMAGE}"))?;
                self.attach(mounted.mount, self.layout.changes())
            }
            Container::Dynfilefs(mut container) => {
                let mounted = container.mount(id, &format!("{STORE}/{id}/{DYNFILEFS}"));
                let process = container.process();
                let serving = self.serving.insert(*container);
                self.undo.push(Undo::EndServer);
                let Mounted { mount, device } = mounted?;
                self.undo.push(record::leave(
                    self.layout.records(),
                    process,
                    device.number,
                    id,
                )?);
                let changes = self.layout.changes();
                mount::put(mount, &changes)?;
                self.undo.push(Undo::Unmount(changes.clone()));
                // It can be used as it is, so this is no reason to go without it.
                if let Err(error) = serving.watch(id, &changes, device.number, cap) {
                    let error = Causes(&error).to_string();
                    kmsg::tell(Notice::ContainerNotGrown { id, error });
                }
                Ok(())
            }
        }
    }

    /// The container of this session: the one that earlier steps opened, if they did.
    fn take_container(&mut self, id: SessionId, mode: Mode) -> Result<Container, StepError> {
        if let Some(container) = self.container.take() {
            return Ok(container);
        }
        let session = self.session(id)?;
        match mode {
            Mode::Native => Err(StepError::NoContainer(mode)),
            Mode::Raw => Ok(Container::Raw(Image::open(session.as_fd())?)),
            Mode::Dynfilefs => {
                let container = Expandable::open(&self.server, session.as_fd())?;
                Ok(Container::Dynfilefs(Box::new(container)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
