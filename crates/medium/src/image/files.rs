//! A tree whose files are all files of this machine: what tools can be told of.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::content::{Source, Tree};
use super::error::ImageError;
use super::tool::unwritten;

/// Names on the medium, in their order, and the file that each is a copy of.
pub(super) struct Files {
    tree: Tree,
    texts: BTreeMap<String, PathBuf>,
}

impl Files {
    /// Writes down below `scratch` what is only text so far.
    pub(super) fn new(tree: Tree, scratch: &Path) -> Result<Self, ImageError> {
        let mut texts = BTreeMap::new();
        let dir = tempfile::tempdir_in(scratch).map_err(|source| unwritten(scratch, source))?;
        let dir = dir.keep(); // goes with `scratch`
        for (path, source) in tree.entries() {
            if let Source::Text(text) = source {
                let file = dir.join(texts.len().to_string());
                fs::write(&file, text).map_err(|source| unwritten(&file, source))?;
                texts.insert(path.to_owned(), file);
            }
        }
        Ok(Self { tree, texts })
    }

    /// Everything, directories first of what is in them.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.tree.entries()
    }

    /// The files, and what they are copies of.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.tree
            .entries()
            .filter_map(|(path, source)| match source {
                Source::Directory => None,
                Source::File { path: file, .. } => Some((path, file.as_path())),
                Source::Text(_) => Some((path, self.texts.get(path)?.as_path())),
            })
    }
}

impl Files {
    /// Takes the files for which `first` holds apart from all others; directories stay with the others.
    pub(super) fn split(self, first: impl Fn(&str) -> bool) -> (Self, Self) {
        let (one, other) = self.tree.split(first);
        let texts = self.texts.clone();
        (
            Self { tree: one, texts },
            Self {
                tree: other,
                texts: self.texts,
            },
        )
    }
}
