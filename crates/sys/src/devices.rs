//! Block devices as sysfs shows them. Which of them hold what is `superblock`'s matter.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use perch_core::request::Identity;
use perch_core::units::Bytes;

mod by_id;
mod tables;

/// One block device: a disk, or a partition of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockDevice {
    /// Its name below `/dev/`: `sda1`, `nvme0n1p2`.
    pub name: String,
    /// Its size; never zero, because a drive without a medium is not listed.
    pub size: Bytes,
    /// The name that the device mapper gives it, below `/dev/mapper/`; absent for other devices.
    pub mapped: Option<String>,
    /// The disk that it is a partition of; absent for a disk.
    pub disk: Option<String>,
    /// The name of the partition in a GPT; absent for a disk and on other tables. The kernel cuts its
    /// letters down to ASCII until [`complete`] is asked.
    pub part_label: Option<String>,
    /// The UUID of the partition; absent where the kernel does not tell (before Linux 6.4) until
    /// [`complete`] is asked.
    pub part_uuid: Option<String>,
    /// Its names below `/dev/disk/by-id/`; none until [`complete`] is asked.
    pub ids: Vec<String>,
    /// Whether the device refuses writes: a write-protected stick, a CD.
    pub read_only: bool,
}

/// Devices in the order in which they are searched (contract §2.3): by kind of driver, then by name
/// with numbers in order. Kinds that are not listed are no media: loop, ram, zram, floppy.
const SEARCHED: [&str; 12] = [
    "sd", "hd", "vd", "xvd", "nvme", "mmcblk", "sr", "dm-", "nbd", "md", "rbd", "pmem",
];

impl BlockDevice {
    /// Its node.
    pub fn node(&self) -> PathBuf {
        Path::new("/dev").join(&self.name)
    }

    /// Whether a name below `/dev/` means this device: `sda1`, `mapper/ventoy`.
    pub fn answers_to(&self, name: &str) -> bool {
        self.name == name
            || name
                .strip_prefix("mapper/")
                .is_some_and(|mapped| self.mapped.as_deref() == Some(mapped))
    }

    /// Where it stands in the order of the search; `None` for kinds that are no media.
    fn rank(name: &str) -> Option<(usize, Vec<Part>)> {
        SEARCHED
            .iter()
            .position(|kind| name.starts_with(kind))
            .map(|kind| (kind, natural(name)))
    }
}

/// A run of digits or of other characters, so that `sda10` follows `sda9`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Text(String),
}

fn natural(name: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digit = first.is_ascii_digit();
        let end = rest
            .find(|c: char| c.is_ascii_digit() != digit)
            .unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        parts.push(match run.parse() {
            Ok(number) if digit => Part::Number(number),
            _ => Part::Text(run.to_owned()),
        });
        rest = tail;
    }
    parts
}

/// Lists the block devices that can be media, in the order of the search. `sys` is where sysfs is
/// mounted. Devices that vanish meanwhile are left out.
pub fn list(sys: &Path) -> io::Result<Vec<BlockDevice>> {
    let class = sys.join("class/block");
    let mut found = Vec::new();
    for entry in fs::read_dir(&class)? {
        let name = entry?.file_name();
        let Some(name) = name.to_str() else { continue };
        if let Some(rank) = BlockDevice::rank(name)
            && let Some(device) = read(&class.join(name), name)
        {
            found.push((rank, device));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found.into_iter().map(|(_, device)| device).collect())
}

/// Fills in what `wanted` is about and sysfs does not simply tell: the UUIDs and names of partitions from
/// their disk's table, names by drive from what the drive says. All others cost nothing. What cannot be
/// found out stays absent.
pub fn complete(sys: &Path, devices: &mut [BlockDevice], wanted: &Identity) {
    match wanted {
        Identity::PartUuid(_) => tables::complete(sys, devices, |it| it.part_uuid.is_none()),
        Identity::PartLabel(_) => tables::complete(sys, devices, |_| true),
        Identity::Id(_) => {
            for device in devices {
                device.ids = by_id::names(&sys.join("class/block").join(&device.name));
            }
        }
        Identity::Node(_) | Identity::Label(_) | Identity::Uuid(_) => {}
    }
}

/// Reads one device's attributes; `None` if it is gone or holds no medium.
fn read(dir: &Path, name: &str) -> Option<BlockDevice> {
    let number = |file: &str| -> Option<u64> {
        fs::read_to_string(dir.join(file)).ok()?.trim().parse().ok()
    };
    // Always in units of 512 bytes, whatever the device's own blocks (Documentation/ABI/stable/sysfs-block).
    let size = Bytes(number("size")?.saturating_mul(512));
    if size.0 == 0 {
        return None;
    }
    let uevent = fs::read_to_string(dir.join("uevent")).ok()?;
    let key = |key: &str| {
        uevent
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    };
    let disk = number("partition").and_then(|_| {
        let real = fs::canonicalize(dir).ok()?;
        Some(real.parent()?.file_name()?.to_str()?.to_owned())
    });
    Some(BlockDevice {
        name: name.to_owned(),
        size,
        mapped: fs::read_to_string(dir.join("dm/name"))
            .ok()
            .map(|name| name.trim().to_owned()),
        disk,
        part_label: key("PARTNAME"),
        part_uuid: key("PARTUUID").filter(|uuid| !unsigned(uuid)),
        ids: Vec::new(),
        read_only: number("ro") == Some(1),
    })
}

/// Whether a partition's UUID stands for an MBR that never got a signature, and tells nothing apart.
fn unsigned(uuid: &str) -> bool {
    const LENGTH: usize = "00000000-01".len();
    uuid.len() == LENGTH && uuid.starts_with("00000000-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_searched_by_kind_and_number() {
        let mut names = vec![
            "sr0",
            "vda",
            "sda10",
            "sda9",
            "sda",
            "nvme0n1p2",
            "mmcblk0p1",
            "loop0",
            "ram1",
            "zram0",
            "fd0",
            "sdb",
        ];
        names.retain(|name| BlockDevice::rank(name).is_some());
        names.sort_by_key(|name| BlockDevice::rank(name));
        assert_eq!(
            names,
            [
                "sda",
                "sda9",
                "sda10",
                "sdb",
                "vda",
                "nvme0n1p2",
                "mmcblk0p1",
                "sr0"
            ]
        );
    }

    #[test]
    fn an_mbr_without_signature_names_no_partition() {
        for (uuid, want) in [
            ("00000000-01", true),
            ("00000001-01", false),
            ("00000000-0000-4000-8000-000000000001", false),
        ] {
            assert_eq!(unsigned(uuid), want, "{uuid}");
        }
    }

    #[test]
    fn this_machine_can_be_listed() {
        for device in list(Path::new("/sys")).expect("sysfs") {
            assert!(device.size.0 > 0, "{device:?}");
        }
    }
}
