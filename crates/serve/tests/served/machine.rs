//! A container in a directory, its server, and an ext4 on the disk that it serves.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use dynfilefs::container::{Access, Container};
use dynfilefs::files::Files;
use perch_core::serving::{self, BaseName};
use perch_core::units::Mib;
use perch_sys::container::dynfilefs::{Served, Server};
use perch_sys::{dir, loopdev, mount};

pub const LONG: Duration = Duration::from_secs(120);

pub fn server() -> Server {
    let base = BaseName::try_from("changes.dat".to_owned()).unwrap();
    Server {
        program: env!("CARGO_BIN_EXE_test-server").into(),
        ..Server::new(base)
    }
}

pub fn create(directory: &Path, size: u64) -> Served {
    let directory = dir::open_dir(directory).unwrap();
    let mut served = server().create(directory.as_fd(), Mib(size)).unwrap();
    format(&served.file(true).unwrap());
    served.commit().unwrap();
    served
}

pub fn open(directory: &Path) -> Served {
    let directory = dir::open_dir(directory).unwrap();
    server()
        .open(directory.as_fd(), serving::Access::Write)
        .unwrap()
}

pub fn path_of(fd: BorrowedFd<'_>) -> PathBuf {
    format!("/proc/{}/fd/{}", std::process::id(), fd.as_raw_fd()).into()
}

pub fn run(program: &str, args: &[&str], last: &Path) -> String {
    let output = Command::new(program).args(args).arg(last).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{program} {args:?}: {said}");
    said
}

pub fn format(disk: &File) {
    let args = [
        "-q",
        "-F",
        "-t",
        "ext4",
        "-E",
        "nodiscard,lazy_itable_init=0",
    ];
    run("mke2fs", &args, &path_of(disk.as_fd()));
}

/// An ext4 on a loop device, mounted for as long as this lives.
pub struct Mounted {
    pub mount: OwnedFd,
}

impl Mounted {
    pub fn new(disk: &File) -> Self {
        let config = loopdev::Config {
            read_only: false,
            direct_io: true,
            ..loopdev::Config::default()
        };
        let device = loopdev::attach(disk, "virtual.dat", &config).unwrap();
        assert!(device.direct_io);
        let mount = mount::mount_device("ext4", &device.path, &Default::default()).unwrap();
        Self { mount }
    }

    /// Makes all of it durable; a mount's own descriptor cannot be synced.
    pub fn sync(&self) {
        let root = dir::open_dir_beneath(&self.mount, ".").unwrap();
        rustix::fs::syncfs(root).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        path_of(self.mount.as_fd()).join(name)
    }
}

/// Nothing wrong with the container, and nothing that was not finished.
pub fn assert_clean(directory: &Path) -> Container<Files> {
    let directory = dir::open_dir(directory).unwrap();
    let files = Files::new(directory, "changes.dat", Access::Read).unwrap();
    let container = Container::open(files, Access::Read).unwrap();
    let report = container.check().unwrap();
    assert_eq!(report.findings, []);
    container
}

/// Bytes that do not repeat.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}
