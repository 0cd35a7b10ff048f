//! A container as it is now, put in order in memory while it stays as it is.

use std::os::fd::AsFd;

use super::ContainerError;
use super::dynfilefs::Served;
use super::dynfilefs::{Ending, Server};
use super::expandable::{END, refused};
use super::image::{Image, Mounted};

/// A file system that was cut off, and what its journal and e2fsck(8) write to it, in the memory of a process.
#[derive(Debug)]
pub struct Snapshot {
    // Dropped first: the server is to see that nobody has the file open.
    image: Image,
    served: Served,
    repaired: Option<String>,
}

impl Snapshot {
    /// Takes one of `image`, and puts it in order. The image has to stay as it is meanwhile.
    pub fn of(server: &Server, image: &Image) -> Result<Self, ContainerError> {
        let mut taken = Self::untouched(server, image)?;
        taken.repaired = taken.image.check()?;
        Ok(taken)
    }

    /// Takes one as it is.
    pub(super) fn untouched(server: &Server, image: &Image) -> Result<Self, ContainerError> {
        let served = server.snapshot(image.file.as_fd()).map_err(refused)?;
        let image = Image::new(served.file(true).map_err(refused)?, image.name);
        Ok(Self {
            image,
            served,
            repaired: None,
        })
    }

    pub(super) fn image(&self) -> &Image {
        &self.image
    }

    /// Mounts its file system as [`Image::mount_to_read`] does.
    pub fn mount_to_read(&self, name: &str) -> Result<Mounted, ContainerError> {
        self.image.mount_to_read(name)
    }

    /// What had to be repaired, besides replaying the journal.
    pub fn repaired(&self) -> Option<&str> {
        self.repaired.as_deref()
    }

    /// Lets go of it, and waits for the server. False if it runs on, because somebody uses the disk.
    pub fn close(self) -> bool {
        let Self { image, served, .. } = self;
        drop(image);
        served.end(END) != Ending::RunsOn
    }
}
