//! What a file system holds beside the system: a list of paths, laid out as a directory of the host.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::base::Bundle;
use crate::host::{command, run};

/// The content of a file system, in the order it is added; a later entry replaces an earlier one.
#[derive(Clone, Debug, Default)]
pub struct Content {
    nodes: Vec<(String, Node)>,
    removed: Vec<String>,
    cut_short: Vec<(String, u64)>,
    ages: Vec<(String, u64)>,
}

/// One entry.
#[derive(Clone, Debug)]
pub enum Node {
    /// A file.
    File(Vec<u8>),
    /// A directory.
    Directory,
    /// An ISO 9660 image of the system.
    SystemIso,
    /// A squashfs bundle.
    Bundle(Bundle),
    /// A whole ext4 image with one file in it: path and text. What a container session holds.
    Ext4 {
        /// The size of the image in MiB.
        size_mib: u64,
        /// Path inside and content.
        files: Vec<(String, String)>,
    },
}

impl Content {
    /// Adds an entry; directories above it come by themselves.
    pub fn add(&mut self, path: &str, node: Node) {
        self.nodes.push((path.to_owned(), node));
    }

    /// Leaves `path` out, also when it belongs to the system.
    pub fn remove(&mut self, path: &str) {
        self.removed.push(path.to_owned());
    }

    /// Cuts `path` after so many bytes.
    pub fn cut_short(&mut self, path: &str, bytes: u64) {
        self.cut_short.push((path.to_owned(), bytes));
    }

    /// Sets the time of `path` to so many days ago.
    pub fn age(&mut self, path: &str, days: u64) {
        self.ages.push((path.to_owned(), days));
    }

    /// Puts every entry elsewhere, and gives it another content in its new place.
    pub fn map(&mut self, place: impl Fn(&str) -> String, then: impl Fn(&str, Node) -> Node) {
        self.nodes = std::mem::take(&mut self.nodes)
            .into_iter()
            .map(|(path, node)| {
                let path = place(&path);
                let node = then(&path, node);
                (path, node)
            })
            .collect();
        let cut_short = self.cut_short.iter_mut().map(|(path, _)| path);
        let ages = self.ages.iter_mut().map(|(path, _)| path);
        for path in self.removed.iter_mut().chain(cut_short).chain(ages) {
            *path = place(path);
        }
    }

    /// Lays everything out below `dir`, on top of what `system` holds, if given.
    ///
    /// # Errors
    /// If a file cannot be written, or a path to be removed or aged does not exist.
    pub fn lay_out(&self, system: Option<&Path>, dir: &Path) -> Result<()> {
        if let Some(system) = system {
            run(command("cp")
                .args(["-a", "--reflink=auto"])
                .arg(system.join("."))
                .arg(dir))?;
        }
        for (path, node) in &self.nodes {
            let full = dir.join(path);
            if let Some(parent) = full.parent() {
                fs::create_dir_all(parent)?;
            }
            node.write(system, &full)
                .with_context(|| format!("cannot lay out {path}"))?;
        }
        for path in &self.removed {
            let full = dir.join(path);
            let gone = if full.is_dir() {
                fs::remove_dir_all(&full)
            } else {
                fs::remove_file(&full)
            };
            gone.with_context(|| format!("cannot leave out {path}"))?;
        }
        for (path, bytes) in &self.cut_short {
            let file = File::options().write(true).open(dir.join(path));
            file.with_context(|| format!("cannot cut {path} short"))?
                .set_len(*bytes)?;
        }
        for (path, days) in &self.ages {
            let time = SystemTime::now() - Duration::from_secs(days * 86_400);
            let file = File::open(dir.join(path)).with_context(|| format!("cannot age {path}"))?;
            file.set_modified(time)?;
        }
        Ok(())
    }
}

impl Node {
    fn write(&self, system: Option<&Path>, full: &Path) -> Result<()> {
        match self {
            Self::File(bytes) => fs::write(full, bytes)?,
            Self::Directory => fs::create_dir_all(full)?,
            Self::SystemIso => {
                let content = crate::disk::Content {
                    tree: system.context("this file system is not the one with the system")?,
                    label: "MINIOS",
                    size_mib: 0,
                };
                crate::disk::ISO9660.make(&content, full)?;
            }
            Self::Bundle(bundle) => bundle.write(full)?,
            Self::Ext4 { size_mib, files } => {
                let tree = tempfile::tempdir()?;
                for (path, text) in files {
                    let inner = tree.path().join(path);
                    if let Some(parent) = inner.parent() {
                        fs::create_dir_all(parent)?;
                    }
                    fs::write(inner, text)?;
                }
                let content = crate::disk::Content {
                    tree: tree.path(),
                    label: "",
                    size_mib: *size_mib,
                };
                crate::disk::EXT4.make(&content, full)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_entries_win_and_removed_ones_are_gone() {
        let dir = tempfile::tempdir().unwrap();
        let (system, target) = (dir.path().join("system"), dir.path().join("target"));
        fs::create_dir(&system).unwrap();
        fs::create_dir(&target).unwrap();
        fs::write(system.join("a"), "system").unwrap();
        fs::write(system.join("b"), "system").unwrap();
        let mut content = Content::default();
        content.add("store/1/changes", Node::Directory);
        content.add("a", Node::File("own".into()));
        content.remove("b");
        content.age("store/1", 3);
        content.lay_out(Some(&system), &target).unwrap();
        assert_eq!(fs::read_to_string(target.join("a")).unwrap(), "own");
        assert!(!target.join("b").exists());
        let age = fs::metadata(target.join("store/1"))
            .unwrap()
            .modified()
            .unwrap()
            .elapsed()
            .unwrap();
        assert!(age > Duration::from_secs(2 * 86_400), "{age:?}");
    }

    #[test]
    fn leaving_out_what_is_not_there_is_a_mistake_in_the_scenario() {
        let dir = tempfile::tempdir().unwrap();
        let mut content = Content::default();
        content.remove("minios/none");
        assert!(content.lay_out(None, dir.path()).is_err());
    }
}
