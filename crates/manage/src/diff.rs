//! What a session changed over its bundles.
//!
//! The session's tree is walked once, in order, and each entry is looked up in the bundles as the union would: so memory
//! does not grow with the session. Content is read only where the lengths are the same.

mod below;
mod change;
mod judge;
pub mod marks;

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::OFlags;

use crate::archive::Layout;
use crate::layers::Layers;
use crate::tree::compare::same_content;
use crate::tree::{
    Action, Buffers, Entry, Found, Kind, Progress, TreeError, Walk, Watch, read, split,
};
use below::{Below, Lower};
pub use change::{Aspect, Change, Sum, Summary, What};
use judge::{change, changed, deleted};
use marks::{Marks, Meaning};

/// Bytes of content that are compared at once.
const CHUNK: usize = 1 << 18;

/// A session's tree, and what it lies over.
#[derive(Debug, Clone, Copy)]
pub struct Over<'a> {
    /// The session's tree.
    pub tree: BorrowedFd<'a>,
    /// How it is laid out, which tells the marks in it.
    pub layout: Layout,
    /// The bundles; absent where nothing is compared.
    pub layers: Option<&'a Layers>,
    /// Only what is at this path or below it; empty for everything.
    pub path: &'a [u8],
}

/// Tells every change to `visit`, in the order of the names, and what all come to.
///
/// # Errors
/// If something cannot be read, or `watch` wants an end.
pub fn diff(
    over: Over<'_>,
    watch: &mut Watch<'_>,
    visit: &mut dyn FnMut(Change),
) -> Result<Summary, TreeError> {
    let marks = Marks::of(over.layout);
    let below = over.layers.map(|layers| Below::new(layers, marks));
    let mut differ = Differ {
        over,
        marks,
        below: below.transpose()?,
        buffers: (vec![0; CHUNK], vec![0; CHUNK]),
        xattrs: Buffers::default(),
        internal: None,
    };
    let mut walk = Walk::new(over.tree)?;
    let (mut done, mut summary) = (Progress::default(), Summary::default());
    while let Some(found) = walk.next()? {
        done.entries += 1;
        if let Some(change) = differ.change(found, &mut done)?
            && is_at_or_below(&change.path, over.path)
        {
            summary.add(&change);
            visit(change);
        }
        if watch(done).is_break() {
            return Err(TreeError::Stopped);
        }
    }
    Ok(summary)
}

/// Whether `path` is `place`, or lies below it.
pub fn is_at_or_below(path: &[u8], place: &[u8]) -> bool {
    place.is_empty()
        || path
            .strip_prefix(place)
            .is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
}

struct Differ<'a> {
    over: Over<'a>,
    marks: Marks,
    below: Option<Below>,
    buffers: (Vec<u8>, Vec<u8>),
    xattrs: Buffers,
    /// A directory of the union's own, which is passed over with all in it.
    internal: Option<Vec<u8>>,
}

