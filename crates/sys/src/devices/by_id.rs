//! The names of a disk below `/dev/disk/by-id/`, without udev: computed from sysfs by the rules that
//! udev follows (`60-persistent-storage.rules`, `ata_id`, `scsi_id` and `usb_id` of systemd,
//! `13-dm-disk.rules` of lvm2).
//!
//! udev asks drives themselves with ATA and SCSI commands; this asks only the kernel, which keeps the
//! answers to most of them. What it does not keep gives no name, and a boot that asks for it waits and
//! then says which devices there were:
//!
//! - `ata-…` of a CD drive and, where the bridge does not hand it on (SCSI/ATA translation, page 0x89),
//!   of a disk in a USB enclosure: that has its `usb-…` name all the same;
//! - names that other packages add: `scsi-SATA_…` (sg3-utils), `md-uuid-…` (mdadm), `lvm-pv-uuid-…`.

use std::fs;
use std::path::{Path, PathBuf};

use text::{Limit, plain};

mod text;
mod vpd;

/// One disk in sysfs.
struct Disk {
    /// Its directory without links in the path, from which the bus can be told:
    /// `/sys/devices/pci0000:00/…/block/sda`.
    dir: PathBuf,
}

/// The names of a device, in no order; empty if none can be told. `class` is its directory in
/// `/sys/class/block`.
pub(super) fn names(class: &Path) -> Vec<String> {
    let Ok(dir) = fs::canonicalize(class) else {
        return Vec::new();
    };
    let device = Disk { dir };
    let Some(number) = device.attribute("partition") else {
        return device.names();
    };
    let Some(disk) = device.dir.parent() else {
        return Vec::new();
    };
    let disk = Disk {
        dir: disk.to_owned(),
    };
    let names = disk.names().into_iter();
    names.map(|name| format!("{name}-part{number}")).collect()
}

impl Disk {
    fn names(&self) -> Vec<String> {
        let Some(name) = self.dir.file_name().and_then(|name| name.to_str()) else {
            return Vec::new();
        };
        let kind = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
        if kind(&["nvme"]) {
            self.nvme()
        } else if kind(&["vd"]) {
            self.virtio().into_iter().collect()
        } else if kind(&["mmcblk"]) {
            self.mmc(name).into_iter().collect()
        } else if kind(&["dm-"]) {
            self.mapped()
        } else if kind(&["sd", "sr"]) {
            self.scsi()
        } else {
            Vec::new()
        }
    }

    /// An attribute's text without blanks around it; `None` if it is absent or empty.
    fn attribute(&self, file: &str) -> Option<String> {
        attribute(&self.dir, file)
    }

    /// By the namespace's own identifier and, as older systems do, by model and serial number.
    fn nvme(&self) -> Vec<String> {
        let identifier = self.attribute("wwid").map(|id| plain(&id, Limit::Whole));
        let mut names: Vec<String> = identifier.into_iter().collect();
        if let (Some(model), Some(serial)) = (
            self.attribute("device/model"),
            self.attribute("device/serial"),
        ) {
            let both = format!("{model}_{serial}");
            names.push(text::replaced(&both));
            // The older form, which there is only where it makes no path.
            if !both.contains('/') {
                names.push(plain(&both, Limit::Whole));
            }
            if let Some(number) = self.attribute("nsid") {
                names.push(text::replaced(&format!("{both}_{number}")));
            }
        }
        names.sort();
        names.dedup();
        prefixed("nvme", names)
    }

    fn virtio(&self) -> Option<String> {
        let serial = self.attribute("serial")?;
        Some(format!("virtio-{}", plain(&serial, Limit::Whole)))
    }

    fn mmc(&self, name: &str) -> Option<String> {
        // Boot areas of a card, mmcblk0boot1, are disks of their own and say the same of themselves.
        let card = name.strip_prefix("mmcblk")?;
        if !card.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (name, serial) = (
            self.attribute("device/name")?,
            self.attribute("device/serial")?,
        );
        Some(format!(
            "mmc-{}",
            plain(&format!("{name}_{serial}"), Limit::Whole)
        ))
    }

