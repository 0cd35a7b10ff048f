//! Files of gibibytes that take as little memory as what is in them: a block of one byte over and over is that byte.

use std::collections::HashMap;
use std::io;
use std::sync::Mutex;

use super::*;

#[derive(Debug, Clone)]
enum Page {
    Fill(u8),
    Bytes(Box<[u8]>),
}

#[derive(Debug, Default)]
struct File {
    len: u64,
    pages: HashMap<u64, Page>,
}

/// A FAT: no file may be longer than 4 GiB - 1, there are no holes, and space cannot be had beforehand.
#[derive(Debug, Default)]
pub(super) struct Fat(Mutex<HashMap<FileName, File>>);

impl Fat {
    fn with<T>(&self, file: FileName, act: impl FnOnce(&mut File) -> T) -> io::Result<T> {
        let mut files = self.0.lock().unwrap();
        let file = files.get_mut(&file).ok_or(io::ErrorKind::NotFound)?;
        Ok(act(file))
    }
}

/// The pages of a range: number, place in the page, place in the range.
fn pages(offset: u64, len: usize) -> impl Iterator<Item = (u64, Range<usize>, Range<usize>)> {
    let end = offset + len as u64;
    (offset / 4096..end.div_ceil(4096)).map(move |page| {
        let (first, last) = ((page * 4096).max(offset), ((page + 1) * 4096).min(end));
        let (at, len) = ((first % 4096) as usize, (last - first) as usize);
        let start = (first - offset) as usize;
        (page, at..at + len, start..start + len)
    })
}

impl Store for Fat {
    fn len(&self, file: FileName) -> io::Result<Option<u64>> {
        Ok(self.with(file, |file| file.len).ok())
    }

    fn read_at(&self, file: FileName, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.with(file, |file| {
            let len = (file.len.saturating_sub(offset)).min(bytes.len() as u64) as usize;
            for (page, within, range) in pages(offset, len) {
                match file.pages.get(&page) {
                    None => bytes[range].fill(0),
                    Some(Page::Fill(byte)) => bytes[range].fill(*byte),
                    Some(Page::Bytes(page)) => bytes[range].copy_from_slice(&page[within]),
                }
            }
            len
        })
    }

    fn write_at(&self, file: FileName, bytes: &[u8], offset: u64) -> io::Result<()> {
        if offset + bytes.len() as u64 > u64::from(u32::MAX) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.with(file, |file| {
            for (page, within, range) in pages(offset, bytes.len()) {
                let bytes = &bytes[range];
                let content = if within.len() == 4096 && bytes[1..] == bytes[..4095] {
                    Page::Fill(bytes[0])
                } else {
                    let mut content = match file.pages.remove(&page) {
                        None => vec![0; 4096].into(),
                        Some(Page::Fill(byte)) => vec![byte; 4096].into(),
                        Some(Page::Bytes(content)) => content,
                    };
                    content[within].copy_from_slice(bytes);
                    Page::Bytes(content)
                };
                file.pages.insert(page, content);
            }
            file.len = file.len.max(offset + bytes.len() as u64);
        })
    }

    fn create(&self, file: FileName) -> io::Result<()> {
        self.0.lock().unwrap().insert(file, File::default());
        Ok(())
    }

    fn set_len(&self, file: FileName, len: u64) -> io::Result<()> {
        self.with(file, |file| {
            assert!(len.is_multiple_of(4096) || len > file.len);
            file.pages.retain(|page, _| page * 4096 < len);
            file.len = len;
        })
    }

    fn reserve(&self, _: FileName, _: u64, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn punch(&self, _: FileName, _: u64, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync(&self, _: FileName) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: FileName, to: FileName) -> io::Result<()> {
        let mut files = self.0.lock().unwrap();
        let file = files.remove(&from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to, file);
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        Ok(())
    }

    fn max_len(&self) -> Option<u64> {
        Some(u64::from(u32::MAX))
    }
}
