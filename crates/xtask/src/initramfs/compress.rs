//! Compression of the image or of single modules; the same input gives the same bytes.

use std::fmt;
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use perch_tests::host::packages;

/// zstd's best level before memory becomes an issue for the reader: windows of 8 MiB.
const ZSTD_LEVEL: i32 = 19;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Lz4,
    Xz,
    Zstd,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Lz4 => "lz4",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        })
    }
}

impl Compression {
    /// A kind that the kernel reads as a whole image, by its name.
    pub fn of_archive(name: &str) -> Result<Self> {
        Self::among(&[Self::None, Self::Gzip, Self::Lz4, Self::Zstd], name)
    }

    /// A kind that the boot program reads as a single module, by its name.
    pub fn of_modules(name: &str) -> Result<Self> {
        Self::among(&[Self::None, Self::Xz, Self::Zstd], name)
    }

    fn among(kinds: &[Self], name: &str) -> Result<Self> {
        let names = || kinds.iter().map(Self::to_string).collect::<Vec<_>>();
        let found = kinds.iter().find(|kind| kind.to_string() == name);
        found.copied().with_context(|| {
            format!(
                "\"{name}\" is no kind of compression here, only {}",
                names().join(", ")
            )
        })
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

    /// The name without the ending of a compressed file, and the plain content.
    pub fn undo(path: &str, bytes: Vec<u8>) -> Result<(&str, Vec<u8>)> {
        for kind in [Self::Gzip, Self::Xz, Self::Zstd] {
            if let Some(plain) = path.strip_suffix(kind.suffix()) {
                let bytes = match kind {
                    Self::Zstd => zstd::decode_all(&*bytes).context("zstd failed")?,
                    Self::Xz => filter(&bytes, "xz", &["-dc"])?,
                    _ => filter(&bytes, "gzip", &["-dc"])?,
                };
                return Ok((plain, bytes));
            }
        }
        Ok((path, bytes))
    }

    /// `bytes` compressed in the way the kernel can read it.
    pub fn apply(self, bytes: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::None => Ok(bytes.to_vec()),
            // No checksum: the boot has no use for a second opinion on what it cannot repair.
            Self::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL).context("zstd failed"),
            Self::Gzip => filter(bytes, "gzip", &["-9", "-n"]),
            Self::Lz4 => lz4(bytes),
            // As the kernel's own build packs modules.
            Self::Xz => filter(bytes, "xz", &["--check=crc32", "--lzma2=dict=1MiB", "-c"]),
        }
    }
}

/// The kernel reads the old "legacy" frame only (lz4's `doc/lz4_Frame_format.md`): a magic number,
/// then blocks of up to 8 MiB, each with its length before it. Nothing marks the end; four zeros let
/// the kernel stop where another archive follows (Linux 5.9, `lib/decompress_unlz4.c`).
fn lz4(bytes: &[u8]) -> Result<Vec<u8>> {
    let mode = lz4::block::CompressionMode::HIGHCOMPRESSION(12);
    let mut out = 0x184C_2102_u32.to_le_bytes().to_vec();
    for block in bytes.chunks(8 << 20) {
        let packed = lz4::block::compress(block, Some(mode), false).context("lz4 failed")?;
        out.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        out.extend_from_slice(&packed);
    }
    Ok(out)
}

/// What `program` makes of `bytes`.
fn filter(bytes: &[u8], program: &str, args: &[&str]) -> Result<Vec<u8>> {
    let mut command = Command::new(program);
    command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = match command.spawn() {
        // gzip is on every system, xz on most.
        Err(error) if error.kind() == ErrorKind::NotFound && program == "xz" => {
            packages::ensure(&["xz-utils"])?;
            command.spawn()
        }
        other => other,
    }
    .with_context(|| format!("cannot run {program}"))?;
    let mut stdin = child.stdin.take().context("a pipe was asked for")?;
    // Writing from a second thread: both pipes are smaller than the data.
    let output = std::thread::scope(|scope| {
        let writer = scope.spawn(move || stdin.write_all(bytes));
        let output = child.wait_with_output();
        (output, writer.join())
    });
    match output {
        (Ok(output), Ok(Ok(()))) if output.status.success() => Ok(output.stdout),
        (Ok(output), _) => bail!("{program} failed ({})", output.status),
        (Err(e), _) => Err(e).with_context(|| format!("{program} failed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(
                filter(&packed, reader, &["-dc"]).unwrap(),
                input,
                "{kind:?}"
            );
        }
    }

    #[test]
    fn a_packed_module_becomes_plain() {
        let input = b"module".repeat(1000);
        for kind in [Compression::Gzip, Compression::Xz, Compression::Zstd] {
            let path = format!("kernel/fs/ext4.ko{}", kind.suffix());
            let (plain, bytes) = Compression::undo(&path, kind.apply(&input).unwrap()).unwrap();
            assert_eq!(
                (plain, bytes),
                ("kernel/fs/ext4.ko", input.clone()),
                "{kind}"
            );
        }
        let (plain, bytes) = Compression::undo("kernel/fs/ext4.ko", input.clone()).unwrap();
        assert_eq!((plain, bytes), ("kernel/fs/ext4.ko", input));
        assert!(Compression::undo("x.ko.zst", b"rubbish".to_vec()).is_err());
    }

    #[test]
    fn kinds_are_those_that_the_reader_knows() {
        assert_eq!(Compression::of_archive("lz4").unwrap(), Compression::Lz4);
        assert_eq!(Compression::of_modules("xz").unwrap(), Compression::Xz);
        let error = Compression::of_modules("lz4").unwrap_err().to_string();
        assert_eq!(
            error,
            "\"lz4\" is no kind of compression here, only none, xz, zstd"
        );
    }
}
