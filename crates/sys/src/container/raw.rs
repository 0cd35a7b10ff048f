//! The file of a raw container: opening it, making it, and making it longer.

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;

use perch_core::notice::Notice;
use perch_core::units::{Bytes, Mib};
use rustix::fs::{AtFlags, OFlags, fsync, unlinkat};
use rustix::io::Errno;

use super::ext4::{self, Depth, Verdict};
use super::extend::extend;
use super::image::{Image, is_ext};
use super::{ContainerError, GrowError};
use crate::dir;
use crate::durable;
use crate::kmsg;
use crate::layout::{IMAGE, IMAGE_UNFINISHED};
use crate::replace;

impl Image {
    /// Opens the container in a session's directory.
    pub fn open(session: BorrowedFd<'_>) -> Result<Self, ContainerError> {
        Self::open_as(session, OFlags::RDWR)
    }

    /// Opens it for reading only.
    pub fn open_to_read(session: BorrowedFd<'_>) -> Result<Self, ContainerError> {
        Self::open_as(session, OFlags::RDONLY)
    }

    fn open_as(session: BorrowedFd<'_>, access: OFlags) -> Result<Self, ContainerError> {
        // Not blocked by a fifo; nothing but a regular file is taken.
        let flags = access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
        let file = File::from(dir::open_beneath(session, IMAGE, flags)?);
        let image = Self::new(file, IMAGE);
        let metadata = image.file.metadata();
        let metadata = metadata.map_err(|source| image.access("read", source))?;
        match metadata.is_file() {
            true => Ok(image),
            false => Err(ContainerError::NotAFile { name: IMAGE }),
        }
    }

    /// Makes a container of `size` with an empty ext4 in a session's directory, where none may be. It
    /// has its name only when it is whole and on the medium; on failure nothing is left.
    pub fn make(session: BorrowedFd<'_>, size: Mib) -> Result<Self, ContainerError> {
        // O_EXCL: nothing that exists is ever formatted.
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        let file = File::from(dir::open_beneath(session, IMAGE_UNFINISHED, flags)?);
        let image = Self::new(file, IMAGE);
        let made = fill(&image, size).and_then(|()| name(session, &image.file));
        match made {
            Ok(()) => Ok(image),
            Err(error) => {
                let _ = unlinkat(session, IMAGE_UNFINISHED, AtFlags::empty());
                Err(error)
            }
        }
    }

    /// Makes it, and the file system in it, larger; a file system that was left smaller than its file grows too. The
    /// file is only made shorter again if nothing of the file system can be in the part that goes.
    pub fn grow(&self, to: Mib) -> Result<(), GrowError> {
        let length = self.length().map_err(GrowError::NotInOrder)?;
        if !self.has_to_grow(to.bytes(), length)? {
            return Ok(());
        }
        self.check_before_growing()?;
        if to.bytes() > length {
            // Its length is to be on the medium before a superblock lays claim to it.
            let extended = extend(&self.file, to.bytes()).and_then(|()| self.sync());
            extended.map_err(GrowError::AsItWas)?;
        }
        let Err(error) = ext4::grow(self) else {
            return self.sync().map_err(GrowError::NotInOrder);
        };
        self.after_failed_growth(length, error)
    }

    /// Whether there is anything to do for a disk of `length` that is to have `to`.
    pub(super) fn has_to_grow(&self, to: Bytes, length: Bytes) -> Result<bool, GrowError> {
        let found = self.superblock().map_err(GrowError::NotInOrder)?;
        if !is_ext(found.kind) {
            let kind = found.kind;
            return Err(GrowError::AsItWas(ContainerError::CannotGrow { kind }));
        }
        let is_full = found.bytes.is_none_or(|bytes| Bytes(bytes) >= length);
        Ok(to > length || (to == length && !is_full))
    }

    /// resize2fs refuses a file system that was not checked since its last mount; forcing it would pass over
    /// its safety (contract B33).
    pub(super) fn check_before_growing(&self) -> Result<(), GrowError> {
        match ext4::check(self, Depth::Full) {
            Ok(Verdict::InOrder) => Ok(()),
            Ok(Verdict::Repaired(said)) => {
                log::info!("before growing: {said}");
                Ok(())
            }
            Err(error) => Err(GrowError::before(error)),
        }
    }

    /// resize2fs marks the file system as damaged while it moves things (resize2fs.c, `resize_fs`), and
    /// writes the new size last.
    fn after_failed_growth(&self, length: Bytes, error: ContainerError) -> Result<(), GrowError> {
        let now = self.superblock().map_err(GrowError::NotInOrder)?;
        let fits = now.bytes.is_some_and(|bytes| Bytes(bytes) <= length);
        if fits && !now.errors {
            if let Err(error) = self.file.set_len(length.0) {
                let error = error.to_string();
                kmsg::tell(Notice::ContainerStaysLonger { error });
            }
            return Err(GrowError::AsItWas(error));
        }
        Err(self.after_half_a_growth(error))
    }

    /// Has e2fsck(8) look at what resize2fs(8) left.
    pub(super) fn after_half_a_growth(&self, error: ContainerError) -> GrowError {
        match ext4::check(self, Depth::Full) {
            Ok(_) => GrowError::AsItWas(error),
            Err(error) => GrowError::NotInOrder(error),
        }
    }
}

/// Gives a new file its length and a file system.
fn fill(image: &Image, size: Mib) -> Result<(), ContainerError> {
    extend(&image.file, size.bytes())?;
    ext4::format(image)?;
    image.sync()
}

/// Gives the finished file its name. It is synced once more after its directory: Linux's FAT keeps where
/// a renamed file begins with its inode (see [`replace`]).
fn name(session: BorrowedFd<'_>, file: &File) -> Result<(), ContainerError> {
    let failed = |error: Errno| ContainerError::Make {
        name: IMAGE,
        source: io::Error::from(error),
    };
    replace::rename_to_free(session, IMAGE_UNFINISHED, IMAGE).map_err(failed)?;
    let synced = match fsync(session) {
        // fsync(2): the file system has no way to sync a directory.
        Ok(()) | Err(Errno::INVAL) => fsync(file).and_then(|()| durable::settle(file)),
        Err(error) => Err(error),
    };
    synced.map_err(|error| {
        let _ = unlinkat(session, IMAGE, AtFlags::empty());
        failed(error)
    })
}
