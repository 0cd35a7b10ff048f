use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

/// A sysfs in a directory of its own.
struct Sys(TempDir);

impl Sys {
    fn new() -> Self {
        let sys = Self(tempfile::tempdir().unwrap());
        for dir in ["devices", "dev/block", "class/block", "bus/pci/devices"] {
            fs::create_dir_all(sys.path(dir)).unwrap();
        }
        sys
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// A device below `devices`, with its description and the module of its driver; without either if empty.
    fn device(&self, path: &str, alias: &str, module: &str) -> PathBuf {
        let dir = self.path("devices").join(path);
        fs::create_dir_all(&dir).unwrap();
        if !alias.is_empty() {
            fs::write(dir.join("modalias"), format!("{alias}\n")).unwrap();
        }
        if !module.is_empty() {
            let driver = self.path("drivers").join(module);
            fs::create_dir_all(&driver).unwrap();
            symlink(format!("/nowhere/module/{module}"), driver.join("module")).unwrap();
            symlink(driver, dir.join("driver")).unwrap();
        }
        dir
    }

    fn block(&self, path: &str, number: &str) -> PathBuf {
        let dir = self.device(path, "", "");
        symlink(&dir, self.path("dev/block").join(number)).unwrap();
        let name = dir.file_name().unwrap();
        symlink(&dir, self.path("class/block").join(name)).unwrap();
        dir
    }

    fn machine(&self, mounts: &str) -> Machine {
        Machine {
            sys: self.0.path().to_owned(),
            mounts: mountinfo::parse(mounts.as_bytes()),
            cpuinfo: String::new(),
        }
    }

    fn needed(&self, mounts: &str) -> Vec<String> {
        let needed = self.machine(mounts).needed().unwrap();
        needed.into_iter().collect()
    }
}

const UNION: &str = "1 0 0:30 / / rw - overlay overlay rw\n";

#[test]
fn a_stick_brings_its_bus_and_every_usb_host() {
    let sys = Sys::new();
    sys.device("pci0/1.0", "pci:xhci", "xhci_pci");
    let other = sys.device("pci0/2.0", "pci:ehci", "ehci_pci");
    let card = sys.device("pci0/3.0", "pci:net", "e1000e");
    let port = sys.device("pci0/1.0/usb1/1-1", "", "");
    symlink("/nowhere/bus/usb", port.join("subsystem")).unwrap();
    sys.device("pci0/1.0/usb1/1-1/1-1:1.0", "usb:ic08", "usb_storage");
    let disk = "pci0/1.0/usb1/1-1/1-1:1.0/host0/0:0:0:0";
    sys.device(disk, "scsi:t-0x00", "sd_mod");
    sys.block(&format!("{disk}/block/sda/sda1"), "8:1");
    for (dir, class) in [(other, "0x0c0320"), (card, "0x020000")] {
        fs::write(dir.join("class"), class).unwrap();
        let name = dir.file_name().unwrap();
        symlink(&dir, sys.path("bus/pci/devices").join(name)).unwrap();
    }
    let mounts = format!("{UNION}2 1 8:1 / /run/initramfs/memory/data rw - vfat /dev/sda1 rw\n");
    assert_eq!(
        sys.needed(&mounts),
        [
            "ehci_pci",
            "fs-vfat",
            "pci:ehci",
            "pci:xhci",
            "scsi:t-0x00",
            "sd_mod",
            "usb:ic08",
            "usb_storage",
            "vfat",
            "xhci_pci"
        ]
    );
}

#[test]
fn bundles_and_memory_are_no_medium() {
    let sys = Sys::new();
    sys.device("pci0/1.0/virtio0", "virtio:d2", "virtio_blk");
    sys.block("pci0/1.0/virtio0/block/vda", "254:0");
    sys.block("virtual/block/loop0", "7:0");
    let mounts = format!(
        "{UNION}2 1 0:40 / /run/initramfs/memory rw - tmpfs tmpfs rw\n\
         3 2 254:0 / /run/initramfs/memory/data rw - ext4 /dev/vda rw\n\
         4 2 7:0 / /run/initramfs/memory/bundles/00.sb ro - squashfs /dev/loop0 ro\n"
    );
    assert_eq!(
        sys.needed(&mounts),
        ["ext4", "fs-ext4", "virtio:d2", "virtio_blk"]
    );
}

#[test]
fn an_installed_system_is_on_its_root() {
    let sys = Sys::new();
    sys.device("pci0/1.0/nvme/nvme0", "", "");
    sys.device("pci0/1.0", "pci:nvme", "nvme");
    let disk = sys.block(
        "virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p2",
        "259:2",
    );
    let subsystem = disk.ancestors().nth(2).unwrap();
    symlink(
        sys.path("devices/pci0/1.0/nvme/nvme0"),
        subsystem.join("nvme0"),
    )
    .unwrap();
    // Btrfs: its number is no device's.
    let mounts = "1 0 0:27 /@ / rw - btrfs /dev/nvme0n1p2 rw\n\
                  2 1 8:1 / /media/other rw - vfat /dev/sda1 rw\n";
    assert_eq!(
        sys.needed(mounts),
        ["btrfs", "fs-btrfs", "nvme", "pci:nvme"]
    );
}

#[test]
fn a_mapped_device_is_what_it_is_made_of() {
    let sys = Sys::new();
    sys.device("pci0/1.0", "pci:ahci", "ahci");
    let part = sys.block("pci0/1.0/ata1/block/sda/sda3", "8:3");
    let mapped = sys.block("virtual/block/dm-0", "253:0");
    fs::create_dir(mapped.join("dm")).unwrap();
    fs::create_dir(mapped.join("slaves")).unwrap();
    symlink(part, mapped.join("slaves/sda3")).unwrap();
    let mounts = format!("{UNION}2 1 253:0 / /run/live/medium ro - iso9660 /dev/dm-0 ro\n");
    assert_eq!(
        sys.needed(&mounts),
        ["ahci", "dm-mod", "fs-iso9660", "iso9660", "pci:ahci"]
    );
}

#[test]
fn a_system_without_a_disk_is_told() {
    let sys = Sys::new();
    let error = sys.machine(UNION).needed().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot tell which modules the medium at / needs: overlay is not on any disk that sysfs shows"
    );
    assert!(error.hint().is_some());
    let error = sys.machine("").needed().unwrap_err();
    assert!(error.to_string().contains("/proc"), "{error}");
}
