//! The devices that were there before anybody listened for uevents, and which of them to serve
//! first.
//!
//! The kernel describes each device that wants a driver by one line in a file `modalias`, in the
//! form of `modules.alias`. Nothing here loads a module or waits for a device.

use std::collections::BTreeSet;
use std::path::Path;

/// Buses left out because no storage hangs on them, or because their devices are seen again on
/// another bus, as those of ACPI are on the platform bus. Reading costs more than the others
/// together: there is one directory for each processor and each block of memory.
const SKIPPED: &[&str] = &[
    "acpi",
    "clockevents",
    "clocksource",
    "container",
    "cpu",
    "edac",
    "event_source",
    "gpio",
    "i2c",
    "machinecheck",
    "mdio_bus",
    "memory",
    "memory_tiering",
    "node",
    "nvmem",
    "pnp",
    "spi",
    "wmi",
    "workqueue",
];

/// The modaliases of all devices below `sys` (usually `/sys`), each once, by [`tier`].
///
/// Looks through `bus/*/devices` rather than all of `devices`, which is several times as large.
/// What cannot be read is left out: devices come and go.
pub fn coldplug(sys: &Path) -> Vec<String> {
    let mut found = BTreeSet::new();
    for bus in names(&sys.join("bus")) {
        if SKIPPED.contains(&bus.as_str()) {
            continue;
        }
        let devices = sys.join("bus").join(bus).join("devices");
        for device in names(&devices) {
            let Ok(bytes) = std::fs::read(devices.join(device).join("modalias")) else {
                continue;
            };
            let text = String::from_utf8_lossy(bytes.trim_ascii());
            if !text.is_empty() {
                found.insert((tier(&text), text.into_owned()));
            }
        }
    }
    found.into_iter().map(|(_, modalias)| modalias).collect()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// How long a device, given by its modalias or by its driver's name, keeps the boot waiting: `0`
/// answers at once (virtual disks, NVMe, SD cards, disks that were found already), `1` has a bus to
/// be probed (SATA, SCSI, USB), `2` is all the rest.
///
/// A guess by kind, so that a boot from a fast disk need not wait for the USB hubs. Nothing is ever
/// left out because of it.
pub fn tier(name: &str) -> u8 {
    match name.split_once(':') {
        Some((bus, rest)) => device_tier(bus, rest),
        None => module_tier(&super::name::canonical(name)),
    }
}

fn device_tier(bus: &str, rest: &str) -> u8 {
    match bus {
        "virtio" | "vmbus" | "xen" | "xen-backend" | "mmc" | "nvme" | "scsi" => 0,
        // Red Hat's own devices: virtio.
        "pci" if rest.starts_with("v00001AF4") => 0,
        // Classes of the PCI Code and ID Assignment Specification: 01 mass storage (08 NVMe), 08.05
        // SD host, 0C.03 USB host.
        "pci" => match class(rest) {
            Some(("01", "08") | ("08", "05")) => 0,
            Some(("01", _) | ("0C", "03")) => 1,
            _ => 2,
        },
        // An interface of the mass storage class, USB Mass Storage Class Specification Overview.
        "usb" if rest.contains("ic08") => 1,
        _ => 2,
    }
}

/// Base class and subclass in `v…d…sv…sd…bcXXscXXiXX`.
fn class(pci: &str) -> Option<(&str, &str)> {
    let at = pci.rfind("bc")?;
    let (base, rest) = pci.get(at + 2..)?.split_once("sc")?;
    Some((base, rest.get(..2)?))
}

fn module_tier(module: &str) -> u8 {
    const FAST: &[&str] = &[
        "virtio", "nvme", "mmc", "sdhci", "hv_", "xen_", "vmw_", "sd_mod", "sr_mod", "cdrom",
    ];
    const PROBED: &[&str] = &[
        "ahci", "ata_", "pata_", "sata_", "libata", "scsi_", "xhci", "ehci", "uhci", "ohci",
        "usb_", "usbcore", "uas", "mpt", "megaraid",
    ];
    let begins = |with: &&str| module.starts_with(*with);
    if FAST.iter().any(begins) {
        0
    } else if PROBED.iter().any(begins) {
        1
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn fast_devices_come_first() {
        for (name, want) in [
            ("virtio:d00000002v00001AF4", 0),
            ("pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00", 0),
            ("pci:v00001B36d00000010sv00001AF4sd00001100bc01sc08i02", 0),
            ("pci:v00001B36d00000007sv00001AF4sd00001100bc08sc05i01", 0),
            ("vmbus:d96361baa104294db60572e2ffb1dc7f", 0),
            ("scsi:t-0x00", 0),
            ("mmc:block", 0),
            ("pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01", 1),
            ("pci:v00001B36d0000000Dsv00001AF4sd00001100bc0Csc03i30", 1),
            ("usb:v46F4p0001d0000dc00dsc00dp00ic08isc06ip50in00", 1),
            ("usb:v0627p0001d0000dc00dsc00dp00ic03isc00ip00in00", 2),
            ("pci:v00008086d000010D3sv00008086sd00000000bc02sc00i00", 2),
            ("pci:v00001B36", 2),
            ("pci:bc", 2),
            ("acpi:PNP0A08:PNP0A03:", 2),
            ("nvme", 0),
            ("virtio_blk", 0),
            ("sdhci-pci", 0),
            ("ahci", 1),
            ("xhci-pci", 1),
            ("usb-storage", 1),
            ("uas", 1),
            ("ext4", 2),
            ("", 2),
            (":", 2),
        ] {
            assert_eq!(tier(name), want, "{name:?}");
        }
    }

    #[test]
    fn each_modalias_is_told_once_and_by_tier() {
        let sys = tempfile::tempdir().unwrap();
        for (device, modalias) in [
            ("pci0/usb1", "usb:v1d6bic09\n"),
            ("pci0/disk", "pci:v00008086d1sv0sd0bc01sc06i01\n"),
            ("pci0/same", "pci:v00008086d1sv0sd0bc01sc06i01\n"),
            ("pci0/fast", "virtio:d2v1AF4\n"),
            ("pci0/empty", "\n"),
            ("cpu0", "cpu:type:x86\n"),
        ] {
            let bus = if device == "cpu0" { "cpu" } else { "any" };
            let (real, links) = (
                sys.path().join("devices").join(device),
                sys.path().join("bus").join(bus).join("devices"),
            );
            fs::create_dir_all(&real).unwrap();
            fs::create_dir_all(&links).unwrap();
            fs::write(real.join("modalias"), modalias).unwrap();
            symlink(&real, links.join(real.file_name().unwrap())).unwrap();
        }
        fs::create_dir_all(sys.path().join("devices/none")).unwrap();
        assert_eq!(
            coldplug(sys.path()),
            [
                "virtio:d2v1AF4",
                "pci:v00008086d1sv0sd0bc01sc06i01",
                "usb:v1d6bic09"
            ]
        );
        assert_eq!(coldplug(&sys.path().join("nowhere")), [""; 0]);
    }
}
