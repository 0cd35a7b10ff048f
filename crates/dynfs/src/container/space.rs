//! How much space there is: of the disk, and of the medium below it.

use std::sync::atomic::Ordering;

use super::Container;
use crate::error::Error;
use crate::geometry::BLOCK;
use crate::room::Alarm;
use crate::store::{FileName, Store};

/// What a container takes, and may still take. All in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What the medium has left for anybody; `None` where it does not say.
    pub free: Option<u64>,
    /// What of that no new block takes.
    pub reserve: u64,
    /// What blocks of the disk take.
    pub used: Used,
    /// Size of the disk.
    pub size: u64,
}

/// How much of a disk holds data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// Bytes, in whole blocks.
    pub bytes: u64,
    /// Whether that is exact. A part is counted only once it is written to; until then it counts with the most that its
    /// file can hold, which is too much where blocks were cleared or slots skipped.
    pub exact: bool,
}

impl<S: Store> Container<S> {
    /// How much of the disk holds data, without reading anything. Waits while a part is surveyed before its first write.
    pub fn used(&self) -> Used {
        let mut used = Used {
            bytes: 0,
            exact: true,
        };
        let mut number = 0;
        while let Some(cell) = self.cell(number) {
            number += 1;
            let (blocks, exact) = cell.read().mapped();
            used.bytes += blocks * BLOCK;
            used.exact &= exact;
        }
        used
    }

    /// What the container takes, and may still take.
    ///
    /// # Errors
    /// If the medium does not answer.
    pub fn space(&self) -> Result<Space, Error> {
        let free = self.store.free();
        let free = free.map_err(Error::io("ask for the free space at", FileName::Main))?;
        free.inspect(|free| self.common.room.note(*free));
        Ok(Space {
            free,
            reserve: self.common.room.reserve(),
            used: self.used(),
            size: self.size(),
        })
    }

    /// Sets how many bytes of the medium no new block takes, in place of [`RESERVE`](crate::room::RESERVE): for tools, and
    /// media that are small.
    pub fn set_reserve(&self, bytes: u64) {
        self.common.room.set_reserve(bytes);
    }

    /// What has to be told about the medium's space, each thing once: to be asked after requests, since it costs nothing.
    /// What is over and begins again is told again.
    pub fn alarm(&self) -> Option<Alarm> {
        self.common.room.alarm()
    }

    /// Whether writing has ended because something did not become durable.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }
}
