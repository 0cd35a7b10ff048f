//! The union of many read-only layers and one writable: overlayfs,
//! `Documentation/filesystems/overlayfs.rst`.
//!
//! The kernel learns of the layers in one of three ways, see `Way`; which one is found out by
//! trying, since distributions disagree about what a version number means. Where the layers come
//! from and whether the upper's filesystem is fit for the purpose is decided elsewhere.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{StatVfsMountFlags, fstatvfs};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, fsconfig_create, fsconfig_set_fd,
    fsconfig_set_string, fsmount, fsopen,
};

use crate::mount::{KernelText, MAX_VALUE, attach_path, unmount};

mod error;
mod farm;
pub use error::OverlayError;
pub(crate) use farm::{Farm, plant};

/// The most lower layers the kernel takes (fs/overlayfs/params.h, `OVL_MAX_STACK`).
pub const MAX_LAYERS: usize = 500;

/// The longest option string we hand to mount(2), in bytes. The kernel copies one page and cuts
/// what does not fit without an error, so that the upper at the end would be lost first.
const MAX_DATA: usize = 3500;

/// Options that hold for every union with an upper, whatever the kernel was built to prefer.
///
/// `index=on` ties the upper to file handles of the lower layers: a session that was copied to
/// another stick, or meets an updated bundle, would be refused. `metacopy=on` leaves files
/// without their data in the upper, so that a session could not be read without its layers.
const FIXED: [(&str, &str); 2] = [("index", "off"), ("metacopy", "off")];

/// One read-only layer. It must be attached: a path leads to it.
#[derive(Debug, Clone, Copy)]
pub struct Lower<'a> {
    /// Open on the layer's root; `O_PATH` suffices.
    pub dir: BorrowedFd<'a>,
    /// Its absolute path, for kernels that take nothing else and for messages.
    pub path: &'a Path,
}

/// How the kernel is told about the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// One descriptor each, `lowerdir+` of fsconfig(2): no limit on the length of paths.
    Descriptors,
    /// One path each, `lowerdir+` likewise: kernels that know the option but not with descriptors.
    Strings,
    /// One option string to mount(2): kernels before `lowerdir+`, such as Linux 6.1.
    MountCall,
}

