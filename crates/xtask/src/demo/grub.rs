//! GRUB for BIOS machines on a disk image, without root and without loop devices.
//!
//! `grub-install` wants a block device and root. Three facts are enough to do its work on a file:
//!
//! * sector 0 holds `boot.img`, which loads one sector, whose number it keeps at byte 0x5c, and jumps there
//!   (GRUB 2.06, `include/grub/i386/pc/boot.h`);
//! * that sector is `diskboot.img`, the first of the core image; it loads the rest by the list of blocks that
//!   grows downwards from its end, entries of (start: u64, sectors: u16, segment: u16), ended by zero sectors
//!   (`grub-core/boot/i386/pc/diskboot.S`);
//! * on a GPT disk the core image lives in a partition of the type "BIOS boot" (GRUB manual, "BIOS installation").
//!
//! Everything the menu needs is linked into the core image, so the file system holds only `grub.cfg`.
//! Not done here: UEFI, and disks whose sectors are not 512 bytes.

use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use perch_tests::host::{command, run};

const SECTOR: usize = 512;

/// Modules linked into the core image: reading the partition, showing the menu, starting Linux.
const MODULES: &[&str] = &[
    "biosdisk",
    "part_gpt",
    "part_msdos",
    "ext2",
    "normal",
    "configfile",
    "linux",
    "search",
    "search_label",
    "search_fs_file",
    "serial",
    "terminal",
    "echo",
    "test",
    "sleep",
    "minicmd",
    "reboot",
    "halt",
];

/// The prefix of the core image: the partition GRUB finds by its number on the disk it was started from.
const PREFIX: &str = "(,gpt2)/boot/grub";

/// Makes `image` bootable: the boot sector into sector 0, the core image into the sectors `slot`.
///
/// `image` must have its GPT already: the bytes of sector 0 that belong to the partition table are kept.
pub fn install(image: &Path, slot: Range<u64>, scratch: &Path) -> Result<()> {
    let platform = platform_dir()?;
    let core_file = scratch.join("core.img");
    run(command("grub-mkimage")
        .args(["--format", "i386-pc", "--prefix", PREFIX, "--output"])
        .arg(&core_file)
        .args(MODULES))?;
    let core =
        fs::read(&core_file).with_context(|| format!("cannot read {}", core_file.display()))?;
    let boot_file = platform.join("boot.img");
    let boot =
        fs::read(&boot_file).with_context(|| format!("cannot read {}", boot_file.display()))?;
    write(image, slot, &boot, core)
        .with_context(|| format!("cannot install GRUB on {}", image.display()))
}

/// Where the distribution keeps GRUB's parts for BIOS.
fn platform_dir() -> Result<&'static Path> {
    let dir = Path::new("/usr/lib/grub/i386-pc");
    ensure!(
        dir.join("boot.img").is_file(),
        "no {}/boot.img: is the package grub-pc-bin installed?",
        dir.display()
    );
    Ok(dir)
}

fn write(image: &Path, slot: Range<u64>, boot: &[u8], core: Vec<u8>) -> Result<()> {
    use std::os::unix::fs::FileExt as _;

    let disk = fs::OpenOptions::new().read(true).write(true).open(image)?;
    let mut first = [0; SECTOR];
    disk.read_exact_at(&mut first, 0)
        .context("cannot read sector 0")?;
    let core = place_core(core, &slot)?;
    disk.write_all_at(&boot_sector(boot, &first, slot.start)?, 0)?;
    disk.write_all_at(&core, slot.start * SECTOR as u64)?;
    Ok(())
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
fn boot_sector(boot: &[u8], old: &[u8; SECTOR], core: u64) -> Result<[u8; SECTOR]> {
    let mut sector: [u8; SECTOR] = boot.try_into().context("boot.img is not one sector long")?;
    ensure!(
        sector[0x1fe..] == [0x55, 0xaa],
        "boot.img has no boot signature"
    );
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
fn place_core(mut core: Vec<u8>, slot: &Range<u64>) -> Result<Vec<u8>> {
    core.resize(core.len().next_multiple_of(SECTOR), 0);
    let sectors = (core.len() / SECTOR) as u64;
    ensure!(sectors > 1, "the core image is shorter than two sectors");
    ensure!(
        sectors <= slot.end - slot.start,
        "the core image takes {sectors} sectors, the BIOS boot partition has {}",
        slot.end - slot.start
    );
    let rest = u16::try_from(sectors - 1)
        .context("the core image is too long for one block list entry")?;

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
