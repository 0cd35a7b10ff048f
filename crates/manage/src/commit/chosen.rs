//! The chosen files of a session, in the order of a walk, as a module can keep them.

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd};

use perch_sys::dir::open_beneath;
use rustix::fs::OFlags;

use super::CommitError;
use crate::archive::Layout;
use crate::diff::is_at_or_below;
use crate::diff::marks::{Marks, Meaning};
use crate::tree::marks::drop_notes;
use crate::tree::{
    Action, Attributes, Buffers, Found, Kind, Time, TreeError, Walk, Xattr, read, split,
};

/// Kinds of extended attributes that squashfs keeps. Documentation/filesystems/squashfs.rst; ACLs are none of them.
const KEPT: [&[u8]; 3] = [b"user.", b"trusted.", b"security."];

/// Which files of a session are meant.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// These and all below them; an empty path for everything.
    pub paths: Vec<Vec<u8>>,
    /// Not these, and nothing below them.
    pub excluded: Vec<Vec<u8>>,
}

/// How an entry is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It was chosen.
    Whole,
    /// A directory on the way to what was chosen.
    Way,
    /// Not at all.
    None,
}

impl Choice {
    fn part(&self, path: &[u8]) -> Part {
        let below = |places: &[Vec<u8>]| places.iter().any(|place| is_at_or_below(path, place));
        match below(&self.paths) {
            true if below(&self.excluded) => Part::None,
            true => Part::Whole,
            false if self.paths.iter().any(|place| is_at_or_below(place, path)) => Part::Way,
            false => Part::None,
        }
    }
}

/// What a module cannot keep, or what is left out because it means nothing in one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Sockets.
    pub sockets: u64,
    /// Entries with attributes that squashfs has no place for, such as ACLs.
    pub attributes: u64,
    /// The first of these entries.
    pub first: Option<Vec<u8>>,
    /// Entries from before 1970, or after 2106.
    pub times: u64,
}

/// A walk through what was chosen.
pub(super) struct Chosen<'a> {
    tree: BorrowedFd<'a>,
    walk: Walk,
    marks: Marks,
    choice: &'a Choice,
    /// The time of directories on the way, which changes with whatever else is in them.
    way_time: Time,
    /// The first chosen path of what has its first name elsewhere.
    names: HashMap<Vec<u8>, Vec<u8>>,
    /// Which of the chosen paths were there.
    pub(super) seen: Vec<bool>,
    pub(super) left_out: LeftOut,
    /// When the last entry was written, with what squashfs does not keep of that.
    pub(super) as_found: Time,
    buffers: Buffers,
    internal: Option<Vec<u8>>,
}

impl<'a> Chosen<'a> {
    pub(super) fn new(
        tree: BorrowedFd<'a>,
        layout: Layout,
        choice: &'a Choice,
        way_time: Time,
    ) -> Result<Self, TreeError> {
        Ok(Self {
            walk: Walk::new(tree)?,
            tree,
            marks: Marks::of(layout),
            seen: vec![false; choice.paths.len()],
            choice,
            way_time,
            names: HashMap::new(),
            left_out: LeftOut::default(),
            as_found: Time::default(),
            buffers: Buffers::default(),
            internal: None,
        })
    }

