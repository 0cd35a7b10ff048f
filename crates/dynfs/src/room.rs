//! How much of the medium may still be taken: a reserve stays free, so that what is on the disk can always be written.
//!
//! A file system in the container writes its journal and tables in place. Only blocks that never held anything may
//! meet a full medium, and early enough that nothing else of the machine does.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use crate::error::Error;
use crate::store::{FileName, Store};

/// Bytes of the medium that no new block takes: for index pages, metadata of the medium's own file system (a sync of ext4
/// needs some), and the session's other files, which are written beside the container.
pub const RESERVE: u64 = 64 << 20;
/// Below so many free bytes there is a warning: the time to delete something, while everything still works.
pub const LOW: u64 = 256 << 20;
/// How much may be written between two looks at the free space where none can be reserved, in bytes.
const LOOK_STEP: u64 = 16 << 20;

/// What somebody has to be told about the medium's space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// Fewer than [`LOW`] bytes, or than the reserve and half of it, are free.
    Low,
    /// New blocks are refused.
    Full,
}

/// Whether something is known of the file system.
const UNKNOWN: u8 = 0;
const YES: u8 = 1;
const NO: u8 = 2;

/// What all parts know of the medium.
#[derive(Debug)]
pub(crate) struct Room {
    reserve: AtomicU64,
    /// Bytes that may be written before the next look.
    credit: AtomicU64,
    /// Whether space can be reserved, and whether holes can be made.
    reserves: AtomicU8,
    holes: AtomicU8,
    /// The last that was told (0 for nothing, then as [`Alarm`]), and whether somebody heard it.
    level: AtomicU8,
    unheard: AtomicBool,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            reserve: AtomicU64::new(RESERVE),
            credit: AtomicU64::new(0),
            reserves: AtomicU8::new(UNKNOWN),
            holes: AtomicU8::new(UNKNOWN),
            level: AtomicU8::new(0),
            unheard: AtomicBool::new(false),
        }
    }
}

impl Room {
    pub(crate) fn reserve(&self) -> u64 {
        self.reserve.load(Ordering::Relaxed)
    }

    pub(crate) fn set_reserve(&self, bytes: u64) {
        self.reserve.store(bytes, Ordering::Relaxed);
        self.credit.store(0, Ordering::Relaxed);
    }

    /// Whether space can be had beforehand, as far as is known.
    pub(crate) fn can_reserve(&self) -> bool {
        self.reserves.load(Ordering::Relaxed) != NO
    }

    /// Makes sure that a range finds space, and that the reserve stays. Asks the file system each time where it can
    /// reserve, which is for many blocks at once, and else once for [`LOOK_STEP`] bytes.
    ///
    /// # Errors
    /// [`Error::Full`] if not; nothing is changed then.
    pub(crate) fn take(
        &self,
        store: &impl Store,
        file: FileName,
        offset: u64,
        len: u64,
    ) -> Result<(), Error> {
        if self.can_reserve() {
            self.look(store, len)?;
            match store.reserve(file, offset, len) {
                Ok(()) => {
                    self.reserves.store(YES, Ordering::Relaxed);
                    return Ok(());
                }
                // That it is missing shows when the data is written, before any entry is set.
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                    self.reserves.store(NO, Ordering::Relaxed);
                }
                Err(error) => return Err(Error::io("reserve space in", file)(error)),
            }
        }
        let spend = |credit: u64| credit.checked_sub(len);
        let spent = self
            .credit
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend);
        if spent.is_err() {
            let more = self.look(store, len)?.min(LOOK_STEP);
            self.credit
                .store(more.saturating_sub(len), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Whether a range that the file has had before may have lost its space since: it has to be taken again then.
    pub(crate) fn may_be_hole(&self, store: &impl Store, file: FileName, start: u64) -> bool {
        if self.holes.load(Ordering::Relaxed) == UNKNOWN {
            // Nobody refers to it, so it may as well be one.
            let punched = store.punch(file, start, crate::geometry::BLOCK);
            self.note_punch(&punched);
        }
        self.holes.load(Ordering::Relaxed) != NO
    }

    /// Remembers whether the file system makes holes.
    pub(crate) fn note_punch(&self, result: &io::Result<()>) {
        match result {
            Ok(()) => self.holes.store(YES, Ordering::Relaxed),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                self.holes.store(NO, Ordering::Relaxed);
            }
            Err(_) => {}
        }
    }

    /// How many bytes may be taken, if `len` may.
    fn look(&self, store: &impl Store, len: u64) -> Result<u64, Error> {
        let reserve = self.reserve();
        // Where it is not known, the file system itself says when it is full.
        let Some(free) = store.free().ok().flatten() else {
            return Ok(u64::MAX);
        };
        let room = free.saturating_sub(reserve);
        self.note(free);
        match room >= len {
            true => Ok(room),
            false => Err(Error::Full),
        }
    }

    /// Notes how much is free.
    pub(crate) fn note(&self, free: u64) {
        let before = self.level.load(Ordering::Relaxed);
        self.tell(before, level(before, free, self.reserve()));
    }

    /// Notes that a new block was refused.
    pub(crate) fn note_full(&self) {
        self.tell(self.level.load(Ordering::Relaxed), Alarm::Full as u8 + 1);
    }

    fn tell(&self, before: u8, now: u8) {
        if before != now {
            self.level.store(now, Ordering::Relaxed);
            self.unheard.store(now > before, Ordering::Release);
        }
    }

    /// What has to be told and was not yet.
    pub(crate) fn alarm(&self) -> Option<Alarm> {
        if !self.unheard.load(Ordering::Relaxed) || !self.unheard.swap(false, Ordering::AcqRel) {
            return None;
        }
        match self.level.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(Alarm::Low),
            _ => Some(Alarm::Full),
        }
    }
}

/// What is to be said of so much free space, after what was said before. What was said ends only where there is clearly more
/// again, so that space that comes and goes around a limit says nothing twice.
fn level(before: u8, free: u64, reserve: u64) -> u8 {
    let low = LOW.max(reserve.saturating_add(reserve / 2));
    match before {
        _ if free < low => before.max(1),
        0 => 0,
        _ if free < low.saturating_add(LOW / 4) => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn each_thing_is_said_once() {
        for (before, free, reserve, want) in [
            (0, 1000, 64, 0),
            (0, 256, 64, 0),
            (0, 255, 64, 1),
            (1, 255, 64, 1),
            (1, 300, 64, 1),
            (1, 320, 64, 0),
            (2, 10, 64, 2),
            (2, 300, 64, 1),
            (2, 320, 64, 0),
            (0, 700, 500, 1),
        ] {
            let now = level(before, free * MIB, reserve * MIB);
            assert_eq!(now, want, "{before} {free} {reserve}");
        }
        let room = Room::default();
        room.note(1000 * MIB);
        assert_eq!(room.alarm(), None);
        room.note(200 * MIB);
        assert_eq!((room.alarm(), room.alarm()), (Some(Alarm::Low), None));
        room.note_full();
        room.note_full();
        room.note(60 * MIB);
        assert_eq!((room.alarm(), room.alarm()), (Some(Alarm::Full), None));
        room.note(300 * MIB);
        assert_eq!(room.alarm(), None);
        room.note(1000 * MIB);
        room.note(200 * MIB);
        assert_eq!(room.alarm(), Some(Alarm::Low));
    }
}
