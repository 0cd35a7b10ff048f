//! A tar archive (POSIX.1-1988, "ustar") of planned files, made as it is read.

use std::io::{self, Write};

use super::content::{SECTOR, sector};
use super::plan::archived;

/// Writes the archive with this number, of so many files.
///
/// # Errors
/// Those of `out`.
pub(super) fn write(archive: u32, files: u32, out: &mut impl Write) -> io::Result<()> {
    for file in 0..files {
        let (name, sectors) = archived(archive, file);
        out.write_all(&header(&name, u64::from(sectors) * SECTOR as u64))?;
        for number in 0..sectors {
            out.write_all(&sector(&name, archive + 1, number))?;
        }
    }
    out.write_all(&[0; 2 * SECTOR])
}

fn header(name: &str, length: u64) -> [u8; SECTOR] {
    let mut header = [0; SECTOR];
    let mut put =
        |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{length:011o}\0"));
    put(136, "00000000000\0");
    put(148, "        "); // the checksum counts as blanks
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{command, run};

    #[test]
    fn tar_unpacks_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        write(2, 50, &mut bytes).unwrap();
        let file = dir.path().join("archive.tar");
        std::fs::write(&file, bytes).unwrap();
        run(command("tar")
            .arg("-xf")
            .arg(&file)
            .arg("-C")
            .arg(dir.path()))
        .unwrap();
        for number in [0, 49] {
            let (name, sectors) = archived(2, number);
            let found = std::fs::read(dir.path().join(&name)).unwrap();
            assert_eq!(found.len(), sectors as usize * SECTOR);
            assert_eq!(found[..SECTOR], sector(&name, 3, 0));
        }
    }
}
