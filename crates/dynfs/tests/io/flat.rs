//! Files in memory that cost nothing: what is measured is the container.

use std::collections::BTreeMap;
use std::io;
use std::sync::{PoisonError, RwLock};

use dynfilefs::store::{FileName, Store};

/// Files that cannot fail, and remember nothing but their bytes.
#[derive(Debug, Default)]
pub struct Flat {
    files: RwLock<BTreeMap<FileName, Vec<u8>>>,
    /// Bytes that files get memory for when they are made.
    capacity: usize,
}

impl Flat {
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            ..Self::default()
        }
    }

    fn with<T>(&self, file: FileName, change: impl FnOnce(&mut Vec<u8>) -> T) -> io::Result<T> {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        let content = files.get_mut(&file).ok_or(io::ErrorKind::NotFound)?;
        Ok(change(content))
    }
}

impl Store for Flat {
    fn len(&self, file: FileName) -> io::Result<Option<u64>> {
        Ok(self.with(file, |content| content.len() as u64).ok())
    }

    fn read_at(&self, file: FileName, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let content = files.get(&file).ok_or(io::ErrorKind::NotFound)?;
        let rest = content.get(offset as usize..).unwrap_or_default();
        let len = rest.len().min(bytes.len());
        bytes[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn write_at(&self, file: FileName, bytes: &[u8], offset: u64) -> io::Result<()> {
        let (start, end) = (offset as usize, offset as usize + bytes.len());
        self.with(file, |content| {
            if content.len() < end {
                content.resize(end, 0);
            }
            content[start..end].copy_from_slice(bytes);
        })
    }

    fn create(&self, file: FileName) -> io::Result<()> {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        files.insert(file, Vec::with_capacity(self.capacity));
        Ok(())
    }

    fn set_len(&self, file: FileName, len: u64) -> io::Result<()> {
        self.with(file, |content| content.resize(len as usize, 0))
    }

    fn reserve(&self, file: FileName, offset: u64, len: u64) -> io::Result<()> {
        let more = |content: &mut Vec<u8>| {
            content.reserve((offset + len).saturating_sub(content.len() as u64) as usize);
        };
        self.with(file, more)
    }

    fn punch(&self, _: FileName, _: u64, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync(&self, _: FileName) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: FileName, to: FileName) -> io::Result<()> {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        let content = files.remove(&from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to, content);
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        Ok(())
    }

    fn max_len(&self) -> Option<u64> {
        None
    }
}
