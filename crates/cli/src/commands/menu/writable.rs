//! A medium that is mounted read-only is made writable while menus are written, and put back.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;

use perch_sys::dir::open_dir;
use perch_sys::mount::{MountError, set_mount_read_only, set_superblock_read_only};
use perch_sys::mountinfo::{self, Mount};

use super::MenuFailure;
use super::medium::Medium;

/// File systems that nobody can write to.
const NEVER: [&str; 5] = ["iso9660", "udf", "squashfs", "erofs", "cramfs"];

/// A medium that can be written to; what was changed for that.
#[derive(Debug)]
pub(super) struct Writable {
    mount: Option<OwnedFd>,
    superblock: bool,
    flag: bool,
}

impl Writable {
    /// Makes the medium writable, as far as it is not.
    pub(super) fn make(medium: &Medium) -> Result<Self, MenuFailure> {
        let unknown = |source| MenuFailure::Mounts {
            medium: medium.root.clone(),
            source,
        };
        let mounts = mountinfo::read().map_err(unknown)?;
        let root = fs::canonicalize(&medium.root).map_err(unknown)?;
        let mut writable = Self {
            mount: None,
            superblock: false,
            flag: false,
        };
        let Some(mount) = holding(&mounts, &root).filter(|mount| mount.is_read_only()) else {
            return Ok(writable);
        };
        if NEVER.contains(&mount.fs_type.as_str()) {
            return Err(MenuFailure::NeverWritable {
                medium: medium.root.clone(),
                fs: mount.fs_type.clone(),
            });
        }
        let at = open_dir(&mount.target).map_err(|source| MenuFailure::Medium {
            path: mount.target.clone(),
            source,
        })?;
        let failed = |source| MenuFailure::ReadOnly {
            medium: medium.root.clone(),
            source: Box::new(source),
        };
        let flag = mount.flags.iter().any(|flag| flag == "ro");
        let superblock = mount
            .options
            .as_encoded_bytes()
            .split(|b| *b == b',')
            .next()
            == Some(b"ro");
        if superblock {
            set_superblock_read_only(&at, false).map_err(failed)?;
            writable.superblock = true;
        }
        if flag && let Err(error) = set_mount_read_only(&at, false) {
            if writable.superblock {
                // Nothing was written; the first error is the one to tell.
                let _ = set_superblock_read_only(&at, true);
            }
            return Err(failed(error));
        }
        writable.flag = flag;
        writable.mount = Some(at);
        Ok(writable)
    }

    /// Makes read-only again what was.
    pub(super) fn put_back(self) -> Result<(), MountError> {
        let Some(mount) = &self.mount else {
            return Ok(());
        };
        if self.flag {
            set_mount_read_only(mount, true)?;
        }
        if self.superblock {
            set_superblock_read_only(mount, true)?;
        }
        Ok(())
    }
}

/// The mount that shows `path`: the one with the longest path that leads there, of several the last.
fn holding<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    mounts
        .iter()
        .filter(|mount| path.starts_with(&mount.target))
        .max_by_key(|mount| mount.target.as_os_str().len())
}
