//! A content-addressed cache below `target/perch`: expensive inputs are made once per content.
//!
//! Nothing is ever changed in place: a new content gets a new name, and `cargo clean` empties it all.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The root of the workspace these tests were built from.
pub fn workspace_dir() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// Where the tests keep caches, logs and images: `target/perch` of the workspace.
pub fn cache_dir() -> PathBuf {
    workspace_dir().join("target/perch")
}

/// The name of a content: a hash over everything it is made from.
///
/// The hash is the standard library's; another toolchain may compute another one, which costs only a rebuild.
#[derive(Default)]
pub struct Key(DefaultHasher);

impl Key {
    /// Starts with the name of the recipe; raise a number in it whenever the recipe itself changes.
    pub fn new(recipe: &str) -> Self {
        Self::default().with(recipe)
    }

    /// Adds one input value.
    #[must_use]
    pub fn with(mut self, input: impl Hash) -> Self {
        input.hash(&mut self.0);
        self
    }

    /// Adds a file by its path, length and modification time, which is enough for files that are replaced, not edited.
    ///
    /// # Errors
    /// If the file cannot be examined.
    pub fn with_file(self, path: &Path) -> Result<Self> {
        let meta =
            fs::metadata(path).with_context(|| format!("cannot examine {}", path.display()))?;
        Ok(self.with(path).with(meta.len()).with(meta.modified()?))
    }
}

/// Returns the directory `kind/<key>` of the cache; `make` fills it if nobody has yet.
///
/// Two processes asking for one key wait for each other; a directory half filled by a crash is thrown away.
///
/// # Errors
/// Whatever `make` reports, and failures to create the directories.
pub fn cached(kind: &str, key: &Key, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    cached_in(&cache_dir(), kind, key, make)
}

fn cached_in(
    root: &Path,
    kind: &str,
    key: &Key,
    make: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let shelf = root.join(kind);
    fs::create_dir_all(&shelf).with_context(|| format!("cannot create {}", shelf.display()))?;
    let name = format!("{:016x}", key.0.finish());
    let done = shelf.join(&name);
    let lock = File::create(shelf.join(format!("{name}.lock")))?;
    lock.lock()?; // released when `lock` is dropped, also by a crash
    if done.exists() {
        return Ok(done);
    }
    let partial = shelf.join(format!("{name}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    fs::create_dir(&partial)?;
    make(&partial).with_context(|| format!("cannot make {kind}"))?;
    fs::rename(&partial, &done)?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_per_content() {
        let root = tempfile::tempdir().unwrap();
        let key = || Key::new("letter").with("a");
        let make = |dir: &Path| Ok(fs::write(dir.join("file"), "made")?);
        let first = cached_in(root.path(), "kind", &key(), make).unwrap();
        let again = cached_in(root.path(), "kind", &key(), |_| panic!("made twice")).unwrap();
        assert_eq!(first, again);
        let other = cached_in(root.path(), "kind", &key().with("b"), make).unwrap();
        assert_ne!(first, other);
    }

    #[test]
    fn a_failed_attempt_leaves_nothing_behind_that_counts_as_done() {
        let root = tempfile::tempdir().unwrap();
        let key = Key::new("letter");
        let fail = |dir: &Path| {
            fs::write(dir.join("half"), "")?;
            anyhow::bail!("no network")
        };
        assert!(cached_in(root.path(), "kind", &key, fail).is_err());
        let dir = cached_in(root.path(), "kind", &key, |_| Ok(())).unwrap();
        assert!(!dir.join("half").exists());
    }
}
