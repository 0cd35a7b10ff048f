//! Makes sure of an `/etc/fstab`, without ever touching a user's.

use std::os::fd::{AsFd, BorrowedFd};

use perch_core::cause::Causes;
use perch_core::fstab;
use perch_core::session::UnionKind;
use perch_sys::dir::{self, Content};
use perch_sys::replace;
use rustix::fs::OFlags;

use super::Done;

/// The longest file looked into, in bytes; a longer one is a user's.
const MAX: usize = 64 * 1024;

/// Writes it if it is missing or ours; `None` if there is nothing to do.
pub(super) fn update(root: BorrowedFd<'_>, union: UnionKind) -> Option<Done> {
    // A system without /etc reads no fstab.
    let etc = dir::open_in_root(root, "etc", OFlags::RDONLY | OFlags::DIRECTORY).ok()?;
    let now = match dir::read_bounded(&etc, "fstab", MAX) {
        Ok(Content::Absent) => None,
        Ok(Content::Bytes { bytes, .. }) => Some(String::from_utf8(bytes).ok()?),
        Ok(Content::TooLarge { .. } | Content::NotAFile) => return None,
        Err(error) => {
            let result = format!("/etc/fstab stays as it is: {}", Causes(&error));
            return Some(Done { ok: false, result });
        }
    };
    let new = fstab::update(now.as_deref(), union)?;
    let written = replace::replace_file(etc.as_fd(), "fstab", new.as_bytes(), 0o644);
    Some(match written {
        Ok(()) => Done {
            ok: true,
            result: "/etc/fstab written".to_owned(),
        },
        Err(error) => Done {
            ok: false,
            result: format!("/etc/fstab is not written: {}", Causes(&error)),
        },
    })
}
