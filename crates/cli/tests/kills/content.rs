//! What a session holds, whatever it is kept in: the tree that the system sees, as one number.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::Read;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::process::Command;
use std::sync::{LazyLock, Mutex};

use dynfilefs::container::{Access, Container};
use dynfilefs::files::Files;

use crate::perch::Namespace;

/// The content of a session.
pub(crate) type Digest = u64;

const CHUNK: usize = 1 << 20;

/// What was found in containers, by their bytes.
static KNOWN: LazyLock<Mutex<HashMap<u64, Digest>>> = LazyLock::new(Mutex::default);

/// The content of the session in `dir`, or why that cannot be a whole session.
pub(crate) fn of(dir: &Path) -> Result<Digest, String> {
    let (main, image) = (dir.join("changes.dat"), dir.join("changes.img"));
    let disk = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    if main.exists() {
        read_out(dir, disk.as_file())?;
        return of_disk(disk.path());
    }
    match image.exists() {
        true => of_disk(&image),
        false => tree(&dir.join("changes")),
    }
}

/// The session in an archive, as tar(1) reads it.
pub(crate) fn of_archive(archive: &Path) -> Result<Digest, String> {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut tar = Command::new("tar");
    tar.args(["--zstd", "--xattrs", "--xattrs-include=*", "-xpf"]);
    tar.arg(archive).arg("-C").arg(dir.path());
    let output = tar.output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => tree(&dir.path().join("data")),
        false => Err(format!("{}: {output:?}", archive.display())),
    }
}

/// The disk of a container as a file.
fn read_out(dir: &Path, to: &File) -> Result<(), String> {
    let failed = |what: &dyn std::fmt::Debug| format!("{}: {what:?}", dir.display());
    let handle = File::open(dir).map_err(|error| failed(&error))?;
    let files = Files::new(handle.into(), "changes.dat", Access::Read);
    let files = files.map_err(|error| failed(&error))?;
    let container = Container::open(files, Access::Read).map_err(|error| failed(&error))?;
    to.set_len(container.size())
        .map_err(|error| failed(&error))?;
    let mut chunk = vec![0; CHUNK];
    let mut at = 0;
    while at < container.size() {
        let rest = usize::try_from(container.size() - at).unwrap_or(CHUNK);
        let bytes = &mut chunk[..rest.min(CHUNK)];
        container.read(at, bytes).map_err(|error| failed(&error))?;
        if bytes.iter().any(|byte| *byte != 0) {
            to.write_all_at(bytes, at).map_err(|error| failed(&error))?;
        }
        at += bytes.len() as u64;
    }
    Ok(())
}

/// What an ext4 holds: e2fsck repairs it by itself if it has to, and the kernel mounts it.
fn of_disk(image: &Path) -> Result<Digest, String> {
    let mut hasher = DefaultHasher::new();
    hash_file(image, &mut hasher)?;
    let bytes = hasher.finish();
    if let Some(known) = KNOWN.lock().unwrap().get(&bytes) {
        return Ok(*known);
    }
    let namespace = Namespace::new();
    let check = namespace.run("e2fsck", &[&"-fn", &image]);
    // Somebody was at work in it: what a boot would do with it must be enough.
    let copy = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let (mut image, mut options) = (image, "-oloop,ro,noload");
    if check.status != 0 {
        namespace
            .run("cp", &[&"--sparse=always", &image, &copy.path()])
            .ok();
        let repair = namespace.run("e2fsck", &[&"-fp", &copy.path()]);
        if !(0..=1).contains(&repair.status) {
            return Err(format!("{}: {check:?}, {repair:?}", image.display()));
        }
        (image, options) = (copy.path(), "-oloop,ro");
    }
    let point = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mounted = namespace.run("mount", &[&options, &image, &point.path()]);
    if mounted.status != 0 {
        return Err(format!("{}: {mounted:?}", image.display()));
    }
    // The mount is only seen from within.
    let within = format!("/proc/{}/root{}", namespace.id(), point.path().display());
    let digest = tree(&Path::new(&within).join("changes"))?;
    namespace.run("umount", &[&point.path()]).ok();
    KNOWN.lock().unwrap().insert(bytes, digest);
    Ok(digest)
}

/// A tree with all that a copy has to keep. One that is missing is as good as an empty one.
fn tree(dir: &Path) -> Result<Digest, String> {
    let mut hasher = DefaultHasher::new();
    if dir.exists() {
        hash_tree(dir, dir, &mut hasher, &mut HashMap::new())?;
    }
    Ok(hasher.finish())
}

fn hash_tree(
    top: &Path,
    dir: &Path,
    hasher: &mut DefaultHasher,
    linked: &mut HashMap<u64, std::path::PathBuf>,
) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", dir.display());
    let entries = fs::read_dir(dir).map_err(failed)?;
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let found = path.symlink_metadata().map_err(failed)?;
        let short = path.strip_prefix(top).unwrap();
        short.hash(hasher);
        (found.mode(), found.uid(), found.gid(), found.rdev()).hash(hasher);
        hash_xattrs(&path, hasher);
        if found.is_dir() {
            hash_tree(top, &path, hasher, linked)?;
        } else if found.is_symlink() {
            fs::read_link(&path).map_err(failed)?.hash(hasher);
        } else if found.is_file() {
            (found.mtime(), found.mtime_nsec()).hash(hasher);
            // Names of one file stay names of one file.
            let first = linked.entry(found.ino()).or_insert(short.to_owned());
            first.hash(hasher);
            hash_file(&path, hasher)?;
        }
    }
    Ok(())
}

fn hash_xattrs(path: &Path, hasher: &mut DefaultHasher) {
    let mut names = vec![0_u8; 1 << 16];
    let len = rustix::fs::llistxattr(path, &mut names).unwrap_or(0);
    let mut names: Vec<&[u8]> = names[..len].split(|byte| *byte == 0).collect();
    names.sort_unstable();
    for name in names.into_iter().filter(|name| !name.is_empty()) {
        let mut value = vec![0_u8; 1 << 16];
        let len = rustix::fs::lgetxattr(path, name, &mut value).unwrap_or(0);
        (name, &value[..len]).hash(hasher);
    }
}

fn hash_file(path: &Path, hasher: &mut DefaultHasher) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = File::open(path).map_err(failed)?;
    let (mut chunk, zeros) = (vec![0_u8; CHUNK], vec![0_u8; CHUNK]);
    loop {
        let len = file.read(&mut chunk).map_err(failed)?;
        match chunk[..len] == zeros[..len] {
            true => len.hash(hasher),
            false => chunk[..len].hash(hasher),
        }
        if len == 0 {
            return Ok(());
        }
    }
}
