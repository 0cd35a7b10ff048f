//! What the running machine needs to reach the medium that it runs from: `--modules dep`.
//!
//! From the medium's mount to its block device, and from there up through sysfs to the processor: each device
//! on the way names its driver, and describes itself as depmod's aliases do.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use perch_sys::mountinfo::{self, Mount};

use crate::error::Error;

/// The running machine, as far as an image may be made for it alone.
#[derive(Debug)]
pub struct Machine {
    /// Where sysfs is mounted.
    pub sys: PathBuf,
    /// The mount table.
    pub mounts: Vec<Mount>,
    /// The text of `/proc/cpuinfo`.
    pub cpuinfo: String,
}

/// Below these, live systems mount their medium, their sessions and what else they were started from: perch and
/// MiniOS, dracut, live-boot and casper. On any other system it is the root.
const MEDIA: [&str; 6] = [
    "/run/initramfs/memory",
    "/run/initramfs/live",
    "/run/live",
    "/lib/live/mount",
    "/usr/lib/live/mount",
    "/cdrom",
];

/// File systems whose type is no module's name: the type, and what to have for it.
const TYPES: [(&str, &[&str]); 3] = [
    // NTFS-3G on a system whose kernel may have its own driver.
    ("fuseblk", &["fuse", "ntfs3"]),
    ("msdos", &["vfat"]),
    ("ext3", &["ext4"]),
];

/// USB host controllers of all kinds: PCI Code and ID Assignment Specification, class 0C.03.
const USB_HOST: &str = "0x0c03";

impl Machine {
    /// This one. Without `/proc`, as where images of systems are built, it tells nothing, which is an error only for
    /// [`needed`](Self::needed).
    pub fn this() -> Self {
        Self {
            sys: "/sys".into(),
            mounts: mountinfo::read().unwrap_or_default(),
            cpuinfo: fs::read_to_string("/proc/cpuinfo").unwrap_or_default(),
        }
    }

    /// Names and aliases of modules; some stand for parts of the kernel, and some for nothing.
    pub(crate) fn needed(&self) -> Result<BTreeSet<String>, Error> {
        let mut needed = BTreeSet::new();
        let mut reached = false;
        let media: Vec<&Mount> = self.mounts.iter().filter(|it| is_medium(it)).collect();
        let root = mountinfo::at(&self.mounts, Path::new("/"));
        let mounts: Vec<&Mount> = match media.is_empty() {
            true => root.into_iter().collect(),
            false => media,
        };
        for mount in &mounts {
            let Some(device) = self.device(mount) else {
                continue;
            };
            // What lies on another of these mounts hangs on nothing itself: bundles on loop devices.
            if self.walk(&device, &mut needed) {
                reached = true;
                needed.extend(of_type(&mount.fs_type));
            }
        }
        if reached {
            return Ok(needed);
        }
        let place = mounts.first().map_or("/".into(), |it| it.target.clone());
        let types: BTreeSet<&str> = mounts.iter().map(|it| it.fs_type.as_str()).collect();
        let reason = match types.into_iter().collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => "no mount table is to be read, /proc may be missing".into(),
            types => format!("{types} is not on any disk that sysfs shows"),
        };
        Err(Error::Medium { place, reason })
    }

    /// The directory of a mount's block device in sysfs, without links.
    fn device(&self, mount: &Mount) -> Option<PathBuf> {
        let (major, minor) = mount.device;
        let by_number = self.sys.join(format!("dev/block/{major}:{minor}"));
        // Btrfs has numbers of its own, which stand for no device.
        let by_name = Path::new(&mount.source).strip_prefix("/dev").ok();
        let by_name = by_name.and_then(Path::file_name);
        let by_name = by_name.map(|name| self.sys.join("class/block").join(name));
        let found = fs::canonicalize(by_number).ok();
        found.or_else(|| fs::canonicalize(by_name?).ok())
    }

    /// Adds what the device in `dir` and all above it need, and tells whether hardware is among them.
    fn walk(&self, dir: &Path, needed: &mut BTreeSet<String>) -> bool {
        let Ok(devices) = fs::canonicalize(self.sys.join("devices")) else {
            return false;
        };
        let mut hardware = false;
        let mut usb = false;
        for dir in dir.ancestors().take_while(|dir| *dir != devices) {
            if !dir.starts_with(&devices) {
                return false;
            }
            hardware |= describe(dir, needed);
            usb |= link_name(&dir.join("subsystem")).as_deref() == Some("usb");
            if dir.join("dm").is_dir() {
                needed.insert("dm-mod".into());
            }
            // What a mapped device is made of; and NVMe's way past a controller that has several ways.
            for below in [dir.join("slaves"), dir.to_owned()] {
                for link in links(&below) {
                    let name = link.file_name().unwrap_or_default().to_string_lossy();
                    let is_part = below.ends_with("slaves")
                        || (dir.starts_with(devices.join("virtual")) && is_controller(&name));
                    if let (true, Ok(part)) = (is_part, fs::canonicalize(&link)) {
                        hardware |= self.walk(&part, needed);
                    }
                }
            }
        }
        if usb {
            self.add_usb_hosts(needed);
        }
        hardware
    }

    /// A stick may be plugged in elsewhere next time.
    fn add_usb_hosts(&self, needed: &mut BTreeSet<String>) {
        for device in links(&self.sys.join("bus/pci/devices")) {
            let class = fs::read_to_string(device.join("class")).unwrap_or_default();
            if class.starts_with(USB_HOST) {
                describe(&device, needed);
            }
        }
    }
}

/// Adds the driver of the device in `dir` and its description; tells whether it has either.
fn describe(dir: &Path, needed: &mut BTreeSet<String>) -> bool {
    let driver = dir.join("driver");
    // Without this link the driver is part of the kernel; its name is no module's, then.
    let module = link_name(&driver.join("module"));
    let text = fs::read_to_string(dir.join("modalias")).unwrap_or_default();
    let alias = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let found = driver.exists() || alias.is_some();
    needed.extend(module);
    needed.extend(alias);
    found
}

/// The last component of what a link leads to.
fn link_name(link: &Path) -> Option<String> {
    let target = fs::read_link(link).ok()?;
    Some(target.file_name()?.to_string_lossy().into_owned())
}

fn links(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_symlink())
        .collect()
}

/// `nvme0`, but not its disk `nvme0n1`.
fn is_controller(name: &str) -> bool {
    let number = name.strip_prefix("nvme").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_medium(mount: &Mount) -> bool {
    MEDIA.iter().any(|place| mount.target.starts_with(place))
}

fn of_type(fs_type: &str) -> Vec<String> {
    let known = TYPES.iter().find(|(name, _)| *name == fs_type);
    match known {
        Some((_, modules)) => modules.iter().map(|name| (*name).to_owned()).collect(),
        None => vec![format!("fs-{fs_type}"), fs_type.to_owned()],
    }
}

#[cfg(test)]
mod tests;
