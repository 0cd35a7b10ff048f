//! The files of a container, as the container needs them: the only way out of this crate.
//!
//! All offsets and lengths are in bytes. Implementations keep directory and files open: after a start nothing
//! may be looked up by path again, since the root changes below a running container.

use std::fmt;
use std::io;
use std::ops::Range;

/// One file of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileName {
    /// `<base>`: the header that makes the parts a container.
    Main,
    /// `<base>.new`: a main file until it is complete.
    NewMain,
    /// `<base>.0`, `<base>.1` … `<base>.10`: never zero padded.
    Part(u32),
    /// `<base>.00`, `<base>.01` …: a part of dynfilefs 4.00-rc.
    Padded {
        /// Number of the part, from 0.
        number: u32,
        /// Digits in the name.
        width: usize,
    },
}

/// What follows the container's base name; nothing for the main file.
impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Main => Ok(()),
            Self::NewMain => write!(f, ".new"),
            Self::Part(number) => write!(f, ".{number}"),
            Self::Padded { number, width } => write!(f, ".{number:0width$}"),
        }
    }
}

/// Files beside each other in one directory. Calls may come from several threads at once.
///
/// Nothing is durable before a [`sync`](Self::sync) of its file, no name before a [`sync_names`](Self::sync_names).
pub trait Store {
    /// Length of a file; `None` if there is none of this name.
    ///
    /// # Errors
    /// If the file is there, and cannot be opened.
    fn len(&self, file: FileName) -> io::Result<Option<u64>>;

    /// Fills `bytes` from `offset` on; returns how many there were before the end of the file.
    ///
    /// # Errors
    /// If the medium cannot be read.
    fn read_at(&self, file: FileName, bytes: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`; the file grows where they reach behind its end.
    ///
    /// # Errors
    /// If not all of it was written; some of it may be.
    fn write_at(&self, file: FileName, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes an empty file, in place of one that is there.
    ///
    /// # Errors
    /// If it cannot be made.
    fn create(&self, file: FileName) -> io::Result<()>;

    /// Cuts a file, or makes it longer with zeros.
    ///
    /// # Errors
    /// If the file system cannot do it.
    fn set_len(&self, file: FileName, len: u64) -> io::Result<()>;

    /// Makes sure that writes to a range find space, without making the file longer (fallocate(2), keep size).
    ///
    /// # Errors
    /// `StorageFull` if there is no space, `Unsupported` where the file system cannot say beforehand.
    fn reserve(&self, file: FileName, offset: u64, len: u64) -> io::Result<()>;

    /// Gives the space of a range back, which then reads as zeros (fallocate(2), punch hole).
    ///
    /// # Errors
    /// `Unsupported` where the file system knows no holes.
    fn punch(&self, file: FileName, offset: u64, len: u64) -> io::Result<()>;

    /// Makes content and length of a file durable.
    ///
    /// # Errors
    /// If anything written since the last call may be lost.
    fn sync(&self, file: FileName) -> io::Result<()>;

    /// Gives a file another name, in place of the file that has it.
    ///
    /// # Errors
    /// If it cannot be renamed.
    fn rename(&self, from: FileName, to: FileName) -> io::Result<()>;

    /// Makes names durable: of files made and renamed.
    ///
    /// # Errors
    /// If they may be lost.
    fn sync_names(&self) -> io::Result<()>;

    /// The longest file that the file system holds; `None` where no limit matters.
    fn max_len(&self) -> Option<u64>;

    /// Whether the space of a file and its length are kept in places of their own without a journal, as on FAT and exFAT,
    /// so that a power cut can leave more space than length, or less.
    fn may_disagree(&self) -> bool {
        false
    }

    /// Whether writes behind the end of a file may overtake each other at no cost: where a file has no holes, all before
    /// the first that arrives is filled with zeros.
    fn appends_in_any_order(&self) -> bool {
        true
    }

    /// The first bytes from `offset` on that may be other than zero; `None` if there are none up to the end of the file.
    /// Without an answer of the file system everything may be (lseek(2), `SEEK_DATA`).
    ///
    /// # Errors
    /// If the file system cannot say.
    fn data(&self, file: FileName, offset: u64) -> io::Result<Option<Range<u64>>> {
        let _ = file;
        Ok(Some(offset..u64::MAX))
    }

    /// Says that a range will be read soon; nothing need be done, and what fails is not told (posix_fadvise(2),
    /// `POSIX_FADV_WILLNEED`).
    fn prefetch(&self, file: FileName, offset: u64, len: u64) {
        let _ = (file, offset, len);
    }

    /// Whether a read of so many bytes finds what [`prefetch`](Self::prefetch) brought.
    fn is_cached(&self, len: u64) -> bool {
        let _ = len;
        true
    }

    /// Bytes that the file system still has for anybody's files; `None` where that is not known (statfs(2), `f_bavail`).
    ///
    /// # Errors
    /// If the file system cannot say.
    fn free(&self) -> io::Result<Option<u64>> {
        Ok(None)
    }
}

impl<S: Store> Store for &S {
    fn len(&self, file: FileName) -> io::Result<Option<u64>> {
        (**self).len(file)
    }

    fn read_at(&self, file: FileName, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(file, bytes, offset)
    }

    fn write_at(&self, file: FileName, bytes: &[u8], offset: u64) -> io::Result<()> {
        (**self).write_at(file, bytes, offset)
    }

    fn create(&self, file: FileName) -> io::Result<()> {
        (**self).create(file)
    }

    fn set_len(&self, file: FileName, len: u64) -> io::Result<()> {
        (**self).set_len(file, len)
    }

    fn reserve(&self, file: FileName, offset: u64, len: u64) -> io::Result<()> {
        (**self).reserve(file, offset, len)
    }

    fn punch(&self, file: FileName, offset: u64, len: u64) -> io::Result<()> {
        (**self).punch(file, offset, len)
    }

    fn sync(&self, file: FileName) -> io::Result<()> {
        (**self).sync(file)
    }

    fn rename(&self, from: FileName, to: FileName) -> io::Result<()> {
        (**self).rename(from, to)
    }

    fn sync_names(&self) -> io::Result<()> {
        (**self).sync_names()
    }

    fn max_len(&self) -> Option<u64> {
        (**self).max_len()
    }

    fn may_disagree(&self) -> bool {
        (**self).may_disagree()
    }

    fn appends_in_any_order(&self) -> bool {
        (**self).appends_in_any_order()
    }

    fn data(&self, file: FileName, offset: u64) -> io::Result<Option<Range<u64>>> {
        (**self).data(file, offset)
    }

    fn prefetch(&self, file: FileName, offset: u64, len: u64) {
        (**self).prefetch(file, offset, len);
    }

    fn is_cached(&self, len: u64) -> bool {
        (**self).is_cached(len)
    }

    fn free(&self) -> io::Result<Option<u64>> {
        (**self).free()
    }
}

/// Reads what is there of a range; what lies behind the end of the file is zero.
///
/// # Errors
/// As [`Store::read_at`].
pub(crate) fn read_or_zeros(
    store: &impl Store,
    file: FileName,
    bytes: &mut [u8],
    offset: u64,
) -> io::Result<()> {
    let read = store.read_at(file, bytes, offset)?;
    bytes.iter_mut().skip(read).for_each(|byte| *byte = 0);
    Ok(())
}
