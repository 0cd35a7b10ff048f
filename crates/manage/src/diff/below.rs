//! What lies below a place of a session: the bundles joined as the union joins them, without mounting it.

use std::os::fd::BorrowedFd;

use rustix::io::dup;

use super::marks::Marks;
use crate::layers::Layers;
use crate::tree::{Action, Attributes, Buffers, Descent, Found, Kind, TreeError, read, split};

/// A directory of one layer: which, counted from the highest, and its path there, which differs from the session's
/// where overlayfs recorded a rename.
type Part = (usize, Vec<u8>);

/// What lies below one entry.
#[derive(Debug)]
pub(super) struct Lower {
    /// The entry that is seen.
    pub(super) found: Found,
    /// The directories that join there; none of anything else.
    parts: Vec<Part>,
}

/// The joined bundles. It is asked in the order of a walk: each directory is entered before what is in it is asked for.
#[derive(Debug)]
pub(super) struct Below {
    layers: Vec<Descent>,
    marks: Marks,
    /// The directories on the way, and what of them shows through.
    entered: Vec<(Vec<u8>, Vec<Part>)>,
    buffers: Buffers,
}

impl Below {
    pub(super) fn new(layers: &Layers, marks: Marks) -> Result<Self, TreeError> {
        let roots: Result<Vec<Descent>, TreeError> = layers
            .layers
            .iter()
            .map(|layer| {
                let root = dup(&layer.root).map_err(TreeError::call(Action::Open, b""))?;
                Ok(Descent::new(root))
            })
            .collect();
        let layers = roots?;
        let parts = (0..layers.len()).map(|layer| (layer, Vec::new())).collect();
        Ok(Self {
            entered: vec![(Vec::new(), parts)],
            layers,
            marks,
            buffers: Buffers::default(),
        })
    }

    /// What is in it from now on asked for shows through to `parts`; nothing does where there are none.
    pub(super) fn enter(&mut self, path: &[u8], lower: Option<Lower>) {
        let parts = lower.map(|lower| lower.parts).unwrap_or_default();
        self.leave_until(split(path).0);
        self.entered.push((path.to_vec(), parts));
    }

    /// What lies below `path`, whose directory was entered.
    pub(super) fn at(&mut self, path: &[u8]) -> Result<Option<Lower>, TreeError> {
        let (parent, name) = split(path);
        self.leave_until(parent);
        let parts = self.entered.last().map(|(_, parts)| parts.clone());
        self.joined(&parts.unwrap_or_default(), name, path)
    }

    /// What lies below a directory that the session has under another name than the bundles, as overlayfs recorded:
    /// `to` is that name, or a path that begins with a slash.
    pub(super) fn redirected(
        &mut self,
        path: &[u8],
        to: &[u8],
    ) -> Result<Option<Lower>, TreeError> {
        let Some(absolute) = to.strip_prefix(b"/") else {
            let (parent, _) = split(path);
            self.leave_until(parent);
            let parts = self.entered.last().map(|(_, parts)| parts.clone());
            return self.joined(&parts.unwrap_or_default(), to, path);
        };
        let mut parts: Vec<Part> = (0..self.layers.len()).map(|it| (it, Vec::new())).collect();
        let mut lower = None;
        for name in absolute.split(|&byte| byte == b'/') {
            lower = self.joined(&parts, name, path)?;
            match &lower {
                Some(lower) => parts = lower.parts.clone(),
                None => return Ok(None),
            }
        }
        Ok(lower)
    }

    fn leave_until(&mut self, parent: &[u8]) {
        while self.entered.last().is_some_and(|(path, _)| path != parent) {
            self.entered.pop();
        }
    }

    /// The entry `name` in directories that join, and what joins below it.
    fn joined(
        &mut self,
        parts: &[Part],
        name: &[u8],
        shown: &[u8],
    ) -> Result<Option<Lower>, TreeError> {
        let mut seen: Option<Lower> = None;
        for (layer, dir) in parts {
            let Some(descent) = self.layers.get_mut(*layer) else {
                continue;
            };
            let open = descent.at(dir)?;
            let read = read::any(open, name, shown.to_vec(), &mut self.buffers)?;
            let failed = |errno| TreeError::call(Action::Read, shown)(errno);
            let is_deleted = self.marks.deletes(open, name).map_err(failed)?;
            let Some(found) = read else {
                match is_deleted {
                    true => break,
                    false => continue,
                }
            };
            let is_dir = found.entry.kind == Kind::Directory;
            if self.marks.is_mark(&found.entry) || (seen.is_some() && !is_dir) {
                break;
            }
            if !is_dir {
                return Ok(Some(Lower {
                    found,
                    parts: Vec::new(),
                }));
            }
            let path = match dir.as_slice() {
                [] => name.to_vec(),
                dir => [dir, b"/", name].concat(),
            };
            let attributes = &found.entry.attributes;
            let hides = is_opaque(self.marks, descent.at(&path)?, attributes).map_err(failed)?;
            let joins = seen.get_or_insert(Lower {
                found,
                parts: Vec::new(),
            });
            joins.parts.push((*layer, path));
            if hides || is_deleted {
                break;
            }
        }
        Ok(seen)
    }
}

fn is_opaque(
    marks: Marks,
    dir: BorrowedFd<'_>,
    attributes: &Attributes,
) -> Result<bool, rustix::io::Errno> {
    marks.is_opaque(dir, attributes)
}
