//! Files in memory that remember the order of what was done to them, for tests of what a power cut leaves.
//!
//! [`Memory::after_cut`] gives the files as a disk may have them after a cut at any point: everything synced
//! is there, of everything since any sectors may be, in any order.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::{FileName, Store};

const SECTOR: usize = 512;
const CLUSTER: u64 = 4096;

/// One change, in the order of [`Memory::log`]. Files are numbered as they were created: a name may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A new file got a name.
    Create(FileName, usize),
    /// Bytes were written at an offset.
    Write(usize, u64, Vec<u8>),
    /// A length was set.
    SetLen(usize, u64),
    /// A range became zeros.
    Punch(usize, u64, u64),
    /// A file became durable.
    Sync(usize),
    /// A name was given to another file.
    Rename(FileName, FileName),
    /// All names became durable.
    SyncNames,
}

/// Which call of [`Store`] fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// [`Store::write_at`]
    Write,
    /// [`Store::sync`]
    Sync,
    /// Any call that changes something.
    Any,
}

#[derive(Debug, Default)]
struct State {
    names: BTreeMap<FileName, usize>,
    files: Vec<Vec<u8>>,
    log: Vec<Change>,
    /// Clusters that take space, by file.
    clusters: BTreeSet<(usize, u64)>,
    /// How many clusters there may be.
    capacity: Option<usize>,
    max_len: Option<u64>,
    fault: Option<(Call, usize)>,
    without_holes: bool,
    may_disagree: bool,
    /// Whether the free space is told, and how often it was asked for.
    tells_free: bool,
    looks: usize,
}

/// Files in memory; see the module.
#[derive(Debug, Default)]
pub struct Memory(Mutex<State>);

impl Memory {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that was done so far.
    pub fn log(&self) -> Vec<Change> {
        self.state().log.clone()
    }

    /// How many entries [`log`](Self::log) has.
    pub fn log_len(&self) -> usize {
        self.state().log.len()
    }

    /// All of a file; `None` if there is none of this name.
    pub fn content(&self, file: FileName) -> Option<Vec<u8>> {
        let state = self.state();
        state.files.get(*state.names.get(&file)?).cloned()
    }

    /// Gives a file this content, as if it had always been there.
    pub fn put(&self, file: FileName, content: Vec<u8>) {
        let mut state = self.state();
        let number = state.files.len();
        state.files.push(content);
        state.names.insert(file, number);
    }

    /// Takes a file away.
    pub fn remove(&self, file: FileName) {
        self.state().names.remove(&file);
    }

    /// Limits the space to this many clusters of 4096 bytes more than are in use.
    pub fn set_free(&self, clusters: Option<usize>) {
        let mut state = self.state();
        state.capacity = clusters.map(|free| free + state.clusters.len());
    }

    /// Clusters in use.
    pub fn used(&self) -> usize {
        self.state().clusters.len()
    }

    /// Sets the longest length of a file.
    pub fn set_max_len(&self, len: Option<u64>) {
        self.state().max_len = len;
    }

    /// Makes the file system one without holes and without reservation, as exFAT is.
    pub fn set_without_holes(&self) {
        self.state().without_holes = true;
    }

    /// Makes the file system one whose files can have another length than space after a cut, as FAT is.
    pub fn set_may_disagree(&self) {
        self.state().may_disagree = true;
    }

    /// Lets [`Store::free`] tell what [`set_free`](Self::set_free) left; else it is unknown.
    pub fn tell_free(&self) {
        self.state().tells_free = true;
    }

    /// How often [`Store::free`] was asked.
    pub fn looks(&self) -> usize {
        self.state().looks
    }

    /// Lets the call of this kind that comes after `before` others fail with `EIO`, and all later ones succeed.
    pub fn set_fault(&self, call: Call, before: usize) {
        self.state().fault = Some((call, before));
    }

    /// Whether a set fault has not happened yet.
    pub fn fault_is_pending(&self) -> bool {
        self.state().fault.is_some()
    }

