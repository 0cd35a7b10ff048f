//! A file system beside the medium that holds the sessions.

use std::os::fd::OwnedFd;

use perch_core::cause::Causes;
use perch_core::fs::FsKind;
use perch_core::in_use::InUse;

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
    /// The other machine that has it open for writing; absent where nobody looked or none has.
    pub in_use: Option<InUse>,
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
        let what = prepare(&superblock, load)?;
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
            in_use: None,
        })
    }

    /// As [`Self::mount`], of a device that another machine may have open: `user` is shown the mount
    /// before anything is replayed, and says who. `keeps_off` says whether nothing must be written then.
    pub fn mount_shared(
        device: BlockDevice,
        superblock: Superblock,
        load: &mut dyn FnMut(&str),
        user: &dyn Fn(&BlockDevice, &OwnedFd) -> Option<InUse>,
        keeps_off: bool,
    ) -> Result<Self, VolumeError> {
        let looked_at = Self::look(&device, &superblock, load)?;
        let in_use = user(&device, &looked_at);
        if let Some(by) = in_use.as_ref().filter(|_| keeps_off) {
            return Ok(Self {
                device,
                superblock,
                mount: looked_at,
                unwritable: Some(by.to_string()),
                in_use,
            });
        }
        // A mount with other options takes over what an earlier one has read.
        drop(looked_at);
        Ok(Self {
            in_use,
            ..Self::mount(device, superblock, load)?
        })
    }

    /// Mounts a device read-only, its journal left alone.
    fn look(
        device: &BlockDevice,
        superblock: &Superblock,
        load: &mut dyn FnMut(&str),
    ) -> Result<OwnedFd, VolumeError> {
        let what = prepare(superblock, load)?;
        mount(device, superblock, Recovery::Leave)
            .map_err(Box::new)
            .map_err(|source| VolumeError::Mount { what, source })
    }
}

/// Makes sure that it is a file system, and loads its driver. Returns what it is.
fn prepare(
    superblock: &Superblock,
    load: &mut dyn FnMut(&str),
) -> Result<&'static str, VolumeError> {
    let what = superblock.kind.word();
    superblock
        .kind
        .mountable()
        .map_err(|why| VolumeError::NoFileSystem { what, why })?;
    for module in superblock.kind.modules() {
        load(module);
    }
    Ok(what)
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
