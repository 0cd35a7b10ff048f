//! Opening: every file is looked at before anything is believed, and nothing is changed where something is wrong.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Access, Cell, Container, Layout};
use crate::error::Error;
use crate::geometry::Geometry;
use crate::header::{self, Header, Kind};
use crate::part::Part;
use crate::store::{FileName, Store};

/// Digits that names of padded parts have.
const WIDTHS: std::ops::RangeInclusive<usize> = 2..=4;

/// What the files are, as far as names and main file tell.
enum Found {
    Current(Header),
    Single(Geometry),
    Padded(Header, usize),
}

impl<S: Store> Container<S> {
    /// Opens a container after looking at all its headers.
    ///
    /// # Errors
    /// If a file is missing, or is not what the main file says; nothing is changed then. For writing, also if it has
    /// the layout of dynfilefs 3.00 to 4.03.
    pub fn open(store: S, access: Access) -> Result<Self, Error> {
        let (geometry, files) = match recognise(&store)? {
            Found::Current(header) => (Geometry::new(header.split(), header.size())?, None),
            _ if access == Access::Write => return Err(Error::Legacy),
            Found::Single(geometry) => (geometry, Some(0)),
            Found::Padded(header, width) => {
                (Geometry::new(header.split(), header.size())?, Some(width))
            }
        };
        Self::assemble(store, access, geometry, files, FileName::Main)
    }

    /// Opens the parts that `geometry` asks for: `legacy` are digits in their names, or zero for a single file.
    pub(super) fn assemble(
        store: S,
        access: Access,
        geometry: Geometry,
        legacy: Option<usize>,
        main: FileName,
    ) -> Result<Self, Error> {
        let common = Arc::default();
        let mut parts = Vec::new();
        let mut stale = Vec::new();
        for number in 0..geometry.parts() {
            let file = match legacy {
                None => FileName::Part(number),
                Some(0) => FileName::Main,
                Some(width) => FileName::Padded { number, width },
            };
            let len = store.len(file).map_err(Error::io("look at", file))?;
            if len.is_none() && access != Access::Rescue {
                return Err(Error::PartMissing(number));
            }
            if let Some(len) = len.filter(|_| file != FileName::Main) {
                let header = check_part(&store, file, number, len, &geometry)?;
                if header.size() != geometry.size() {
                    stale.push(parts.len());
                }
            }
            let part = Part::new(file, geometry, len.unwrap_or(0), &common);
            let cell = Cell::new(part, len.is_some());
            // A killed predecessor may have left data in the cache only. What was read of it may be relied on, so that the
            // next flush has to cover it too.
            let has_data = len.is_some_and(|len| len > geometry.data_start());
            cell.touched.store(has_data, Ordering::Release);
            parts.push(Arc::new(cell));
        }
        let layout = Layout {
            geometry,
            parts,
            main,
        };
        let container = Self::new(store, access, layout, common);
        if access == Access::Write {
            container.update_parts(&stale)?;
        }
        Ok(container)
    }
}

/// Tells what is there.
fn recognise(store: &impl Store) -> Result<Found, Error> {
    let is_there = |file| store.len(file).map_err(Error::io("look at", file));
    let padded = |width| FileName::Padded { number: 0, width };
    let mut width = None;
    for digits in WIDTHS {
        if is_there(padded(digits))?.is_some() {
            width = Some(digits);
        }
    }
    let has_parts = is_there(FileName::Part(0))?.is_some();
    let padded_header = |width| match read_header(store, padded(width)) {
        Ok(header) => Ok(Found::Padded(header, width)),
        Err(error) => Err(error),
    };
    let Some(len) = is_there(FileName::Main)? else {
        return match width {
            Some(width) if !has_parts => padded_header(width),
            _ if has_parts => Err(Error::MainMissing),
            _ => Err(Error::NotFound),
        };
    };
    let start = read_start(store, FileName::Main)?;
    let kind = Kind::recognise(&start, len);
    match kind.map_err(|source| Error::Header {
        file: FileName::Main,
        source,
    })? {
        Kind::Current(header) => match width {
            Some(width) if !has_parts => Ok(Found::Padded(header, width)),
            _ => Ok(Found::Current(header)),
        },
        Kind::LegacySingle(header) => {
            Ok(Found::Single(Geometry::new(header.split(), header.size())?))
        }
        Kind::Version3 { size } => Ok(Found::Single(Geometry::version3(size)?)),
    }
}

fn check_part(
    store: &impl Store,
    file: FileName,
    number: u32,
    len: u64,
    geometry: &Geometry,
) -> Result<Header, Error> {
    let header = read_header(store, file)?;
    let (split, expected) = (header.split(), geometry.split());
    if split != expected {
        return Err(Error::PartSplit {
            number,
            split,
            expected,
        });
    }
    let expected = geometry.data_start();
    if len < expected {
        return Err(Error::PartShort {
            number,
            len,
            expected,
        });
    }
    Ok(header)
}

fn read_start(store: &impl Store, file: FileName) -> Result<Vec<u8>, Error> {
    let mut start = vec![0; header::LEN];
    let read = store
        .read_at(file, &mut start, 0)
        .map_err(Error::io("read", file))?;
    start.truncate(read);
    Ok(start)
}

pub(super) fn read_header(store: &impl Store, file: FileName) -> Result<Header, Error> {
    Header::parse(&read_start(store, file)?).map_err(|source| Error::Header { file, source })
}
