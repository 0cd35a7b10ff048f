//! One disk with an empty file system, in a container or in a raw image.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use perch_sys::loopdev::{self, Config};
use perch_sys::mount::{self, Options};
use perch_tests::host::{command, run};

use super::server::Server;

/// What a container is large for: as many as the jobs need, and no more than FAT takes in one file.
pub const SIZE_MIB: u64 = 4000;
/// How long the kernel may take to let go of a loop device.
const RELEASE: Duration = Duration::from_secs(60);

/// How a disk is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// In a raw image, past the page cache: what perch does with them.
    RawDirect,
    /// In a raw image, through the page cache.
    RawBuffered,
    /// In a dynfilefs container, served by perch; its loop device goes past the page cache.
    Dynfilefs,
}

impl Kind {
    /// All, in the order of the table.
    pub const ALL: [Self; 3] = [Self::RawDirect, Self::RawBuffered, Self::Dynfilefs];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::RawDirect => "raw direct",
            Self::RawBuffered => "raw buffered",
            Self::Dynfilefs => "dynfilefs",
        })
    }
}

/// A mounted disk. Its mount is detached: nothing of it shows in the mount table, and it goes with this value.
pub struct Disk {
    mount: OwnedFd,
    number: u32,
    container: Option<Container>,
    dir: PathBuf,
}

/// A container that is served at a directory; served no longer when this value goes.
pub struct Container {
    perch: PathBuf,
    at: PathBuf,
    server: Server,
}

impl Container {
    /// Makes a container of `size_mib` below `dir` and serves it.
    ///
    /// # Errors
    /// If perch cannot.
    pub fn make(dir: &Path, size_mib: u64, perch: &Path) -> Result<Self> {
        let (file, at) = (dir.join("changes.dat"), dir.join("mount"));
        fs::create_dir(&at)?;
        run(command(perch)
            .args(["dynfilefs", "create", "--split", "4000", "--size"])
            .arg(size_mib.to_string())
            .arg(&file))?;
        run(command(perch)
            .args(["dynfilefs", "mount"])
            .args([&file, &at]))?;
        Ok(Self {
            perch: perch.to_owned(),
            server: Server::find(&file)?,
            at,
        })
    }

    /// The disk as a file.
    pub fn file(&self) -> PathBuf {
        self.at.join("virtual.dat")
    }

    /// The process behind it.
    pub fn server(&self) -> &Server {
        &self.server
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let ended = run(command(&self.perch)
            .args(["dynfilefs", "umount"])
            .arg(&self.at));
        if let Err(error) = ended {
            eprintln!("{error:#}");
        }
    }
}

impl Disk {
    /// Makes a disk below `dir`, which must not exist.
    ///
    /// # Errors
    /// If it cannot be made or mounted.
    pub fn make(kind: Kind, dir: &Path, perch: &Path) -> Result<Self> {
        fs::create_dir(dir)?;
        let (container, image) = match kind {
            Kind::Dynfilefs => {
                let container = Container::make(dir, SIZE_MIB, perch)?;
                let file = container.file();
                (Some(container), file)
            }
            Kind::RawDirect | Kind::RawBuffered => {
                let image = dir.join("changes.img");
                File::create(&image)?.set_len(SIZE_MIB << 20)?;
                (None, image)
            }
        };
        // Nothing is left for later, when it would be in the way of a job.
        run(command("mke2fs")
            .args(["-q", "-F", "-t", "ext4", "-m", "0", "-E"])
            .arg("nodiscard,lazy_itable_init=0,lazy_journal_init=0")
            .arg(&image))?;
        let config = Config {
            read_only: false,
            direct_io: kind != Kind::RawBuffered,
            ..Config::default()
        };
        let image = OpenOptions::new().read(true).write(true).open(&image)?;
        let device = loopdev::attach(&image, "perch bench", &config)?;
        if device.direct_io != config.direct_io {
            bail!("the medium cannot be read past its page cache; choose another with --dir");
        }
        let mount = mount::mount_device("ext4", &device.path, &Options::default())?;
        Ok(Self {
            mount,
            number: device.number,
            container,
            dir: dir.to_owned(),
        })
    }

    /// The root of its file system, also for other programs.
    pub fn root(&self) -> PathBuf {
        format!("/proc/{}/fd/{}", std::process::id(), self.mount.as_raw_fd()).into()
    }

    /// Writes back everything of its file system.
    ///
    /// # Errors
    /// If something could not be written.
    pub fn sync(&self) -> Result<()> {
        // The mount itself is a path only, which cannot be synced.
        Ok(rustix::fs::syncfs(File::open(self.root())?)?)
    }

    /// The process behind it, if it is in a container.
    pub fn server(&self) -> Option<&Server> {
        self.container.as_ref().map(Container::server)
    }

    /// Unmounts it and removes what it was kept in.
    ///
    /// # Errors
    /// If the kernel does not let go of it in time.
    pub fn close(self) -> Result<()> {
        drop(self.mount);
        let sign = format!("/sys/block/loop{}/loop/backing_file", self.number);
        let deadline = Instant::now() + RELEASE;
        // sysfs tells nobody when a device is free.
        while fs::read_to_string(&sign).is_ok_and(|name| name.contains("perch bench")) {
            if Instant::now() > deadline {
                bail!("loop{} is still in use", self.number);
            }
            thread::sleep(Duration::from_millis(5));
        }
        drop(self.container);
        fs::remove_dir_all(&self.dir).with_context(|| format!("removing {}", self.dir.display()))
    }
}
