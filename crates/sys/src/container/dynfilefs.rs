//! The client of a container's server: starts it, tells it what to do, and shows the disk that it serves.
//!
//! The server is this same program in a process of its own (`perch_core::serving`). Its mount is detached: nobody
//! finds it by a path, and it is there as long as somebody has it or a file in it open. When the last one is gone,
//! the loop device on the disk for instance, the kernel tells the server so, which then makes everything durable and ends.

mod process;

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use perch_core::serving::{
    Access, Answer, BadPacket, BaseName, DISK, Failure, MAX_PACKET, NAME, Order, Place, SPLIT,
};
use perch_core::units::{Bytes, Mib, SessionId};
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::dir::{self, DirError};
use crate::mount::{self, MountError};
use crate::packet;
use process::Process;
pub use process::{Ending, ProcessId};

/// How long the server has for an order, whatever it is.
const LIMIT: Duration = Duration::from_secs(120);
/// And for each part that it has to make, on a slow stick without holes: 8 MiB of zeros and a sync.
const PER_PART: Duration = Duration::from_secs(10);

/// Why a container is not served, or did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The process was not started.
    #[error("cannot start {NAME}")]
    Start(#[source] std::io::Error),
    /// It could not be told anything, or did not answer in time.
    #[error("cannot talk to {NAME}, which serves the container")]
    Talk(#[source] Errno),
    /// It ended; the kernel log says why.
    #[error("{NAME}, which serves the container, has ended: the kernel log says why")]
    Ended,
    /// It said something that does not belong here.
    #[error("{NAME} gave an answer to something else")]
    Confused,
    /// A message.
    #[error(transparent)]
    Packet(#[from] BadPacket),
    /// It said why not.
    #[error(transparent)]
    Refused(#[from] Failure),
    /// The disk could not be opened.
    #[error(transparent)]
    Open(#[from] DirError),
    /// Its mount could not be put anywhere.
    #[error(transparent)]
    Mount(#[from] MountError),
}

/// How a container is served.
#[derive(Debug, Clone)]
pub struct Server {
    /// The program to start; it is told by its name (`argv[0]`) what it is to be.
    pub program: PathBuf,
    /// Permissions of the disk's file.
    pub mode: u16,
    /// The main file's name.
    pub base: BaseName,
}

impl Server {
    /// This program, for a container whose main file has this name, with a disk that only root can open.
    pub fn new(base: BaseName) -> Self {
        Self {
            program: "/proc/self/exe".into(),
            mode: 0o600,
            base,
        }
    }

    /// Makes a container with a disk of `size` in `directory`, and serves it. It is none before
    /// [`commit`](Served::commit): without that its files go with the returned value.
    pub fn create(&self, directory: BorrowedFd<'_>, size: Mib) -> Result<Served, ServeError> {
        self.create_split(directory, SPLIT, size)
    }

    /// As [`create`](Self::create), with `split` virtual bytes in each part.
    pub fn create_split(
        &self,
        directory: BorrowedFd<'_>,
        split: Mib,
        size: Mib,
    ) -> Result<Served, ServeError> {
        let place = self.place();
        let order = Order::Create { place, split, size };
        self.start_in(directory, &order, for_parts(split, size), false)
    }

    /// Serves the container in `directory`.
    pub fn open(&self, directory: BorrowedFd<'_>, access: Access) -> Result<Served, ServeError> {
        let place = self.place();
        self.start_in(directory, &Order::Open { place, access }, LIMIT, true)
    }

    /// Serves `file` as it is now. What is written to the disk stays in memory, and is gone with it; it is for the
    /// journal of a file system that was cut off, and ends with an error where it is more than that.
    pub fn snapshot(&self, file: BorrowedFd<'_>) -> Result<Served, ServeError> {
        let order = Order::Snapshot { mode: self.mode };
        self.start(file, &order, LIMIT, true)
    }

    fn place(&self) -> Place {
        Place {
            base: self.base.clone(),
            mode: self.mode,
        }
    }

    fn start_in(
        &self,
        directory: BorrowedFd<'_>,
        order: &Order,
        limit: Duration,
        committed: bool,
    ) -> Result<Served, ServeError> {
        // A descriptor that was opened with O_PATH could not be synced by the server.
        let directory = dir::open_dir_beneath(directory, ".")?;
        self.start(directory.as_fd(), order, limit, committed)
    }

    fn start(
        &self,
        descriptor: BorrowedFd<'_>,
        order: &Order,
        limit: Duration,
        committed: bool,
    ) -> Result<Served, ServeError> {
        let (socket, theirs) = packet::pair().map_err(ServeError::Talk)?;
        let process = Process::start(&self.program, theirs).map_err(ServeError::Start)?;
        let mut control = Control {
            socket,
            process,
            committed: false,
        };
        let (answer, mount) = control.ask(order, Some(descriptor), limit)?;
        let (Answer::Ready { size }, Some(mount)) = (answer, mount) else {
            return Err(ServeError::Confused);
        };
        control.committed = committed;
        Ok(Served {
            mount,
            control,
            size,
        })
    }
}

/// The way to a server. Dropping it ends a server of which nobody may need anything: it has not said yet that it
/// serves, or what it serves was not committed.
#[derive(Debug)]
struct Control {
    socket: OwnedFd,
    process: Process,
    committed: bool,
}

impl Drop for Control {
    fn drop(&mut self) {
        if !self.committed {
            self.stop();
            self.process.end();
        }
    }
}

impl Control {
    fn stop(&self) {
        // One that has ended needs no order.
        if let Ok(packet) = Order::Stop.to_packet() {
            let _ = packet::send(&self.socket, &packet, None);
        }
    }

    /// Sends an order and waits for its answer.
    fn ask(
        &self,
        order: &Order,
        descriptor: Option<BorrowedFd<'_>>,
        limit: Duration,
    ) -> Result<(Answer, Option<OwnedFd>), ServeError> {
        let gone = |error| match error {
            Errno::PIPE | Errno::CONNRESET => ServeError::Ended,
            error => ServeError::Talk(error),
        };
        packet::send(&self.socket, &order.to_packet()?, descriptor).map_err(gone)?;
        let packet = packet::receive(&self.socket, MAX_PACKET, limit).map_err(gone)?;
        if packet.bytes.is_empty() {
            return Err(ServeError::Ended);
        }
        match Answer::from_packet(&packet.bytes)? {
            Answer::Failed(failure) => Err(failure.into()),
            answer => Ok((answer, packet.descriptor)),
        }
    }
}

/// A container that is being served.
///
/// Dropping it leaves the server to those who use the disk: it ends with the last of them. One that was
/// created and not committed ends now, and its files are removed.
#[derive(Debug)]
pub struct Served {
    // Dropped first: the server is to see that nobody uses the disk.
    mount: OwnedFd,
    control: Control,
    size: Bytes,
}

impl Served {
    /// Size of the disk.
    pub fn size(&self) -> Bytes {
        self.size
    }

    /// The root of the mount that has the disk in it.
    pub fn mount(&self) -> BorrowedFd<'_> {
        self.mount.as_fd()
    }

    /// Opens the disk: for reading and writing, or for reading only.
    pub fn file(&self, writable: bool) -> Result<File, ServeError> {
        let flags = if writable {
            OFlags::RDWR
        } else {
            OFlags::RDONLY
        };
        Ok(dir::open_beneath(&self.mount, DISK, flags | OFlags::NOFOLLOW)?.into())
    }

    /// Puts the mount over a directory: the disk shows there until that is unmounted, and the server ends then.
    pub fn attach(&self, target: &Path) -> Result<(), ServeError> {
        Ok(mount::attach_path(&self.mount, target)?)
    }

    /// Makes everything durable that was written to the disk, and what was created a container.
    pub fn commit(&mut self) -> Result<(), ServeError> {
        match self.control.ask(&Order::Commit, None, LIMIT)?.0 {
            Answer::Committed => {
                self.control.committed = true;
                Ok(())
            }
            _ => Err(ServeError::Confused),
        }
    }

    /// Makes the disk larger, and returns its size then. Everybody who looks at the file sees it; a loop device has to
    /// be told.
    pub fn grow(&mut self, to: Mib) -> Result<Bytes, ServeError> {
        match self
            .control
            .ask(&Order::Grow { to }, None, for_parts(SPLIT, to))?
            .0
        {
            Answer::Grown { size } => {
                self.size = size;
                Ok(size)
            }
            _ => Err(ServeError::Confused),
        }
    }

    /// Has the disk grow by itself while `session` is mounted from it: at `name` in `above`, through this loop device, to
    /// `cap` at the most. Looks for the first time now, and returns the size of the disk after that.
    pub fn watch(
        &mut self,
        session: SessionId,
        above: BorrowedFd<'_>,
        name: &str,
        device: u32,
        cap: Option<Mib>,
    ) -> Result<Bytes, ServeError> {
        let name = name.to_owned();
        let order = Order::Watch {
            session,
            name,
            device,
            cap,
        };
        match self.control.ask(&order, Some(above), LIMIT)?.0 {
            Answer::Watching { size } => {
                self.size = size;
                Ok(size)
            }
            _ => Err(ServeError::Confused),
        }
    }

    /// The server's process, for whoever has to wait for it.
    pub fn process(&self) -> ProcessId {
        self.control.process.id()
    }

    /// Lets go of the mount and waits until the server has ended, `limit` at the most. False if it runs on: the disk is
    /// in use.
    pub fn wait(self, limit: Duration) -> bool {
        self.end(limit) != Ending::RunsOn
    }

    /// As [`wait`](Self::wait), and tells how the server ended.
    pub fn end(self, limit: Duration) -> Ending {
        let Self {
            mount, mut control, ..
        } = self;
        drop(mount);
        if !control.committed {
            control.stop();
            // Whoever waits decides what to do if it stays.
            control.committed = true;
        }
        control.process.wait(limit)
    }
}

fn for_parts(split: Mib, size: Mib) -> Duration {
    let parts = u32::try_from(size.0 / split.0.max(1)).unwrap_or(u32::MAX);
    LIMIT.saturating_add(PER_PART.saturating_mul(parts))
}
