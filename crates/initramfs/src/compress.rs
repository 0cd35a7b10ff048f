//! Compression of the image or of single modules; the same input gives the same bytes.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;

use flate2::GzBuilder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::{CheckType, XzOptions, XzReader, XzWriter};

use crate::error::Error;

/// zstd's best level before memory becomes an issue for the reader: windows of 8 MiB.
const ZSTD_LEVEL: i32 = 19;

/// The window of xz that the kernel's own build uses for modules, and perch-init has memory for.
const XZ_WINDOW: u32 = 1 << 20;

/// A way to pack bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// As gzip(1).
    Gzip,
    /// As lz4(1) with `-l`.
    Lz4,
    /// As xz(1) with `--check=crc32`.
    Xz,
    /// As zstd(1).
    Zstd,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Compression {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Lz4 => "lz4",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        }
    }

    /// What it appends to a file's name.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Lz4 => ".lz4",
            Self::Xz => ".xz",
            Self::Zstd => ".zst",
        }
    }

    /// The name without the ending of a compressed file, and the plain content. `file` is the whole path.
    pub(crate) fn undo<'p>(
        path: &'p str,
        bytes: Vec<u8>,
        file: &Path,
    ) -> Result<(&'p str, Vec<u8>), Error> {
        for kind in [Self::Gzip, Self::Xz, Self::Zstd] {
            if let Some(plain) = path.strip_suffix(kind.suffix()) {
                let bytes = kind.unpack(&bytes).map_err(|source| Error::Unpack {
                    path: file.to_owned(),
                    source,
                })?;
                return Ok((plain, bytes));
            }
        }
        Ok((path, bytes))
    }

    fn unpack(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        match self {
            Self::Gzip => MultiGzDecoder::new(bytes).read_to_end(&mut plain)?,
            Self::Xz => XzReader::new(bytes, true).read_to_end(&mut plain)?,
            Self::Zstd => return zstd::decode_all(bytes),
            Self::None | Self::Lz4 => return Ok(bytes.to_vec()),
        };
        Ok(plain)
    }

    /// `bytes` compressed in the way the kernel can read it.
    ///
    /// # Errors
    /// None that depends on the bytes.
    pub fn apply(self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let packed = match self {
            Self::None => Ok(bytes.to_vec()),
            // No checksum: the boot has no use for a second opinion on what it cannot repair.
            Self::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL),
            Self::Gzip => gzip(bytes),
            Self::Lz4 => lz4(bytes),
            Self::Xz => xz(bytes),
        };
        packed.map_err(|source| Error::Pack { kind: self, source })
    }
}

/// Without a name and a time in its header.
fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = GzBuilder::new().write(Vec::new(), flate2::Compression::best());
    out.write_all(bytes)?;
    out.finish()
}

/// The kernel knows no check but CRC-32 (Linux, `Documentation/staging/xz.rst`).
fn xz(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut options = XzOptions::with_preset(6);
    options.set_check_sum_type(CheckType::Crc32);
    options.lzma_options.dict_size = XZ_WINDOW;
    let mut out = XzWriter::new(Vec::new(), options)?;
    out.write_all(bytes)?;
    out.finish()
}

/// The kernel reads the old "legacy" frame only (lz4's `doc/lz4_Frame_format.md`): a magic number,
/// then blocks of up to 8 MiB, each with its length before it. Nothing marks the end; four zeros let
/// the kernel stop where another archive follows (Linux 5.9, `lib/decompress_unlz4.c`).
fn lz4(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mode = lz4::block::CompressionMode::HIGHCOMPRESSION(12);
    let mut out = 0x184C_2102_u32.to_le_bytes().to_vec();
    for block in bytes.chunks(8 << 20) {
        let packed = lz4::block::compress(block, Some(mode), false)?;
        out.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        out.extend_from_slice(&packed);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    /// What the program makes of `bytes`: it is the judge.
    fn filter(bytes: &[u8], program: &str) -> Vec<u8> {
        let mut child = Command::new(program)
            .arg("-dc")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program is installed");
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            let writer = scope.spawn(move || stdin.write_all(bytes));
            let output = child.wait_with_output().unwrap();
            writer.join().unwrap().unwrap();
            output
        });
        assert!(output.status.success(), "{program}");
        output.stdout
    }

    #[test]
    fn the_same_bytes_come_out_each_time_and_can_be_read() {
        let input = b"perch ".repeat(100_000);
        for (kind, reader) in [
            (Compression::Gzip, "gzip"),
            (Compression::Lz4, "lz4"),
            (Compression::Xz, "xz"),
            (Compression::Zstd, "zstd"),
        ] {
            let packed = kind.apply(&input).unwrap();
            assert_eq!(packed, kind.apply(&input).unwrap(), "{kind:?}");
            assert!(packed.len() < input.len() / 10, "{kind:?}");
            assert!(filter(&packed, reader) == input, "{kind:?}");
        }
    }

    /// RFC 1952: flags at 3, the time in 4 to 7; the system at 9 is "unknown" everywhere.
    #[test]
    fn gzip_tells_nothing_of_its_maker() {
        let packed = Compression::Gzip.apply(b"x").unwrap();
        assert_eq!(packed[3..8], [0; 5]);
        assert_eq!(packed[9], 255);
    }

    #[test]
    fn a_packed_module_becomes_plain() {
        let undo = |path, bytes| Compression::undo(path, bytes, Path::new(path));
        let input = b"module".repeat(1000);
        for kind in [Compression::Gzip, Compression::Xz, Compression::Zstd] {
            let path = format!("kernel/fs/ext4.ko{}", kind.suffix());
            let packed = kind.apply(&input).unwrap();
            let found = Compression::undo(&path, packed, Path::new(&path)).unwrap();
            assert_eq!(found, ("kernel/fs/ext4.ko", input.clone()), "{kind}");
        }
        let found = undo("kernel/fs/ext4.ko", input.clone()).unwrap();
        assert_eq!(found, ("kernel/fs/ext4.ko", input));
        let error = undo("x.ko.zst", b"rubbish".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "cannot unpack x.ko.zst");
    }
}
