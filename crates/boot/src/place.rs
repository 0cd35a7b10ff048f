//! Finds the place of the session store: on the boot medium, on a device named at boot, on one that the
//! user picks, or on the partition that was made for it (contract §1.7, §2.1).

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use perch_core::ambiguity::{self, Candidate, Pick};
use perch_core::cause::Causes;
use perch_core::notice::Notice;
use perch_core::partition_growth::PERSISTENCE;
use perch_core::request::{Action, Identity, Place, Request, Spot};
use perch_sys::devices::{self, BlockDevice};
use perch_sys::kmsg;
use perch_sys::medium::{self, Medium};
use perch_sys::superblock::{self, Superblock};
use perch_sys::volume::Volume;

use crate::hotplug::Hotplug;
use crate::lease;
use crate::patience::Patience;

/// The table by which Ventoy shows an ISO file as a disk; its hooks leave it in the initramfs.
const VENTOY_TABLE: &str = "/ventoy/ventoy_dm_table";

/// Where the store is.
#[derive(Debug)]
pub enum Located {
    /// On the medium.
    Medium {
        /// Its path from the root of the file system; absent for the usual one in the data directory.
        dir: Option<Spot>,
    },
    /// On another device.
    Volume {
        /// The device's file system.
        volume: Box<Volume>,
        /// Its path there.
        spot: Spot,
    },
    /// Nowhere; why.
    Nowhere(String),
}

impl Located {
    /// Whether it is on the medium.
    pub fn is_on_medium(&self) -> bool {
        matches!(self, Self::Medium { .. })
    }

    /// The other device's file system, if it is on one.
    pub fn volume(&self) -> Option<&Volume> {
        match self {
            Self::Volume { volume, .. } => Some(volume),
            Self::Medium { .. } | Self::Nowhere(_) => None,
        }
    }
}

/// Somebody who can be asked for a disk; returns the name of the device, `None` if none was picked.
pub type AskDisk<'a> = &'a mut dyn FnMut(&mut Hotplug, &str) -> Option<String>;

/// Finds the place, waiting for its device as long as the request says.
pub fn find(
    request: &Request,
    medium: &Medium,
    hotplug: &mut Hotplug,
    ask: Option<AskDisk<'_>>,
) -> Located {
    match &request.place {
        Place::Medium if request.action == Action::Off => usual(request, medium),
        Place::Medium => {
            made_for_sessions(request, medium, hotplug).unwrap_or_else(|| usual(request, medium))
        }
        Place::Directory(spot) => Located::Medium {
            dir: Some(spot.clone()),
        },
        Place::Device { identity, spot } => named(request, identity, spot, medium, hotplug, ask),
        Place::AskDisk { dir } => {
            let picked = match ask {
                Some(ask) => ask(hotplug, dir),
                None => return Located::Nowhere("there is no console to ask for a disk".into()),
            };
            let Some(device) = picked else {
                return Located::Nowhere("no disk was picked".into());
            };
            let spot = Spot {
                dir: dir.clone(),
                word: None,
            };
            named(
                request,
                &Identity::Node(device),
                &spot,
                medium,
                hotplug,
                None,
            )
        }
    }
}

/// The store where it is if nobody said otherwise. An ISO file cannot hold it, so it lies beside.
fn usual(request: &Request, medium: &Medium) -> Located {
    Located::Medium {
        dir: medium.image.as_ref().map(|_| Spot {
            dir: format!("{}/changes", request.live_name),
            word: None,
        }),
    }
}

