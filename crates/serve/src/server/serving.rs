//! A container that is served: begun, and ended with care.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::SystemTime;

use dynfilefs::container::{Access, Container};
use dynfilefs::files::Files;
use dynfilefs::store::FileName;
use fuser::{Config, Notifier, Session, SessionACL};
use perch_core::cause::Causes;
use perch_core::serving::{self, Failure, FailureKind, NAME};
use perch_core::units::{Bytes, Mib, SessionId};
use perch_sys::container::online::Spot;
use perch_sys::dir;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::{AtFlags, unlinkat};

use super::process::allow_descriptors;
use crate::disk::Disk;
use crate::failure::failure;
use crate::filesystem::Directory;
use crate::fuse;
use crate::growth::{Told, Watch};
use crate::snapshot::Snapshot;
use crate::source::Source;

/// Threads that answer the kernel.
const THREADS: usize = 4;
/// The most parts a container has.
const MAX_PARTS: u64 = dynfilefs::geometry::MAX_PARTS;

/// What is to be served.
#[derive(Debug, Clone, Copy)]
pub(super) enum Request {
    /// A container that is to be made.
    Create {
        /// Virtual size of a part.
        split: Mib,
        /// Size of the disk.
        size: Mib,
    },
    /// One that is there.
    Open(serving::Access),
}

pub(super) struct Serving {
    what: What,
    /// Has something to read when the kernel has closed its end.
    ended: Arc<OwnedFd>,
    thread: JoinHandle<std::io::Result<()>>,
}

enum What {
    Container(Kept),
    /// Of a file that is this long; nothing of it is kept.
    Snapshot(Bytes),
}

/// A container, and where it lies.
struct Kept {
    disk: Arc<Disk>,
    access: Access,
    /// The container's directory, and the main file's name in it.
    directory: OwnedFd,
    base: String,
}

impl Serving {
    /// Makes or opens a container and serves it; returns the mount too.
    pub(super) fn begin(
        request: Request,
        directory: OwnedFd,
        base: &str,
        mode: u16,
    ) -> Result<(Self, OwnedFd), Failure> {
        let system = |error: &dyn std::fmt::Display| Failure::new(FailureKind::Kernel, error);
        let parts = match request {
            Request::Create { split, size } => size.0.div_ceil(split.0.max(1)).min(MAX_PARTS),
            Request::Open(_) => MAX_PARTS,
        };
        let limited = allow_descriptors(parts);
        let access = match request {
            Request::Create { .. } | Request::Open(serving::Access::Write) => Access::Write,
            Request::Open(serving::Access::Read) => Access::Read,
            Request::Open(serving::Access::Rescue) => Access::Rescue,
        };
        let ours = directory.try_clone().map_err(|error| system(&error))?;
        let files = Files::new(directory, base, access)
            .map_err(|error| Failure::new(FailureKind::Medium, error))?;
        let container = match request {
            Request::Create { split, size } => {
                Container::begin(files, split.bytes().0, size.bytes().0)
            }
            Request::Open(_) => Container::open(files, access),
        };
        let container = container.map_err(|error| match limited {
            Err(limit) if failure(&error).kind == FailureKind::Kernel => system(&format!(
                "{}: the limit of open files cannot be raised ({limit})",
                Causes(&error)
            )),
            _ => failure(&error),
        })?;
        let disk = Arc::new(Disk::new(container));
        let files = Directory {
            disk: Arc::clone(&disk),
            mode: mode & 0o777,
            is_writable: access == Access::Write,
            since: SystemTime::now(),
        };
        let source = fuse::source(&ours, base);
        let Started {
            serving,
            mount,
            notifier,
            again,
        } = start(
            files,
            source.clone(),
            What::Container(Kept {
                disk: Arc::clone(&disk),
                access,
                directory: ours,
                base: base.to_owned(),
            }),
        )?;
        disk.connect(notifier, again, source);
        Ok((serving, mount))
    }

    /// Serves a file as it is now: what is written to it is gone with the mount.
    pub(super) fn snapshot(file: OwnedFd, mode: u16) -> Result<(Self, OwnedFd), Failure> {
        let snapshot = Snapshot::new(File::from(file))
            .map_err(|error| Failure::new(FailureKind::Medium, Causes(&error)))?;
        let size = snapshot.size();
        let files = Directory {
            disk: Arc::new(snapshot),
            mode: mode & 0o777,
            is_writable: true,
            since: SystemTime::now(),
        };
        let started = start(files, NAME.into(), What::Snapshot(size))?;
        Ok((started.serving, started.mount))
    }

