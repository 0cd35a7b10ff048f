//! What is in the session: files as a system has them in number and size, the same on every machine.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};

/// How much there is, in words.
pub(super) const SIZE: &str = "2 GiB in 30,000 files";

/// How many files of how many bytes.
const FILES: [(u32, usize); 4] = [
    (24_000, 6_000),
    (5_500, 60_000),
    (500, 1 << 20),
    (4, 256 << 20),
];

/// Makes them.
///
/// # Errors
/// If one cannot be written.
pub(super) fn make(dir: &Path) -> Result<()> {
    let mut noise = Noise(88_172_645_463_325_252);
    for (number, size) in FILES {
        for file in 0..number {
            let place = dir.join(format!("{size}/{}", file / 250));
            fs::create_dir_all(&place)?;
            let path = place.join(file.to_string());
            write(&path, size, &mut noise).with_context(|| format!("{}", path.display()))?;
        }
    }
    Ok(())
}

/// Half of each page is noise, the other half a line that repeats: it packs about two to one, as programs do.
fn write(path: &Path, size: usize, noise: &mut Noise) -> Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut left = size;
    while left > 0 {
        let mut page = [0; 4096];
        for word in page.chunks_exact_mut(8).take(256) {
            word.copy_from_slice(&noise.next().to_le_bytes());
        }
        for (at, byte) in page.iter_mut().enumerate().skip(2048) {
            *byte = b"a line of some configuration = 1\n"[at % 33];
        }
        let now = left.min(page.len());
        file.write_all(&page[..now])?;
        left -= now;
    }
    Ok(file.flush()?)
}

/// Numbers that do not repeat (xorshift64).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_as_much_as_is_said() {
        let bytes: usize = FILES
            .iter()
            .map(|(count, size)| *count as usize * size)
            .sum();
        assert!(
            (bytes as f64 / f64::from(1 << 30) - 2.0).abs() < 0.1,
            "{bytes}"
        );
        let count: u32 = FILES.iter().map(|(count, _)| count).sum();
        assert_eq!(count, 30_004);
    }
}