/// The device that was named, once it is there.
fn named(
    request: &Request,
    identity: &Identity,
    spot: &Spot,
    medium: &Medium,
    hotplug: &mut Hotplug,
    mut ask: Option<AskDisk<'_>>,
) -> Located {
    let wait = Duration::from_secs(u64::from(request.store_wait_seconds));
    let found = wait_for(identity, hotplug, wait);
    let candidates: Vec<Candidate> = found.iter().map(|(device, _)| candidate(device)).collect();
    let home = candidate(&medium.device);
    let names = || {
        let name = |(device, _): &(BlockDevice, Superblock)| format!("/dev/{}", device.name);
        found.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    let at = match ambiguity::choose(&candidates, Some(home.on()), ask.is_some()) {
        Pick::Only(at) => at,
        Pick::OnBootDisk(at) => {
            ambiguous(identity, names(), true);
            at
        }
        Pick::Ask => {
            ambiguous(identity, names(), false);
            let picked = ask.as_mut().and_then(|ask| ask(hotplug, &spot.dir));
            let at = picked.and_then(|name| found.iter().position(|(it, _)| it.name == name));
            match at {
                Some(at) => at,
                None => return Located::Nowhere(format!("{identity} is the name of {}", names())),
            }
        }
        Pick::Refuse => {
            return Located::Nowhere(format!(
                "{identity} is the name of several: {}; name one by its path or UUID",
                names()
            ));
        }
        Pick::Absent => {
            return Located::Nowhere(format!(
                "{} did not appear within {} s",
                request.place,
                wait.as_secs()
            ));
        }
    };
    let Some((device, superblock)) = found.into_iter().nth(at) else {
        return Located::Nowhere(format!("{identity} is gone"));
    };
    if device.name == medium.device.name {
        return Located::Medium {
            dir: Some(spot.clone()),
        };
    }
    mounted(request, device, superblock, spot.clone(), hotplug)
}

fn ambiguous(identity: &Identity, devices: String, boot_disk: bool) {
    kmsg::tell(Notice::SeveralDevices {
        name: identity.to_string(),
        devices,
        boot_disk,
    });
}

fn mounted(
    request: &Request,
    device: BlockDevice,
    superblock: Superblock,
    spot: Spot,
    hotplug: &Hotplug,
) -> Located {
    let name = device.name.clone();
    let mut load = |module: &str| hotplug.load_now(module);
    let mounted = if lease::can_be_shared(request, &name) {
        let user = |device: &BlockDevice, mount: &_| lease::user(request, device, mount);
        Volume::mount_shared(device, superblock, &mut load, &user, !request.force)
    } else {
        Volume::mount(device, superblock, &mut load)
    };
    match mounted {
        Ok(volume) => Located::Volume {
            volume: Box::new(volume),
            spot,
        },
        Err(error) => Located::Nowhere(format!("/dev/{name} cannot be used: {}", Causes(&error))),
    }
}

fn candidate(device: &BlockDevice) -> Candidate {
    Candidate {
        device: device.name.clone(),
        disk: device.disk.clone(),
    }
}

/// Every device of that name, as soon as there is one or the time is up.
fn wait_for(
    identity: &Identity,
    hotplug: &mut Hotplug,
    wait: Duration,
) -> Vec<(BlockDevice, Superblock)> {
    let mut patience = Patience::new(identity.to_string(), wait);
    let mut slow_drivers = false;
    loop {
        let found = named_so(identity);
        if !found.is_empty() || patience.is_over() {
            return found;
        }
        if !slow_drivers {
            slow_drivers = true;
            hotplug.load_slow_drivers();
        }
        patience.wait(hotplug);
    }
}

/// The devices that answer to a name; their content is not looked at.
pub fn answering(identity: &Identity) -> Vec<BlockDevice> {
    let found = named_so(identity);
    found.into_iter().map(|(device, _)| device).collect()
}

fn named_so(identity: &Identity) -> Vec<(BlockDevice, Superblock)> {
    matching(
        Some(identity),
        |device| medium::named(identity, device),
        |device, superblock| medium::matches(identity, device, superblock),
    )
}

/// Every device that answers: by its own names as far as they tell, else by what its superblock says.
fn matching(
    wanted: Option<&Identity>,
    by_name: impl Fn(&BlockDevice) -> Option<bool>,
    by_superblock: impl Fn(&BlockDevice, &Superblock) -> bool,
) -> Vec<(BlockDevice, Superblock)> {
    let mut devices = devices::list(Path::new("/sys")).unwrap_or_else(|error| {
        let error = error.to_string();
        kmsg::tell(Notice::DevicesUnlisted { error });
        Vec::new()
    });
    if let Some(identity) = wanted {
        devices::complete(Path::new("/sys"), &mut devices, identity);
    }
    devices
        .into_iter()
        .filter(|device| by_name(device) != Some(false))
        .filter_map(|device| {
            let read = File::open(device.node()).and_then(|file| superblock::read(&file));
            match read {
                Ok(Some(superblock)) if by_superblock(&device, &superblock) => {
                    Some((device, superblock))
                }
                Ok(_) => None,
                Err(error) => {
                    log::info!("/dev/{} cannot be read: {error}", device.name);
                    None
                }
            }
        })
        .collect()
}

/// A partition that was made for sessions: labelled so on the medium's own disk, or what Ventoy offers.
fn made_for_sessions(request: &Request, medium: &Medium, hotplug: &Hotplug) -> Option<Located> {
    let home = candidate(&medium.device);
    let on_disk = |device: &BlockDevice| {
        Some(device.disk.as_deref() == Some(home.on()) && device.name != medium.device.name)
    };
    if let Some(labelled) = labelled(
        request,
        on_disk,
        "the disk's partition for sessions",
        hotplug,
    ) {
        return Some(labelled);
    }
    let table = fs::read_to_string(VENTOY_TABLE).ok()?;
    let host = ventoy_host(&table)?;
    let whole =
        |device: &BlockDevice| Some(device.disk.is_none() && device.name != medium.device.name);
    if let Some(labelled) = labelled(request, whole, "Ventoy's file for sessions", hotplug) {
        return Some(labelled);
    }
    // Newer versions of Ventoy map the partition once more, so that it can be mounted beside the image.
    for name in [format!("mapper/{host}"), host.to_owned()] {
        let answers = |device: &BlockDevice| Some(device.answers_to(&name));
        let found = matching(None, answers, |_, _| true).into_iter().next();
        if let Some((device, superblock)) = found {
            log::info!(
                "sessions are kept on Ventoy's own partition, /dev/{}",
                device.name
            );
            let spot = Spot {
                dir: format!("{}/changes", request.live_name),
                word: None,
            };
            return Some(mounted(request, device, superblock, spot, hotplug));
        }
    }
    None
}

/// The device among these that is labelled as made for sessions; `None` if none is. Of several, none
/// is used: it would be a guess whose work goes on.
fn labelled(
    request: &Request,
    among: impl Fn(&BlockDevice) -> Option<bool>,
    what: &str,
    hotplug: &Hotplug,
) -> Option<Located> {
    let mut found = matching(None, among, is_persistence);
    if found.len() > 1 {
        let names: Vec<String> = found
            .iter()
            .map(|(device, _)| format!("/dev/{}", device.name))
            .collect();
        return Some(Located::Nowhere(format!(
            "{} are all labelled {PERSISTENCE}; name one: perchdir={}",
            names.join(", "),
            names.first().map_or("", String::as_str),
        )));
    }
    let (device, superblock) = found.pop()?;
    log::info!("/dev/{} is {what}", device.name);
    Some(mounted(
        request,
        device,
        superblock,
        Spot::default(),
        hotplug,
    ))
}

fn is_persistence(_: &BlockDevice, superblock: &Superblock) -> bool {
    superblock.label.as_deref() == Some(PERSISTENCE)
}

/// The partition that holds the ISO file, from a line such as `0 4096 linear /dev/sdb1 2048` (dmsetup(8)).
fn ventoy_host(table: &str) -> Option<&str> {
    let line = table.lines().find(|line| line.contains(" linear "))?;
    let device = line.split_ascii_whitespace().nth(3)?;
    device
        .strip_prefix("/dev/")
        .filter(|name| !name.is_empty() && !name.contains(".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ventoys_table_names_its_partition() {
        for (table, want) in [
            ("0 4096 linear /dev/sdb1 2048\n", Some("sdb1")),
            (
                "# x\n0 8 linear /dev/nvme0n1p1 0\n8 8 linear /dev/nvme0n1p1 64\n",
                Some("nvme0n1p1"),
            ),
            ("0 8 striped 2 /dev/sda\n", None),
            ("0 8 linear 8:17 0\n", None),
            ("", None),
        ] {
            assert_eq!(ventoy_host(table), want, "{table:?}");
        }
    }
}
