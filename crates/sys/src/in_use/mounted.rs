//! Whether a session is open on this machine: its container is attached to a loop device, or its
//! directory is the upper one of an overlay. Branches of aufs are not looked for.

use std::ffi::OsString;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use linux_raw_sys::loop_device::{LO_FLAGS_READ_ONLY, loop_info64};
use perch_core::in_use::InUse;
use rustix::fs::{AtFlags, Mode, OFlags, Stat, major, makedev, minor, open, stat, statat};

use crate::ioctl;
use crate::layout::{IMAGE, UPPER};
use crate::mountinfo::{self, Mount};

/// The first part of an expandable container (contract §1.4).
const EXPANDABLE: &str = "changes.dat";
/// The major number of loop devices (`Documentation/admin-guide/devices.txt`).
pub(super) const LOOP_MAJOR: u32 = 7;

/// Where the session in the directory `session` is open, if it is.
pub fn find(session: impl AsFd) -> Option<InUse> {
    find_through(session.as_fd(), |_| true)
}

/// The same, where it can be written to: a read-only loop device changes nothing.
pub fn find_writer(session: impl AsFd) -> Option<InUse> {
    find_through(session.as_fd(), |device| {
        device.lo_flags & LO_FLAGS_READ_ONLY as u32 == 0
    })
}

fn find_through(session: BorrowedFd<'_>, counts: impl Fn(&loop_info64) -> bool) -> Option<InUse> {
    let of = |name| statat(session, name, AtFlags::SYMLINK_NOFOLLOW).ok();
    let mounts = mountinfo::read().unwrap_or_default();
    for name in [IMAGE, EXPANDABLE] {
        if let Some(number) = of(name).and_then(|file| attached_to(&file, &counts)) {
            let device = format!("/dev/loop{number}");
            let on = |mount: &&Mount| mount.device == (LOOP_MAJOR, number);
            let at = mounts.iter().find(on).map(|mount| shown(&mount.target));
            return Some(InUse::Mounted { device, at });
        }
    }
    let upper = of(UPPER)?;
    let mount = mounts.iter().find(|mount| {
        upper_of(mount)
            .and_then(|path| stat(&path).ok())
            .is_some_and(|found| same(&found, &upper))
    })?;
    Some(InUse::Mounted {
        device: mount.fs_type.clone(),
        at: Some(shown(&mount.target)),
    })
}

/// The number of a loop device that the file is attached to.
pub(super) fn attached(file: &Stat) -> Option<u32> {
    attached_to(file, |_| true)
}

fn attached_to(file: &Stat, counts: impl Fn(&loop_info64) -> bool) -> Option<u32> {
    loop_devices()
        .find(|(_, status)| {
            (status.lo_device, status.lo_inode) == (file.st_dev, file.st_ino) && counts(status)
        })
        .map(|(number, _)| number)
}

/// Loop devices whose file lies on the file system with this device number, as `/dev/loop0`. loop(4).
pub fn loop_devices_on((major, minor): (u32, u32)) -> Vec<String> {
    let device = makedev(major, minor);
    loop_devices()
        .filter(|(_, status)| status.lo_device == device)
        .map(|(number, _)| format!("/dev/loop{number}"))
        .collect()
}

/// All loop devices that have a file, with the number of the device that the file lies on.
pub fn loop_files() -> Vec<(u32, (u32, u32))> {
    loop_devices()
        .map(|(number, status)| {
            let on = status.lo_device;
            (number, (major(on), minor(on)))
        })
        .collect()
}

/// All loop devices that have a file, with what the kernel says of them.
fn loop_devices() -> impl Iterator<Item = (u32, loop_info64)> {
    let blocks = fs::read_dir("/sys/block").into_iter().flatten().flatten();
    blocks.filter_map(|entry| {
        let name = entry.file_name();
        let number = name.to_str()?.strip_prefix("loop")?.parse().ok()?;
        // Only an attached one has it; opening the others would cost time.
        if !entry.path().join("loop/backing_file").exists() {
            return None;
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let device = open(Path::new("/dev").join(&name), flags, Mode::empty()).ok()?;
        Some((number, ioctl::loop_status(&device).ok()?))
    })
}

pub(super) fn same(a: &Stat, b: &Stat) -> bool {
    (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)
}

/// The upper directory of an overlay, as it was called when that was mounted.
/// `Documentation/filesystems/overlayfs.rst`: a comma in it is written `\,`.
pub(super) fn upper_of(mount: &Mount) -> Option<PathBuf> {
    if mount.fs_type != "overlay" {
        return None;
    }
    let options = mount.options.as_bytes();
    let mut words: Vec<Vec<u8>> = vec![Vec::new()];
    let mut bytes = options.iter();
    while let Some(&byte) = bytes.next() {
        let word = words.last_mut()?;
        match byte {
            b'\\' => word.extend(bytes.next()),
            b',' => words.push(Vec::new()),
            byte => word.push(byte),
        }
    }
    words
        .into_iter()
        .find_map(|word| Some(word.strip_prefix(b"upperdir=")?.to_vec()))
        .map(|path| OsString::from_vec(path).into())
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_directory_is_told_from_the_options() {
        let line = |kind: &str, options: &str| {
            let line = format!("36 35 0:30 / /x rw - {kind} none {options}\n");
            mountinfo::parse(line.as_bytes()).remove(0)
        };
        for (kind, options, want) in [
            (
                "overlay",
                "rw,lowerdir=/a:/b,upperdir=/u,workdir=/w",
                Some("/u"),
            ),
            (
                "overlay",
                "rw,upperdir=/u\\134\\054x\\040y,workdir=/w",
                Some("/u,x y"),
            ),
            ("overlay", "rw,lowerdir=/upperdir=/x", None),
            ("ext4", "rw,upperdir=/u", None),
        ] {
            let found = upper_of(&line(kind, options));
            assert_eq!(found, want.map(PathBuf::from), "{options}");
        }
    }
}
