//! Making a container, and making it larger: parts first, and the main file's 24 bytes as the only commit.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::{Access, Cell, Container, Layout};
use crate::error::Error;
use crate::geometry::Geometry;
use crate::header::{self, Header};
use crate::part::Part;
use crate::store::{FileName, Store};

/// Makes a container of a disk of `size` bytes in parts of `split` virtual bytes. All of it is durable when this returns;
/// a power cut before leaves no main file, and the next call begins anew.
///
/// # Errors
/// If the sizes cannot be, a container or anything of one is there, or the medium does not take it.
pub fn create(store: &impl Store, split: u64, size: u64) -> Result<(), Error> {
    prepare(store, split, size)?;
    name(store)
}

/// Makes all of a container but the name of its main file.
fn prepare(store: &impl Store, split: u64, size: u64) -> Result<Geometry, Error> {
    let geometry = Geometry::new(split, size)?;
    let header = Header::new(split, size)?;
    let len = |file| store.len(file).map_err(Error::io("look at", file));
    // dynfilefs itself leaves an empty main file behind a power cut.
    if len(FileName::Main)?.is_some_and(|len| len > 0) {
        return Err(Error::Exists);
    }
    for width in 2..=4 {
        if len(FileName::Padded { number: 0, width })?.is_some() {
            return Err(Error::Exists);
        }
    }
    let new = FileName::NewMain;
    // Parts beside a main file that never got its name are of a container that never was: what they hold is the
    // beginning of a file system.
    if len(new)?.is_none() {
        refuse_data(store, &geometry, 0)?;
    }
    create_parts(store, &geometry, &header, 0)?;
    store.create(new).map_err(Error::io("create", new))?;
    store
        .write_at(new, &header.to_bytes(), 0)
        .map_err(Error::io("write", new))?;
    store.sync(new).map_err(Error::io("sync", new))?;
    // Before anything is written to the parts: without this file they would seem to be somebody's.
    store
        .sync_names()
        .map_err(Error::io("sync the directory of", new))?;
    Ok(geometry)
}

/// Gives the main file its name: from now on there is a container.
fn name(store: &impl Store) -> Result<(), Error> {
    store
        .rename(FileName::NewMain, FileName::Main)
        .map_err(Error::io("rename", FileName::NewMain))?;
    store
        .sync_names()
        .map_err(Error::io("sync the directory of", FileName::Main))?;
    // Linux's FAT writes where a renamed file begins with its inode, not with its directory.
    store
        .sync(FileName::Main)
        .map_err(Error::io("sync", FileName::Main))
}

/// Refuses files in the place of new parts if they are longer than an index: only then there can be data in them.
fn refuse_data(store: &impl Store, geometry: &Geometry, first: u32) -> Result<(), Error> {
    for number in first..geometry.parts() {
        let file = FileName::Part(number);
        let len = store
            .len(file)
            .map_err(Error::io("look at", file))?
            .unwrap_or(0);
        if len > geometry.data_start() {
            return Err(Error::PartInTheWay { number, len });
        }
    }
    Ok(())
}

/// Makes parts without data, durable with their names.
fn create_parts(
    store: &impl Store,
    geometry: &Geometry,
    header: &Header,
    first: u32,
) -> Result<(), Error> {
    for number in first..geometry.parts() {
        let file = FileName::Part(number);
        store.create(file).map_err(Error::io("create", file))?;
        store
            .write_at(file, &header.to_bytes(), 0)
            .map_err(Error::io("write", file))?;
        store
            .set_len(file, geometry.data_start())
            .map_err(Error::io("lengthen", file))?;
        store.sync(file).map_err(Error::io("sync", file))?;
    }
    store
        .sync_names()
        .map_err(Error::io("sync the directory of", FileName::Main))
}

impl<S: Store> Container<S> {
    /// Makes a container as [`create`](create()) does and opens it for writing, but leaves out the last step: it can be filled,
    /// and is one only from [`commit`](Self::commit) on. Until then a power cut leaves no main file, and the next call begins anew.
    ///
    /// # Errors
    /// As [`create`](create()).
    pub fn begin(store: S, split: u64, size: u64) -> Result<Self, Error> {
        let geometry = prepare(&store, split, size)?;
        Self::assemble(store, Access::Write, geometry, None, FileName::NewMain)
    }

    /// Makes everything durable that was written, and then the container that was begun one: without effect on others.
    ///
    /// # Errors
    /// If the medium does not take it. The container is none then, or may be none after a power cut.
    pub fn commit(&self) -> Result<(), Error> {
        self.flush()?;
        let _alone = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.main() == FileName::Main {
            return Ok(());
        }
        self.fence(name(&self.store))?;
        self.layout
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .main = FileName::Main;
        Ok(())
    }

    /// Whether the main file has its name: always, but between [`begin`](Self::begin) and [`commit`](Self::commit).
    pub fn is_committed(&self) -> bool {
        self.main() == FileName::Main
    }

    /// The main file as it is called now.
    fn main(&self) -> FileName {
        self.layout().main
    }

    /// Makes the disk larger, durably; what is on it stays. A power cut leaves the old size or the new one.
    ///
    /// # Errors
    /// If `size` is smaller than now or cannot be, a file is in the way, or the medium does not take it.
    pub fn grow(&self, size: u64) -> Result<(), Error> {
        self.check_writable()?;
        let _alone = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.geometry();
        if size < old.size() {
            return Err(Error::Shrink {
                size: old.size(),
                wanted: size,
            });
        }
        let geometry = Geometry::new(old.split(), size)?;
        let header = Header::new(old.split(), size)?;
        refuse_data(&self.store, &geometry, old.parts())?;
        if geometry.parts() > old.parts() {
            create_parts(&self.store, &geometry, &header, old.parts())?;
        }
        let (main, fields) = (self.main(), header.fields());
        let written = self.store.write_at(main, &fields, header::FIELDS_AT);
        self.fence(written.map_err(Error::io("write", main)))?;
        self.fence(self.store.sync(main).map_err(Error::io("sync", main)))?;
        let mut layout = self.layout.write().unwrap_or_else(PoisonError::into_inner);
        let Layout {
            geometry: current,
            parts,
            ..
        } = &mut *layout;
        let stale: Vec<usize> = (0..parts.len()).collect();
        for number in old.parts()..geometry.parts() {
            let part = Part::new(
                FileName::Part(number),
                geometry,
                geometry.data_start(),
                &self.common,
            );
            parts.push(Arc::new(Cell::new(part, true)));
        }
        *current = geometry;
        drop(layout);
        // The disk is larger, whatever comes now. The parts' own numbers serve nobody; the next opening corrects them.
        let _ = self.update_parts(&stale);
        Ok(())
    }

    /// Gives parts the size that the main file has: with the next flush, since nothing depends on it.
    pub(super) fn update_parts(&self, stale: &[usize]) -> Result<(), Error> {
        let geometry = self.geometry();
        let fields = Header::new(geometry.split(), geometry.size())?.fields();
        let cells = self.cells();
        for cell in stale.iter().filter_map(|index| cells.get(*index)) {
            let written = self.store.write_at(cell.file, &fields, header::FIELDS_AT);
            written.map_err(Error::io("write", cell.file))?;
            cell.touched.store(true, Ordering::Release);
        }
        Ok(())
    }
}