    /// The files after a power cut behind the first `done` entries of the log. What was synced is there; of
    /// everything else `keep` is asked for each sector of a write and each other change.
    ///
    /// Files that were [`put`](Self::put) are not part of it.
    pub fn after_cut(log: &[Change], done: usize, mut keep: impl FnMut() -> bool) -> Self {
        let done = log.get(..done).unwrap_or(log);
        let mut state = State::default();
        let names_synced = done.iter().rposition(|change| *change == Change::SyncNames);
        for (at, change) in done.iter().enumerate() {
            let synced = |file: usize| {
                done.iter()
                    .skip(at)
                    .any(|later| *later == Change::Sync(file))
            };
            let names_kept = names_synced.is_some_and(|synced| synced > at);
            match change {
                Change::Create(name, file) => {
                    state
                        .files
                        .resize(state.files.len().max(file + 1), Vec::new());
                    if names_kept || keep() {
                        state.names.insert(*name, *file);
                    }
                }
                Change::Write(file, offset, bytes) => {
                    let all = synced(*file);
                    for (number, sector) in bytes.chunks(SECTOR).enumerate() {
                        if all || keep() {
                            let offset = offset + (number * SECTOR) as u64;
                            state.write(*file, offset, sector);
                        }
                    }
                }
                Change::SetLen(file, len) if synced(*file) || keep() => state.set_len(*file, *len),
                Change::Punch(file, offset, len) if synced(*file) || keep() => {
                    state.zero(*file, *offset, *len);
                }
                Change::Rename(from, to) if names_kept || keep() => {
                    if let Some(file) = state.names.remove(from) {
                        state.names.insert(*to, file);
                    }
                }
                _ => {}
            }
        }
        Self(Mutex::new(state))
    }
}

impl State {
    fn write(&mut self, file: usize, offset: u64, bytes: &[u8]) {
        let Some(content) = self.files.get_mut(file) else {
            return;
        };
        let start = offset as usize;
        let end = start + bytes.len();
        if content.len() < end {
            content.resize(end, 0);
        }
        if let Some(range) = content.get_mut(start..end) {
            range.copy_from_slice(bytes);
        }
    }

    fn set_len(&mut self, file: usize, len: u64) {
        if let Some(content) = self.files.get_mut(file) {
            content.resize(len as usize, 0);
        }
        self.clusters
            .retain(|(owner, cluster)| *owner != file || cluster * CLUSTER < len);
    }

    fn zero(&mut self, file: usize, offset: u64, len: u64) {
        let Some(content) = self.files.get_mut(file) else {
            return;
        };
        let range = content.iter_mut().skip(offset as usize).take(len as usize);
        range.for_each(|byte| *byte = 0);
        let whole = offset.div_ceil(CLUSTER)..(offset + len) / CLUSTER;
        self.clusters
            .retain(|(owner, cluster)| *owner != file || !whole.contains(cluster));
    }

