//! Files with holes: the map in front of the content (GNU tar manual, "PAX Format, Version 1.0"), and the older one in
//! the header ("Old GNU Format").

use super::BLOCK;
use super::header::{HeaderError, field, number};
use super::pax::decimal;
use crate::tree::Extent;

/// The most pieces of one file; a file of 64 GiB that is written in every other block of 64 KiB has half of them.
pub(super) const MOST: u64 = 1 << 20;

/// What is wrong with a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the map of a sparse file makes no sense")]
pub struct SparseError;

impl From<HeaderError> for SparseError {
    fn from(_: HeaderError) -> Self {
        Self
    }
}

/// The map as it comes before the content, filled up to whole blocks. The file's length is the end of the last piece.
pub(super) fn map(extents: &[Extent], size: u64) -> Vec<u8> {
    let ends = extents.last().map_or(0, |last| last.start + last.len);
    let end = (ends < size).then_some(Extent {
        start: size,
        len: 0,
    });
    let mut text = format!("{}\n", extents.len() + usize::from(end.is_some()));
    for extent in extents.iter().chain(&end) {
        text.push_str(&format!("{}\n{}\n", extent.start, extent.len));
    }
    let mut map = text.into_bytes();
    map.resize(map.len().next_multiple_of(BLOCK), 0);
    map
}

/// A map that is read block by block.
#[derive(Debug, Default)]
pub(super) struct Reading {
    digits: Vec<u8>,
    numbers: Vec<u64>,
}

impl Reading {
    /// Takes the next block; `Some` once the map is complete.
    pub(super) fn block(&mut self, block: &[u8]) -> Result<Option<Vec<Extent>>, SparseError> {
        for &byte in block {
            match byte {
                b'\n' => {
                    let number = decimal(&self.digits).ok_or(SparseError)?;
                    self.digits.clear();
                    self.numbers.push(number);
                    if self.numbers.first().is_some_and(|&count| count > MOST) {
                        return Err(SparseError);
                    }
                    if self.is_complete() {
                        let pairs = self.numbers.get(1..).unwrap_or_default().chunks_exact(2);
                        return Ok(Some(pairs.filter_map(pair).collect()));
                    }
                }
                // The longest number has twenty digits.
                _ if self.digits.len() < 20 => self.digits.push(byte),
                _ => return Err(SparseError),
            }
        }
        Ok(None)
    }

    fn is_complete(&self) -> bool {
        let count = self.numbers.first().copied().unwrap_or(0);
        u64::try_from(self.numbers.len()).is_ok_and(|have| have == 1 + 2 * count)
    }
}

fn pair(pair: &[u64]) -> Option<Extent> {
    match *pair {
        [start, len] => Some(Extent { start, len }),
        _ => None,
    }
}

/// The part of an old map that is in a header, or in a block behind one, and whether another block follows.
pub(super) fn old(
    block: &[u8; BLOCK],
    is_header: bool,
) -> Result<(Vec<Extent>, bool), SparseError> {
    let (at, count, more) = if is_header {
        (386, 4, 482)
    } else {
        (0, 21, 504)
    };
    let mut extents = Vec::new();
    for index in 0..count {
        let entry = field(block, at + index * 24, 24);
        if entry.first() == Some(&0) {
            break;
        }
        let part = |at| {
            let number = number(field(entry, at, 12))?;
            u64::try_from(number).map_err(|_| SparseError)
        };
        extents.push(Extent {
            start: part(0)?,
            len: part(12)?,
        });
    }
    Ok((extents, field(block, more, 1) != [0]))
}

/// The pieces in order, without empty ones, if they fit into a file of `size` bytes and come to `stored`.
pub(super) fn checked(
    extents: Vec<Extent>,
    size: u64,
    stored: u64,
) -> Result<Vec<Extent>, SparseError> {
    let (mut at, mut sum) = (0, 0_u64);
    for extent in &extents {
        let end = extent.start.checked_add(extent.len).ok_or(SparseError)?;
        if extent.start < at || end > size {
            return Err(SparseError);
        }
        at = end;
        sum += extent.len;
    }
    if sum != stored || i64::try_from(size).is_err() {
        return Err(SparseError);
    }
    Ok(extents
        .into_iter()
        .filter(|extent| extent.len > 0)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(map: &[u8]) -> Result<Option<Vec<Extent>>, SparseError> {
        let mut reading = Reading::default();
        for block in map.chunks(BLOCK) {
            if let Some(extents) = reading.block(block)? {
                return Ok(Some(extents));
            }
        }
        Ok(None)
    }

    #[test]
    fn maps_read_back() {
        for count in [0, 1, 2, 30, 1000] {
            let extents: Vec<_> = (0..count)
                .map(|n| Extent {
                    start: n * 1_000_000_007,
                    len: n + 1,
                })
                .collect();
            let size = count * 1_000_000_007 + 5;
            let stored = extents.iter().map(|extent| extent.len).sum();
            let read = read(&map(&extents, size)).unwrap().unwrap();
            assert_eq!(checked(read, size, stored), Ok(extents), "{count}");
        }
    }

    #[test]
    fn maps_without_sense_are_refused() {
        let extent = |start, len| Extent { start, len };
        for (extents, size, stored) in [
            (vec![extent(0, 5), extent(4, 5)], 100, 10),
            (vec![extent(10, 5), extent(0, 5)], 100, 10),
            (vec![extent(96, 5)], 100, 5),
            (vec![extent(u64::MAX, 5)], 100, 5),
            (vec![extent(0, 5)], 100, 6),
            (vec![extent(0, 5)], u64::MAX, 5),
        ] {
            assert_eq!(checked(extents, size, stored), Err(SparseError));
        }
        for text in [
            "x\n",
            "\n",
            "99999999\n",
            "1\n-1\n5\n",
            "123456789012345678901\n",
        ] {
            assert_eq!(read(text.as_bytes()), Err(SparseError), "{text:?}");
        }
        assert_eq!(read(b"2\n0\n5\n"), Ok(None), "incomplete");
    }
}
