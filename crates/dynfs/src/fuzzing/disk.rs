//! What a disk may hold: after a power cut, each sector has something that it held since the last flush.

use std::collections::{BTreeMap, BTreeSet};

use crate::container::Container;
use crate::store::Store;

/// The unit in which guests write, and in which media tear.
pub(super) const SECTOR: usize = 512;

/// All bytes of a disk.
pub(super) fn content<S: Store>(container: &Container<S>) -> Vec<u8> {
    let mut bytes = vec![0xee; usize::try_from(container.size()).unwrap()];
    container.read(0, &mut bytes).unwrap();
    bytes
}

/// A disk beside the container.
#[derive(Debug)]
pub(super) struct Disk {
    now: Vec<u8>,
    flushed: Vec<u8>,
    /// What sectors held since they were flushed, and before what they hold now.
    since: BTreeMap<usize, Vec<Vec<u8>>>,
    sizes: BTreeSet<usize>,
}

impl Disk {
    pub(super) fn new(size: u64) -> Self {
        let zeros = vec![0; usize::try_from(size).unwrap()];
        Self {
            sizes: BTreeSet::from([zeros.len()]),
            flushed: zeros.clone(),
            now: zeros,
            since: BTreeMap::new(),
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.now.len() as u64
    }

    /// Bytes that are written, as many as whole sectors have.
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        let first = usize::try_from(offset).unwrap() / SECTOR;
        for (sector, bytes) in (first..).zip(bytes.chunks(SECTOR)) {
            let now = &mut self.now[sector * SECTOR..][..SECTOR];
            let before = self.since.entry(sector).or_default();
            before.push(now.to_vec());
            now.copy_from_slice(bytes);
        }
    }

    /// A write that failed: of each sector either may be there.
    pub(super) fn write_failed<S: Store>(
        &mut self,
        container: &Container<S>,
        offset: u64,
        bytes: &[u8],
    ) {
        let start = usize::try_from(offset).unwrap();
        let before = self.now[start..][..bytes.len()].to_vec();
        let mut found = vec![0; bytes.len()];
        container.read(offset, &mut found).unwrap();
        for (found, (old, new)) in found
            .chunks(SECTOR)
            .zip(before.chunks(SECTOR).zip(bytes.chunks(SECTOR)))
        {
            assert!(found == old || found == new, "neither old nor new");
        }
        self.write(offset, bytes);
        self.write(offset, &found);
    }

    /// A growth, or one that failed: then the next opening may find it done.
    pub(super) fn grow(&mut self, size: u64, is_done: bool) {
        let size = usize::try_from(size).unwrap();
        if is_done {
            self.resize(size);
        }
        self.sizes.insert(size);
    }

    fn resize(&mut self, size: usize) {
        self.now.resize(size, 0);
        self.flushed.resize(size, 0);
        self.since.retain(|sector, _| sector * SECTOR < size);
    }

    pub(super) fn flushed(&mut self) {
        self.flushed.clone_from(&self.now);
        self.since.clear();
        self.sizes = BTreeSet::from([self.now.len()]);
    }

    /// The container is what was written.
    pub(super) fn assert_same<S: Store>(&self, container: &Container<S>) {
        assert!(content(container) == self.now, "another content");
    }

    /// Takes what a cut left, if it may be so. Only after a cut it is certain to stay.
    pub(super) fn take_cut<S: Store>(&mut self, container: &Container<S>, is_final: bool) {
        let found = content(container);
        assert!(self.sizes.contains(&found.len()), "a size it never had");
        self.resize(found.len());
        for (sector, bytes) in found.chunks(SECTOR).enumerate() {
            let at = sector * SECTOR;
            let known = self.now[at..][..SECTOR] == *bytes
                || self.flushed[at..][..SECTOR] == *bytes
                || (self.since.get(&sector)).is_some_and(|all| all.iter().any(|old| old == bytes));
            assert!(known, "sector {sector} holds what it never held");
        }
        let before = std::mem::replace(&mut self.now, found);
        if is_final {
            self.flushed();
            return;
        }
        // Of a killed program all that was written may still come to be, or not.
        for (sector, (old, new)) in before
            .chunks(SECTOR)
            .zip(self.now.chunks(SECTOR))
            .enumerate()
        {
            if old != new {
                self.since.entry(sector).or_default().push(old.to_vec());
            }
        }
    }
}
