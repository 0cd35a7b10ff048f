//! Moving blocks within their part: a copy into a slot that nothing points to, and then the entry.

use std::sync::atomic::Ordering;

use super::{Cell, Container};
use crate::error::Error;
use crate::geometry::BLOCK;
use crate::part::Part;
use crate::store::{Store, read_or_zeros};
use crate::survey::Entry;

impl<S: Store> Container<S> {
    /// Copies blocks into the slots that `choose` gives for where they are, and lets their entries point there. Blocks that
    /// are elsewhere by now, or share their place, stay. Returns how many moved.
    pub(super) fn move_blocks(
        &self,
        cell: &Cell,
        part: &mut Part,
        blocks: &[Entry],
        mut choose: impl FnMut(&mut Part, u64) -> Option<u64>,
    ) -> Result<u64, Error> {
        let (mut moving, mut slots) = (Vec::new(), Vec::new());
        let mut moved = 0;
        let mut result = Ok(());
        for (entry, from) in blocks {
            result = part.load(&self.store, *entry, *entry);
            if result.is_err() {
                break;
            }
            if part.lookup(*entry) != Some(*from) || part.is_shared(*entry) {
                continue;
            }
            let Some(slot) = choose(part, *from) else {
                break;
            };
            moving.push((*entry, *from));
            slots.push(slot);
        }
        // In the order of the disk, so that it can be read in one go later.
        moving.sort_unstable();
        slots.sort_unstable();
        result = result.and_then(|()| self.copy_blocks(cell, &moving, &slots));
        if result.is_ok() {
            for ((entry, _), slot) in moving.iter().zip(&slots) {
                result = part
                    .load(&self.store, *entry, *entry)
                    .and_then(|()| part.reserve_pages(&self.store, *entry, *entry));
                if result.is_err() {
                    break;
                }
                part.set(*entry, Some(*slot));
                moved += 1;
            }
        }
        for slot in slots.iter().skip(moved).rev() {
            part.release(*slot, 1);
        }
        result.map(|()| moved as u64)
    }

    /// Copies blocks, with one call for those that lie together.
    fn copy_blocks(&self, cell: &Cell, blocks: &[Entry], slots: &[u64]) -> Result<(), Error> {
        let mut bytes = self.read_blocks(cell, blocks)?;
        let mut rest = bytes.as_mut_slice();
        for run in slots.chunk_by(|one, two| one + BLOCK == *two) {
            let (here, behind) = split(rest, run.len());
            rest = behind;
            let Some(slot) = run.first() else { continue };
            let reserved = self.store.reserve(cell.file, *slot, here.len() as u64);
            // Where space cannot be had beforehand, the write tells.
            if let Err(error) = reserved
                && error.kind() != std::io::ErrorKind::Unsupported
            {
                return Err(Error::io("reserve space in", cell.file)(error));
            }
            cell.touched.store(true, Ordering::Release);
            let written = self.store.write_at(cell.file, here, *slot);
            written.map_err(Error::io("write", cell.file))?;
        }
        Ok(())
    }

    pub(super) fn read_blocks(&self, cell: &Cell, blocks: &[Entry]) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; blocks.len() * BLOCK as usize];
        let mut rest = bytes.as_mut_slice();
        for run in blocks.chunk_by(|one, two| one.1 + BLOCK == two.1) {
            let (here, behind) = split(rest, run.len());
            rest = behind;
            let Some((_, offset)) = run.first() else {
                continue;
            };
            let read = read_or_zeros(&self.store, cell.file, here, *offset);
            read.map_err(Error::io("read", cell.file))?;
        }
        Ok(bytes)
    }
}

/// The first `blocks` blocks of a buffer, and what follows them.
fn split(bytes: &mut [u8], blocks: usize) -> (&mut [u8], &mut [u8]) {
    bytes
        .split_at_mut_checked(blocks * BLOCK as usize)
        .unwrap_or_default()
}
