//! Bundle files in the data directory: found, checked without mounting, attached and mounted.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;

use perch_core::bundle::Bundle;
use perch_core::notice::Notice;
use perch_core::units::Bytes;
use rustix::fs::OFlags;

use crate::dir::{self, DirError, Kind};
use crate::kmsg;
use crate::loopdev::{self, LoopError};
use crate::mount::{self, MountError, Options};

/// How deep `modules/` is searched.
const DEEPEST: usize = 16;
/// The most bundles that are taken; overlayfs joins 500 layers.
const MOST: usize = 10_000;
/// The user's modules, searched with all that lies below.
const MODULES: &str = "modules";

/// Finds the bundles of a data directory: the files directly in it, and all below `modules/`
/// (contract §1.2). Links are not followed.
pub fn find(data: BorrowedFd<'_>, extension: &str) -> Result<Vec<Bundle>, DirError> {
    let mut found = Vec::new();
    let below = collect(data, "", extension, &mut found)?;
    if below.iter().any(|name| name == MODULES) {
        walk(data, MODULES, extension, &mut found);
    }
    Ok(found)
}

/// Finds the modules on the partition of a store elsewhere: all below `live_name/modules/` of its root.
pub fn find_external(root: BorrowedFd<'_>, live_name: &str, extension: &str) -> Vec<Bundle> {
    let modules = format!("{live_name}/{MODULES}");
    let mut found = Vec::new();
    if dir::open_beneath(root, &modules, OFlags::PATH | OFlags::DIRECTORY).is_ok() {
        walk(root, &modules, extension, &mut found);
    }
    for bundle in &mut found {
        bundle.external = true;
    }
    found
}

/// Adds the bundles in the directory `start` and all below it. The user's modules are not worth the boot:
/// what cannot be read is left out.
fn walk(data: BorrowedFd<'_>, start: &str, extension: &str, found: &mut Vec<Bundle>) {
    // Directories still to be searched, with their depth.
    let mut open: Vec<(String, usize)> = vec![(start.to_owned(), 1)];
    while let Some((path, depth)) = open.pop() {
        if depth > DEEPEST || found.len() > MOST {
            kmsg::tell(Notice::ModulesTooMany { path });
            continue;
        }
        let searched = dir::open_beneath(data, &path, OFlags::RDONLY | OFlags::DIRECTORY)
            .and_then(|dir| collect(dir.as_fd(), &path, extension, found));
        match searched {
            Ok(below) => open.extend(
                below
                    .into_iter()
                    .map(|name| (format!("{path}/{name}"), depth + 1)),
            ),
            Err(error) => {
                let error = error.to_string();
                kmsg::tell(Notice::ModulesUnreadable { path, error });
            }
        }
    }
}

/// Adds the bundles directly in `dir` and returns the names of its directories.
fn collect(
    dir: BorrowedFd<'_>,
    path: &str,
    extension: &str,
    found: &mut Vec<Bundle>,
) -> Result<Vec<String>, DirError> {
    let mut directories = Vec::new();
    for entry in dir::list(dir)? {
        let Some(name) = entry.name.to_str() else {
            if entry.kind != Kind::Special {
                let name = entry.name.to_string_lossy().into_owned();
                kmsg::tell(Notice::NameNotUtf8 { name, not: "used" });
            }
            continue;
        };
        match entry.kind {
            Kind::Directory => directories.push(name.to_owned()),
            Kind::File if has_extension(name, extension) => {
                let path = match path {
                    "" => name.to_owned(),
                    path => format!("{path}/{name}"),
                };
                let (size, damage) = check(dir, name);
                found.push(Bundle {
                    path,
                    size,
                    external: false,
                    damage,
                });
            }
            Kind::Symlink if has_extension(name, extension) => {
                let name = name.to_owned();
                kmsg::tell(Notice::BundleIsLink { name });
            }
            Kind::File | Kind::Symlink | Kind::Special => {}
        }
    }
    Ok(directories)
}

fn has_extension(name: &str, extension: &str) -> bool {
    name.strip_suffix(extension)
        .and_then(|stem| stem.strip_suffix('.'))
        .is_some_and(|stem| !stem.is_empty())
}

/// The length of a bundle, and what is wrong with it as far as its superblock tells.
fn check(dir: BorrowedFd<'_>, name: &str) -> (Bytes, Option<String>) {
    let opened = dir::open_beneath(dir, name, OFlags::RDONLY | OFlags::NONBLOCK).map(File::from);
    let file = match opened {
        Ok(file) => file,
        Err(error) => return (Bytes(0), Some(error.to_string())),
    };
    match file.metadata() {
        Ok(metadata) => {
            let size = Bytes(metadata.len());
            (size, damage(&file, size))
        }
        Err(error) => (Bytes(0), Some(format!("cannot be read: {error}"))),
    }
}

/// Reads the squashfs superblock (Documentation/filesystems/squashfs.rst and fs/squashfs/squashfs_fs.h:
/// magic at 0, bytes used at 40, both little-endian): a file cut short is found before anything is
/// mounted from it.
fn damage(file: &File, size: Bytes) -> Option<String> {
    if size.0 == 0 {
        return Some("is empty".to_owned());
    }
    let mut head = [0; 48];
    if let Err(error) = file.read_exact_at(&mut head, 0) {
        return Some(match error.kind() {
            std::io::ErrorKind::UnexpectedEof => format!("is cut short at {} bytes", size.0),
            _ => format!("cannot be read: {error}"),
        });
    }
    if !head.starts_with(b"hsqs") {
        return Some("is no squashfs file".to_owned());
    }
    let used = head
        .last_chunk::<8>()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes));
    (used > size.0).then(|| format!("is cut short: {} of {used} bytes are there", size.0))
}

/// Why a bundle could not be mounted.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It could not be opened.
    #[error("cannot be opened")]
    Open(#[source] DirError),
    /// No loop device could be had.
    #[error("cannot be attached")]
    Attach(#[source] LoopError),
    /// It is no file system that can be mounted.
    #[error("cannot be mounted")]
    Mount(#[source] MountError),
}

/// Mounts a bundle, detached. `base` is the directory that its path is relative to. Dropping the
/// descriptor undoes it.
pub fn mount(base: BorrowedFd<'_>, bundle: &Bundle) -> Result<OwnedFd, BundleError> {
    let image = dir::open_beneath(base, &bundle.path, OFlags::RDONLY | OFlags::NONBLOCK)
        .map_err(BundleError::Open)?;
    let config = loopdev::Config {
        direct_io: true,
        ..loopdev::Config::default()
    };
    let device = loopdev::attach(&image, bundle.name(), &config).map_err(BundleError::Attach)?;
    let options = Options {
        read_only: true,
        nodev: false,
        ..Options::default()
    };
    mount::mount_device("squashfs", &device.path, &options).map_err(BundleError::Mount)
}
