//! The file of a raw container.

use std::fs::File;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use perch_core::fs::FsKind;
use perch_core::notice::Notice;
use perch_core::units::{Bytes, Mib};
use rustix::fs::{AtFlags, OFlags, fsync, unlinkat};
use rustix::io::Errno;

use super::ext4::{self, Depth, Verdict};
use super::extend::extend;
use super::{ContainerError, GrowError};
use crate::dir;
use crate::kmsg;
use crate::layout::{IMAGE, IMAGE_UNFINISHED};
use crate::loopdev;
use crate::mount::{self, Options};
use crate::replace;
use crate::superblock::{self, Superblock};

/// The file of a raw container, open for reading and writing. Whatever happens to its name, checking,
/// growing and mounting concern the same file.
#[derive(Debug)]
pub struct Image {
    file: File,
}

impl Image {
    /// Opens the container in a session's directory.
    pub fn open(session: BorrowedFd<'_>) -> Result<Self, ContainerError> {
        // Not blocked by a fifo; nothing but a regular file is taken.
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
        let file = File::from(dir::open_beneath(session, IMAGE, flags)?);
        let access = |source| ContainerError::Access {
            what: "read",
            source,
        };
        if !file.metadata().map_err(access)?.is_file() {
            return Err(ContainerError::NotAFile { name: IMAGE });
        }
        Ok(Self { file })
    }

    /// Makes a container of `size` with an empty ext4 in a session's directory, where none may be. It
    /// has its name only when it is whole and on the medium; on failure nothing is left.
    pub fn make(session: BorrowedFd<'_>, size: Mib) -> Result<Self, ContainerError> {
        // O_EXCL: nothing that exists is ever formatted.
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        let file = File::from(dir::open_beneath(session, IMAGE_UNFINISHED, flags)?);
        let made = fill(&file, size).and_then(|()| name(session, &file));
        match made {
            Ok(()) => Ok(Self { file }),
            Err(error) => {
                let _ = unlinkat(session, IMAGE_UNFINISHED, AtFlags::empty());
                Err(error)
            }
        }
    }

    /// Its apparent length.
    fn length(&self) -> Result<Bytes, ContainerError> {
        let metadata = self.file.metadata();
        let metadata = metadata.map_err(|source| ContainerError::Access {
            what: "read",
            source,
        })?;
        Ok(Bytes(metadata.len()))
    }

    /// What it holds, if that can be mounted and is all there.
    pub fn superblock(&self) -> Result<Superblock, ContainerError> {
        let found = superblock::read(&self.file).map_err(|source| ContainerError::Access {
            what: "read",
            source,
        })?;
        let found = found.ok_or(ContainerError::NoFileSystem)?;
        found
            .kind
            .mountable()
            .map_err(|why| ContainerError::Foreign {
                kind: found.kind,
                why,
            })?;
        let length = self.length()?;
        match found.bytes.map(Bytes) {
            Some(claims) if claims > length => Err(ContainerError::CutShort { claims, length }),
            _ => Ok(found),
        }
    }

    /// Checks its file system where that is called for, and repairs what needs no decision; returns
    /// what was repaired.
    ///
    /// One that was unmounted cleanly is not checked: e2fsck(8) itself would end at once, unless it
    /// found the checks due that count mounts and days, and a boot is no time for these. Only ext is
    /// checked; other file systems replay their logs when they are mounted.
    pub fn check(&self) -> Result<Option<String>, ContainerError> {
        let found = self.superblock()?;
        if !is_ext(found.kind) || !(found.needs_recovery || found.errors) {
            return Ok(None);
        }
        match ext4::check(&self.file, Depth::Needed)? {
            // Replaying the journal is no repair.
            Verdict::InOrder => Ok(None),
            Verdict::Repaired(said) => Ok(Some(said)),
        }
    }

    /// Makes it, and the file system in it, larger. The file is only made shorter again if nothing of
    /// the file system can be in the part that goes.
    pub fn grow(&self, to: Mib) -> Result<(), GrowError> {
        let before = self.superblock().map_err(GrowError::NotInOrder)?;
        if !is_ext(before.kind) {
            let kind = before.kind;
            return Err(GrowError::AsItWas(ContainerError::CannotGrow { kind }));
        }
        let length = self.length().map_err(GrowError::NotInOrder)?;
        if to.bytes() <= length {
            return Ok(());
        }
        // resize2fs refuses a file system that was not checked since its last mount; forcing it would
        // pass over its safety (contract B33).
        match ext4::check(&self.file, Depth::Full) {
            Ok(Verdict::InOrder) => {}
            Ok(Verdict::Repaired(said)) => log::info!("before growing: {said}"),
            Err(error) => return Err(GrowError::before(error)),
        }
        extend(&self.file, to.bytes()).map_err(GrowError::AsItWas)?;
        let Err(error) = ext4::grow(&self.file) else {
            return self.sync().map_err(GrowError::NotInOrder);
        };
        self.after_failed_growth(length, error)
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
        match ext4::check(&self.file, Depth::Full) {
            Ok(_) => Err(GrowError::AsItWas(error)),
            Err(error) => Err(GrowError::NotInOrder(error)),
        }
    }

    fn sync(&self) -> Result<(), ContainerError> {
        self.file
            .sync_all()
            .map_err(|source| ContainerError::Access {
                what: "sync",
                source,
            })
    }

    /// Mounts its file system, detached. `name` is what lists of loop devices show.
    ///
    /// An empty `lost+found` is removed: a branch of a union shows it to users as part of the root.
    /// e2fsck(8) makes it again when it needs one.
    pub fn mount(&self, name: &str) -> Result<OwnedFd, ContainerError> {
        let kind = self.superblock()?.kind;
        let fs_type = kind.kernel_names().first().copied();
        let fs_type = fs_type.ok_or(ContainerError::NoFileSystem)?;
        let config = loopdev::Config {
            read_only: false,
            // Otherwise everything written is in memory twice.
            direct_io: true,
            ..loopdev::Config::default()
        };
        let device = loopdev::attach(&self.file, name, &config)?;
        if !device.direct_io {
            log::debug!("{} goes through the page cache", device.path.display());
        }
        let mount = mount::mount_device(fs_type, &device.path, &Options::default())?;
        match unlinkat(&mount, "lost+found", AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::NOTDIR) => {}
            Err(error) => log::debug!("lost+found stays: {error}"),
        }
        Ok(mount)
    }
}

fn is_ext(kind: FsKind) -> bool {
    matches!(kind, FsKind::Ext2 | FsKind::Ext3 | FsKind::Ext4)
}

/// Gives a new file its length and a file system.
fn fill(file: &File, size: Mib) -> Result<(), ContainerError> {
    extend(file, size.bytes())?;
    ext4::format(file)?;
    file.sync_all().map_err(|source| ContainerError::Access {
        what: "sync",
        source,
    })
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
        Ok(()) | Err(Errno::INVAL) => fsync(file),
        Err(error) => Err(error),
    };
    synced.map_err(|error| {
        let _ = unlinkat(session, IMAGE, AtFlags::empty());
        failed(error)
    })
}

#[cfg(test)]
mod tests;
