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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_no_small_text_file_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let open = dir::open_dir(root.path()).unwrap();
        let run = || update(open.as_fd(), UnionKind::Overlayfs).map(|done| done.ok);
        assert_eq!(run(), None, "no /etc");
        fs::create_dir(root.path().join("etc")).unwrap();
        let file = root.path().join("etc/fstab");
        assert_eq!(run(), Some(true));
        assert_eq!(run(), None, "ours, and the same");
        fs::remove_file(&file).unwrap();
        symlink("../elsewhere", &file).unwrap();
        assert_eq!(run(), None, "a link");
        assert!(!root.path().join("elsewhere").exists());
        fs::remove_file(&file).unwrap();
        for content in [&b"# \xff\n"[..], &vec![b'#'; MAX + 1]] {
            fs::write(&file, content).unwrap();
            assert_eq!(run(), None);
            assert_eq!(fs::read(&file).unwrap(), content);
        }
    }
}
