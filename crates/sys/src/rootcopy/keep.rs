//! What a copy keeps of its original beside its content.

use std::ffi::CStr;
use std::os::fd::AsFd;

use rustix::fs::{
    Gid, Mode, Stat, Timespec, Timestamps, Uid, XattrFlags, fchmod, fchown, fgetxattr, flistxattr,
    fsetxattr, futimens,
};
use rustix::io::Errno;

/// The longest list of attribute names, and the longest value, that Linux has. xattr(7).
const MAX: usize = 64 * 1024;

/// Gives `to` the owner, attributes, mode and time of `from`, whose status is `status`.
pub(super) fn attributes(from: impl AsFd, to: impl AsFd, status: &Stat) -> rustix::io::Result<()> {
    let owner = (Uid::from_raw(status.st_uid), Gid::from_raw(status.st_gid));
    fchown(&to, Some(owner.0), Some(owner.1))?;
    extended(&from, &to)?;
    // After the owner, which takes set-user-ID bits away. chown(2).
    fchmod(&to, Mode::from_raw_mode(status.st_mode & 0o7777))?;
    time(&to, status)
}

/// Gives `to` the time at which the original was last written.
pub(super) fn time(to: impl AsFd, status: &Stat) -> rustix::io::Result<()> {
    let written = Timespec {
        tv_sec: status.st_mtime,
        tv_nsec: status.st_mtime_nsec.try_into().unwrap_or(0),
    };
    let times = Timestamps {
        last_access: written,
        last_modification: written,
    };
    futimens(to, &times)
}

/// Copies extended attributes, ACLs and capabilities among them. Not `trusted.*`, by which a medium
/// could tell overlayfs what to show instead of this file.
fn extended(from: impl AsFd, to: impl AsFd) -> rustix::io::Result<()> {
    let mut names = vec![0; MAX];
    let len = match flistxattr(&from, names.as_mut_slice()) {
        Ok(0) | Err(Errno::OPNOTSUPP) => return Ok(()),
        Ok(len) => len,
        Err(error) => return Err(error),
    };
    names.truncate(len);
    let mut value = vec![0; MAX];
    for name in names.split_inclusive(|&byte| byte == 0) {
        let Ok(name) = CStr::from_bytes_with_nul(name) else {
            continue;
        };
        if name.to_bytes().starts_with(b"trusted.") {
            continue;
        }
        let len = fgetxattr(&from, name, value.as_mut_slice())?;
        match fsetxattr(
            &to,
            name,
            value.get(..len).unwrap_or_default(),
            XattrFlags::empty(),
        ) {
            // The session's file system has none of this kind.
            Ok(()) | Err(Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
