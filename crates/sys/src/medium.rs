//! The medium: the file system whose data directory holds the bundles.
//!
//! A device is mounted only if its own superblock says that it can be a medium, read-only, and
//! without replaying a journal: nothing is written to a disk that is merely looked at.

mod mounting;

use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use perch_core::bundle::Bundle;
use perch_core::cause::Causes;
use perch_core::request::{Identity, Source};
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::bundles;
use crate::devices::BlockDevice;
use crate::dir::{self, DirError};
use crate::mount::MountError;
use crate::superblock::{self, Superblock};
use mounting::{Recovery, mount, replays};

/// A device that holds the data directory, mounted read-only and detached.
#[derive(Debug)]
pub struct Medium {
    /// The device.
    pub device: BlockDevice,
    /// What it holds.
    pub superblock: Superblock,
    /// Its mount.
    pub mount: OwnedFd,
    /// The data directory.
    pub dir: OwnedFd,
    /// The data directory's path on it, without slashes at the ends; empty for its root.
    pub path: String,
    /// The bundles, in no order.
    pub bundles: Vec<Bundle>,
    /// Why it must not be written, found out by taking it; absent if nothing speaks against it.
    pub unwritable: Option<String>,
}

/// Why a device is not the medium. Every variant is an answer for the user who wonders.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Another device was asked for.
    #[error("is not {wanted}, which from= asks for")]
    NotAsked {
        /// That one.
        wanted: Identity,
    },
    /// It could not be read.
    #[error("cannot be read")]
    Unreadable(#[source] io::Error),
    /// No known file system.
    #[error("holds no file system that perch knows")]
    Unknown,
    /// A file system, or something else, that is no medium.
    #[error("holds {what}, {why}")]
    NoMedium {
        /// What it holds.
        what: Description,
        /// Why that is no medium.
        why: &'static str,
    },
    /// It could not be mounted.
    #[error("holds {what}, but cannot be mounted")]
    Mount {
        /// What it holds.
        what: Description,
        /// Why.
        source: Box<MountError>,
    },
    /// It has no such directory.
    #[error("holds {what}, but no directory /{dir}")]
    NoDirectory {
        /// What it holds.
        what: Description,
        /// The directory looked for.
        dir: String,
    },
    /// The directory has no bundle.
    #[error("holds {what} with /{dir}, but no *.{extension} file in it")]
    NoBundles {
        /// What it holds.
        what: Description,
        /// The directory looked for.
        dir: String,
        /// The ending looked for.
        extension: String,
    },
    /// The directory could not be read.
    #[error("holds {what} with /{dir}, but it cannot be read")]
    Directory {
        /// What it holds.
        what: Description,
        /// The directory looked for.
        dir: String,
        /// Why.
        source: DirError,
    },
}

/// A file system in words: `ext4 "MY_STICK"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    fn of(superblock: &Superblock) -> Self {
        Self(match &superblock.label {
            Some(label) => format!("{} \"{label}\"", superblock.kind),
            None => superblock.kind.to_string(),
        })
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// Where, from the command line.
    pub source: &'a Source,
    /// The data directory's name where the command line gives none.
    pub usual_dir: &'a str,
    /// The ending of bundle file names, without the dot.
    pub extension: &'a str,
}

impl Wanted<'_> {
    /// The data directory's path on the medium.
    pub fn dir(&self) -> &str {
        self.source.dir.as_deref().unwrap_or(self.usual_dir)
    }
}