impl Differ<'_> {
    /// What became of one entry of the session; `None` if it only leads to others, or is as it was.
    fn change(&mut self, found: Found, done: &mut Progress) -> Result<Option<Change>, TreeError> {
        let path = found.entry.path.clone();
        let inside = |dir: &Vec<u8>| is_at_or_below(&path, dir);
        if path.is_empty() || self.internal.as_ref().is_some_and(inside) {
            return Ok(None);
        }
        let (parent, name) = split(&path);
        match self.marks.meaning(&found.entry, name, parent.is_empty()) {
            Meaning::Internal => {
                self.internal = Some(path);
                Ok(None)
            }
            // Told with its directory.
            Meaning::Opaque => Ok(None),
            Meaning::Deletes(name) => {
                let path = match parent {
                    [] => name,
                    parent => [parent, b"/", &name].concat(),
                };
                let lower = self.lower(&path)?;
                Ok(Some(deleted(path, lower)))
            }
            Meaning::Itself if found.entry.kind == Kind::Directory => self.directory(found),
            Meaning::Itself => self.other(found, done),
        }
    }

    fn lower(&mut self, path: &[u8]) -> Result<Option<Lower>, TreeError> {
        match &mut self.below {
            Some(below) => below.at(path),
            None => Ok(None),
        }
    }

    fn directory(&mut self, found: Found) -> Result<Option<Change>, TreeError> {
        let entry = found.entry;
        let is_opaque = self.is_opaque(&entry)?;
        let Some(below) = &mut self.below else {
            let what = match is_opaque {
                true => What::Replaced,
                false => What::Present,
            };
            // A directory that only leads somewhere is no news.
            return Ok(is_opaque.then(|| change(&entry, what, None)));
        };
        let redirect = entry.attributes.xattr(b"trusted.overlay.redirect");
        let lower = match redirect {
            Some(to) => below.redirected(&entry.path, to)?,
            None => below.at(&entry.path)?,
        };
        let Some(lower) = lower else {
            below.enter(&entry.path, None);
            return Ok(Some(change(&entry, What::Added, None)));
        };
        let before = lower.found.entry.clone();
        if before.kind != Kind::Directory {
            below.enter(&entry.path, None);
            return Ok(Some(change(&entry, What::Retyped, Some(&before))));
        }
        let moved = redirect.is_some();
        below.enter(&entry.path, (!is_opaque).then_some(lower));
        if is_opaque {
            return Ok(Some(change(&entry, What::Replaced, Some(&before))));
        }
        let mut aspects = judge::aspects(&entry.attributes, &before.attributes, false);
        aspects.extend(moved.then_some(Aspect::Elsewhere));
        Ok(changed(&entry, &before, aspects))
    }

    fn is_opaque(&mut self, entry: &Entry) -> Result<bool, TreeError> {
        let failed = |errno| TreeError::call(Action::Read, &entry.path)(errno);
        match self.marks {
            Marks::Overlayfs => self.marks.is_opaque(self.over.tree, &entry.attributes),
            Marks::Aufs => {
                let dir = open(self.over.tree, &entry.path, OFlags::DIRECTORY)?;
                self.marks.is_opaque(dir.as_fd(), &entry.attributes)
            }
        }
        .map_err(failed)
    }

    fn other(
        &mut self,
        mut found: Found,
        done: &mut Progress,
    ) -> Result<Option<Change>, TreeError> {
        // A further name of a file is compared as the file.
        if let Kind::HardLink { .. } = found.entry.kind {
            let (parent, name) = split(&found.entry.path);
            let dir = open(self.over.tree, parent, OFlags::DIRECTORY)?;
            let whole = read::any(
                dir.as_fd(),
                name,
                found.entry.path.clone(),
                &mut self.xattrs,
            )?;
            found = whole.unwrap_or(found);
        }
        let lower = self.lower(&found.entry.path)?;
        let Some(lower) = lower else {
            let what = match self.below {
                Some(_) => What::Added,
                None => What::Present,
            };
            return Ok(Some(change(&found.entry, what, None)));
        };
        let (entry, before) = (&found.entry, &lower.found.entry);
        if entry.kind.word() != before.kind.word() {
            return Ok(Some(change(entry, What::Retyped, Some(before))));
        }
        let mut aspects = Vec::new();
        if entry
            .attributes
            .xattr(b"trusted.overlay.metacopy")
            .is_some()
        {
            aspects.push(Aspect::Elsewhere);
        } else if !self.is_same(&found, &lower.found, done)? {
            aspects.push(Aspect::Content);
        }
        let link = matches!(entry.kind, Kind::Symlink { .. });
        aspects.extend(judge::aspects(&entry.attributes, &before.attributes, true));
        aspects.retain(|aspect| !(link && *aspect == Aspect::Mode));
        Ok(changed(entry, before, aspects))
    }

    fn is_same(
        &mut self,
        now: &Found,
        before: &Found,
        done: &mut Progress,
    ) -> Result<bool, TreeError> {
        if now.entry.kind != before.entry.kind {
            return Ok(false);
        }
        let (Some(one), Some(other)) = (&now.file, &before.file) else {
            return Ok(true);
        };
        let (same, read) = same_content(one, other, &mut self.buffers)
            .map_err(|errno| TreeError::call(Action::Read, &now.entry.path)(errno))?;
        done.bytes += read;
        Ok(same)
    }
}

fn open(tree: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, TreeError> {
    let name = match path {
        [] => OsStr::new("."),
        path => OsStr::from_bytes(path),
    };
    let opened = perch_sys::dir::open_beneath(tree, name, flags | OFlags::RDONLY);
    opened.map_err(|error| {
        let errno = error.errno().unwrap_or(rustix::io::Errno::IO);
        TreeError::call(Action::Open, path)(errno)
    })
}

#[cfg(test)]
mod tests;
