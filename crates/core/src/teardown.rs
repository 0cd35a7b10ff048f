//! What a shutdown has to undo, and in which order, from the mount table, the loop devices and the servers
//! of containers.
//!
//! The union is undone before what it is made of, although that is mounted inside it: first `/run` is
//! carried out of it. Then nothing lies hidden below a mount that is gone, and each file system can still
//! be reached, made read-only and named. Pure: what is done about a failure is not decided here.

mod order;
mod patience;
mod verb;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use patience::{Patience, STUCK, Word};
pub use verb::{Verb, VerbError};

use crate::serving::Record;
use order::Node;

/// The major number of loop devices (`Documentation/admin-guide/devices.txt`).
pub const LOOP_MAJOR: u32 = 7;
/// The major number of SCSI CD-ROM drives, `/dev/sr0` (likewise).
pub const CD_MAJOR: u32 = 11;

/// A device number: major and minor, as in `st_dev`.
pub type Device = (u32, u32);

/// One mount, as proc_pid_mountinfo(5) describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounted {
    /// Its number.
    pub id: u32,
    /// The number of the mount that it is attached to.
    pub parent: u32,
    /// Device number of its file system.
    pub device: Device,
    /// Where it is mounted.
    pub target: PathBuf,
    /// The type of its file system, with the subtype after a dot.
    pub fs_type: String,
}

/// A loop device that has a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loop {
    /// Its number.
    pub number: u32,
    /// The device of the file system that the file lies on. loop(4), `lo_device`.
    pub on: Device,
}

/// The process that serves an expandable container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Server {
    /// Its number.
    pub pid: u32,
    /// When it started, in clock ticks since the kernel did, by which another process that has its
    /// number now is told from it. proc_pid_stat(5), `starttime`.
    pub start: u64,
    /// The number of the loop device that uses what it serves.
    pub on_loop: u32,
}

impl Server {
    /// Reads what the starter of the server left ([`Record`]); `None` if that is something else.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let record: Record = serde_json::from_slice(text).ok()?;
        // Process 1, and 0 for a whole group, are no servers.
        (record.pid > 1).then_some(Self {
            pid: record.pid,
            start: record.start,
            on_loop: record.r#loop,
        })
    }
}

/// Everything that the order depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The mounts, in the order of the kernel's table.
    pub mounts: Vec<Mounted>,
    /// The loop devices.
    pub loops: Vec<Loop>,
    /// The servers.
    pub servers: Vec<Server>,
}

/// Where things are once the root directory has been changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places<'a> {
    /// Where the root of the system that ends is now.
    pub old_root: &'a Path,
    /// Where what the union is made of is mounted, in that root's terms: `/run/initramfs/memory`.
    pub memory: &'a Path,
    /// Where the mount that holds `memory` is carried to.
    pub aside: &'a Path,
}

/// One thing to undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undo {
    /// Moves a mount, with all below it, out of the union.
    CarryOut {
        /// Where it is.
        from: PathBuf,
        /// Where it goes.
        to: PathBuf,
    },
    /// Removes a mount.
    Unmount {
        /// The mount's number.
        id: u32,
        /// Where it is then.
        target: PathBuf,
        /// Device number of its file system.
        device: Device,
        /// The type of its file system.
        fs_type: String,
        /// Whether nothing of it is on a disk, so that it may be taken out of sight while it is in use.
        in_memory: bool,
    },
    /// Takes the file from a loop device.
    Detach {
        /// The device's number.
        number: u32,
    },
    /// Waits until a server has written everything and ended.
    Await(Server),
}

/// Mounts that the shutdown itself lives in.
const OWN: [&str; 5] = ["/", "/proc", "/sys", "/dev", "/run"];

/// Types of file systems of which nothing is on any disk. Others without a block device (btrfs has none of
/// its own, unions, networks) are not among them: what is not known is unmounted with care.
const IN_MEMORY: [&str; 25] = [
    "autofs",
    "bdev",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "cpuset",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "ramfs",
    "rootfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "sysfs",
    "tmpfs",
];

/// Types of file systems that show the files of others.
const STACKED: [&str; 4] = ["overlay", "aufs", "ecryptfs", "fuse.mergerfs"];

/// Whether nothing of such a file system is on a disk; `tracefs` too.
pub fn is_in_memory(fs_type: &str) -> bool {
    fs_type == "tracefs" || IN_MEMORY.contains(&fs_type)
}