/// Looks at one device. `load` loads kernel modules by name; it is called only for file systems that
/// can be a medium, and its failures show in the mount that follows.
pub fn look(
    device: &BlockDevice,
    wanted: &Wanted<'_>,
    load: &mut dyn FnMut(&str),
) -> Result<Medium, Refused> {
    let not_asked = |wanted: &Identity| Refused::NotAsked {
        wanted: wanted.clone(),
    };
    let identity = wanted.source.identity.as_ref();
    if let Some(identity) = identity
        && named(identity, device) == Some(false)
    {
        return Err(not_asked(identity));
    }
    let file = File::open(device.node()).map_err(Refused::Unreadable)?;
    let found = superblock::read(&file).map_err(Refused::Unreadable)?;
    let Some(superblock) = found else {
        return Err(Refused::Unknown);
    };
    if let Some(identity) = identity
        && !matches(identity, device, &superblock)
    {
        return Err(not_asked(identity));
    }
    let what = Description::of(&superblock);
    if let Err(why) = superblock.kind.mountable() {
        return Err(Refused::NoMedium { what, why });
    }
    for module in superblock.kind.modules() {
        load(module);
    }
    let mount = mount(device, &superblock, Recovery::Leave).map_err(|source| Refused::Mount {
        what: what.clone(),
        source: Box::new(source),
    })?;
    let path = wanted.dir().to_owned();
    let dir = match open_data(&mount, &path) {
        Ok(dir) => dir,
        Err(error) if matches!(error.errno(), Some(Errno::NOENT | Errno::NOTDIR)) => {
            return Err(Refused::NoDirectory { what, dir: path });
        }
        Err(source) => {
            return Err(Refused::Directory {
                what,
                dir: path,
                source,
            });
        }
    };
    match bundles::find(dir.as_fd(), wanted.extension) {
        Ok(bundles) if bundles.is_empty() => Err(Refused::NoBundles {
            what,
            dir: path,
            extension: wanted.extension.to_owned(),
        }),
        Ok(bundles) => Ok(Medium {
            device: device.clone(),
            superblock,
            mount,
            dir,
            path,
            bundles,
            unwritable: None,
        }),
        Err(source) => Err(Refused::Directory {
            what,
            dir: path,
            source,
        }),
    }
}

/// Why a medium that was found could not be used.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// It could not be mounted again, with its journal replayed or not.
    #[error("it could not be mounted a second time")]
    Mount(#[from] MountError),
    /// The data directory is gone after that.
    #[error("its data directory is gone once its journal is replayed")]
    Directory(#[from] DirError),
}

impl Medium {
    /// Takes this medium: where its journal was left alone so far, it is mounted again and the journal
    /// replayed. Still read-only. Where that cannot be done, the system can run from it all the same,
    /// but nothing must be written to it.
    pub fn take(mut self) -> Result<Self, TakeError> {
        let name = &self.device.name;
        if self.superblock.kind.read_only_by_nature() {
            let kind = self.superblock.kind;
            self.unwritable = Some(format!("{kind} cannot be written"));
        } else if self.device.read_only {
            self.unwritable = Some(format!("/dev/{name} is write-protected"));
        }
        if !replays(&self.superblock) || self.device.read_only {
            return Ok(self);
        }
        // The data directory's descriptor holds the mount that has to go first.
        let path = self.path.clone();
        drop(self.dir);
        drop(self.mount);
        self.mount = match mount(&self.device, &self.superblock, Recovery::Replay) {
            Ok(mount) => mount,
            Err(error) => {
                let why = Causes(&error).to_string();
                self.unwritable = Some(format!("its journal could not be replayed: {why}"));
                mount(&self.device, &self.superblock, Recovery::Leave)?
            }
        };
        self.dir = open_data(&self.mount, &path)?;
        Ok(self)
    }
}

fn open_data(mount: &OwnedFd, path: &str) -> Result<OwnedFd, DirError> {
    let path = if path.is_empty() { "." } else { path };
    dir::open_beneath(mount, path, OFlags::RDONLY | OFlags::DIRECTORY)
}

/// Whether the device's own names decide; `None` where its superblock has to.
fn named(identity: &Identity, device: &BlockDevice) -> Option<bool> {
    let equal = |have: &Option<String>, want: &str| {
        Some(
            have.as_deref()
                .is_some_and(|have| have.eq_ignore_ascii_case(want)),
        )
    };
    match identity {
        Identity::Node(name) => Some(device.answers_to(name)),
        Identity::PartUuid(uuid) => equal(&device.part_uuid, uuid),
        Identity::PartLabel(label) => Some(device.part_label.as_deref() == Some(label)),
        Identity::Label(_) | Identity::Uuid(_) => None,
    }
}

/// Whether this is the device that was named.
pub fn matches(identity: &Identity, device: &BlockDevice, superblock: &Superblock) -> bool {
    match identity {
        Identity::Label(label) => superblock.label.as_deref() == Some(label),
        Identity::Uuid(uuid) => superblock
            .uuid
            .as_deref()
            .is_some_and(|have| have.eq_ignore_ascii_case(uuid)),
        other => named(other, device).unwrap_or(false),
    }
}
