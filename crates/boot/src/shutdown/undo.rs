//! The steps, one after the other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use perch_core::cause::Causes;
use perch_core::notice::Notice;
use perch_core::teardown::{
    CD_MAJOR, Device, Facts, LOOP_MAJOR, Places, Server, Undo, Verb, is_in_memory, plan,
};
use perch_sys::layout::{INITRAMFS, Layout};
use perch_sys::processes::{self, Process};
use perch_sys::teardown as disks;
use perch_sys::{kmsg, loopdev, mount};
use rustix::event::{Timespec, poll};

use super::busy::{self, Unmounted};
use super::{Teller, settle};

/// Where the old root is seen, as systemd has it.
const OLD_ROOT: &str = "/oldroot";
/// Where its `/run` is carried.
const ASIDE: &str = "/oldrun";
/// Where the boot and the starter of the server left their words.
const WORDS: &str = "/run/perch";
/// How long a server may take to end once nobody uses it. What it was given is on the disk by then.
const SERVER: Duration = Duration::from_secs(60);
/// How long a server is waited for that is still used.
const SERVER_IN_USE: Duration = Duration::from_secs(2);
/// How long the kernel may take to let go of a loop device's file.
const LOOP: Duration = Duration::from_secs(5);
/// Between two looks at a loop device.
const PAUSE: Duration = Duration::from_millis(10);
/// How long making everything read-only may take.
const FORCE: Duration = Duration::from_secs(60);
/// The program that serves NTFS, as it calls itself.
const NTFS: &str = "@ntfs-3g";

/// Undoes everything, and says what came of it.
pub fn everything(tell: &Teller, verb: Verb) {
    tell.step("ending processes");
    settle::all();
    let why_not = pivot(tell).err();
    tell.step("swap off");
    for (path, error) in disks::swap_off() {
        log::info!("{} stays in use as swap: {error}", path.display());
    }
    let drive = drive();
    let unclean = match why_not {
        Some(error) => {
            kmsg::tell(Notice::RootNotLeft {
                error: error.clone(),
            });
            Some(error)
        }
        None => unmount_all(tell),
    };
    tell.step("writing what is left in memory");
    rustix::fs::sync();
    match unclean {
        None => kmsg::announce(&["everything is unmounted and written".to_owned()]),
        Some(why) => {
            tell.step("making everything read-only");
            force(&why);
        }
    }
    if let Some(drive) = drive.filter(|_| verb != Verb::Kexec) {
        tell.step(format!("opening the tray of {drive}"));
        if let Err(error) = disks::eject(&drive) {
            log::info!("{drive} stays closed: {error}");
        }
    }
}

/// Makes every file system read-only, in use or not.
pub fn force(why: &str) {
    match disks::force_read_only(FORCE) {
        Ok(()) => kmsg::tell(Notice::ForcedReadOnly {
            why: why.to_owned(),
        }),
        Err(error) => kmsg::tell(Notice::LeftDirty {
            error: error.to_string(),
        }),
    }
}

/// Out of the root file system, unless whoever called us has done so.
fn pivot(tell: &Teller) -> Result<(), String> {
    if disks::is_pivoted(Path::new(OLD_ROOT)) {
        return Ok(());
    }
    tell.step("leaving the root file system");
    let name = OLD_ROOT.trim_start_matches('/');
    disks::pivot(Path::new(INITRAMFS), name).map_err(|error| Causes(&error).to_string())
}

/// The CD drive that the system was booted from, by its name.
fn drive() -> Option<String> {
    let record = fs::read(Path::new(WORDS).join("boot.json")).ok()?;
    let record: serde_json::Value = serde_json::from_slice(&record).ok()?;
    let name = record.pointer("/facts/medium/device")?.as_str()?;
    let number = name.strip_prefix("sr")?;
    let is_drive = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    // The record is in a place where only root writes; the device is looked at all the same.
    let text = fs::read_to_string(format!("/sys/class/block/{name}/dev")).ok()?;
    (is_drive && text.starts_with(&format!("{CD_MAJOR}:"))).then(|| name.to_owned())
}

/// Unmounts everything; returns what keeps it from being clean.
fn unmount_all(tell: &Teller) -> Option<String> {
    let facts = match disks::facts(Path::new(WORDS)) {
        Ok(facts) => facts,
        Err(error) => return Some(format!("the mount table cannot be read: {error}")),
    };
    let layout = Layout::of_boot();
    let places = Places {
        old_root: Path::new(OLD_ROOT),
        memory: layout.memory(),
        aside: Path::new(ASIDE),
    };
    let mut undoing = Undoing { tell, clings: None };
    for step in plan(&facts, &places) {
        undoing.undo(&step);
    }
    undoing.clings.or_else(|| still_there(&facts))
}