/// Mounts the union of `lowers`, the highest first, at the directory `target`.
///
/// `upper` is the upper and the work directory, both empty or from an earlier union, on one
/// writable filesystem; without it the union is read-only. That the union accepts writes is
/// verified, since overlayfs does not call it an error.
///
/// `farm_dir` is a directory that we may make and fill with symbolic links `0`, `1`, … to the
/// layers, when the kernel takes no other form. It stays, because the mount table then names the
/// layers by these links.
pub fn assemble(
    lowers: &[Lower<'_>],
    upper: Option<(&Path, &Path)>,
    farm_dir: &Path,
    target: &Path,
) -> Result<(), OverlayError> {
    let Some(first) = lowers.first() else {
        return Err(OverlayError::NoLower);
    };
    if lowers.len() > MAX_LAYERS {
        return Err(OverlayError::TooManyLayers {
            count: lowers.len(),
        });
    }
    let way = fitting(probe(first)?, lowers, upper);
    assemble_by(way, lowers, upper, farm_dir, target)
}

/// Falls back to mount(2) and its links for paths that fsconfig(2) cannot take as a string: too
/// long, or with a backslash, which overlayfs reads as an escape in some options and not in others.
fn fitting(way: Way, lowers: &[Lower<'_>], upper: Option<(&Path, &Path)>) -> Way {
    let bad = |path: &Path| {
        let bytes = path.as_os_str().as_bytes();
        bytes.len() > MAX_VALUE || bytes.contains(&b'\\')
    };
    let bad_upper = upper.is_some_and(|(upper, work)| bad(upper) || bad(work));
    let bad_lower = way == Way::Strings && lowers.iter().any(|lower| bad(lower.path));
    if bad_upper || bad_lower {
        Way::MountCall
    } else {
        way
    }
}

fn assemble_by(
    way: Way,
    lowers: &[Lower<'_>],
    upper: Option<(&Path, &Path)>,
    farm_dir: &Path,
    target: &Path,
) -> Result<(), OverlayError> {
    if way == Way::MountCall {
        mount_call(lowers, upper, farm_dir, target)?;
    } else {
        let mount = by_context(way, lowers, upper)?;
        attach_path(&mount, target).map_err(|source| OverlayError::Attach { source })?;
    }
    let Some((upper, work)) = upper else {
        return Ok(());
    };
    let writable = crate::dir::open_dir(target)
        .map_err(|error| error.errno().unwrap_or(Errno::IO))
        .and_then(fstatvfs)
        .map(|status| !status.f_flag.contains(StatVfsMountFlags::RDONLY));
    if writable == Ok(true) {
        return Ok(());
    }
    // Undone even where only the question failed: the caller is told of a failure.
    let _ = unmount(target, true);
    match writable {
        Err(source) => Err(failed(lowers, Some(upper), KernelText::default(), source)),
        Ok(_) => Err(OverlayError::ReadOnly {
            upper: upper.into(),
            work: work.into(),
        }),
    }
}

fn failed(
    lowers: &[Lower<'_>],
    upper: Option<&Path>,
    text: KernelText,
    source: Errno,
) -> OverlayError {
    OverlayError::Mount {
        layers: lowers.len(),
        upper: upper.map(Into::into),
        text,
        source,
    }
}

fn context() -> Result<OwnedFd, OverlayError> {
    fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)
        .map_err(|source| OverlayError::Unknown { source })
}

/// Finds out what this kernel takes, without mounting anything.
fn probe(first: &Lower<'_>) -> Result<Way, OverlayError> {
    if fsconfig_set_fd(&context()?, "lowerdir+", first.dir).is_ok() {
        return Ok(Way::Descriptors);
    }
    // A filesystem of the old kind collects every string without looking at it, and fails only
    // when it is mounted; one of the new kind refuses what it does not know at once.
    let context = context()?;
    let looks = fsconfig_set_string(&context, "perch.no.such.option", "x").is_err();
    if looks && fsconfig_set_string(&context, "lowerdir+", first.path).is_ok() {
        return Ok(Way::Strings);
    }
    Ok(Way::MountCall)
}

/// fsopen(2) and fsconfig(2): one call for each layer, detached.
fn by_context(
    way: Way,
    lowers: &[Lower<'_>],
    upper: Option<(&Path, &Path)>,
) -> Result<OwnedFd, OverlayError> {
    let context = context()?;
    for lower in lowers {
        let outcome = match way {
            Way::Descriptors => fsconfig_set_fd(&context, "lowerdir+", lower.dir),
            Way::Strings | Way::MountCall => fsconfig_set_string(&context, "lowerdir+", lower.path),
        };
        outcome.map_err(|source| OverlayError::Layer {
            path: lower.path.into(),
            text: KernelText::of(&context),
            source,
        })?;
    }
    let set = |key: &'static str, value: &Path| {
        fsconfig_set_string(&context, key, value).map_err(|source| OverlayError::Option {
            key,
            value: value.into(),
            text: KernelText::of(&context),
            source,
        })
    };
    if let Some((upper, work)) = upper {
        set("upperdir", upper)?;
        set("workdir", work)?;
        for (key, value) in FIXED {
            set(key, Path::new(value))?;
        }
    }
    // Only the name in the mount table.
    set("source", Path::new("overlay"))?;
    fsconfig_create(&context)
        .and_then(|()| {
            fsmount(
                &context,
                FsMountFlags::FSMOUNT_CLOEXEC,
                MountAttrFlags::empty(),
            )
        })
        .map_err(|source| {
            let upper = upper.map(|(upper, _)| upper);
            failed(lowers, upper, KernelText::of(&context), source)
        })
}

/// mount(2) with the paths themselves where they fit and mean what they say, else with links.
fn mount_call(
    lowers: &[Lower<'_>],
    upper: Option<(&Path, &Path)>,
    farm_dir: &Path,
    target: &Path,
) -> Result<(), OverlayError> {
    let refused = |source| {
        let upper = upper.map(|(upper, _)| upper);
        failed(lowers, upper, KernelText::default(), source)
    };
    let plain = option_string(
        lowers.iter().map(|lower| lower.path.as_os_str()),
        upper.map(|(upper, work)| (upper.as_os_str(), work.as_os_str())),
    );
    if let Some(data) = plain {
        return mount_overlay(target, &data).map_err(refused);
    }
    let names = farm::plant(farm_dir, lowers, upper)?;
    let data = option_string(
        names.lowers.iter().map(OsStr::new),
        upper.map(|_| (OsStr::new(farm::UPPER), OsStr::new(farm::WORK))),
    )
    .ok_or_else(|| refused(Errno::TOOBIG))?;
    // The working directory belongs to the process; a thread that has its own leaves ours alone.
    let target = std::path::absolute(target).unwrap_or_else(|_| target.into());
    let outcome = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("overlay".into());
        let running = thread
            .spawn_scoped(scope, || {
                crate::ioctl::unshare_working_directory()?;
                rustix::process::fchdir(names.dir.as_fd())?;
                mount_overlay(&target, &data)
            })
            .map_err(|source| OverlayError::Thread { source })?;
        // The thread does nothing that panics; EIO stands for "it did all the same".
        Ok(running.join().unwrap_or(Err(Errno::IO)))
    })?;
    outcome.map_err(refused)
}

fn mount_overlay(target: &Path, data: &CString) -> rustix::io::Result<()> {
    rustix::mount::mount(
        "overlay",
        target,
        "overlay",
        MountFlags::empty(),
        Some(data.as_c_str()),
    )
}

/// The options as mount(2) takes them; `None` when they are too long, or when a path has a
/// character that separates options or layers. overlayfs has an escape for it, but not every
/// kernel honours it everywhere.
fn option_string<'a>(
    lowers: impl Iterator<Item = &'a OsStr>,
    upper: Option<(&'a OsStr, &'a OsStr)>,
) -> Option<CString> {
    fn push(data: &mut Vec<u8>, path: &OsStr) -> Option<()> {
        let bytes = path.as_bytes();
        let special = |b: &u8| matches!(b, b':' | b',' | b'\\');
        (!bytes.iter().any(special)).then(|| data.extend_from_slice(bytes))
    }
    let mut data = b"lowerdir=".to_vec();
    for (n, lower) in lowers.enumerate() {
        if n > 0 {
            data.push(b':');
        }
        push(&mut data, lower)?;
    }
    if let Some((upper, work)) = upper {
        for (key, value) in [("upperdir", upper), ("workdir", work)] {
            data.extend_from_slice(format!(",{key}=").as_bytes());
            push(&mut data, value)?;
        }
        for (key, value) in FIXED {
            data.extend_from_slice(format!(",{key}={value}").as_bytes());
        }
    }
    if data.len() > MAX_DATA {
        return None;
    }
    CString::new(data).ok()
}

#[cfg(test)]
mod tests;
