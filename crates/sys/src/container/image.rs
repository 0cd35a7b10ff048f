//! A file with a file system in it, whatever keeps the file.

use std::fs::File;
use std::os::fd::OwnedFd;

use perch_core::fs::FsKind;
use perch_core::units::Bytes;
use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;

use super::ContainerError;
use super::ext4::{self, Depth, Verdict};
use crate::durable;
use crate::loopdev::{self, LoopDevice};
use crate::mount::{self, Options};
use crate::superblock::{self, Superblock};

/// The file of a raw container, or the disk that a dynfilefs container shows as a file: open for reading and
/// writing. Whatever happens to its name, checking and mounting concern the same file.
#[derive(Debug)]
pub struct Image {
    pub(super) file: File,
    /// What users know it by.
    pub(super) name: &'static str,
}

/// A file system that is mounted nowhere yet.
#[derive(Debug)]
pub struct Mounted {
    /// Its root; it is unmounted with this descriptor, unless it was attached somewhere.
    pub mount: OwnedFd,
    /// Its loop device, which lets go of the image with the last of its users.
    pub device: LoopDevice,
}

impl Image {
    /// Takes a file that is open, and the name that users know it by.
    pub(super) fn new(file: File, name: &'static str) -> Self {
        Self { file, name }
    }

    /// What users know it by.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its apparent length.
    pub(super) fn length(&self) -> Result<Bytes, ContainerError> {
        let metadata = self.file.metadata();
        let metadata = metadata.map_err(|source| self.access("read", source))?;
        Ok(Bytes(metadata.len()))
    }

    pub(super) fn access(&self, what: &'static str, source: std::io::Error) -> ContainerError {
        let name = self.name;
        ContainerError::Access { what, name, source }
    }

    /// What it holds, if that can be mounted and is all there.
    pub fn superblock(&self) -> Result<Superblock, ContainerError> {
        let name = self.name;
        let found = superblock::read(&self.file).map_err(|source| self.access("read", source))?;
        let found = found.ok_or(ContainerError::NoFileSystem { name })?;
        found
            .kind
            .mountable()
            .map_err(|why| ContainerError::Foreign {
                name,
                kind: found.kind,
                why,
            })?;
        let length = self.length()?;
        match found.bytes.map(Bytes) {
            Some(claims) if claims > length => Err(ContainerError::CutShort {
                name,
                claims,
                length,
            }),
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
        match ext4::check(self, Depth::Needed)? {
            // Replaying the journal is no repair.
            Verdict::InOrder => Ok(None),
            Verdict::Repaired(said) => Ok(Some(said)),
        }
    }

    /// Forces it to the medium.
    pub(super) fn sync(&self) -> Result<(), ContainerError> {
        self.file
            .sync_all()
            .and_then(|()| Ok(durable::settle(&self.file)?))
            .map_err(|source| self.access("sync", source))
    }

    /// Mounts its file system, detached. `name` is what lists of loop devices show.
    ///
    /// An empty `lost+found` is removed: a branch of a union shows it to users as part of the root.
    /// e2fsck(8) makes it again when it needs one.
    pub fn mount(&self, name: &str) -> Result<Mounted, ContainerError> {
        let mounted = self.attach(name, false, &Options::default())?;
        match unlinkat(&mounted.mount, "lost+found", AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::NOTDIR) => {}
            Err(error) => log::debug!("lost+found stays: {error}"),
        }
        Ok(mounted)
    }

    /// Whether its file system can be read as it is. Another one than ext says only in its log whether it was unmounted.
    pub fn is_clean(&self) -> Result<bool, ContainerError> {
        let found = self.superblock()?;
        Ok(is_ext(found.kind) && !(found.needs_recovery || found.errors))
    }

    /// Mounts its file system, detached, to be read: nothing in it has an effect, nothing is written to one that is
    /// [clean](Self::is_clean). Of any other a copy has to be mounted, which its log is replayed in.
    pub fn mount_to_read(&self, name: &str) -> Result<Mounted, ContainerError> {
        let clean = self.is_clean()?;
        let mut options = Options {
            read_only: true,
            nosuid: true,
            nodev: true,
            noexec: true,
            noatime: true,
            ..Options::default()
        };
        if clean {
            options.data.push(("noload".into(), None));
        }
        self.attach(name, clean, &options)
    }

    fn attach(
        &self,
        name: &str,
        read_only: bool,
        options: &Options,
    ) -> Result<Mounted, ContainerError> {
        let kind = self.superblock()?.kind;
        let fs_type = kind.kernel_names().first().copied();
        let fs_type = fs_type.ok_or(ContainerError::NoFileSystem { name: self.name })?;
        let config = loopdev::Config {
            read_only,
            // Otherwise everything written is in memory twice.
            direct_io: true,
            ..loopdev::Config::default()
        };
        let device = loopdev::attach(&self.file, name, &config)?;
        if !device.direct_io {
            log::debug!("{} goes through the page cache", device.path.display());
        }
        let mount = mount::mount_device(fs_type, &device.path, options)?;
        Ok(Mounted { mount, device })
    }
}

pub(super) fn is_ext(kind: FsKind) -> bool {
    matches!(kind, FsKind::Ext2 | FsKind::Ext3 | FsKind::Ext4)
}

#[cfg(test)]
mod tests;
