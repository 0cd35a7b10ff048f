//! A squashfs bundle described file by file and written by mksquashfs, without root.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{make_executable, make_link};
use crate::host::{command, run, static_program};

/// The content of a bundle.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    entries: Vec<(String, Entry)>,
}

#[derive(Clone, Debug)]
enum Entry {
    File { bytes: Vec<u8>, executable: bool },
    Directory,
    Link(String),
    Perch,
    Installed,
    Whiteout,
}

impl Bundle {
    /// Adds a text file.
    #[must_use]
    pub fn file(self, path: &str, text: &str) -> Self {
        self.with(
            path,
            Entry::File {
                bytes: text.into(),
                executable: false,
            },
        )
    }

    /// Adds a program.
    #[must_use]
    pub fn executable(self, path: &str, bytes: &[u8]) -> Self {
        self.with(
            path,
            Entry::File {
                bytes: bytes.into(),
                executable: true,
            },
        )
    }

    /// Adds the command line `perch`, made when the bundle is written.
    #[must_use]
    pub fn perch(self, path: &str) -> Self {
        self.with(path, Entry::Perch)
    }

    /// Adds a program of this machine, by its path, with the libraries that it needs.
    #[must_use]
    pub fn installed(self, path: &str) -> Self {
        self.with(path, Entry::Installed)
    }

    /// Adds an empty directory.
    #[must_use]
    pub fn directory(self, path: &str) -> Self {
        self.with(path, Entry::Directory)
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn link(self, path: &str, target: &str) -> Self {
        self.with(path, Entry::Link(target.to_owned()))
    }

    /// Hides `path` of the bundles below: a character device 0/0, as overlayfs marks a deletion (Linux,
    /// `Documentation/filesystems/overlayfs.rst`, "whiteouts").
    #[must_use]
    pub fn whiteout(self, path: &str) -> Self {
        self.with(path, Entry::Whiteout)
    }

    /// Hides `path` of the bundles below as aufs does: an empty file beside it (aufs(5), "whiteout").
    #[must_use]
    pub fn aufs_whiteout(self, path: &str) -> Self {
        let (dir, name) = path.rsplit_once('/').unwrap_or((".", path));
        self.file(&format!("{dir}/.wh.{name}"), "")
    }

    fn with(mut self, path: &str, entry: Entry) -> Self {
        self.entries.push((path.to_owned(), entry));
        self
    }

    /// Writes the bundle to `target`; everything in it belongs to root.
    ///
    /// # Errors
    /// If mksquashfs fails.
    pub fn write(&self, target: &Path) -> Result<()> {
        let tree = tempfile::tempdir()?;
        let mut pseudo = Vec::new();
        for (path, entry) in &self.entries {
            let full = tree.path().join(path);
            let parent = full.parent().context("a bundle entry without a name")?;
            fs::create_dir_all(parent)?;
            match entry {
                Entry::File { bytes, executable } => {
                    fs::write(&full, bytes)?;
                    if *executable {
                        make_executable(&full)?;
                    }
                }
                Entry::Perch => {
                    fs::copy(static_program("perch-cli", "perch")?, &full)?;
                    make_executable(&full)?;
                }
                Entry::Installed => install(path, tree.path())?,
                Entry::Directory => fs::create_dir_all(&full)?,
                Entry::Link(to) => make_link(&full, to)?,
                // Only root can make devices; mksquashfs can be told to pretend.
                Entry::Whiteout => pseudo.push(format!("{path} c 644 0 0 0 0")),
            }
        }
        make_executable(tree.path())?; // the root of the union must be open to every user
        let mut mksquashfs = command("mksquashfs");
        mksquashfs.arg(tree.path()).arg(target);
        mksquashfs.args([
            "-noappend",
            "-quiet",
            "-no-progress",
            "-all-root",
            "-comp",
            "gzip",
        ]);
        for definition in pseudo {
            mksquashfs.args(["-p", &definition]);
        }
        run(&mut mksquashfs)?;
        Ok(())
    }
}

/// Copies a program of this machine, and what ldd(1) tells that it needs, to their places below `tree`.
fn install(path: &str, tree: &Path) -> Result<()> {
    let program = Path::new("/").join(path);
    let listed = command("ldd").arg(&program).output()?;
    let listed = String::from_utf8(listed.stdout)?;
    let libraries = listed
        .split_ascii_whitespace()
        .filter(|word| word.starts_with('/'));
    for file in libraries.map(Path::new).chain([program.as_path()]) {
        let to = tree.join(file.strip_prefix("/")?);
        fs::create_dir_all(to.parent().context("a file without a directory")?)?;
        fs::copy(file, &to).with_context(|| format!("cannot copy {}", file.display()))?;
        make_executable(&to)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::packages;

    #[test]
    fn files_links_and_whiteouts_arrive() {
        packages::ensure(&["squashfs-tools"]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("x.sb");
        let bundle = Bundle::default()
            .file("etc/name", "x")
            .link("bin/sh", "busybox")
            .whiteout("etc/gone");
        bundle.write(&target).unwrap();
        let listing = run(command("unsquashfs").args(["-lln"]).arg(&target)).unwrap();
        let listing = String::from_utf8(listing).unwrap();
        for want in ["/etc/name", "/bin/sh -> busybox"] {
            assert!(listing.contains(want), "{want} in {listing}");
        }
        let gone = listing
            .lines()
            .find(|line| line.ends_with("/etc/gone"))
            .unwrap();
        assert!(
            gone.starts_with('c') && gone.replace(' ', "").contains("0,0"),
            "{gone}"
        );
    }
}