/// A file system on a disk that is mounted somewhere yet.
fn still_there(before: &Facts) -> Option<String> {
    let on_disks: BTreeSet<Device> = before
        .mounts
        .iter()
        .filter(|mount| !is_in_memory(&mount.fs_type) && mount.device.0 != LOOP_MAJOR)
        .map(|mount| mount.device)
        .collect();
    let device = on_disks.into_iter().find(|device| disks::in_use(*device))?;
    Some(format!(
        "block device {}:{} is still in use",
        device.0, device.1
    ))
}

struct Undoing<'a> {
    tell: &'a Teller,
    /// What could only be taken out of sight: it may hold up everything that comes after.
    clings: Option<String>,
}

impl Undoing<'_> {
    fn undo(&mut self, step: &Undo) {
        match step {
            Undo::CarryOut { from, to } => {
                self.tell.step(format!("move {}", shown(from)));
                let moved =
                    mount::make_mount_point(to).and_then(|()| mount::move_mount_path(from, to));
                if let Err(error) = moved {
                    self.clings.get_or_insert(Causes(&error).to_string());
                }
            }
            Undo::Unmount {
                target,
                in_memory: true,
                ..
            } => {
                if let Err(error) = mount::unmount(target, true) {
                    log::info!("{}", Causes(&error));
                }
            }
            Undo::Unmount {
                id,
                target,
                fs_type,
                ..
            } => self.unmount(*id, target, fs_type),
            Undo::Detach { number } => self.detach(*number),
            Undo::Await(server) => self.wait_for(*server),
        }
    }

    fn unmount(&mut self, id: u32, target: &Path, fs_type: &str) {
        let name = shown(target);
        self.tell.step(format!("unmount {name}"));
        if self.clings.is_some() {
            // Its file system may live on, where nobody can reach it any more.
            let _ = disks::make_read_only(target);
        }
        if busy::unmount(id, target, &name) == Unmounted::OutOfSight {
            self.clings.get_or_insert(format!("{name} is still in use"));
        } else if fs_type == "fuseblk" {
            self.wait_for_ntfs();
        }
    }

    fn detach(&mut self, number: u32) {
        let mut asked = false;
        let until = Instant::now() + LOOP;
        while loopdev::is_attached(number) {
            if !std::mem::replace(&mut asked, true) {
                self.tell.step(format!("detach /dev/loop{number}"));
                if let Err(error) = loopdev::detach(number) {
                    log::info!("/dev/loop{number} keeps its file: {error}");
                }
            } else if Instant::now() >= until || self.clings.is_some() {
                log::info!("/dev/loop{number} keeps its file: it is in use");
                return;
            } else {
                // The kernel tells of it to those who listen to device events only.
                let _ = poll(&mut [], Timespec::try_from(PAUSE).ok().as_ref());
            }
        }
    }

    fn wait_for(&mut self, server: Server) {
        let is_it = |process: &Process| process.status.start == server.start;
        let Some(process) = Process::find(server.pid).filter(is_it) else {
            return;
        };
        self.tell
            .step(format!("waiting for {process}, which serves a container"));
        let used = loopdev::is_attached(server.on_loop);
        let limit = if used { SERVER_IN_USE } else { SERVER };
        for left in processes::wait_for(vec![process], limit) {
            let seconds = limit.as_secs();
            let server = left.to_string();
            kmsg::tell(Notice::ServerUnfinished { server, seconds });
            self.clings
                .get_or_insert("a container is still served".to_owned());
        }
    }

    /// Its program marks the file system as clean after the kernel let go of it.
    fn wait_for_ntfs(&self) {
        let mut servers = processes::others();
        servers.retain(|process| process.serves_storage && process.name == NTFS);
        if !servers.is_empty() {
            self.tell.step(format!("waiting for {NTFS}"));
            for left in processes::wait_for(servers, SERVER) {
                log::info!("{left} has not ended");
            }
        }
    }
}

/// Where users know a mount to be.
fn shown(target: &Path) -> String {
    for (root, was) in [(OLD_ROOT, "/"), (ASIDE, "/run")] {
        if let Ok(below) = target.strip_prefix(root) {
            let path = Path::new(was).join(below);
            // `join` of nothing leaves a slash at the end.
            return path
                .components()
                .collect::<std::path::PathBuf>()
                .display()
                .to_string();
        }
    }
    target.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_named_as_users_know_them() {
        for (target, want) in [
            ("/oldroot", "/"),
            ("/oldroot/mnt", "/mnt"),
            ("/oldrun", "/run"),
            (
                "/oldrun/initramfs/memory/data",
                "/run/initramfs/memory/data",
            ),
            ("/oldrooted", "/oldrooted"),
            ("/memory/data", "/memory/data"),
        ] {
            assert_eq!(shown(Path::new(target)), want);
        }
    }
}
