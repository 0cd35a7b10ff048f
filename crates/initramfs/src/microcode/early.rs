//! The archive at the very start of an existing image.

use std::collections::BTreeMap;
use std::path::Path;

use super::DIRECTORY;
use crate::error::Error;
use crate::read::read;

/// The header of an entry: magic and thirteen numbers (Linux,
/// `Documentation/driver-api/early-userspace/buffer-format.rst`).
const HEADER: usize = 110;

/// The makers' files in the first archive of `image`, by name.
pub(super) fn read_from(image: &Path) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let files = parse(&read(image)?);
    match files.is_empty() {
        true => Err(Error::NoMicrocode {
            path: image.to_owned(),
        }),
        false => Ok(files),
    }
}

/// As far as the archive is one; what follows behind its end is another part of the image.
fn parse(mut rest: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    while let Some((name, data, behind)) = entry(rest) {
        if name == "TRAILER!!!" {
            break;
        }
        let name = name.strip_prefix("./").unwrap_or(name);
        let file = name.strip_prefix(DIRECTORY).unwrap_or_default();
        if let Some(file) = file.strip_prefix('/').filter(|file| !file.contains('/')) {
            files.insert(file.to_owned(), data.to_vec());
        }
        rest = behind;
    }
    files.retain(|_, data| !data.is_empty());
    files
}

/// Name and content of the entry that `bytes` begin with, and what follows it.
fn entry(bytes: &[u8]) -> Option<(&str, &[u8], &[u8])> {
    let header = bytes.get(..HEADER)?;
    if !header.starts_with(b"070701") && !header.starts_with(b"070702") {
        return None;
    }
    let field = |number: usize| {
        let digits = header.get(6 + number * 8..14 + number * 8)?;
        usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let (size, name_size) = (field(6)?, field(11)?);
    let name = bytes.get(HEADER..HEADER.checked_add(name_size)?)?;
    let name = name.split(|byte| *byte == 0).next()?;
    let begin = (HEADER + name_size).next_multiple_of(4);
    let data = bytes.get(begin..begin.checked_add(size)?)?;
    let end = (begin + size).next_multiple_of(4);
    let behind = bytes.get(end..).unwrap_or_default();
    Some((std::str::from_utf8(name).ok()?, data, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each shorter image, and each with a byte changed: never a panic.
    #[test]
    fn damage_is_survived() {
        let mut tree = crate::cpio::Tree::default();
        let file = crate::cpio::Node::File(vec![7; 32], 0o644);
        tree.add("kernel/x86/microcode/GenuineIntel.bin", file);
        let image = tree.aligned(16);
        assert_eq!(parse(&image).len(), 1);
        for at in 0..image.len() {
            parse(&image[..at]);
            for byte in [0, b'F', 0xff] {
                let mut damaged = image.clone();
                damaged[at] = byte;
                parse(&damaged);
            }
        }
        assert!(parse(b"").is_empty());
    }
}
