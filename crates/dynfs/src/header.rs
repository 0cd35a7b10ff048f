//! The 4096 bytes at the start of every file of a container, and what kinds of files are told by them.
//!
//! Offsets as written by dynfilefs 4.04: banner at 0, and at 0x800 three little-endian 64-bit numbers: version,
//! split size, virtual size. Everything else is zero. The banner is written for others and never believed
//! where a version number says more.

use crate::geometry::{Geometry, GeometryError};

/// Length of the header in bytes.
pub const LEN: usize = 4096;
/// Where the three numbers begin.
pub const FIELDS_AT: u64 = 0x800;
/// The format that is written.
pub const VERSION: i64 = 400;

/// What dynfilefs 4 writes at the start of each file: part of the format, so that containers are the same to the byte.
const BANNER: &[u8; 48] = b"DynfilefsFS 4.00 (c) 2023 Tomas M <www.slax.org>";
const NAME: &[u8] = b"DynfilefsFS ";

/// Why a file is not the header of a container that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Nothing was ever written: a power cut while another program created the container.
    #[error("the file is empty: its creation was interrupted")]
    Empty,
    /// Shorter than [`LEN`].
    #[error("the file has {0} bytes, the header alone takes 4096")]
    Short(u64),
    /// Containers of dynfilefs before 2023, whose layout is another one.
    #[error(
        "the container was written by dynfilefs 2, which is not supported: copy its files with that version"
    )]
    Version2,
    /// No version that was ever written, or one that is newer than this program.
    #[error("format version {0} is not known, expected 400")]
    Version(i64),
    /// A size below zero, which only a damaged header holds.
    #[error("the {field} is {value}, which is no size")]
    Negative {
        /// Which size.
        field: &'static str,
        /// As it stands in the header.
        value: i64,
    },
    /// Sizes that no container has.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// A main file that is longer than its header, though its disk does not fit into one file.
    #[error("the main file has {0} bytes, expected 4096")]
    TrailingData(u64),
}

/// The sizes that a header records, in bytes; both are whole MiB and above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    split: u64,
    size: u64,
}

/// What a main file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A header; index and data are in numbered parts.
    Current(Header),
    /// dynfilefs 4.00 to 4.03 without a split: the same file holds index and data. Only to be read.
    LegacySingle(Header),
    /// dynfilefs 3.00: one file with a short header. Only to be read.
    Version3 {
        /// Virtual size in bytes.
        size: u64,
    },
}

impl Header {
    /// Takes the virtual bytes of one part and of the whole disk.
    ///
    /// # Errors
    /// If they describe no container.
    pub fn new(split: u64, size: u64) -> Result<Self, GeometryError> {
        Geometry::new(split, size)?;
        Ok(Self { split, size })
    }

    /// Virtual bytes per part.
    pub fn split(&self) -> u64 {
        self.split
    }

    /// Virtual bytes of the disk.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The header of one part or main file; what lies behind its first 4096 bytes is not looked at.
    ///
    /// # Errors
    /// If it is too short, of another version, or holds sizes that cannot be.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        if bytes.is_empty() {
            return Err(HeaderError::Empty);
        }
        if bytes.len() < LEN {
            return Err(HeaderError::Short(bytes.len() as u64));
        }
        let version = number(bytes, 0x800);
        if version != VERSION {
            return Err(HeaderError::Version(version));
        }
        let split = size_field("split size", number(bytes, 0x808))?;
        let size = size_field("virtual size", number(bytes, 0x810))?;
        Ok(Self::new(split, size)?)
    }

    /// The header as it stands in a file.
    pub fn to_bytes(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        let parts = [(0, BANNER.as_slice()), (0x800, &self.fields())];
        for (at, part) in parts {
            for (to, from) in bytes.iter_mut().skip(at).zip(part) {
                *to = *from;
            }
        }
        bytes
    }

    /// The three numbers at [`FIELDS_AT`], which lie in one sector and are rewritten when the disk grows.
    pub fn fields(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        let numbers = [
            VERSION.to_le_bytes(),
            self.split.to_le_bytes(),
            self.size.to_le_bytes(),
        ];
        for (to, from) in bytes.iter_mut().zip(numbers.as_flattened()) {
            *to = *from;
        }
        bytes
    }
}

