//! The question which disk to use, with the list kept up to date while it is on the screen.
//!
//! Disks are read in a thread of their own: one that is broken takes minutes to say so.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};

use perch_core::fs::FsKind;
use perch_core::menu::catalogue::Catalogue;
use perch_core::menu::disks::{DiskAnswer, DiskMenu, DiskRow, Purpose};
use perch_core::notice::{Notice, Question};
use perch_core::request::Request;
use perch_sys::console::Ending;
use perch_sys::devices::{self, BlockDevice};
use perch_sys::kmsg;
use perch_sys::superblock::{self, Superblock};
use rustix::event::{EventfdFlags, eventfd};

use super::{talk, tell};
use crate::hotplug::Hotplug;

/// Asks which disk to use, for `dir` on it. The picked one by its name below `/dev/`; `None` if the
/// user wants none of them, or nobody answered, which has been said.
pub fn disk(
    purpose: Purpose,
    dir: &str,
    request: &Request,
    hotplug: &mut Hotplug,
) -> Option<String> {
    let question = match purpose {
        Purpose::System => Question::SystemDisk,
        Purpose::Sessions => Question::Disk,
    };
    let catalogue = Catalogue::of(request.language);
    let mut menu = DiskMenu::new(purpose, dir, catalogue, request.ask_seconds);
    let scan = Scan::start(purpose);
    let wake = scan.as_ref().map(Scan::wake);
    let ending = talk(&mut menu, hotplug, wake, |menu, blocks| {
        let Some(scan) = &scan else { return };
        if blocks {
            scan.again();
        }
        if let Some(disks) = scan.news() {
            menu.set_disks(disks);
        }
    });
    match ending {
        Ending::Answered { answer, on } => match answer {
            DiskAnswer::Picked(device) => {
                tell(&on, &format!("/dev/{device}"));
                Some(device)
            }
            DiskAnswer::GiveUp => {
                tell(&on, "none of the disks");
                None
            }
        },
        Ending::ByItself(DiskAnswer::Picked(device)) => Some(device),
        Ending::ByItself(DiskAnswer::GiveUp) => {
            kmsg::tell(Notice::Unanswered { question });
            None
        }
        Ending::NobodyLeft => {
            kmsg::tell(Notice::NobodyToAsk { question });
            None
        }
    }
}

/// Looks at the disks whenever it is told to. Dropping it ends that after the disk it is at.
struct Scan {
    ask: Sender<()>,
    found: Receiver<Vec<DiskRow>>,
    wake: OwnedFd,
}

impl Scan {
    /// Starts with the first look. `None` if the machine has not even that to spare.
    fn start(purpose: Purpose) -> Option<Self> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok()?;
        let ring = wake.try_clone().ok()?;
        let (ask, asked) = mpsc::channel();
        let (sender, found) = mpsc::channel();
        let scan = Self { ask, found, wake };
        scan.again();
        std::thread::Builder::new()
            .name("disks".to_owned())
            .spawn(move || look(purpose, &asked, &sender, &ring))
            .ok()?;
        Some(scan)
    }

    fn again(&self) {
        // Without the thread there is nothing new to show.
        let _ = self.ask.send(());
    }

    fn wake(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// The latest list, if there is a new one.
    fn news(&self) -> Option<Vec<DiskRow>> {
        // Before the channel is looked at, so that nothing is missed; it never blocks.
        let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        self.found.try_iter().last()
    }
}

fn look(purpose: Purpose, asked: &Receiver<()>, found: &Sender<Vec<DiskRow>>, ring: &OwnedFd) {
    while asked.recv().is_ok() {
        // One look serves all who asked meanwhile.
        while asked.try_recv().is_ok() {}
        let devices = devices::list(Path::new("/sys")).unwrap_or_default();
        if found.send(rows(purpose, &read(devices))).is_err() {
            return;
        }
        let _ = rustix::io::write(ring, &1_u64.to_ne_bytes());
    }
}

/// A device and what is on it; `None` if that is nothing we know, or cannot be read.
type Known = (BlockDevice, Option<Superblock>);

/// Reads each device, also those read before: a disc may have been changed for another.
fn read(devices: Vec<BlockDevice>) -> Vec<Known> {
    let on = |device: &BlockDevice| superblock::read(&File::open(device.node()).ok()?).ok()?;
    devices
        .into_iter()
        .map(|device| {
            let found = on(&device);
            (device, found)
        })
        .collect()
}

/// Partitions, and disks without any; swap and what is empty are left out.
fn rows(purpose: Purpose, known: &[Known]) -> Vec<DiskRow> {
    let divided: BTreeSet<&str> = known
        .iter()
        .filter_map(|(device, _)| device.disk.as_deref())
        .collect();
    known
        .iter()
        .filter(|(device, _)| !divided.contains(device.name.as_str()))
        .filter_map(|(device, found)| {
            let found = found.as_ref()?;
            let usable = usable(purpose, device, found);
            (found.kind != FsKind::Swap).then(|| DiskRow {
                device: device.name.clone(),
                size: device.size,
                fs: found.kind,
                label: found.label.clone(),
                usable,
            })
        })
        .collect()
}

fn usable(purpose: Purpose, device: &BlockDevice, found: &Superblock) -> Result<(), &'static str> {
    found.kind.mountable()?;
    match purpose {
        Purpose::System => Ok(()),
        Purpose::Sessions if found.kind.read_only_by_nature() => Err("it cannot be written"),
        Purpose::Sessions if device.read_only => Err("it is write-protected"),
        Purpose::Sessions => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use perch_core::units::Bytes;

    fn known(name: &str, disk: Option<&str>, kind: Option<FsKind>, read_only: bool) -> Known {
        let device = BlockDevice {
            name: name.into(),
            size: Bytes(1 << 30),
            mapped: None,
            disk: disk.map(str::to_owned),
            part_label: None,
            part_uuid: None,
            ids: Vec::new(),
            read_only,
        };
        let superblock = kind.map(|kind| Superblock {
            kind,
            label: None,
            uuid: None,
            needs_recovery: false,
            errors: false,
            bytes: None,
        });
        (device, superblock)
    }

    #[test]
    fn partitions_and_undivided_disks_are_listed_and_what_cannot_be_used_says_why() {
        let disks = [
            // A hybrid image: the disk itself has a superblock too.
            known("sda", None, Some(FsKind::Iso9660), false),
            known("sda1", Some("sda"), Some(FsKind::Ext4), false),
            known("sda2", Some("sda"), Some(FsKind::Swap), false),
            known("sda3", Some("sda"), Some(FsKind::Luks), false),
            known("sdb", None, Some(FsKind::Vfat), true),
            known("sdc", None, None, false),
            known("sr0", None, Some(FsKind::Iso9660), true),
        ];
        let seen = |purpose| -> Vec<(String, bool)> {
            rows(purpose, &disks)
                .into_iter()
                .map(|row| (row.device, row.usable.is_ok()))
                .collect()
        };
        let want = |list: &[(&str, bool)]| -> Vec<(String, bool)> {
            list.iter()
                .map(|(name, ok)| ((*name).into(), *ok))
                .collect()
        };
        assert_eq!(
            seen(Purpose::Sessions),
            want(&[
                ("sda1", true),
                ("sda3", false),
                ("sdb", false),
                ("sr0", false)
            ])
        );
        assert_eq!(
            seen(Purpose::System),
            want(&[
                ("sda1", true),
                ("sda3", false),
                ("sdb", true),
                ("sr0", true)
            ])
        );
    }
}
