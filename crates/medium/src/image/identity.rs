//! The numbers that tell one medium from all others. They follow from what is on it, so that the same content gives the same
//! image; two media with different content have different ones.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::content::{Source, Tree};
use super::error::ImageError;

/// Of longer files as much is looked at, at both ends: bundles start with a table of what is in them and when it was
/// packed, and reading gigabytes twice is worth no better number.
const LOOKED_AT: u64 = 1 << 20;

/// A UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uuid([u8; 16]);

/// A text that is no UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no UUID: give 32 hexadecimal digits, such as uuidgen prints them")]
pub struct BadUuid(String);

impl Uuid {
    /// The one that follows from `text` and the content of `tree`.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(super) fn of(tree: &Tree, text: &str) -> Result<Self, ImageError> {
        let mut hash = Sha256::new();
        hash.update(text);
        for (path, source) in tree.entries() {
            hash.update([0]);
            hash.update(path);
            match source {
                Source::Directory => {}
                Source::Text(text) => hash.update(text),
                Source::File { path, length } => {
                    hash.update(length.to_le_bytes());
                    ends(path, *length, &mut hash).map_err(|source| ImageError::Read {
                        path: path.clone(),
                        source,
                    })?;
                }
            }
        }
        Ok(Self::from_hash(hash))
    }

    /// A further one, for a part of the medium.
    pub(super) fn of_part(self, name: &str) -> Self {
        Self::from_hash(Sha256::new().chain_update(self.0).chain_update(name))
    }

    /// Version 8: made as its maker likes (RFC 9562, section 5.8).
    fn from_hash(hash: Sha256) -> Self {
        let digest = hash.finalize();
        let mut bytes = [0; 16];
        for (byte, hashed) in bytes.iter_mut().zip(digest) {
            *byte = hashed;
        }
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }

    /// 32 bits of it, never 0: the serial number of a FAT, or the signature of an MBR.
    pub(super) fn short(self) -> u32 {
        let [a, b, c, d, ..] = self.0;
        u32::from_be_bytes([a, b, c, d]).max(1)
    }
}

/// Feeds both ends of a file.
fn ends(path: &std::path::Path, length: u64, hash: &mut Sha256) -> io::Result<()> {
    let file = File::open(path)?;
    let looked_at = length.min(LOOKED_AT);
    let mut buffer = vec![0; usize::try_from(looked_at).unwrap_or(0)];
    file.read_exact_at(&mut buffer, 0)?;
    hash.update(&buffer);
    file.read_exact_at(&mut buffer, length - looked_at)?;
    hash.update(&buffer);
    Ok(())
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Uuid {
    type Err = BadUuid;

    fn from_str(text: &str) -> Result<Self, BadUuid> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| *c != '-')
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or_else(|| BadUuid(text.to_owned()))?;
        let bytes: Vec<u8> = digits
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect();
        match (digits.len(), <[u8; 16]>::try_from(bytes)) {
            (32, Ok(bytes)) => Ok(Self(bytes)),
            _ => Err(BadUuid(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_reads_as_it_is_written() {
        let text = "01234567-89ab-8def-8123-456789abcdef";
        let id: Uuid = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(id.short(), 0x0123_4567);
        assert_eq!(text.replace('-', "").to_uppercase().parse(), Ok(id));
        for bad in [
            "",
            "0123",
            &text[1..],
            "g1234567-89ab-8def-8123-456789abcdef",
            "é",
        ] {
            assert!(bad.parse::<Uuid>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn content_decides_it() {
        let dir = tempfile::tempdir().unwrap();
        let id = |bytes: &[u8], text| {
            let file = dir.path().join("a.sb");
            std::fs::write(&file, bytes).unwrap();
            let mut tree = Tree::default();
            tree.add_file("a.sb", &file).unwrap();
            Uuid::of(&tree, text).unwrap()
        };
        let one = id(b"one", "gpt");
        assert_eq!(one, id(b"one", "gpt"));
        assert_ne!(one, id(b"two", "gpt"));
        assert_ne!(one, id(b"one", "mbr"));
        assert_ne!(one, one.of_part("data"));
        assert_eq!(one.to_string().as_bytes()[14], b'8');
    }
}
