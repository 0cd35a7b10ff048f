//! Whether two trees are the same, and where they differ.

use std::cmp::Ordering;
use std::fmt;
use std::fs::File;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt;

use super::error::{Action, Shown, TreeError};
use super::marks::drop_notes;
use super::{Found, Kind, Progress, Walk, Watch};

/// How many differences are told; a comparison ends there.
const MOST: usize = 1000;
/// Bytes of content compared at once.
const CHUNK: usize = 1 << 20;

/// One way in which two trees differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The entry.
    pub path: Vec<u8>,
    /// What of it differs.
    pub what: What,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Only the first tree has it.
    Missing,
    /// Only the second tree has it.
    Surplus,
    /// Kind, length, target of a link, number of a device, or which other name it shares its content with.
    Kind,
    /// Permissions.
    Mode,
    /// Owner or group.
    Owner,
    /// Time of the last write.
    Time,
    /// Extended attributes.
    Xattrs,
    /// Content of a file.
    Content,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            What::Missing => "missing",
            What::Surplus => "not in the original",
            What::Kind => "something else",
            What::Mode => "other permissions",
            What::Owner => "another owner",
            What::Time => "another time",
            What::Xattrs => "other extended attributes",
            What::Content => "other content",
        };
        write!(f, "{}: {what}", Shown(&self.path))
    }
}

/// Compares the trees `a` and `b`, both open for reading: everything but holes and what overlayfs noted for itself. At
/// most a thousand differences are told; none means that they are the same.
pub fn compare(
    a: BorrowedFd<'_>,
    b: BorrowedFd<'_>,
    watch: &mut Watch<'_>,
) -> Result<Vec<Difference>, TreeError> {
    let (mut left, mut right) = (Walk::new(a)?, Walk::new(b)?);
    compare_by(&mut || left.next(), &mut || right.next(), watch)
}

/// The next entry of a tree, in the order of a walk.
pub(crate) type Next<'a> = dyn FnMut() -> Result<Option<Found>, TreeError> + 'a;

/// As [`compare`], of entries that are had one by one.
pub(crate) fn compare_by(
    left: &mut Next<'_>,
    right: &mut Next<'_>,
    watch: &mut Watch<'_>,
) -> Result<Vec<Difference>, TreeError> {
    let (mut first, mut second) = (left()?, right()?);
    let mut differences = Vec::new();
    let mut buffers = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut done = Progress::default();
    while differences.len() < MOST {
        let order = match (&first, &second) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => order(&a.entry.path, &b.entry.path),
        };
        let mut add = |found: Option<Found>, what| {
            let path = found.map(|found| found.entry.path).unwrap_or_default();
            differences.push(Difference { path, what });
        };
        match order {
            Ordering::Less => {
                add(first, What::Missing);
                first = left()?;
            }
            Ordering::Greater => {
                add(second, What::Surplus);
                second = right()?;
            }
            Ordering::Equal => {
                if let (Some(a), Some(b)) = (first, second) {
                    done.bytes += pair(a, b, &mut buffers, &mut differences)?;
                }
                (first, second) = (left()?, right()?);
            }
        }
        done.entries += 1;
        if watch(done).is_break() {
            return Err(TreeError::Stopped);
        }
    }
    Ok(differences)
}

/// The order in which a walk comes to two paths: name by name.
fn order(a: &[u8], b: &[u8]) -> Ordering {
    a.split(|&byte| byte == b'/')
        .cmp(b.split(|&byte| byte == b'/'))
}

/// Compares two entries of one path, and returns how many bytes were read.
fn pair(
    mut a: Found,
    mut b: Found,
    buffers: &mut (Vec<u8>, Vec<u8>),
    differences: &mut Vec<Difference>,
) -> Result<u64, TreeError> {
    drop_notes(&mut a.entry.attributes);
    drop_notes(&mut b.entry.attributes);
    let (left, right) = (&a.entry.attributes, &b.entry.attributes);
    let link = matches!(a.entry.kind, Kind::Symlink { .. });
    let mut found = Vec::new();
    let mut bytes = 0;
    if a.entry.kind != b.entry.kind {
        found.push(What::Kind);
    } else if let (Some(one), Some(other)) = (&a.file, &b.file) {
        let (same, read) = same_content(one, other, buffers)
            .map_err(|errno| TreeError::call(Action::Read, &a.entry.path)(errno))?;
        bytes = read;
        found.extend((!same).then_some(What::Content));
    }
    found.extend((left.mode != right.mode && !link).then_some(What::Mode));
    let owned = (left.uid, left.gid) != (right.uid, right.gid);
    found.extend(owned.then_some(What::Owner));
    found.extend((left.modified != right.modified).then_some(What::Time));
    found.extend((left.xattrs != right.xattrs).then_some(What::Xattrs));
    let path = &a.entry.path;
    differences.extend(found.into_iter().map(|what| Difference {
        path: path.clone(),
        what,
    }));
    Ok(bytes)
}

pub(crate) fn same_content(
    a: &File,
    b: &File,
    (left, right): &mut (Vec<u8>, Vec<u8>),
) -> rustix::io::Result<(bool, u64)> {
    let mut at = 0;
    loop {
        let read = fill(a, left, at)?;
        if read != fill(b, right, at)? || left.get(..read) != right.get(..read) {
            return Ok((false, at));
        }
        if read == 0 {
            return Ok((true, at));
        }
        at += u64::try_from(read).unwrap_or(0);
    }
}

/// Reads as much as there is, up to the end of the buffer.
fn fill(file: &File, buffer: &mut [u8], at: u64) -> rustix::io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let offset = at + u64::try_from(filled).unwrap_or(0);
        match file.read_at(rest, offset) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(e) => {
                return Err(rustix::io::Errno::from_io_error(&e).unwrap_or(rustix::io::Errno::IO));
            }
        }
    }
    Ok(filled)
}