    /// The next entry; `None` after the last one.
    pub(super) fn next(&mut self) -> Result<Option<Found>, CommitError> {
        while let Some(found) = self.walk.next()? {
            let path = found.entry.path.clone();
            let (parent, name) = split(&path);
            let meant = match self.marks.meaning(&found.entry, name, parent.is_empty()) {
                Meaning::Internal => {
                    self.internal = Some(path);
                    continue;
                }
                // It hides what is below its directory, and goes with that.
                Meaning::Opaque => parent.to_vec(),
                Meaning::Deletes(name) if !parent.is_empty() => [parent, b"/", &name].concat(),
                Meaning::Deletes(name) => name,
                Meaning::Itself => path.clone(),
            };
            let inside = |dir: &Vec<u8>| is_at_or_below(&path, dir);
            if self.internal.as_ref().is_some_and(inside) {
                continue;
            }
            let part = self.choice.part(&meant);
            let is_way = part == Part::Way && found.entry.kind == Kind::Directory;
            if part != Part::Whole && !is_way {
                continue;
            }
            for (place, seen) in self.choice.paths.iter().zip(&mut self.seen) {
                *seen |= is_at_or_below(&meant, place);
            }
            if let Some(found) = self.fit(found, is_way)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// An entry as a module keeps it; `None` for a socket.
    fn fit(&mut self, mut found: Found, is_way: bool) -> Result<Option<Found>, CommitError> {
        if found.entry.kind == Kind::Socket {
            self.left_out.sockets += 1;
            return Ok(None);
        }
        if let Kind::HardLink { to } = &found.entry.kind {
            let to = to.clone();
            found = self.link(found, to)?;
        }
        let path = found.entry.path.clone();
        let attributes = &mut found.entry.attributes;
        self.as_found = attributes.modified;
        drop_notes(attributes);
        for name in [
            &b"trusted.overlay.redirect"[..],
            b"trusted.overlay.metacopy",
        ] {
            if attributes.xattr(name).is_some() {
                return Err(CommitError::Elsewhere { path });
            }
        }
        if is_way || path.is_empty() {
            // It is to show what is below it, and to be the same whatever else happens in it.
            attributes
                .xattrs
                .retain(|xattr| xattr.name != b"trusted.overlay.opaque");
            attributes.modified = self.way_time;
        }
        if path.is_empty() {
            // A union shows the root of its highest layer, and mksquashfs 4.5 has no options for these.
            attributes.xattrs.clear();
            (attributes.uid, attributes.gid) = (0, 0);
        }
        self.limit(attributes, &path);
        // mksquashfs finds them by itself, and its version 4.5 fails on the map of them that a tar has.
        found.has_holes = false;
        Ok(Some(found))
    }

    /// Leaves out what squashfs has no place for.
    fn limit(&mut self, attributes: &mut Attributes, path: &[u8]) {
        let before = attributes.xattrs.len();
        let kept = |xattr: &Xattr| KEPT.iter().any(|start| xattr.name.starts_with(start));
        attributes.xattrs.retain(kept);
        if attributes.xattrs.len() < before {
            self.left_out.attributes += 1;
            let first = &mut self.left_out.first;
            first.get_or_insert_with(|| path.to_vec());
        }
        // Seconds since 1970 in 32 bits.
        let seconds = attributes.modified.seconds;
        let fitting = seconds.clamp(0, i64::from(u32::MAX));
        self.left_out.times += u64::from(fitting != seconds);
        attributes.modified = Time {
            seconds: fitting,
            nanoseconds: 0,
        };
    }

    /// A further name of something whose first name may not have been chosen: the first that was is the file then.
    fn link(&mut self, mut found: Found, to: Vec<u8>) -> Result<Found, TreeError> {
        let path = found.entry.path.clone();
        if self.choice.part(&to) == Part::Whole {
            return Ok(found);
        }
        if let Some(first) = self.names.get(&to) {
            found.entry.kind = Kind::HardLink { to: first.clone() };
            return Ok(found);
        }
        let (parent, name) = split(&path);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let dir = match parent {
            [] => open_beneath(self.tree, ".", flags),
            parent => {
                use std::os::unix::ffi::OsStrExt;
                open_beneath(self.tree, std::ffi::OsStr::from_bytes(parent), flags)
            }
        };
        let dir = dir.map_err(|error| {
            let errno = error.errno().unwrap_or(rustix::io::Errno::IO);
            TreeError::call(Action::Open, &path)(errno)
        })?;
        let whole = read::any(dir.as_fd(), name, path.clone(), &mut self.buffers)?;
        self.names.insert(to, path.clone());
        whole.ok_or(TreeError::Changed { path })
    }
}
