//! The search for the medium: devices as they appear, each looked at once, until one has the data
//! directory or the time is up.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use perch_core::cause::Causes;
use perch_core::notice::Notice;
use perch_core::record::Seen;
use perch_core::request::{Request, Source};
use perch_sys::devices::{self, BlockDevice};
use perch_sys::kmsg;
use perch_sys::medium::{self, Medium, Refused, Wanted};

use crate::hotplug::Hotplug;
use crate::patience::Patience;
use crate::place;

/// The state of a search, which goes on after a first failure.
#[derive(Debug)]
pub struct Search<'a> {
    wanted: Wanted<'a>,
    /// Devices that were looked at, with what came of it.
    seen: Vec<(BlockDevice, Seen)>,
}

impl<'a> Search<'a> {
    /// A search for the system at `source`, which is the request's own or what the user picked.
    pub fn new(request: &'a Request, source: &'a Source) -> Self {
        Self {
            wanted: Wanted {
                source,
                usual_dir: &request.live_name,
                extension: &request.extension,
            },
            seen: Vec::new(),
        }
    }

    /// What is looked for, in words.
    pub fn target(&self) -> String {
        let dir = self.wanted.dir();
        match &self.wanted.source.identity {
            Some(identity) => format!("/{dir} on {identity}"),
            None => format!("a device with /{dir}"),
        }
    }

    /// Every device looked at so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.iter().map(|(_, seen)| seen.clone()).collect()
    }

    /// Other devices that answer to the name asked for. Those that were looked at and refused do not
    /// count, since no data directory is there; nor do a disk and its own partition, which may show one
    /// file system twice. Nothing but superblocks is read, so without a name there are none.
    pub fn namesakes(&self, medium: &BlockDevice) -> Vec<String> {
        let Some(identity) = &self.wanted.source.identity else {
            return Vec::new();
        };
        place::answering(identity)
            .into_iter()
            .filter(|it| !self.seen.iter().any(|(seen, _)| seen.name == it.name))
            .filter(|it| it.disk.as_ref() != Some(&medium.name))
            .filter(|it| medium.disk.as_ref() != Some(&it.name))
            .map(|it| it.name)
            .collect()
    }

    /// Looks at every device, and at each that appears until `wait` has passed. Devices on fast buses
    /// come first; drivers of slow ones are loaded only if none of the fast ones has it.
    pub fn run(&mut self, hotplug: &mut Hotplug, wait: Duration) -> Option<Medium> {
        if let Some(medium) = self.look_at_all(hotplug) {
            return Some(medium);
        }
        hotplug.load_slow_drivers();
        let mut patience = Patience::new(self.target(), wait);
        loop {
            if let Some(medium) = self.look_at_all(hotplug) {
                return Some(medium);
            }
            if patience.is_over() {
                return None;
            }
            // A changed device, such as a drive with a new disc, is looked at again.
            if let Some(changed) = patience.wait(hotplug) {
                self.seen
                    .retain(|(device, _)| !changed.contains(&device.name));
            }
        }
    }

    /// Looks at each device that was not looked at before, in the order of the search.
    fn look_at_all(&mut self, hotplug: &mut Hotplug) -> Option<Medium> {
        let mut devices = match devices::list(Path::new("/sys")) {
            Ok(devices) => devices,
            Err(error) => {
                let error = error.to_string();
                kmsg::tell(Notice::DevicesUnlisted { error });
                return None;
            }
        };
        if let Some(identity) = &self.wanted.source.identity {
            devices::complete(Path::new("/sys"), &mut devices, identity);
        }
        let disks: BTreeSet<String> = devices.iter().filter_map(|it| it.disk.clone()).collect();
        // A device that is gone, or came back as another one, is forgotten.
        self.seen.retain(|(device, _)| devices.contains(device));
        for device in partitions_first(devices) {
            if self.seen.iter().any(|(seen, _)| *seen == device) {
                continue;
            }
            let mut load = |module: &str| hotplug.load_now(module);
            let found = medium::look(&device, &self.wanted, &mut load);
            let (verdict, code, hint) = match &found {
                Ok(medium) => (
                    format!("is the medium ({})", medium.superblock.kind),
                    "device-is-medium",
                    None,
                ),
                Err(Refused::Unknown) if disks.contains(&device.name) => (
                    "is divided into partitions".to_owned(),
                    "device-divided",
                    None,
                ),
                Err(refused) => (Causes(refused).to_string(), refused.code(), refused.hint()),
            };
            let seen = Seen {
                device: device.name.clone(),
                verdict,
                code: code.into(),
                hint: hint.map(Into::into),
            };
            log::info!("{seen} [{code}]");
            self.seen.push((device, seen));
            if let Ok(medium) = found {
                return Some(medium);
            }
        }
        None
    }
}

/// The same devices, each disk behind its own partitions: a hybrid image shows one file system as both, and
/// while a disk is mounted as a whole the kernel gives nobody a partition of it, so no session could be
/// kept there (block/bdev.c, `bd_may_claim`).
fn partitions_first(mut devices: Vec<BlockDevice>) -> Vec<BlockDevice> {
    let on = |device: &BlockDevice| device.disk.as_ref().unwrap_or(&device.name).clone();
    let disks: Vec<String> = devices.iter().map(on).collect();
    devices.sort_by_cached_key(|device| {
        let disk = on(device);
        let group = disks.iter().position(|other| *other == disk);
        (group, device.disk.is_none())
    });
    devices
}

#[cfg(test)]
mod tests {
    use super::*;
    use perch_core::units::Bytes;

    #[test]
    fn a_disk_comes_behind_its_partitions_and_in_the_order_of_the_search() {
        let device = |name: &str| {
            let disk = name.trim_end_matches(|c: char| c.is_ascii_digit());
            BlockDevice {
                name: name.to_owned(),
                size: Bytes(1),
                mapped: None,
                disk: (disk != name).then(|| disk.to_owned()),
                part_label: None,
                part_uuid: None,
                ids: Vec::new(),
                read_only: false,
            }
        };
        let names = ["sda", "sda1", "sda2", "sda10", "sdb", "sdc", "sdc1"];
        let ordered = partitions_first(names.map(device).into());
        let ordered: Vec<_> = ordered.iter().map(|it| it.name.as_str()).collect();
        let want = ["sda1", "sda2", "sda10", "sda", "sdb", "sdc1", "sdc"];
        assert_eq!(ordered, want);
    }
}
