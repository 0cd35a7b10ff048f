//! Compressed module files, unpacked in our own memory for kernels that cannot do it themselves.

use std::io::{self, Read};

/// The largest module, unpacked. The largest of Debian's, amdgpu, has 26 MB.
pub(crate) const MAX_MODULE: u64 = 64 << 20;

/// How a module file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    None,
    Gzip,
    Xz,
    Zstd,
}

impl Packing {
    /// As the ending of the file's name says.
    pub(crate) fn of(path: &str) -> Self {
        match path.rsplit('.').next() {
            Some("gz") => Self::Gzip,
            Some("xz") => Self::Xz,
            Some("zst") => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// The unpacked content of `packed`; an error beyond [`MAX_MODULE`] bytes, and for gzip, which no
/// distribution of ours uses and which is left to the kernel.
pub(crate) fn decompress(packing: Packing, packed: &[u8]) -> io::Result<Vec<u8>> {
    match packing {
        Packing::None => Ok(packed.to_vec()),
        Packing::Gzip => Err(io::Error::other("gzip is left to the kernel")),
        Packing::Xz => {
            // KiB; xz takes about as much for its dictionary, 1 MiB in a kernel build.
            let limit = u32::try_from(MAX_MODULE >> 10).unwrap_or(u32::MAX);
            bounded(lzma_rust2::XzReader::new_mem_limit(packed, false, limit))
        }
        Packing::Zstd => {
            let window = MAX_MODULE;
            let decoder =
                ruzstd::decoding::StreamingDecoder::new_with_max_window_size(packed, window);
            bounded(decoder.map_err(io::Error::other)?)
        }
    }
}

fn bounded(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_MODULE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_MODULE {
        return Err(io::Error::other("larger than 64 MiB when unpacked"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 48 bytes, "perch " eight times, packed by the usual programs.
    const XZ: &[u8] = include_bytes!("decompress/perch.xz");
    const ZSTD: &[u8] = include_bytes!("decompress/perch.zst");

    #[test]
    fn the_ending_names_the_packing() {
        for (path, want) in [
            ("kernel/fs/ext4/ext4.ko", Packing::None),
            ("kernel/fs/ext4/ext4.ko.xz", Packing::Xz),
            ("kernel/fs/ext4/ext4.ko.zst", Packing::Zstd),
            ("kernel/fs/ext4/ext4.ko.gz", Packing::Gzip),
            ("zst", Packing::Zstd),
            ("", Packing::None),
        ] {
            assert_eq!(Packing::of(path), want, "path {path:?}");
        }
    }

    #[test]
    fn what_was_packed_comes_out() {
        let want = b"perch ".repeat(8);
        for (packing, packed) in [(Packing::Xz, XZ), (Packing::Zstd, ZSTD)] {
            assert_eq!(decompress(packing, packed).unwrap(), want, "{packing:?}");
        }
    }

    /// Damage gives an error or other bytes, never a panic: each single byte changed in turn, and
    /// each shorter file.
    #[test]
    fn damage_is_survived() {
        for (packing, packed) in [(Packing::Xz, XZ), (Packing::Zstd, ZSTD)] {
            for at in 0..packed.len() {
                assert!(
                    decompress(packing, &packed[..at]).is_err(),
                    "{packing:?} cut at {at}"
                );
                for bits in 1..=255 {
                    let mut damaged = packed.to_vec();
                    damaged[at] ^= bits;
                    let _ = decompress(packing, &damaged);
                }
            }
        }
    }

    /// 70 MiB of zeros in 2 KB.
    #[test]
    fn a_bomb_stops_at_the_limit() {
        // Frame header: magic, no checksum, window of 1 MiB; then blocks of 128 KiB of zeros
        // (RFC 8878, 3.1.1).
        let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50];
        for _ in 0..560 {
            let header: u32 = (128 << 10) << 3 | 1 << 1;
            bomb.extend_from_slice(&header.to_le_bytes()[..3]);
            bomb.push(0);
        }
        let error = decompress(Packing::Zstd, &bomb).unwrap_err();
        assert!(error.to_string().contains("64 MiB"), "{error}");
    }
}