    fn mapped(&self) -> Vec<String> {
        let names = ["name", "uuid"].into_iter().filter_map(|key| {
            let value = self.attribute(&format!("dm/{key}"))?;
            Some(format!("dm-{key}-{}", plain(&value, Limit::Whole)))
        });
        names.collect()
    }

    /// Disks behind the SCSI layer: SATA, USB, SAS and the like.
    fn scsi(&self) -> Vec<String> {
        let page = |name: &str| fs::read(self.dir.join("device").join(name)).unwrap_or_default();
        let (page_83, page_89) = (page("vpd_pg83"), page("vpd_pg89"));
        let usb = self.usb();
        let ata = vpd::ata(&page_83, &page_89);
        let vendor = self.attribute("device/vendor");
        if vendor.as_deref() == Some("ATA") && usb.is_none() {
            return ata.map(|ata| ata.names()).unwrap_or_default();
        }
        if let Some(usb) = usb {
            // A fixed disk in an enclosure is asked what it is inside.
            let fixed = self.attribute("removable").as_deref() == Some("0");
            let inside = ata.filter(|_| fixed).map(|ata| ata.names());
            return [vec![usb], inside.unwrap_or_default()].concat();
        }
        let raw = |name: &str| {
            let text = fs::read_to_string(self.dir.join("device").join(name));
            text.unwrap_or_default().trim_end_matches('\n').to_owned()
        };
        vpd::scsi(&raw("vendor"), &raw("model"), &page_83, &page("vpd_pg80"))
    }

    /// The name by its USB device; `None` if it is on no USB.
    fn usb(&self) -> Option<String> {
        let mut above = self.dir.ancestors();
        let interface = above.find(|dir| dir.join("bInterfaceClass").exists())?;
        let device = interface.parent()?;
        // Mass storage that speaks SCSI (USB Mass Storage Overview, 2.0: 6) or ATAPI (2).
        let subclass = attribute(interface, "bInterfaceSubClass");
        let speaks_scsi = matches!(subclass.as_deref(), Some("06" | "02"));
        let target = speaks_scsi.then(|| self.target()).flatten();
        let word = |scsi: &str, usb: &str, number: &str| {
            let own = target.as_ref().and_then(|_| self.attribute(scsi));
            let own = own.or_else(|| attribute(device, usb));
            own.or_else(|| attribute(device, number))
                .map(|word| plain(&word, Limit::Characters(63)))
        };
        let mut name = format!(
            "usb-{}_{}",
            word("device/vendor", "manufacturer", "idVendor")?,
            word("device/model", "product", "idProduct")?
        );
        let is_number = |text: &String| {
            text.bytes()
                .all(|byte| (0x20..=0x7F).contains(&byte) && byte != b',')
        };
        if let Some(serial) = attribute(device, "serial").filter(is_number) {
            name = format!("{name}_{}", plain(&serial, Limit::Whole));
        }
        if let Some(target) = target {
            name = format!("{name}-{target}");
        }
        Some(name)
    }

    /// Target and unit of a SCSI device, `0:0`, from its address `2:0:0:0`.
    fn target(&self) -> Option<String> {
        let address = self.dir.parent()?.parent()?.file_name()?.to_str()?;
        let parts: Vec<&str> = address.split(':').collect();
        match parts.as_slice() {
            [_, _, target, unit] => Some(format!("{target}:{unit}")),
            _ => None,
        }
    }
}

fn prefixed(prefix: &str, names: Vec<String>) -> Vec<String> {
    let names = names.into_iter();
    names.map(|name| format!("{prefix}-{name}")).collect()
}

fn attribute(dir: &Path, file: &str) -> Option<String> {
    let text = fs::read(dir.join(file)).ok()?;
    let text = String::from_utf8_lossy(&text);
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
