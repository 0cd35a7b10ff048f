//! Who else uses a session, or the file system that it lies on, and which storage can have a second
//! user at all.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::units::SessionId;

/// A use that speaks against opening a session a second time. Only what is alive counts: a mark that
/// a power cut left behind is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum InUse {
    /// A process holds the lock of the session's directory (flock(2)).
    Lock {
        /// Its number; absent where the kernel does not tell, as for one in another PID namespace.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pid: Option<u32>,
        /// Its name; absent where its number is, or where it has just ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        program: Option<String>,
    },
    /// The session is open on this machine: its container is attached, or its directory is the upper
    /// one of an overlay.
    Mounted {
        /// The loop device, or `overlay`.
        device: String,
        /// Where it is mounted; absent if it is only attached.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
    /// Another machine renews its lease of the file system.
    Lease {
        /// What the machine calls itself.
        host: String,
        /// The session that it has open; absent in RAM.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
    },
}

impl fmt::Display for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lock {
                pid: Some(pid),
                program: Some(program),
            } => write!(f, "process {pid} ({program}) holds its lock"),
            Self::Lock { pid: Some(pid), .. } => write!(f, "process {pid} holds its lock"),
            Self::Lock { pid: None, .. } => f.write_str("another process holds its lock"),
            Self::Mounted {
                device,
                at: Some(at),
            } => write!(f, "it is mounted at {at} ({device})"),
            Self::Mounted { device, at: None } => {
                write!(f, "its container is attached to {device}")
            }
            Self::Lease {
                host,
                session: Some(session),
            } => write!(f, "machine {host} has session {session} open"),
            Self::Lease {
                host,
                session: None,
            } => write!(f, "machine {host} has it open for writing"),
        }
    }
}

/// Block drivers whose devices another machine can open at the same time.
const NETWORK_DISKS: [&str; 3] = ["nbd", "rbd", "drbd"];

/// Parents in sysfs of a SCSI disk that is reached through a network: an iSCSI session, a remote port
/// of Fibre Channel (drivers/scsi/scsi_transport_{iscsi,fc}.c).
const NETWORK_PARENTS: [&str; 2] = ["session", "rport-"];

/// Whether another machine can have the device open at the same time, as far as it shows: `name` is its
/// name below `/dev/`, `sysfs` its real path in sysfs. A disk image given to two virtual machines does
/// not show; `perchlease` says so.
pub fn is_shared(name: &str, sysfs: &str) -> bool {
    NETWORK_DISKS.iter().any(|kind| starts_numbered(name, kind))
        || sysfs.split('/').any(|part| {
            NETWORK_PARENTS
                .iter()
                .any(|parent| starts_numbered(part, parent))
        })
}

fn starts_numbered(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_on_a_network_is_shared_and_a_stick_is_not() {
        let pci = "/sys/devices/pci0000:00/0000:00:14.0";
        for (name, sysfs, want) in [
            ("nbd0", "/sys/devices/virtual/block/nbd0".to_owned(), true),
            (
                "nbd0p1",
                "/sys/devices/virtual/block/nbd0/nbd0p1".into(),
                true,
            ),
            ("rbd1", "/sys/devices/rbd/1/block/rbd1".into(), true),
            (
                "sdb1",
                "/sys/devices/platform/host3/session1/target3:0:0/3:0:0:1/block/sdb/sdb1".into(),
                true,
            ),
            (
                "sdc",
                format!("{pci}/host5/rport-5:0-2/target5:0:0/5:0:0:0/block/sdc"),
                true,
            ),
            (
                "sda1",
                format!("{pci}/usb1/1-1/host2/target2:0:0/block/sda/sda1"),
                false,
            ),
            ("vda", format!("{pci}/virtio2/block/vda"), false),
            ("nvme0n1", format!("{pci}/nvme/nvme0/nvme0n1"), false),
            ("nbdx", String::new(), false),
        ] {
            assert_eq!(is_shared(name, &sysfs), want, "{name} {sysfs}");
        }
    }

    #[test]
    fn each_user_is_named() {
        let lease = |session| InUse::Lease {
            host: "QEMU".into(),
            session,
        };
        for (by, want) in [
            (
                InUse::Lock {
                    pid: Some(7),
                    program: Some("tar".into()),
                },
                "process 7 (tar)",
            ),
            (
                InUse::Lock {
                    pid: None,
                    program: None,
                },
                "another process",
            ),
            (
                InUse::Mounted {
                    device: "/dev/loop3".into(),
                    at: Some("/mnt".into()),
                },
                "/mnt (/dev/loop3)",
            ),
            (lease(SessionId::new(3)), "machine QEMU has session 3 open"),
            (lease(None), "machine QEMU"),
        ] {
            assert!(by.to_string().contains(want), "{by}");
            let json = serde_json::to_string(&by).unwrap();
            assert_eq!(serde_json::from_str::<InUse>(&json).unwrap(), by);
        }
    }
}
