//! A store on this machine's disk, in a mount namespace of its own.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use perch_sys::apply::{Machine, StorePlace};
use perch_sys::dir;
use perch_sys::layout::{Layout, STORE};
use perch_sys::mount::{self, Options};
use rustix::fs::statvfs;
use rustix::mount::{MountPropagationFlags, mount_change};

/// Runs `test` in a thread whose mounts nobody else sees, with an empty directory on the disk.
pub fn isolated(test: impl FnOnce(&Path) + Send) {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    let outcome = std::thread::scope(|scope| {
        let test = || {
            #[allow(
                deprecated,
                reason = "the other one is unsafe; threads share no descriptors here"
            )]
            rustix::thread::unshare(rustix::thread::UnshareFlags::NEWNS).unwrap();
            let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
            mount_change("/", private).unwrap();
            test(dir.path());
        };
        scope.spawn(test).join()
    });
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

pub struct Place {
    dir: PathBuf,
}

impl Place {
    pub fn new(dir: &Path) -> Self {
        fs::create_dir_all(dir.join("data").join(STORE)).unwrap();
        Self { dir: dir.into() }
    }

    /// On a medium of that size.
    pub fn on_tmpfs(dir: &Path, size: &str) -> Self {
        let options = Options::default().with("size", size);
        let mount = mount::mount_device("tmpfs", "small", &options).unwrap();
        mount::attach_path(mount, dir).unwrap();
        Self::new(dir)
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    pub fn session(&self) -> PathBuf {
        self.data().join(STORE).join("1")
    }

    fn layout(&self) -> Layout {
        Layout::new(self.dir.join("memory"), self.dir.join("union"))
    }

    pub fn record(&self) -> PathBuf {
        self.layout().records().join("dynfilefs.json")
    }

    /// A machine whose store this is, and whose containers the tests' own server serves.
    pub fn machine(&self) -> Machine {
        let open = || dir::open_dir(self.data()).unwrap();
        let store = StorePlace {
            base: open(),
            path: STORE.to_owned(),
            mount: None,
            shown_at: None,
        };
        let mut machine = Machine::new(self.layout(), open(), store, Vec::new());
        machine.server.program = env!("CARGO_BIN_EXE_test-server").into();
        machine
    }

    /// As a shutdown does: unmounts, and waits for the server.
    pub fn end(&self, machine: Machine) {
        let changes = machine.layout.changes();
        drop(machine);
        let until = Instant::now() + Duration::from_secs(120);
        if changes.exists() {
            // Another test that starts a program has our descriptors too, until it runs.
            while let Err(error) = mount::unmount(&changes, false) {
                let busy = error.errno() == rustix::io::Errno::BUSY;
                assert!(busy && Instant::now() < until, "{error}");
                std::thread::yield_now();
            }
        }
        let session = self.session();
        let locked = || {
            let main = fs::File::open(session.join("changes.dat")).unwrap();
            main.try_lock().is_err()
        };
        while locked() {
            assert!(Instant::now() < until, "the server does not end");
            std::thread::yield_now();
        }
    }

    /// What is in a directory of the store.
    pub fn names(&self, path: &str) -> Vec<String> {
        let names = fs::read_dir(self.data().join(STORE).join(path)).unwrap();
        let mut names: Vec<String> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub fn length(&self, path: &str) -> u64 {
        fs::metadata(self.data().join(STORE).join(path))
            .unwrap()
            .len()
    }

    /// Size of the file system in the open container.
    pub fn inner_mib(&self, machine: &Machine) -> u64 {
        let stat = statvfs(machine.layout.changes()).unwrap();
        (stat.f_blocks * stat.f_frsize) >> 20
    }
}

/// What each file of a directory holds.
pub fn hashes(dir: &Path) -> BTreeMap<PathBuf, u64> {
    let files = fs::read_dir(dir).unwrap();
    files
        .map(|entry| {
            let path = entry.unwrap().path();
            let mut hasher = DefaultHasher::new();
            fs::read(&path).unwrap().hash(&mut hasher);
            (path, hasher.finish())
        })
        .collect()
}
