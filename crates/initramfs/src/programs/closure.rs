//! Programs with all the files they cannot run without, found in a system's root directory as its
//! own loader would find them (ld.so(8)).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use perch_sys::programs::DIRECTORIES;
use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat2};
use rustix::io::Errno;

use super::elf::{self, ElfError, Needs};
use crate::error::Error;
use crate::read::{failed, names, read_text};

/// Where every loader looks, after the architecture's own directories.
const LIBRARIES: [&str; 4] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];

/// Files by their absolute path in the image, with content.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The root directory of a system that programs are taken from.
pub(crate) struct Source {
    root: OwnedFd,
    path: PathBuf,
    /// Where libraries are, in the order of the search.
    libraries: Vec<String>,
    /// Those of them that a loader knows without its cache, which an image does not have.
    known: Vec<String>,
}

impl Source {
    /// The system in the directory `root`.
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let descriptor = open(root, flags, Mode::empty()).map_err(|e| failed(root, e.into()))?;
        let mut source = Self {
            root: descriptor,
            path: root.to_owned(),
            libraries: Vec::new(),
            known: Vec::new(),
        };
        source.known = multiarch(root)?;
        source.known.extend(LIBRARIES.map(str::to_owned));
        source.libraries = source.known.clone();
        for dir in configured(root)? {
            if !source.libraries.contains(&dir) {
                source.libraries.push(dir);
            }
        }
        Ok(source)
    }

    /// The file at `path`, absolute in the system; its links, absolute ones too, stay in the system.
    pub(crate) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let failed = |source| failed(&self.path(path), source);
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = match openat2(
            &self.root,
            path,
            flags,
            Mode::empty(),
            ResolveFlags::IN_ROOT,
        ) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(error) => return Err(failed(error.into())),
        };
        if !file.metadata().map_err(failed)?.is_file() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        { file }.read_to_end(&mut bytes).map_err(failed)?;
        Ok(Some(bytes))
    }

    /// The program `name`, by its path, with its loader and libraries; `None` if it is not there.
    pub(crate) fn program(&self, name: &str) -> Result<Option<(String, Files)>, Error> {
        for dir in DIRECTORIES {
            let path = format!("{dir}/{name}");
            if let Some(bytes) = self.read(&path)? {
                let mut files = Files::new();
                self.add(path.clone(), bytes, &mut files)?;
                return Ok(Some((path, files)));
            }
        }
        Ok(None)
    }

    fn add(&self, path: String, bytes: Vec<u8>, files: &mut Files) -> Result<(), Error> {
        let cannot = |source| Error::Program {
            path: self.path(&path),
            source,
        };
        let needs = elf::needs(&bytes).and_then(|needs| needs.ok_or(ElfError::NotElf));
        let needs = needs.map_err(cannot)?;
        files.insert(path.clone(), bytes);
        if let Some(interpreter) = &needs.interpreter {
            let Some(bytes) = self.read(interpreter)? else {
                return Err(cannot(ElfError::NoLoader(interpreter.clone())));
            };
            files.entry(interpreter.clone()).or_insert(bytes);
        }
        for library in &needs.libraries {
            let (found, bytes) = self
                .library(library, &path, &needs)?
                .ok_or_else(|| cannot(ElfError::NoLibrary(library.clone())))?;
            // The loader itself is listed as a library too, by the name it has there.
            let there = |file: &String| file.rsplit('/').next() == Some(library);
            if !files.keys().any(there) {
                self.add(found, bytes, files)?;
            }
        }
        Ok(())
    }

    /// Finds a library for the file `user`: its path in the image, and its content.
    fn library(
        &self,
        name: &str,
        user: &str,
        needs: &Needs,
    ) -> Result<Option<(String, Vec<u8>)>, Error> {
        let origin = user.rsplit_once('/').map_or("", |(dir, _)| dir);
        let own = needs
            .run_path
            .iter()
            .map(|dir| dir.replace("${ORIGIN}", origin).replace("$ORIGIN", origin));
        let own: Vec<String> = own.collect();
        for dir in own.iter().chain(&self.libraries) {
            let path = format!("{dir}/{name}");
            let Some(bytes) = self.read(&path)? else {
                continue;
            };
            let of_ours = elf::needs(&bytes).map_err(|source| Error::Program {
                path: self.path(&path),
                source,
            })?;
            if of_ours.is_none_or(|found| found.machine != needs.machine) {
                continue;
            }
            // Found by the cache in the system, it has to be where there is none.
            let findable = own.contains(dir) || self.known.contains(dir);
            let usual = self.known.first().filter(|_| !findable);
            return Ok(Some((format!("{}/{name}", usual.unwrap_or(dir)), bytes)));
        }
        Ok(None)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.path.join(path.trim_start_matches('/'))
    }
}

/// Debian's directories per architecture, `/usr/lib/x86_64-linux-gnu` and its like: those that hold
/// a C library.
fn multiarch(root: &Path) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for place in ["/lib", "/usr/lib"] {
        let dir = root.join(&place[1..]);
        for name in names(&dir)? {
            if name.contains("-linux-") && dir.join(&name).join("libc.so.6").exists() {
                found.push(format!("{place}/{name}"));
            }
        }
    }
    Ok(found)
}

/// The directories in `/etc/ld.so.conf.d`, where a distribution lists further ones.
fn configured(root: &Path) -> Result<Vec<String>, Error> {
    let dir = root.join("etc/ld.so.conf.d");
    let mut found = Vec::new();
    for name in names(&dir)? {
        if !name.ends_with(".conf") {
            continue;
        }
        let text = read_text(&dir.join(name))?.unwrap_or_default();
        let lines = text.lines().map(str::trim);
        found.extend(
            lines
                .filter(|line| line.starts_with('/'))
                .map(str::to_owned),
        );
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    /// The judge is the program itself, in a root directory with nothing else in it.
    #[test]
    fn privileged_a_program_runs_with_its_closure_alone() {
        let dir = tempfile::tempdir().unwrap();
        let source = Source::open(Path::new("/")).unwrap();
        let (path, files) = source.program("e2fsck").unwrap().expect("e2fsprogs");
        for (file, bytes) in &files {
            let target = dir.path().join(&file[1..]);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(&target, bytes).unwrap();
            fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let output = Command::new("/usr/sbin/chroot")
            .arg(dir.path())
            .args([&path, "-V"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.contains("e2fsck"), "{said}");
    }

    #[test]
    fn absolute_links_stay_in_the_system() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("etc")).unwrap();
        fs::write(dir.path().join("etc/hostname"), "inside").unwrap();
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join("link")).unwrap();
        let source = Source::open(dir.path()).unwrap();
        assert_eq!(source.read("/link").unwrap().unwrap(), b"inside");
        assert_eq!(source.read("/etc/none").unwrap(), None);
        assert_eq!(source.read("/etc").unwrap(), None);
        assert!(source.program("e2fsck").unwrap().is_none());
    }
}
