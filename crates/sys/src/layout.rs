//! Where things are mounted. Users' tools find them below `/run/initramfs/memory` on the running
//! system (contract §1.1); a manager that opens a session elsewhere uses another root.

use std::path::{Path, PathBuf};

use perch_core::facts::Facts;

/// What remains of the initial file system while the system runs; the root when it ends. systemd, bootup(7).
pub const INITRAMFS: &str = "/run/initramfs";

/// The directories that a boot mounts things at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    memory: PathBuf,
    union: PathBuf,
    records: PathBuf,
}

impl Layout {
    /// The layout of a boot. `/run` is moved into the running system with all that is mounted below
    /// it; the union cannot lie there, because it becomes the root that `/run` is moved into.
    pub fn of_boot() -> Self {
        Self {
            memory: "/run/initramfs/memory".into(),
            union: "/sysroot".into(),
            records: "/run/perch".into(),
        }
    }

    /// The same with the union mounted at another directory, where a host initramfs wants the root of the system.
    pub fn with_union(self, union: impl Into<PathBuf>) -> Self {
        Self {
            union: union.into(),
            ..self
        }
    }

    /// A layout below other directories.
    pub fn new(memory: impl Into<PathBuf>, union: impl Into<PathBuf>) -> Self {
        let memory = memory.into();
        Self {
            records: memory.join("records"),
            memory,
            union: union.into(),
        }
    }

    /// The directory of what is recorded for the running system.
    pub fn records(&self) -> &Path {
        &self.records
    }

    /// What the boot recorded of itself.
    pub fn record(&self) -> PathBuf {
        self.records.join(RECORD)
    }

    /// The directory that holds the others.
    pub fn memory(&self) -> &Path {
        &self.memory
    }

    /// Where the medium is mounted.
    pub fn data(&self) -> PathBuf {
        self.memory.join("data")
    }

    /// Where the medium is mounted while the system runs from a copy of it.
    pub fn medium(&self) -> PathBuf {
        self.memory.join("medium")
    }

    /// Where the ISO file with the data directory is mounted, if there is one.
    pub fn image(&self) -> PathBuf {
        self.memory.join("iso")
    }

    /// Where the data directory shows; `dir` is its path on the medium, or in the image.
    pub fn data_dir(&self, in_image: bool, dir: &str) -> PathBuf {
        let root = if in_image { self.image() } else { self.data() };
        root.join(dir)
    }

    /// Where the file system of a store elsewhere is mounted.
    pub fn store(&self) -> PathBuf {
        self.memory.join("store")
    }

    /// Where the session store is that a boot with these facts used, for programs of the running system.
    pub fn sessions(&self, facts: &Facts) -> PathBuf {
        let (store, medium) = (&facts.store, &facts.medium);
        let root = match store.device {
            Some(_) => self.store(),
            None if medium.in_ram => self.medium(),
            None => self.data(),
        };
        match (&store.dir, &store.device) {
            (Some(dir), _) => root.join(dir),
            (None, Some(_)) => root,
            (None, None) => root.join(&medium.dir).join(STORE),
        }
    }

    /// Where changes go: a session's directory, or a file system in RAM.
    pub fn changes(&self) -> PathBuf {
        self.memory.join("changes")
    }

    /// The upper directory of the union.
    pub fn upper(&self) -> PathBuf {
        self.changes().join(UPPER)
    }

    /// The work directory of the union.
    pub fn work(&self) -> PathBuf {
        self.changes().join(WORK)
    }

    /// Where each bundle is mounted, by its file name.
    pub fn bundles(&self) -> PathBuf {
        self.memory.join("bundles")
    }

    /// Short links to the bundles, for kernels that cannot be told of them otherwise.
    pub fn farm(&self) -> PathBuf {
        self.memory.join("layers")
    }

    /// The file that aufs keeps inode numbers in. It lies in memory and loses its name at once.
    pub fn xino(&self) -> PathBuf {
        self.memory.join("aufs.xino")
    }

    /// Where the union is mounted before it becomes the root.
    pub fn union(&self) -> &Path {
        &self.union
    }
}

/// The upper directory's name in the place for changes (contract §1.4).
pub const UPPER: &str = "changes";
/// The work directory's name in the place for changes.
pub const WORK: &str = "workdir";
/// The file of a raw container in its session's directory (contract §1.4).
pub const IMAGE: &str = "changes.img";
/// The same while it is being made: not yet a container.
pub const IMAGE_UNFINISHED: &str = "changes.img.new";
/// The main file of a dynfilefs container in its session's directory; the names of its parts begin with it.
pub use perch_core::serving::SESSION_BASE as DYNFILEFS;
/// The name of the boot's record in the directory of records.
pub const RECORD: &str = "boot.json";
/// The session store's name in the data directory.
pub const STORE: &str = "changes";
