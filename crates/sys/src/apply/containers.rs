//! The steps about containers, and the probe that tells whether one is needed.

use std::os::fd::{AsFd, OwnedFd};

use perch_core::notice::Notice;
use perch_core::session::Mode;
use perch_core::units::{Mib, SessionId};
use rustix::fs::OFlags;

use super::{Machine, StepError, Undo};
use crate::container::{GrowError, Image, probe};
use crate::dir::{self, DirError};
use crate::kmsg;
use crate::layout::{IMAGE, STORE};

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
        only_raw(mode)?;
        let session = self.session(id)?;
        self.image = Some(Image::make(session.as_fd(), size)?);
        self.undo.push(Undo::RemoveFile {
            dir: session,
            name: IMAGE,
        });
        Ok(())
    }

    pub(super) fn check_container(&mut self, id: SessionId, mode: Mode) -> Result<(), StepError> {
        only_raw(mode)?;
        let image = self.open_image(id)?;
        let repaired = image.check();
        self.image = Some(image);
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
        only_raw(mode)?;
        let image = self.open_image(id)?;
        let grown = image.grow(to);
        self.image = Some(image);
        grown.map_err(|error| match error {
            GrowError::AsItWas(error) => StepError::NotGrown(error),
            GrowError::NotInOrder(error) => StepError::Container(error),
        })
    }

    pub(super) fn open_container(&mut self, id: SessionId, mode: Mode) -> Result<(), StepError> {
        only_raw(mode)?;
        let image = self.open_image(id)?;
        let mounted = image.mount(&format!("{STORE}/{id}/{IMAGE}"))?;
        self.attach(mounted.mount, self.layout.changes())
    }

    /// The container of this session: the one that earlier steps opened, if they did.
    fn open_image(&mut self, id: SessionId) -> Result<Image, StepError> {
        match self.image.take() {
            Some(image) => Ok(image),
            None => Ok(Image::open(self.session(id)?.as_fd())?),
        }
    }
}

fn only_raw(mode: Mode) -> Result<(), StepError> {
    match mode {
        Mode::Raw => Ok(()),
        Mode::Native | Mode::Dynfilefs => Err(StepError::ModeUnsupported(mode)),
    }
}

#[cfg(test)]
mod tests;