    /// Takes the space of a range, or none of it.
    fn take(&mut self, file: usize, offset: u64, len: u64) -> io::Result<()> {
        let range = offset / CLUSTER..(offset + len).div_ceil(CLUSTER);
        let missing: Vec<_> = range
            .map(|cluster| (file, cluster))
            .filter(|place| !self.clusters.contains(place))
            .collect();
        if self
            .capacity
            .is_some_and(|capacity| self.clusters.len() + missing.len() > capacity)
        {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.clusters.extend(missing);
        Ok(())
    }

    fn number(&self, file: FileName) -> io::Result<usize> {
        self.names
            .get(&file)
            .copied()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn fail_if_due(&mut self, call: Call) -> io::Result<()> {
        match self.fault {
            Some((due, before)) if due == call || due == Call::Any => {
                self.fault = before.checked_sub(1).map(|before| (due, before));
                match before {
                    0 => Err(io::Error::from_raw_os_error(5)),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

impl Store for Memory {
    fn len(&self, file: FileName) -> io::Result<Option<u64>> {
        let state = self.state();
        let content = state
            .names
            .get(&file)
            .and_then(|number| state.files.get(*number));
        Ok(content.map(|content| content.len() as u64))
    }

    fn read_at(&self, file: FileName, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.state();
        let content = state
            .files
            .get(state.number(file)?)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let rest = content.get(offset as usize..).unwrap_or_default();
        let len = rest.len().min(bytes.len());
        for (to, from) in bytes.iter_mut().zip(rest) {
            *to = *from;
        }
        Ok(len)
    }

    fn write_at(&self, file: FileName, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.state();
        state.fail_if_due(Call::Write)?;
        let number = state.number(file)?;
        let end = offset + bytes.len() as u64;
        if state.max_len.is_some_and(|max| end > max) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        state.take(number, offset, bytes.len() as u64)?;
        state.write(number, offset, bytes);
        state
            .log
            .push(Change::Write(number, offset, bytes.to_vec()));
        Ok(())
    }

    fn create(&self, file: FileName) -> io::Result<()> {
        let mut state = self.state();
        state.fail_if_due(Call::Any)?;
        let number = state.files.len();
        state.files.push(Vec::new());
        state.names.insert(file, number);
        state.log.push(Change::Create(file, number));
        Ok(())
    }

    fn set_len(&self, file: FileName, len: u64) -> io::Result<()> {
        let mut state = self.state();
        state.fail_if_due(Call::Any)?;
        let number = state.number(file)?;
        state.set_len(number, len);
        state.log.push(Change::SetLen(number, len));
        Ok(())
    }

    fn reserve(&self, file: FileName, offset: u64, len: u64) -> io::Result<()> {
        let mut state = self.state();
        if state.without_holes {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let number = state.number(file)?;
        state.take(number, offset, len)
    }

    fn punch(&self, file: FileName, offset: u64, len: u64) -> io::Result<()> {
        let mut state = self.state();
        if state.without_holes {
            return Err(io::ErrorKind::Unsupported.into());
        }
        state.fail_if_due(Call::Any)?;
        let number = state.number(file)?;
        state.zero(number, offset, len);
        state.log.push(Change::Punch(number, offset, len));
        Ok(())
    }

    fn sync(&self, file: FileName) -> io::Result<()> {
        let mut state = self.state();
        state.fail_if_due(Call::Sync)?;
        let number = state.number(file)?;
        state.log.push(Change::Sync(number));
        Ok(())
    }

    fn rename(&self, from: FileName, to: FileName) -> io::Result<()> {
        let mut state = self.state();
        state.fail_if_due(Call::Any)?;
        let number = state.number(from)?;
        state.names.remove(&from);
        state.names.insert(to, number);
        state.log.push(Change::Rename(from, to));
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut state = self.state();
        state.fail_if_due(Call::Any)?;
        state.log.push(Change::SyncNames);
        Ok(())
    }

    fn max_len(&self) -> Option<u64> {
        self.state().max_len
    }

    fn may_disagree(&self) -> bool {
        self.state().may_disagree
    }

    fn data(&self, file: FileName, offset: u64) -> io::Result<Option<Range<u64>>> {
        let state = self.state();
        let content = state.files.get(state.number(file)?);
        let rest = content.and_then(|content| content.get(offset as usize..));
        // What is zero may as well be a hole.
        let mut clusters = rest.unwrap_or_default().chunks(CLUSTER as usize);
        let is_hole = |cluster: &[u8]| cluster.iter().all(|byte| *byte == 0);
        let Some(holes) = clusters.position(|cluster| !is_hole(cluster)) else {
            return Ok(None);
        };
        let more = clusters
            .position(is_hole)
            .map_or(u64::MAX, |more| more as u64);
        let start = offset + holes as u64 * CLUSTER;
        let end = more.saturating_add(1).saturating_mul(CLUSTER);
        Ok(Some(start..start.saturating_add(end)))
    }

    fn free(&self) -> io::Result<Option<u64>> {
        let mut state = self.state();
        state.looks += 1;
        let free = state.capacity.filter(|_| state.tells_free);
        Ok(free.map(|capacity| capacity.saturating_sub(state.clusters.len()) as u64 * CLUSTER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_keeps_what_was_synced_and_any_part_of_the_rest() {
        let memory = Memory::new();
        memory.create(FileName::Main).unwrap();
        memory.write_at(FileName::Main, b"old", 0).unwrap();
        memory.sync(FileName::Main).unwrap();
        memory.sync_names().unwrap();
        memory.write_at(FileName::Main, &[b'n'; 1024], 0).unwrap();
        let log = memory.log();
        let content = |done, keep: &mut dyn FnMut() -> bool| {
            Memory::after_cut(&log, done, keep).content(FileName::Main)
        };
        assert_eq!(content(3, &mut || false), None);
        assert_eq!(content(4, &mut || false).unwrap(), b"old");
        assert_eq!(content(5, &mut || false).unwrap(), b"old");
        assert_eq!(content(5, &mut || true).unwrap(), [b'n'; 1024]);
        let mut first = true;
        let second_only = content(5, &mut || !std::mem::take(&mut first)).unwrap();
        assert_eq!((&second_only[..4], second_only[512]), (&b"old\0"[..], b'n'));
    }

    #[test]
    fn space_runs_out() {
        let memory = Memory::new();
        memory.create(FileName::Part(0)).unwrap();
        memory.set_free(Some(2));
        memory.reserve(FileName::Part(0), 0, 8192).unwrap();
        memory.write_at(FileName::Part(0), &[1; 8192], 0).unwrap();
        let error = memory.write_at(FileName::Part(0), &[1], 8192).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        memory.punch(FileName::Part(0), 0, 4096).unwrap();
        memory.write_at(FileName::Part(0), &[1], 8192).unwrap();
    }
}
