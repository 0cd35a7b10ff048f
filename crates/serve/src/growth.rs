//! Growing by itself while it is in use: container, loop device and file system.
//!
//! A thread of its own looks how full the file system is whenever a share of the disk was written, not by a clock.
//! It has file system and device open for that moment only, so that nobody who unmounts them waits, and takes no lock
//! that a thread needs which answers the kernel: what it asks the kernel to do is answered by those.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, Thread};

use perch_core::cause::Causes;
use perch_core::growth::{self, Growth, Measure, Obstacle};
use perch_core::notice::Notice;
use perch_core::units::{Bytes, Mib, SessionId};
use perch_sys::container::online::{Online, OnlineError, Spot};
use rustix::fs::{AtFlags, fstatvfs, statat};
use rustix::io::Errno;

use dynfilefs::store::FileName;

use crate::disk::{Disk, GrowError};
use crate::source::Source;

/// What was written since the last look, and who is to look next.
#[derive(Debug)]
pub(crate) struct Counter {
    written: AtomicU64,
    limit: AtomicU64,
    looker: Thread,
}

impl Counter {
    /// Counts what was written; wakes the thread when it is time to look.
    pub(crate) fn add(&self, bytes: u64) {
        let written = self.written.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if written >= self.limit.load(Ordering::Relaxed) {
            self.looker.unpark();
        }
    }
}

/// Why nobody knows whether the container is to grow, or why it did not.
#[derive(Debug, thiserror::Error)]
enum LookError {
    /// The medium.
    #[error("cannot tell how much the container takes on the medium")]
    Medium(#[source] Errno),
    /// The file system and its device.
    #[error(transparent)]
    Online(#[from] OnlineError),
    /// The container.
    #[error(transparent)]
    Grow(#[from] GrowError),
}

/// A container that grows by itself.
pub(crate) struct Watch {
    pub(crate) disk: Arc<Disk>,
    /// The container's directory, and the main file's name in it.
    pub(crate) directory: OwnedFd,
    pub(crate) base: String,
    /// Where it is mounted.
    pub(crate) spot: Spot,
    pub(crate) session: SessionId,
    /// The size beyond which it does not grow.
    pub(crate) cap: Option<Mib>,
    /// What the user was told last.
    pub(crate) told: Told,
    /// The file system may be smaller than the disk: a larger disk would be of no use yet.
    pub(crate) behind: bool,
}

/// What the user was told of a container that does not grow: once, until it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Told {
    /// Nothing.
    #[default]
    Nothing,
    /// Its limit.
    Cap,
    /// The medium is full.
    Medium,
    /// Something failed.
    Failure,
}

impl Watch {
    /// Looks for the first time: the file system may be smaller than the disk if an earlier growth was cut off. Then
    /// looks again whenever enough was written, in a thread of its own.
    pub(crate) fn begin(mut self) -> std::io::Result<()> {
        self.behind = self.follow().is_err();
        self.look();
        let disk = Arc::clone(&self.disk);
        let thread = thread::Builder::new().name("growth".to_owned());
        let thread = thread.spawn(move || self.run())?;
        disk.count(Counter {
            written: AtomicU64::new(0),
            limit: AtomicU64::new(0),
            looker: thread.thread().clone(),
        });
        thread.thread().unpark();
        Ok(())
    }

    fn run(mut self) {
        let disk = Arc::clone(&self.disk);
        loop {
            thread::park();
            let Some(counter) = disk.counter() else {
                continue;
            };
            if counter.written.load(Ordering::Relaxed) < counter.limit.load(Ordering::Relaxed) {
                continue;
            }
            counter.written.store(0, Ordering::Relaxed);
            self.look();
            let size = disk.size().whole_mib();
            let limit = growth::look_after(size).0;
            counter.limit.store(limit, Ordering::Relaxed);
        }
    }

    /// Has the file system take the whole disk.
    fn follow(&self) -> Result<(), LookError> {
        match self.spot.open()? {
            Some(online) => Ok(online.grow(self.disk.size())?),
            None => Ok(()),
        }
    }

    fn look(&mut self) {
        if let Err(error) = self.try_look() {
            let error = Causes(&error).to_string();
            let id = self.session;
            self.tell(Told::Failure, &Notice::ContainerNotGrown { id, error });
        }
    }

    fn try_look(&mut self) -> Result<(), LookError> {
        // Not mounted there, or no longer: nobody fills it.
        let Some(online) = self.spot.open()? else {
            return Ok(());
        };
        let measure = self.measure(&online)?;
        let (id, percent, size) = (self.session, measure.percent(), measure.size);
        match growth::decide(&measure) {
            Growth::Enough => self.told = Told::Nothing,
            Growth::To(to) => {
                if self.behind {
                    online.grow(self.disk.size())?;
                    self.behind = false;
                    return self.try_look();
                }
                let now = self.disk.grow(to.bytes())?;
                self.behind = true;
                online.grow(now)?;
                self.behind = false;
                self.told = Told::Nothing;
                say(&Notice::ContainerGrown {
                    id,
                    percent,
                    from: size,
                    to: now.whole_mib(),
                    free: self.free()?,
                });
            }
            Growth::Cannot(why) => {
                let told = match why {
                    Obstacle::Cap(_) => Told::Cap,
                    Obstacle::Medium { .. } => Told::Medium,
                };
                self.tell(
                    told,
                    &Notice::ContainerFull {
                        id,
                        percent,
                        size,
                        why,
                    },
                );
            }
        }
        Ok(())
    }

    fn measure(&self, online: &Online) -> Result<Measure, LookError> {
        let usage = online.usage()?;
        Ok(Measure {
            inner_total: usage.total,
            inner_free: usage.free,
            size: self.disk.size().whole_mib(),
            taken: self.taken()?,
            medium_free: self.free()?,
            cap: self.cap,
        })
    }

    /// What the container's files take on the medium.
    fn taken(&self) -> Result<Bytes, LookError> {
        let parts = 0..self.disk.container.geometry().parts();
        let mut blocks = 0_u64;
        for file in parts.map(FileName::Part).chain([FileName::Main]) {
            let name = format!("{}{file}", self.base);
            let stat = statat(&self.directory, &*name, AtFlags::SYMLINK_NOFOLLOW);
            let stat = stat.map_err(LookError::Medium)?;
            blocks = blocks.saturating_add(u64::try_from(stat.st_blocks).unwrap_or(0));
        }
        // stat(2): in units of 512 bytes, whatever the block size is.
        Ok(Bytes(blocks.saturating_mul(512)))
    }

    fn free(&self) -> Result<Bytes, LookError> {
        let stat = fstatvfs(&self.directory).map_err(LookError::Medium)?;
        Ok(Bytes(stat.f_bavail.saturating_mul(stat.f_frsize)))
    }

    fn tell(&mut self, told: Told, notice: &Notice) {
        if self.told != told {
            self.told = told;
            say(notice);
        }
    }
}

fn say(notice: &Notice) {
    match notice.is_warning() {
        true => log::warn!("{notice} [{}]", notice.code()),
        false => log::info!("{notice} [{}]", notice.code()),
    }
}
