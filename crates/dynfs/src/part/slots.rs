//! Where new blocks of a part go: slots that are free, or its end.

use std::ops::Range;

use crate::error::Error;
use crate::geometry::{BLOCK, Geometry};
use crate::room::Room;
use crate::runs::Runs;
use crate::store::{FileName, Store};
use crate::survey::Survey;

/// How much space is asked for at once, in bytes: fewer calls, and longer runs on FAT.
const RESERVE_STEP: u64 = 16 << 20;
/// Ranges of free slots that all parts together remember: some 4 MiB. Slots of others are found when the part is surveyed again.
const FREE_RUNS: usize = 128 << 10;
/// Ranges that each part may remember.
const LEAST_RUNS: usize = 16;

/// The slots of a part that was surveyed.
#[derive(Debug, Default)]
pub(super) struct Slots {
    /// Where the next slot behind all others begins.
    next: u64,
    /// The length of the file when no slot is in use.
    least_len: u64,
    /// Up to where space was reserved behind `next`.
    reserved: u64,
    free: Runs,
    /// Whether space was reserved that is to be durable before the file becomes longer.
    unsettled: bool,
    /// Where among the free slots space was reserved.
    backed: Range<u64>,
    /// Whether there are more free slots than are remembered.
    forgot: bool,
}

impl Slots {
    /// What a survey found, less the slots that are being written: no entry points to them yet.
    pub(super) fn new(found: &mut Survey, geometry: &Geometry, lent: &[(u64, u64)]) -> Self {
        let mut free = std::mem::take(&mut found.free);
        let end = lent
            .iter()
            .map(|(start, slots)| start + slots * BLOCK)
            .max();
        let next = end.unwrap_or(0).max(found.next);
        if next > found.next {
            free.insert(found.next, next - found.next);
        }
        lent.iter()
            .for_each(|(start, slots)| free.take_within(*start, *slots));
        let forgot = free.keep_first(most_runs(geometry));
        Self {
            next,
            least_len: found.least_len,
            free,
            forgot,
            ..Self::default()
        }
    }

    /// Takes up to `want` slots that follow each other: where they begin, and how many they are.
    ///
    /// # Errors
    /// [`Error::Full`] if there is none; nothing is changed then.
    pub(super) fn allocate(
        &mut self,
        store: &impl Store,
        place: (FileName, &Geometry, &Room),
        want: u64,
    ) -> Result<(u64, u64), Error> {
        if let Some((start, len)) = self.free.find(want)
            && self.back(store, place, start, len, want * BLOCK).is_ok()
        {
            self.free.take(want);
            return Ok((start, want));
        }
        let max = store.max_len().unwrap_or(i64::MAX as u64);
        let room = max.saturating_sub(self.next) / BLOCK;
        if room >= want && self.reserve_to(store, place, want * BLOCK, max).is_ok() {
            let start = self.next;
            self.next += want * BLOCK;
            return Ok((start, want));
        }
        let first = self.free.iter().next();
        if let Some((start, len)) = first {
            let slots = want.min(len / BLOCK);
            for slots in [slots, 1] {
                if self.back(store, place, start, len, slots * BLOCK).is_ok() {
                    self.free.take_front(start, slots);
                    return Ok((start, slots));
                }
            }
        }
        if room == 0 {
            return Err(Error::Full);
        }
        self.reserve_to(store, place, BLOCK, max)?;
        let start = self.next;
        self.next += BLOCK;
        Ok((start, 1))
    }

    /// Makes sure that the first `wanted` bytes of free slots find space, which may have been given back; for more of them
    /// if there is enough.
    fn back(
        &mut self,
        store: &impl Store,
        (file, _, room): (FileName, &Geometry, &Room),
        start: u64,
        len: u64,
        wanted: u64,
    ) -> Result<(), Error> {
        if self.backed.start <= start && start + wanted <= self.backed.end {
            return Ok(());
        }
        if !room.may_be_hole(store, file, start) {
            return Ok(());
        }
        let far = len.min(RESERVE_STEP).max(wanted);
        let taken = room
            .take(store, file, start, far)
            .map(|()| far)
            .or_else(|_| room.take(store, file, start, wanted).map(|()| wanted))?;
        self.backed = start..start + taken;
        Ok(())
    }