    /// Has something to read when nobody can reach the disk any more.
    pub(super) fn ended(&self) -> BorrowedFd<'_> {
        self.ended.as_fd()
    }

    pub(super) fn size(&self) -> Bytes {
        match &self.what {
            What::Container(kept) => kept.disk.size(),
            What::Snapshot(size) => *size,
        }
    }

    pub(super) fn is_committed(&self) -> bool {
        match &self.what {
            What::Container(kept) => kept.disk.container.is_committed(),
            What::Snapshot(_) => true,
        }
    }

    /// The container, if it can be written.
    fn writable(&self) -> Option<&Kept> {
        match &self.what {
            What::Container(kept) if kept.access == Access::Write => Some(kept),
            What::Container(_) | What::Snapshot(_) => None,
        }
    }

    pub(super) fn commit(&self) -> Result<(), Failure> {
        let committed = self.writable().map(|kept| kept.disk.container.commit());
        committed.unwrap_or(Ok(())).map_err(|error| failure(&error))
    }

    pub(super) fn grow(&self, to: Bytes) -> Result<Bytes, Failure> {
        use crate::disk::GrowError;
        let What::Container(kept) = &self.what else {
            return Err(no_growth());
        };
        kept.disk.grow(to).map_err(|error| match &error {
            GrowError::Container(error) => failure(error),
            other => Failure::new(FailureKind::Kernel, Causes(other)),
        })
    }

    /// Has the container grow by itself while it is mounted; returns the size of the disk after the first look.
    pub(super) fn watch(
        &self,
        session: SessionId,
        above: OwnedFd,
        name: String,
        device: u32,
        cap: Option<Mib>,
    ) -> Result<Bytes, Failure> {
        let system = |error: &dyn std::fmt::Display| Failure::new(FailureKind::Kernel, error);
        let kept = self.writable();
        let kept = kept.filter(|kept| kept.disk.counter().is_none());
        let kept = kept.ok_or_else(no_growth)?;
        // The starter's: it has not changed the root yet.
        let dev = dir::open_dir("/dev").map_err(|error| system(&Causes(&error)))?;
        let directory = kept.directory.try_clone().map_err(|error| system(&error))?;
        let watch = Watch {
            disk: Arc::clone(&kept.disk),
            directory,
            base: kept.base.clone(),
            spot: Spot {
                above,
                name,
                dev,
                device,
            },
            session,
            cap,
            told: Told::default(),
            behind: true,
        };
        watch.begin().map_err(|error| system(&error))?;
        Ok(self.size())
    }

    /// Makes everything durable, and says so if that fails.
    pub(super) fn flush(&self, why: &str) -> bool {
        let Some(kept) = self.writable() else {
            return true;
        };
        let flushed = kept.disk.container.flush();
        if let Err(error) = &flushed {
            log::error!(
                "cannot make the container durable after {why}: {}",
                Causes(error)
            );
        }
        flushed.is_ok()
    }

    /// Removes the files of a container that was never committed. The main file goes last: while it is there, the rest is
    /// known to be the beginning of a container.
    pub(super) fn remove(&self) {
        let What::Container(kept) = &self.what else {
            return;
        };
        let parts = 0..kept.disk.container.geometry().parts();
        for file in parts.map(FileName::Part).chain([FileName::NewMain]) {
            let name = format!("{}{file}", kept.base);
            if let Err(error) = unlinkat(&kept.directory, &*name, AtFlags::empty()) {
                log::warn!("cannot remove {name}: {error}");
            }
        }
    }

    /// The kernel has closed its end: what it wrote last is made durable, or removed if it was never committed.
    pub(super) fn finish(self) -> ExitCode {
        let durable = match self.is_committed() {
            true => self.flush("its last use"),
            false => {
                self.remove();
                true
            }
        };
        let served = match self.thread.join() {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                log::error!("the kernel's end of the disk was closed by an error: {error}");
                false
            }
            Err(_) => false,
        };
        match durable && served {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        }
    }
}

fn no_growth() -> Failure {
    Failure::new(
        FailureKind::Order,
        "the container cannot grow, or grows by itself already",
    )
}

/// What answers the kernel now.
struct Started {
    serving: Serving,
    mount: OwnedFd,
    notifier: Notifier,
    /// The kernel's end once more.
    again: OwnedFd,
}

/// Mounts the directory, and answers the kernel from threads of its own. `source` is what the mount table shows.
fn start<S: Source>(files: Directory<S>, source: PathBuf, what: What) -> Result<Started, Failure> {
    let system = |error: &dyn std::fmt::Display| Failure::new(FailureKind::Kernel, error);
    let device = fuse::open_device().map_err(|error| system(&Causes(&error)))?;
    let mount = fuse::mount(&device, &source).map_err(|error| system(&Causes(&error)))?;
    let again = device.try_clone().map_err(|error| system(&error))?;
    let mut config = Config::default();
    config.n_threads = Some(THREADS);
    config.clone_fd = true;
    let session = Session::from_fd(files, device, SessionACL::All, config);
    let session = session.map_err(|error| system(&error))?;
    let notifier = session.notifier();
    let ended = eventfd(0, EventfdFlags::CLOEXEC).map_err(|error| system(&error))?;
    let ended = Arc::new(ended);
    let signal = Arc::clone(&ended);
    let thread = std::thread::Builder::new()
        .name("session".to_owned())
        .spawn(move || {
            let outcome = session.run();
            // Cannot be full: this is the only number that is ever added.
            let _ = rustix::io::write(&signal, &1_u64.to_ne_bytes());
            outcome
        });
    let thread = thread.map_err(|error| system(&error))?;
    Ok(Started {
        serving: Serving {
            what,
            ended,
            thread,
        },
        mount,
        notifier,
        again,
    })
}