impl Kind {
    /// Tells what a main file is by its first bytes (all of the first 4096, or of a shorter file) and its length.
    ///
    /// # Errors
    /// If it is no container, or none that can be read.
    pub fn recognise(start: &[u8], len: u64) -> Result<Self, HeaderError> {
        let version = start.strip_prefix(NAME).unwrap_or_default();
        if version.starts_with(b"2.") {
            return Err(HeaderError::Version2);
        }
        if version.starts_with(b"3.00") && start.len() >= 0x38 {
            let size = size_field("virtual size", number(start, 0x30))?;
            Geometry::version3(size)?;
            return Ok(Self::Version3 { size });
        }
        let header = Header::parse(start)?;
        match len {
            0x1000 => Ok(Self::Current(header)),
            _ if header.size <= header.split => Ok(Self::LegacySingle(header)),
            _ => Err(HeaderError::TrailingData(len)),
        }
    }
}

/// The little-endian number at `at`; zero where the bytes end before.
fn number(bytes: &[u8], at: usize) -> i64 {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
    i64::from_le_bytes(field.copied().unwrap_or_default())
}

fn size_field(field: &'static str, value: i64) -> Result<u64, HeaderError> {
    u64::try_from(value).map_err(|_| HeaderError::Negative { field, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// The main file of the example in the format's description: split 4 MiB, disk 6 MiB.
    #[test]
    fn the_header_is_the_same_to_the_byte() {
        let bytes = Header::new(4 * MIB, 6 * MIB).unwrap().to_bytes();
        assert_eq!(bytes[..0x20], *b"DynfilefsFS 4.00 (c) 2023 Tomas ");
        assert!(bytes[0x30..0x800].iter().all(|byte| *byte == 0));
        assert_eq!(
            bytes[0x800..0x818],
            [
                0x90, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x60, 0, 0, 0, 0, 0
            ]
        );
        assert!(bytes[0x818..].iter().all(|byte| *byte == 0));
        assert_eq!(Header::parse(&bytes).unwrap().to_bytes(), bytes);
    }

    #[test]
    fn a_header_that_cannot_be_is_refused_with_the_reason() {
        let good = Header::new(4 * MIB, 6 * MIB).unwrap().to_bytes();
        let with = |at: usize, value: i64| {
            let mut bytes = good;
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
            bytes.to_vec()
        };
        for (what, bytes, want) in [
            ("empty", vec![], "interrupted"),
            ("short", good[..4095].to_vec(), "4095 bytes"),
            ("all zero", vec![0; LEN], "version 0"),
            ("newer", with(0x800, 401), "version 401"),
            ("negative version", with(0x800, -400), "version -400"),
            ("negative split", with(0x808, -1), "split size is -1"),
            (
                "negative size",
                with(0x810, i64::MIN),
                "virtual size is -9223372036854775808",
            ),
            ("no split", with(0x808, 0), "split size 0"),
            ("no size", with(0x810, 0), "virtual size 0"),
            ("split not whole MiB", with(0x808, 4096), "split size 4096"),
            (
                "size not whole MiB",
                with(0x810, (MIB + 1) as i64),
                "virtual size 1048577",
            ),
            (
                "index beyond any file",
                with(0x808, i64::MAX - (MIB as i64 - 1)),
                "split size",
            ),
            (
                "too many parts",
                with(0x810, 4 * MIB as i64 * 10_000),
                "10000 parts",
            ),
        ] {
            let error = Header::parse(&bytes).unwrap_err().to_string();
            assert!(error.contains(want), "{what}: {error}");
        }
    }

    #[test]
    fn older_containers_are_told_apart() {
        let header = |split, size| Header::new(split * MIB, size * MIB).unwrap();
        let two = b"DynfilefsFS 2.22 (c) 2012 Tomas M <www.slax.org>";
        let three = [
            b"DynfilefsFS 3.00 (c) 2023 Tomas M <www.slax.org>",
            &(8 * MIB).to_le_bytes()[..],
        ]
        .concat();
        for (what, start, len, want) in [
            (
                "native",
                header(4, 6).to_bytes().to_vec(),
                4096,
                Ok(Kind::Current(header(4, 6))),
            ),
            (
                "one file",
                header(6, 6).to_bytes().to_vec(),
                9000,
                Ok(Kind::LegacySingle(header(6, 6))),
            ),
            (
                "data behind",
                header(4, 6).to_bytes().to_vec(),
                9000,
                Err(HeaderError::TrailingData(9000)),
            ),
            ("2.22", two.to_vec(), 90_000, Err(HeaderError::Version2)),
            ("3.00", three, 90_000, Ok(Kind::Version3 { size: 8 * MIB })),
        ] {
            assert_eq!(Kind::recognise(&start, len), want, "{what}");
        }
    }

    /// Only the number counts: dynfilefs itself opens a container whose banner is all zero.
    #[test]
    fn the_banner_is_not_needed() {
        let mut bytes = Header::new(4 * MIB, 6 * MIB).unwrap().to_bytes();
        bytes[..48].fill(0);
        assert!(Kind::recognise(&bytes, 4096).is_ok());
    }
}
