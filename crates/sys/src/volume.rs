//! A file system beside the medium that holds the sessions.

use std::os::fd::OwnedFd;

use perch_core::cause::Causes;
use perch_core::fs::FsKind;

use crate::devices::BlockDevice;
use crate::medium::{MountingError, Recovery, hibernated, mount, replays, unclean};
use crate::superblock::Superblock;

/// A device that was chosen, mounted read-only and detached.
#[derive(Debug)]
pub struct Volume {
    /// The device.
    pub device: BlockDevice,
    /// What it holds.
    pub superblock: Superblock,
    /// Its mount.
    pub mount: OwnedFd,
    /// Why it must not be written; absent if nothing speaks against it.
    pub unwritable: Option<String>,
}

/// Why a device that was chosen cannot be used. Reads as a cause.
#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    /// It holds nothing that can be mounted.
    #[error("it holds {what}, {why}")]
    NoFileSystem {
        /// What it holds.
        what: &'static str,
        /// Why that is no file system for sessions.
        why: &'static str,
    },
    /// It could not be mounted.
    #[error("it holds {what}, but cannot be mounted")]
    Mount {
        /// What it holds.
        what: &'static str,
        /// Why.
        source: Box<MountingError>,
    },
}

impl Volume {
    /// Mounts a device read-only. It is the one that was asked for, so its journal is replayed; where that
    /// cannot be done nothing must be written to it. `load` loads kernel modules by name.
    pub fn mount(
        device: BlockDevice,
        superblock: Superblock,
        load: &mut dyn FnMut(&str),
    ) -> Result<Self, VolumeError> {
        let what = superblock.kind.word();
        superblock
            .kind
            .mountable()
            .map_err(|why| VolumeError::NoFileSystem { what, why })?;
        for module in superblock.kind.modules() {
            load(module);
        }
        let mut unwritable = unwritable(&device, &superblock);
        let replay = unwritable.is_none() && replays(&superblock);
        let recovery = if replay {
            Recovery::Replay
        } else {
            Recovery::Leave
        };
        let mount = mount(&device, &superblock, recovery)
            .or_else(|error| {
                if !replay {
                    return Err(error);
                }
                let why = Causes(&error).to_string();
                unwritable = Some(match superblock.kind {
                    FsKind::Ntfs => why,
                    _ => format!("its journal could not be replayed: {why}"),
                });
                mount(&device, &superblock, Recovery::Leave)
            })
            .map_err(Box::new)
            .map_err(|source| VolumeError::Mount { what, source })?;
        // Better known than by what a driver says about it, and not every driver looks.
        let unwritable = hibernated(&superblock, &mount).or(unwritable);
        Ok(Self {
            device,
            superblock,
            mount,
            unwritable,
        })
    }
}

/// What speaks against writing to a device, as far as it tells by itself.
pub fn unwritable(device: &BlockDevice, superblock: &Superblock) -> Option<String> {
    if superblock.kind.read_only_by_nature() {
        Some(format!("{} cannot be written", superblock.kind))
    } else if device.read_only {
        Some(format!("/dev/{} is write-protected", device.name))
    } else {
        unclean(superblock)
    }
}
