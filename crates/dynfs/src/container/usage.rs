//! What an open container is made of, for people: which files, and what takes their space.

use super::Container;
use crate::error::Error;
use crate::geometry::BLOCK;
use crate::store::{FileName, Store};

/// Which program's layout the files have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A main file and numbered parts: since August 2023.
    Current,
    /// dynfilefs 4.00 to 4.03: one file with header, index and data.
    Single,
    /// dynfilefs 4.00 to 4.03: parts with zeros in their numbers.
    Padded,
    /// dynfilefs 3.00: one file with a short header.
    Version3,
}

/// How the space of one part is used. A slot is 4096 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartUsage {
    /// Its file.
    pub file: FileName,
    /// Length of the file in bytes; `None` if it is missing.
    pub len: Option<u64>,
    /// Blocks that hold data.
    pub used: u64,
    /// Slots without data between them: new blocks go there first.
    pub free: u64,
    /// Blocks that lie beside the grid of slots.
    pub unaligned: u64,
}

impl<S: Store> Container<S> {
    /// Which layout the files have; all but [`Form::Current`] can only be read.
    pub fn form(&self) -> Form {
        let layout = self.layout();
        match layout.parts.first().map(|cell| cell.file) {
            Some(FileName::Main) if layout.geometry.index_at() != BLOCK => Form::Version3,
            Some(FileName::Main) => Form::Single,
            Some(FileName::Padded { .. }) => Form::Padded,
            _ => Form::Current,
        }
    }

    /// Looks through all indexes for what takes space, part by part; nothing is changed.
    ///
    /// # Errors
    /// If the medium cannot be read.
    pub fn usage(&self) -> Result<Vec<PartUsage>, Error> {
        let surveys = self.survey_parts()?;
        let mut parts = Vec::new();
        for (cell, (_, survey)) in self.cells().iter().zip(surveys) {
            let file = cell.file;
            let len = match cell.present {
                true => self.store.len(file).map_err(Error::io("look at", file))?,
                false => None,
            };
            parts.push(PartUsage {
                file,
                len,
                used: survey.used,
                free: survey.free.slots(),
                unaligned: survey.unaligned,
            });
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::{Access, create};
    use crate::geometry::MIB;
    use crate::header::Header;
    use crate::memory::Memory;

    #[test]
    fn each_part_is_counted_for_itself() {
        let memory = Memory::new();
        create(&memory, 4 * MIB, 6 * MIB).unwrap();
        let container = Container::open(&memory, Access::Write).unwrap();
        container.write(0, &[1; 3 * 4096]).unwrap();
        container.trim(4096, 4096).unwrap();
        container.write(4 * MIB, &[2; 4096]).unwrap();
        let parts = container.usage().unwrap();
        let part = |number, len, used, free| PartUsage {
            file: FileName::Part(number),
            len: Some(len),
            used,
            free,
            unaligned: 0,
        };
        assert_eq!(parts, [part(0, 0x7000, 2, 1), part(1, 0x5000, 1, 0)]);
        assert_eq!(container.form(), Form::Current);
    }

    #[test]
    fn what_is_missing_has_no_length() {
        let memory = Memory::new();
        create(&memory, 4 * MIB, 6 * MIB).unwrap();
        memory.remove(FileName::Part(1));
        let container = Container::open(&memory, Access::Rescue).unwrap();
        let parts = container.usage().unwrap();
        assert_eq!(parts.last().unwrap().len, None);
    }

    #[test]
    fn old_layouts_are_told_apart() {
        let header = Header::new(6 * MIB, 6 * MIB).unwrap().to_bytes().to_vec();
        let with_index = |mut bytes: Vec<u8>| {
            bytes.resize(0x8000, 0);
            bytes
        };
        let mut three = b"DynfilefsFS 3.00 (c) 2023 Tomas M <www.slax.org>".to_vec();
        three.extend((6 * MIB).to_le_bytes());
        let padded = FileName::Padded {
            number: 0,
            width: 2,
        };
        for (file, bytes, want) in [
            (FileName::Main, with_index(header.clone()), Form::Single),
            (FileName::Main, with_index(three), Form::Version3),
            (padded, with_index(header), Form::Padded),
        ] {
            let memory = Memory::new();
            memory.put(file, bytes);
            let container = Container::open(&memory, Access::Read).unwrap();
            assert_eq!(container.form(), want);
        }
    }
}
