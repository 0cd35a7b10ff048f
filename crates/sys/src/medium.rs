//! The medium: the file system whose data directory holds the bundles.
//!
//! A device is mounted only if its own superblock says that it can be a medium, read-only, and
//! without replaying a journal: nothing is written to a disk that is merely looked at.

mod image;
mod mounting;

use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use perch_core::bundle::Bundle;
use perch_core::in_use::InUse;
use perch_core::request::{Identity, Source};
use rustix::io::Errno;

use crate::bundles;
use crate::devices::BlockDevice;
use crate::dir::{self, DirError};
use crate::superblock::{self, Superblock};
use crate::volume::{self, Volume, VolumeError};
pub use image::ImageError;
pub use mounting::{MountingError, Ntfs3gError};
pub(crate) use mounting::{Recovery, hibernated, mount, replays, unclean};

/// A device that holds the data directory, mounted read-only and detached.
#[derive(Debug)]
pub struct Medium {
    /// The device.
    pub device: BlockDevice,
    /// What it holds.
    pub superblock: Superblock,
    /// Its mount.
    pub mount: OwnedFd,
    /// The ISO file on it that holds the data directory; absent if the file system itself does.
    pub image: Option<Image>,
    /// The data directory.
    pub dir: OwnedFd,
    /// The data directory's path on it or in the image, without slashes at the ends; empty for the root.
    pub path: String,
    /// The bundles, in no order.
    pub bundles: Vec<Bundle>,
    /// Why it must not be written, found out by taking it; absent if nothing speaks against it.
    pub unwritable: Option<String>,
    /// The other machine that has it open for writing; absent where nobody looked or none has.
    pub in_use: Option<InUse>,
}

/// An ISO file that is mounted, read-only and detached.
#[derive(Debug)]
pub struct Image {
    /// Its path on the medium.
    pub path: String,
    /// Its mount.
    pub mount: OwnedFd,
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
        source: Box<MountingError>,
    },
    /// It has no such file.
    #[error("holds {what}, but no file /{path}")]
    NoImage {
        /// What it holds.
        what: Description,
        /// The ISO file looked for.
        path: String,
    },
    /// The file is no image that can be used.
    #[error("holds {what} with /{path}, but that file cannot be used")]
    Image {
        /// What it holds.
        what: Description,
        /// The ISO file looked for.
        path: String,
        /// Why.
        source: Box<ImageError>,
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

impl Refused {
    /// A stable word for programs and for searching.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAsked { .. } => "device-not-asked-for",
            Self::Unreadable(_) => "device-unreadable",
            Self::Unknown => "device-unknown-content",
            Self::NoMedium { .. } => "device-no-medium",
            Self::Mount { .. } => "device-not-mounted",
            Self::NoImage { .. } => "device-no-image",
            Self::Image { .. } => "device-image-unusable",
            Self::NoDirectory { .. } => "device-no-directory",
            Self::NoBundles { .. } => "device-no-bundles",
            Self::Directory { .. } => "device-directory-unreadable",
        }
    }

    /// What the user can do if this is the medium; absent for a device that was ruled out by the user. No
    /// catch-all arm, so that a new variant has to answer too.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotAsked { .. } => return None,
            Self::Unreadable(_) => "plug it into another port; read what dmesg says of it",
            Self::Unknown | Self::NoMedium { .. } => {
                "if this is the medium, write the system to it again"
            }
            Self::Mount { .. } => "check it from another system with fsck",
            Self::NoImage { .. } => "check the name of the ISO file in from=",
            Self::Image { .. } => "copy the ISO file to the medium again",
            Self::NoDirectory { .. } => "check the directory in from=, or leave it out",
            Self::NoBundles { .. } => "copy the bundles there; bext= names another ending",
            Self::Directory { .. } => "check the file system from another system with fsck",
        })
    }
}

/// A file system in words: `ext4 "MY_STICK"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    /// What the superblock says.
    pub fn of(superblock: &Superblock) -> Self {
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
    let image = match &wanted.source.iso {
        None => None,
        Some(path) => match image::mount(&mount, path, load) {
            Ok(mount) => Some(Image {
                path: path.clone(),
                mount,
            }),
            Err(error) if error.is_missing() => {
                let path = path.clone();
                return Err(Refused::NoImage { what, path });
            }
            Err(source) => {
                let path = path.clone();
                let source = Box::new(source);
                return Err(Refused::Image { what, path, source });
            }
        },
    };
    let path = wanted.dir().to_owned();
    let root = image.as_ref().map_or(&mount, |image| &image.mount);
    let dir = match open_data(root, &path) {
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
            image,
            dir,
            path,
            bundles,
            unwritable: None,
            in_use: None,
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
    Mount(#[from] VolumeError),
    /// The data directory is gone after that.
    #[error("its data directory is gone once its journal is replayed")]
    Directory(#[from] DirError),
    /// The ISO file cannot be used after that.
    #[error("its ISO file cannot be used once its journal is replayed")]
    Image(#[from] ImageError),
}

impl Medium {
    /// Takes this medium: where its journal was left alone so far, it is mounted again and the journal
    /// replayed; where a program serves it, that is started anew so that it can write. Still read-only.
    /// Where that cannot be done, the system can run from it all the same, but nothing must be written
    /// to it.
    pub fn take(mut self) -> Result<Self, TakeError> {
        self.unwritable = volume::unwritable(&self.device, &self.superblock);
        if self.unwritable.is_some() || !replays(&self.superblock) {
            return Ok(self);
        }
        let Self {
            device,
            superblock,
            mount: looked_at,
            image,
            dir,
            path,
            bundles,
            in_use,
            ..
        } = self;
        // These hold the mount that has to go first.
        let image = image.map(|image| image.path);
        drop(dir);
        drop(looked_at);
        let Volume {
            device,
            superblock,
            mount,
            unwritable,
            ..
        } = Volume::mount(device, superblock, &mut |_| ())?;
        let image = match image {
            None => None,
            // Its driver is there since the first look.
            Some(path) => Some(Image {
                mount: image::mount(&mount, &path, &mut |_| ())?,
                path,
            }),
        };
        let root = image.as_ref().map_or(&mount, |image| &image.mount);
        let dir = open_data(root, &path)?;
        Ok(Self {
            device,
            superblock,
            mount,
            image,
            dir,
            path,
            bundles,
            unwritable,
            in_use,
        })
    }

    /// Takes this medium as it is, because another machine writes to it: nothing is replayed or written.
    pub fn take_untouched(mut self) -> Self {
        self.unwritable = self.in_use.as_ref().map(ToString::to_string);
        self
    }

    /// The root of the file system that holds the data directory: that of the image, if there is one.
    pub fn root(&self) -> &OwnedFd {
        self.image
            .as_ref()
            .map_or(&self.mount, |image| &image.mount)
    }
}

fn open_data(mount: &OwnedFd, path: &str) -> Result<OwnedFd, DirError> {
    dir::open_dir_beneath(mount, path)
}

/// Whether the device's own names decide; `None` where its superblock has to.
pub fn named(identity: &Identity, device: &BlockDevice) -> Option<bool> {
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
        Identity::Id(id) => Some(device.ids.contains(id)),
        Identity::Label(_) | Identity::Uuid(_) => None,
    }
}

/// Whether this is the device that was named; `device` as [`crate::devices::complete`] left it.
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
