//! Where in a session its files lie, told by what is there.

use std::os::fd::{BorrowedFd, OwnedFd};

use perch_core::aufs::MARKER;
use perch_core::session::UnionKind;
use perch_sys::dir::{self, Kind, make_dir, open_dir_beneath};
use perch_sys::layout::{UPPER, WORK};
use perch_sys::mount::{self, Options};

use super::Access;
use crate::archive::Layout;
use crate::error::Error;

/// What mke2fs(8) leaves in a new file system; the boot removes it.
const LOST_AND_FOUND: &str = "lost+found";

/// Finds the session's files in `root`, and opens them. In a session that nobody opened yet there is no place for them:
/// it is made to be written, and to be read it is an empty directory elsewhere.
pub(super) fn find(
    root: BorrowedFd<'_>,
    union: Option<UnionKind>,
    access: Access,
) -> Result<(Layout, OwnedFd), Error> {
    let entries = dir::list(root).map_err(Error::OpenTree)?;
    let has = |name: &str| entries.iter().any(|entry| entry.name == name);
    let has_dir = |name: &str| {
        let mut entries = entries.iter();
        entries.any(|entry| entry.name == name && entry.kind == Kind::Directory)
    };
    let is_new = entries.iter().all(|entry| entry.name == LOST_AND_FOUND);
    let is_of_overlay = |name: &std::ffi::OsStr| name == UPPER || name == WORK;
    let layout = layout(Look {
        union,
        has_upper: has_dir(UPPER),
        has_work: has_dir(WORK),
        has_marker: has(MARKER),
        is_new,
        is_astray: access == Access::Read
            && entries
                .iter()
                .any(|entry| entry.name != LOST_AND_FOUND && !is_of_overlay(&entry.name)),
    });
    let tree = match (layout, access) {
        (_, Access::Read) if is_new => empty(),
        (Layout::Overlayfs, Access::Write) => make_dir(root, UPPER, 0o755)
            .map_err(Error::OpenTree)
            .and_then(|_| open_dir_beneath(root, UPPER).map_err(Error::OpenTree)),
        (Layout::Overlayfs, Access::Read) if !has_dir(UPPER) => empty(),
        (layout, _) => layout.open(root).map_err(Error::OpenTree),
    };
    Ok((layout, tree?))
}

/// What tells the layout.
#[derive(Debug, Clone, Copy, Default)]
struct Look {
    union: Option<UnionKind>,
    has_upper: bool,
    has_work: bool,
    has_marker: bool,
    is_new: bool,
    /// Other files are there, and are only read: the existing manager of MiniOS puts those of overlayfs where overlayfs
    /// does not look (contract C3).
    is_astray: bool,
}

/// What is there counts; what is recorded counts where that does not tell.
fn layout(look: Look) -> Layout {
    match look.union {
        _ if look.has_marker => Layout::Aufs,
        _ if look.has_upper && look.has_work => Layout::Overlayfs,
        Some(UnionKind::Aufs) => Layout::Aufs,
        Some(UnionKind::Overlayfs) if look.is_astray && !look.has_upper => Layout::Flat,
        Some(UnionKind::Overlayfs) => Layout::Overlayfs,
        None if look.has_upper || look.is_new => Layout::Overlayfs,
        None => Layout::Flat,
    }
}

/// A directory with nothing in it, that no path leads to.
fn empty() -> Result<OwnedFd, Error> {
    let options = Options {
        read_only: true,
        ..Options::default()
    };
    let mount = mount::tmpfs("empty", None, 0o755, &options).map_err(Error::Empty)?;
    open_dir_beneath(&mount, ".").map_err(Error::OpenTree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_tells_the_layout() {
        use Layout::*;
        let (overlay, aufs) = (Some(UnionKind::Overlayfs), Some(UnionKind::Aufs));
        let astray = Look {
            union: overlay,
            is_astray: true,
            ..Look::default()
        };
        assert_eq!(layout(astray), Flat);
        for (union, upper, work, marker, new, want) in [
            (overlay, true, true, false, false, Overlayfs),
            (overlay, true, false, false, false, Overlayfs),
            (overlay, false, false, false, true, Overlayfs),
            (aufs, false, false, true, false, Aufs),
            (aufs, false, false, false, true, Aufs),
            // A user's own directory of that name.
            (aufs, true, false, false, false, Aufs),
            (aufs, true, true, false, false, Overlayfs),
            (overlay, false, false, true, false, Aufs),
            (None, true, false, false, false, Overlayfs),
            (None, false, false, true, false, Aufs),
            (None, false, false, false, true, Overlayfs),
            (None, false, false, false, false, Flat),
        ] {
            let look = Look {
                union,
                has_upper: upper,
                has_work: work,
                has_marker: marker,
                is_new: new,
                is_astray: false,
            };
            assert_eq!(layout(look), want, "{look:?}");
        }
    }
}