    /// Makes sure that `wanted` bytes behind all slots find space.
    fn reserve_to(
        &mut self,
        store: &impl Store,
        (file, geometry, room): (FileName, &Geometry, &Room),
        wanted: u64,
        max: u64,
    ) -> Result<(), Error> {
        let end = self.next + wanted;
        if end <= self.reserved {
            return Ok(());
        }
        let start = self.next.max(self.reserved);
        if !room.can_reserve() {
            return room.take(store, file, start, end - start);
        }
        let far = (end + RESERVE_STEP)
            .min(geometry.full_len())
            .min(max)
            .max(end);
        let reserved = room
            .take(store, file, start, far - start)
            .map(|()| far)
            .or_else(|_| room.take(store, file, start, end - start).map(|()| end))?;
        if room.can_reserve() {
            self.reserved = reserved;
            self.unsettled = store.may_disagree();
        }
        Ok(())
    }

    /// Cuts a file of `len` bytes behind the last slot in use, once, before the first slot is taken; its new length. What is
    /// cut off is nobody's.
    ///
    /// A power cut may have left a file with more clusters than its length says: those that were reserved, or appended
    /// last. Linux makes all of a FAT read-only when such a file grows (fs/fat/misc.c, `fat_chain_add`).
    ///
    /// # Errors
    /// If the file system cannot do it.
    pub(super) fn settle(
        &mut self,
        store: &impl Store,
        (file, geometry): (FileName, &Geometry),
        len: u64,
    ) -> Result<u64, Error> {
        if !store.may_disagree() {
            return Ok(len);
        }
        if let Some(len) = self.cut(store, file, geometry) {
            return Ok(len);
        }
        // The same length once more frees what is behind it.
        store
            .set_len(file, len)
            .map_err(Error::io("set the length of", file))?;
        Ok(len)
    }

    /// Makes space that was reserved durable, where a length that is on the medium before it could not be settled: with
    /// as many clusters as its slots in use need, and a greater length, the file could not grow either.
    ///
    /// # Errors
    /// If it may be lost.
    pub(super) fn secure(&mut self, store: &impl Store, file: FileName) -> Result<(), Error> {
        match std::mem::take(&mut self.unsettled) {
            true => store.sync(file).map_err(Error::io("sync", file)),
            false => Ok(()),
        }
    }

    /// Takes the first free slot, if it begins before `end`.
    pub(super) fn take_free_before(&mut self, end: u64) -> Option<u64> {
        let (start, _) = self.free.iter().next().filter(|(start, _)| *start < end)?;
        self.free.take_front(start, 1);
        Some(start)
    }

    /// Takes back slots that were allocated and not used.
    pub(super) fn release(&mut self, start: u64, slots: u64) {
        if slots == 0 {
            return;
        }
        if start + slots * BLOCK == self.next {
            self.next = start;
        } else {
            self.free.insert(start, slots * BLOCK);
        }
    }

    /// Whether there are free slots that only another survey finds, and no others.
    pub(super) fn forgot_all(&self) -> bool {
        self.forgot && self.free.is_empty()
    }

    /// Adds slots that are durably free, and cuts the file behind the last in use: its new length, if it has one.
    pub(super) fn add_free(
        &mut self,
        store: &impl Store,
        (file, geometry): (FileName, &Geometry),
        runs: &Runs,
    ) -> Option<u64> {
        // They were punched: what was reserved is gone.
        self.backed = 0..0;
        runs.iter()
            .for_each(|(start, len)| self.free.insert(start, len));
        let cut = self.cut(store, file, geometry);
        self.forgot |= self.free.keep_first(most_runs(geometry));
        cut
    }

    fn cut(&mut self, store: &impl Store, file: FileName, geometry: &Geometry) -> Option<u64> {
        let start = self.free.take_ending_at(self.next)?;
        let len = if start == geometry.first_slot() {
            self.least_len
        } else {
            start
        };
        if store.set_len(file, len).is_ok() {
            self.next = start;
            self.reserved = 0;
            Some(len)
        } else {
            self.free.insert(start, self.next - start);
            None
        }
    }
}

/// How many ranges of free slots a part remembers.
fn most_runs(geometry: &Geometry) -> usize {
    (FREE_RUNS / geometry.parts().max(1) as usize).max(LEAST_RUNS)
}
