//! The dynfilefs container of a session: the server that shows its disk as a file, and that file.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use perch_core::cause::Causes;
use perch_core::notice::Notice;
use perch_core::serving::{Access, FailureKind};
use perch_core::units::{Bytes, Mib, SessionId};
use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;

use super::dynfilefs::{Ending, ProcessId, ServeError, Served, Server};
use super::ext4::{self, Depth};
use super::image::{Image, Mounted};
use super::{ContainerError, GrowError, journal, online};
use crate::dir::{self, Kind};
use crate::kmsg;
use crate::layout::DYNFILEFS;

/// How long the server has to end once nobody uses the disk: it makes durable what was written last.
pub(super) const END: Duration = Duration::from_secs(60);

/// A dynfilefs container that is served. The server stays as long as anybody uses the disk, whatever becomes of this.
#[derive(Debug)]
pub struct Expandable {
    // Dropped first: the server is to see that nobody has the file open.
    image: Image,
    served: Served,
    /// The disk has become larger, and the file system is to follow.
    grown: bool,
}

impl Expandable {
    /// Has `server` serve the container in a session's directory. Where something of it is missing or damaged nothing
    /// is changed.
    pub fn open(server: &Server, session: BorrowedFd<'_>) -> Result<Self, ContainerError> {
        let served = server.open(session, Access::Write);
        Self::of(served.map_err(refused)?, true)
    }

    /// As [`open`](Self::open), but to be read only; one of old can be, too.
    pub fn open_to_read(server: &Server, session: BorrowedFd<'_>) -> Result<Self, ContainerError> {
        let served = server.open(session, Access::Read);
        Self::of(served.map_err(refused)?, false)
    }

    /// Makes a container with a disk of `size` and an empty ext4 on it in a session's directory, where nothing of
    /// one may be. It is one only when the file system is whole and on the medium; on failure nothing is left.
    pub fn make(
        server: &Server,
        session: BorrowedFd<'_>,
        size: Mib,
    ) -> Result<Self, ContainerError> {
        let served = server.create(session, size);
        let mut container = Self::of(served.map_err(refused)?, true)?;
        ext4::format(&container.image)?;
        journal::reserve(&container.image)?;
        container.image.sync()?;
        container.served.commit()?;
        Ok(container)
    }

    fn of(served: Served, writable: bool) -> Result<Self, ContainerError> {
        let image = Image::new(served.file(writable)?, DYNFILEFS);
        Ok(Self {
            image,
            served,
            grown: false,
        })
    }

    /// The disk.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// The server's process.
    pub fn process(&self) -> ProcessId {
        self.served.process()
    }

    /// Makes the disk larger; the file system on it follows once it is mounted.
    pub fn grow(&mut self, to: Mib) -> Result<(), GrowError> {
        if to.bytes() > self.served.size() {
            let grown = self.served.grow(to).map_err(refused);
            grown.map_err(GrowError::AsItWas)?;
            self.grown = true;
        }
        Ok(())
    }

    /// Makes the disk and the file system on it larger, which nobody has mounted; a file system that was left smaller
    /// than its disk grows too.
    pub fn grow_whole(&mut self, to: Mib) -> Result<(), GrowError> {
        if !self.image.has_to_grow(to.bytes(), self.served.size())? {
            return Ok(());
        }
        self.image.check_before_growing()?;
        self.grow(to)?;
        self.grown = false;
        match ext4::grow(&self.image) {
            Ok(()) => self.image.sync().map_err(GrowError::NotInOrder),
            Err(error) => Err(self.image.after_half_a_growth(error)),
        }
    }

    /// Mounts the file system, detached, as large as the disk is. `name` is what lists of loop devices show.
    pub fn mount(&mut self, id: SessionId, name: &str) -> Result<Mounted, ContainerError> {
        let smaller = self.superblock_is_smaller()?;
        let mounted = self.image.mount(name)?;
        let asked = std::mem::take(&mut self.grown);
        if !smaller {
            return Ok(mounted);
        }
        let Err(error) = online::grow_file_system(&mounted.mount, self.served.size()) else {
            return Ok(mounted);
        };
        log::info!("the kernel does not let the file system of session {id} grow: {error}");
        if !asked {
            // It was like that before, and is no smaller than it was.
            return Ok(mounted);
        }
        drop(mounted);
        if let Err(error) = self.grow_unmounted() {
            let error = Causes(&error).to_string();
            kmsg::tell(Notice::ContainerNotGrown { id, error });
        }
        self.image.mount(name)
    }

    fn superblock_is_smaller(&self) -> Result<bool, ContainerError> {
        let claims = self.image.superblock()?.bytes;
        Ok(claims.is_some_and(|claims| Bytes(claims) < self.served.size()))
    }

    /// Has resize2fs(8) do what the kernel refuses, for ext3 for instance.
    fn grow_unmounted(&self) -> Result<(), ContainerError> {
        ext4::check(&self.image, Depth::Full)?;
        ext4::grow(&self.image)?;
        self.image.sync()
    }

    /// Has it grow by itself, to `cap` at the most, now that it is mounted at `place` on this loop device.
    pub fn watch(
        &mut self,
        id: SessionId,
        place: &Path,
        device: u32,
        cap: Option<Mib>,
    ) -> Result<(), ContainerError> {
        let (Some(above), Some(name)) = (place.parent(), place.file_name().and_then(OsStr::to_str))
        else {
            return Ok(());
        };
        let above = dir::open_dir(above)?;
        self.served.watch(id, above.as_fd(), name, device, cap)?;
        Ok(())
    }

    /// Lets go of the disk and waits for the server, which makes durable what was written last. False if it runs on,
    /// because somebody uses the disk.
    pub fn close(self) -> bool {
        self.end() != Ending::RunsOn
    }

    /// As [`close`](Self::close), and tells whether everything is durable.
    pub fn end(self) -> Ending {
        let Self { image, served, .. } = self;
        drop(image);
        served.end(END)
    }
}

/// Removes the files of a container that this boot made and that nobody may have: the main file first, without which
/// there is none.
pub fn remove(session: impl AsFd) -> Result<(), Errno> {
    let entries = dir::list(&session).map_err(|error| error.errno().unwrap_or(Errno::IO))?;
    // Sorted by name, so that the main file comes first.
    for entry in entries {
        if entry.kind == Kind::File && is_file_of_one(&entry.name) {
            unlinkat(&session, &entry.name, AtFlags::empty())?;
        }
    }
    Ok(())
}

/// Whether that is the name of a file of a container: main file or part, as made today or before 2023.
pub fn is_file_of_one(name: &OsStr) -> bool {
    let rest = name.to_str().and_then(|name| name.strip_prefix(DYNFILEFS));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    rest.is_some_and(|rest| match rest.strip_prefix('.') {
        None => rest.is_empty(),
        Some(suffix) => suffix == "new" || digits(suffix),
    })
}

/// What the user can do where the container is one of old.
pub(super) fn refused(error: ServeError) -> ContainerError {
    match error {
        ServeError::Refused(failure) if failure.kind == FailureKind::Legacy => {
            ContainerError::Legacy {
                said: failure.message,
            }
        }
        error => ContainerError::Serve(error),
    }
}
