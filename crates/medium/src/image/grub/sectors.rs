//! GRUB's first sectors on a disk image, without root and without loop devices.
//!
//! `grub-install` wants a block device and root. Three facts are enough to do its work on a file:
//!
//! * sector 0 holds `boot.img`, which loads one sector, whose number it keeps at byte 0x5c, and jumps there
//!   (GRUB 2.06, `include/grub/i386/pc/boot.h`);
//! * that sector is `diskboot.img`, the first of the core image; it loads the rest by the list of blocks that
//!   grows downwards from its end, entries of (start: u64, sectors: u16, segment: u16), ended by zero sectors
//!   (`grub-core/boot/i386/pc/diskboot.S`);
//! * the core image lies in a partition of the type "BIOS boot" on a GPT disk, and before the first partition on one with an
//!   MBR (GRUB manual, "BIOS installation").
//!
//! Not done here: disks whose sectors are not 512 bytes.

use std::fs;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::image::error::ImageError;
use crate::image::tool::{part, unwritten};

const SECTOR: usize = 512;

/// Makes `image` bootable: the boot sector into sector 0, the core image into the sectors `slot`.
///
/// `image` must have its partition table already: the bytes of sector 0 that belong to it are kept.
pub(in crate::image) fn install(
    image: &Path,
    slot: Range<u64>,
    core: &Path,
) -> Result<(), ImageError> {
    let boot_file = part("/usr/lib/grub/i386-pc/boot.img", super::PC)?;
    let read = |path: &Path| {
        fs::read(path).map_err(|source| ImageError::Read {
            path: path.to_owned(),
            source,
        })
    };
    let (boot, core) = (read(&boot_file)?, read(core)?);
    let core = place_core(core, &slot)?;
    let write = || {
        let disk = fs::OpenOptions::new().read(true).write(true).open(image)?;
        let mut first = [0; SECTOR];
        disk.read_exact_at(&mut first, 0)?;
        Ok((disk, first))
    };
    let (disk, first) = write().map_err(|source| unwritten(image, source))?;
    let first = boot_sector(&boot, &first, slot.start)?;
    disk.write_all_at(&first, 0)
        .and_then(|()| disk.write_all_at(&core, slot.start * SECTOR as u64))
        .map_err(|source| unwritten(image, source))
}

fn wrong(problem: impl Into<String>) -> ImageError {
    ImageError::Grub {
        problem: problem.into(),
    }
}

/// Byte ranges of sector 0 that belong to the disk, not to GRUB: the parameter block of a FAT boot sector, and
/// the disk signature with the partition table.
const KEPT: [Range<usize>; 2] = [0x03..0x5a, 0x1b8..0x1fe];
/// Where `boot.img` keeps the number of the sector it loads, a u64.
const KERNEL_SECTOR: usize = 0x5c;
/// A jump past the code that replaces a doubtful drive number; removed on hard disks, as `grub-bios-setup` does,
/// because some firmware passes a wrong number there.
const DRIVE_CHECK: Range<usize> = 0x66..0x68;

/// Returns sector 0: `boot.img` that loads sector `core`, with the bytes of `old` that belong to the disk.
fn boot_sector(boot: &[u8], old: &[u8; SECTOR], core: u64) -> Result<[u8; SECTOR], ImageError> {
    let mut sector: [u8; SECTOR] = boot
        .try_into()
        .map_err(|_| wrong("boot.img is not one sector long"))?;
    if sector[0x1fe..] != [0x55, 0xaa] {
        return Err(wrong("boot.img has no boot signature"));
    }
    for range in KEPT {
        sector[range.clone()].copy_from_slice(&old[range]);
    }
    sector[KERNEL_SECTOR..KERNEL_SECTOR + 8].copy_from_slice(&core.to_le_bytes());
    sector[DRIVE_CHECK].copy_from_slice(&[0x90, 0x90]);
    Ok(sector)
}

/// Where the rest of the core image is loaded, as a real-mode segment
/// (`GRUB_BOOT_MACHINE_KERNEL_SEG` + one sector).
const LOAD_SEGMENT: u16 = 0x0820;

/// Pads `core` to whole sectors and fills in its list of blocks for being written at the sectors `slot`.
fn place_core(mut core: Vec<u8>, slot: &Range<u64>) -> Result<Vec<u8>, ImageError> {
    core.resize(core.len().next_multiple_of(SECTOR), 0);
    let sectors = (core.len() / SECTOR) as u64;
    if sectors < 2 {
        return Err(wrong("the core image is shorter than two sectors"));
    }
    let room = slot.end - slot.start;
    if sectors > room {
        return Err(wrong(format!(
            "the core image takes {sectors} sectors, and there are {room}"
        )));
    }
    let rest = u16::try_from(sectors - 1)
        .map_err(|_| wrong("the core image is too long for one entry in its list of blocks"))?;

    let list = SECTOR - 12;
    core[list..list + 8].copy_from_slice(&(slot.start + 1).to_le_bytes());
    core[list + 8..list + 10].copy_from_slice(&rest.to_le_bytes());
    core[list + 10..SECTOR].copy_from_slice(&LOAD_SEGMENT.to_le_bytes());
    // The entry before is the end mark; grub-mkimage leaves it zero.
    core[list - 12..list].fill(0);
    Ok(core)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boot_sector_keeps_the_disks_bytes_and_points_at_the_core() {
        let mut boot = [0x11; SECTOR];
        boot[0x1fe..].copy_from_slice(&[0x55, 0xaa]);
        let old = [0x22; SECTOR];
        let sector = boot_sector(&boot, &old, 0x0001_0000_0800).unwrap();

        for (at, byte) in sector.iter().enumerate() {
            let want = match at {
                0x03..0x5a | 0x1b8..0x1fe => 0x22,
                0x5c..0x64 => [0x00, 0x08, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00][at - 0x5c],
                0x66..0x68 => 0x90,
                0x1fe => 0x55,
                0x1ff => 0xaa,
                _ => 0x11,
            };
            assert_eq!(*byte, want, "byte {at:#x}");
        }
        assert!(
            boot_sector(&boot[..100], &old, 1).is_err(),
            "a short boot.img"
        );
    }

    #[test]
    fn core_image_lists_the_sectors_after_its_first() {
        let core = place_core(vec![7; 3 * SECTOR + 1], &(2048..4096)).unwrap();
        assert_eq!(core.len(), 4 * SECTOR);
        assert_eq!(
            core[0x1f4..0x200],
            [0x01, 0x08, 0, 0, 0, 0, 0, 0, 3, 0, 0x20, 0x08]
        );
        assert_eq!(core[0x1e8..0x1f4], [0; 12], "the list ends after one entry");
        assert_eq!(core[3 * SECTOR + 1..], [0; SECTOR - 1], "padding");
    }

    #[test]
    fn core_image_must_fit_the_partition() {
        assert!(place_core(vec![7; 3 * SECTOR], &(10..12)).is_err());
        assert!(
            place_core(vec![7; SECTOR], &(10..12)).is_err(),
            "nothing to load"
        );
    }
}