/// What has to be undone, in this order. Whatever the table holds, each mount is in it once at the most.
pub fn plan(facts: &Facts, places: &Places<'_>) -> Vec<Undo> {
    let tree = Tree::of(&facts.mounts);
    let (carried, to) = match carried_out(facts, &tree, places) {
        Some(index) => (tree.subtree(index), Some((index, places.aside))),
        None => (Vec::new(), None),
    };
    let mut list = Vec::new();
    let target = |index: usize, mount: &Mounted| match to {
        Some((moved, aside)) if carried.get(index) == Some(&true) => {
            let from = facts.mounts.get(moved).map(|mount| mount.target.as_path());
            let below = from.and_then(|from| mount.target.strip_prefix(from).ok());
            match below {
                Some(below) if below.as_os_str().is_empty() => aside.to_owned(),
                Some(below) => aside.join(below),
                None => mount.target.clone(),
            }
        }
        _ => mount.target.clone(),
    };
    if let Some((index, aside)) = to
        && let Some(mount) = facts.mounts.get(index)
    {
        list.push(Undo::CarryOut {
            from: mount.target.clone(),
            to: aside.to_owned(),
        });
    }
    let late = |index: usize| carried.get(index) == Some(&true);
    for node in order::order(facts, &tree, places.old_root, late) {
        match node {
            Node::Mount(index) => list.extend(facts.mounts.get(index).map(|mount| Undo::Unmount {
                id: mount.id,
                target: target(index, mount),
                device: mount.device,
                fs_type: mount.fs_type.clone(),
                in_memory: is_in_memory(&mount.fs_type),
            })),
            Node::Loop(index) => list.extend(facts.loops.get(index).map(|device| Undo::Detach {
                number: device.number,
            })),
            Node::Server(index) => list.extend(facts.servers.get(index).copied().map(Undo::Await)),
        }
    }
    list
}

/// The mount that holds what the union is made of, if it is another one than the union itself: of several on
/// top of each other, the one that is seen.
fn carried_out(facts: &Facts, tree: &Tree, places: &Places<'_>) -> Option<usize> {
    let below = places.memory.strip_prefix("/").unwrap_or(places.memory);
    let memory = places.old_root.join(below);
    facts
        .mounts
        .iter()
        .enumerate()
        .filter(|(index, mount)| {
            mount.target != places.old_root
                && mount.target.starts_with(places.old_root)
                && memory.starts_with(&mount.target)
                && !tree.covered(*index, &facts.mounts)
        })
        .max_by_key(|(index, mount)| (mount.target.components().count(), *index))
        .map(|(index, _)| index)
}

/// Which mounts are attached to which.
struct Tree {
    parents: Vec<Option<usize>>,
    children: Vec<Vec<usize>>,
}

impl Tree {
    fn of(mounts: &[Mounted]) -> Self {
        let by_id: BTreeMap<u32, usize> = mounts
            .iter()
            .enumerate()
            .map(|(index, mount)| (mount.id, index))
            .collect();
        let mut children = vec![Vec::new(); mounts.len()];
        let parents: Vec<Option<usize>> = mounts
            .iter()
            .enumerate()
            .map(|(index, mount)| {
                let parent = by_id.get(&mount.parent).copied();
                let parent = parent.filter(|parent| *parent != index);
                if let Some(siblings) = parent.and_then(|parent| children.get_mut(parent)) {
                    siblings.push(index);
                }
                parent
            })
            .collect();
        Self { parents, children }
    }

    fn children(&self, index: usize) -> &[usize] {
        self.children.get(index).map_or(&[], Vec::as_slice)
    }

    /// Whether another mount lies right on top of this one.
    fn covered(&self, index: usize, mounts: &[Mounted]) -> bool {
        let target = |index: &usize| mounts.get(*index).map(|mount| &mount.target);
        let own = target(&index);
        self.children(index)
            .iter()
            .any(|child| target(child) == own)
    }

    /// For each mount whether it is `index` or attached below it.
    fn subtree(&self, index: usize) -> Vec<bool> {
        let mut seen = vec![false; self.parents.len()];
        let mut left = vec![index];
        while let Some(next) = left.pop() {
            // A table with a circle must not hold us up.
            if let Some(mark) = seen.get_mut(next)
                && !std::mem::replace(mark, true)
            {
                left.extend(self.children(next));
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests;
