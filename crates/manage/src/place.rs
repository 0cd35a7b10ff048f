//! The file system that a store lies on.

use perch_core::manage::create::Place;
use perch_core::manage::place::Abilities;
use perch_core::units::Bytes;
use perch_sys::mountinfo::{self, Mount};
use rustix::fs::{AtFlags, StatxFlags, fstatfs, fstatvfs, statx};
use rustix::io::Errno;

use crate::error::Error;
use crate::store::Store;

/// Where a store lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// The name of the file system in the mount table.
    pub fs_type: String,
    /// As statfs(2) has it, in the words of coreutils' `stat`: `ext2/ext3`, `msdos`.
    pub statfs_type: String,
    /// The device, as it was mounted.
    pub device: String,
    /// Options of the mount and of the file system, as `/proc/mounts` has them.
    pub options: String,
    /// Neither can be written to.
    pub is_read_only: bool,
    /// What is free for everybody.
    pub free: Bytes,
    /// All there is.
    pub total: Bytes,
    /// What it can hold.
    pub abilities: Abilities,
}

impl Whereabouts {
    /// Finds the mount that the store was opened through.
    ///
    /// # Errors
    /// If the kernel does not tell: it has to be Linux 5.8.
    pub fn of(store: &Store) -> Result<Self, Error> {
        Self::look(store).map_err(|source| Error::Place {
            path: store.path().to_owned(),
            source,
        })
    }

    fn look(store: &Store) -> Result<Self, Errno> {
        let dir = store.dir();
        let stat = statx(dir, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)?;
        let mounts =
            mountinfo::read().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let mount = mounts
            .into_iter()
            .find(|mount| u64::from(mount.id) == stat.stx_mnt_id)
            .ok_or(Errno::NODEV)?;
        let space = fstatvfs(dir)?;
        let bytes = |blocks: u64| Bytes(blocks.saturating_mul(space.f_frsize));
        Ok(Self {
            abilities: Abilities::of(&mount.fs_type),
            statfs_type: statfs_type(fstatfs(dir)?.f_type as u32, &mount.fs_type),
            device: mount.source.to_string_lossy().into_owned(),
            options: options(&mount),
            is_read_only: mount.is_read_only(),
            fs_type: mount.fs_type,
            free: bytes(space.f_bavail),
            total: bytes(space.f_blocks),
        })
    }

    /// What a new session depends on.
    pub fn for_new(&self) -> Place {
        Place {
            fs_type: self.fs_type.clone(),
            abilities: self.abilities.clone(),
            free: self.free,
        }
    }
}

/// Those of the mount, and of the file system what is not among them.
fn options(mount: &Mount) -> String {
    let own = mount.options.to_string_lossy();
    let of_fs = own.split(',').filter(|word| *word != "rw" && *word != "ro");
    let mut words: Vec<&str> = match mount.is_read_only() {
        true => vec!["ro"],
        false => vec!["rw"],
    };
    let flags = mount.flags.iter().map(String::as_str);
    words.extend(flags.filter(|word| *word != "rw" && *word != "ro"));
    words.extend(of_fs);
    words.join(",")
}

/// The words of `stat -f -c %T`, by the numbers of linux/magic.h; the mount table's where they are the same.
fn statfs_type(magic: u32, fs_type: &str) -> String {
    match magic {
        0xef53 => "ext2/ext3",
        0x4d44 => "msdos",
        0x6573_5546 => "fuseblk",
        0x794c_7630 => "overlayfs",
        _ => fs_type,
    }
    .to_owned()
}
