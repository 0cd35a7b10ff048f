//! What the starter of a container's server and the server say to each other: one message a packet, in JSON.
//!
//! Both ends are the same program, so nothing here has versions. The starter sends [`Order`]s, the server
//! answers each of them, [`Order::Stop`] excepted, with one [`Answer`]. Descriptors travel beside the packets:
//! the directory of the container with the first order, the mount with [`Answer::Ready`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::units::{Bytes, Mib, SessionId};

/// How the server is called (`argv[0]`). An init leaves processes alone whose name begins with `@` (systemd,
/// "Storage Daemons for the Root File System").
pub const NAME: &str = "@dynfilefs";
/// The name of [`Record`] in the directory of the boot's records, as JSON.
pub const RECORD: &str = "dynfilefs.json";
/// The one file in the server's mount: the disk.
pub const DISK: &str = "virtual.dat";
/// The longest packet, in bytes.
pub const MAX_PACKET: usize = 4096;
/// Virtual MiB of each part of a session's container: even, and below the longest file of FAT32.
pub const SPLIT: Mib = Mib(4000);
/// The main file of a session's container, in the session's directory.
pub const SESSION_BASE: &str = "changes.dat";
/// The longest main file's name, in bytes: `.new` and a part's number have to fit behind it.
const MAX_BASE: usize = 240;

/// The name of a container's main file in its directory; no path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseName(String);

/// Why a text is no name of a main file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is not the name of a file in a directory", .0.escape_default())]
pub struct BadBaseName(pub String);

impl BaseName {
    /// The main file of a session's container (contract §1.4).
    pub fn of_session() -> Self {
        Self(SESSION_BASE.to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BaseName {
    type Error = BadBaseName;

    fn try_from(name: String) -> Result<Self, BadBaseName> {
        let is_name = !name.contains(['/', '\0']) && !matches!(name.as_str(), "" | "." | "..");
        match is_name && name.len() <= MAX_BASE {
            true => Ok(Self(name)),
            false => Err(BadBaseName(name.chars().take(64).collect())),
        }
    }
}

impl fmt::Display for BaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a container is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Everything.
    Write,
    /// Nothing is changed.
    Read,
    /// Nothing is changed, and a part that is missing reads as zeros.
    Rescue,
}

/// Which container, and how it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Its main file, in the directory that comes with the order.
    pub base: BaseName,
    /// Permissions of the disk's file, for root as owner: 0600 for sessions.
    pub mode: u16,
}

/// What the starter wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// Make a container and serve it: the first order, or [`Open`](Self::Open). Answered by [`Answer::Ready`]. It is
    /// none before [`Commit`](Self::Commit): its files go if the starter goes.
    Create {
        /// Which.
        place: Place,
        /// Virtual size of a part.
        split: Mib,
        /// Size of the disk.
        size: Mib,
    },
    /// Serve a container. Answered by [`Answer::Ready`].
    Open {
        /// Which.
        place: Place,
        /// What for.
        access: Access,
    },
    /// Serve the file that comes with the order as it is now: what is written to it is kept in memory and goes with the
    /// mount. Answered by [`Answer::Ready`].
    Snapshot {
        /// Permissions, as [`Place::mode`].
        mode: u16,
    },
    /// Everything so far is to be durable, and what was created a container. [`Answer::Committed`].
    Commit,
    /// The disk is to be larger. [`Answer::Grown`], when everybody who asks for its size gets the new one.
    Grow {
        /// Its new size.
        to: Mib,
    },
    /// The disk is a mounted session's and is to grow by itself, as far as medium and limit go. The directory that
    /// holds the mount point comes with the order. [`Answer::Watching`], after the first look.
    Watch {
        /// The session in the container.
        session: SessionId,
        /// The mount point's name in that directory.
        name: String,
        /// The number of the loop device on the disk.
        device: u32,
        /// The size beyond which it does not grow; absent for none but what the medium holds.
        cap: Option<Mib>,
    },
    /// End; what was created and not committed goes. Not answered.
    Stop,
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// The disk is there; its mount comes with this.
    Ready {
        /// Size of the disk.
        size: Bytes,
    },
    /// The disk has a new size.
    Grown {
        /// Size of the disk.
        size: Bytes,
    },
    /// The disk grows by itself from now on.
    Watching {
        /// Size of the disk.
        size: Bytes,
    },
    /// All is durable.
    Committed,
    /// The order was not carried out.
    Failed(Failure),
}

/// Why an order was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind of reason it is.
    pub kind: FailureKind,
    /// The reason, with all its causes, in words.
    pub message: String,
}

/// Reasons that lead to different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Neither a main file nor parts.
    Missing,
    /// Something has the place of what was to be created.
    Exists,
    /// A header, or a part, is not as it should be.
    Damaged,
    /// Written by dynfilefs 3.00 to 4.03: can be read only.
    Legacy,
    /// Another program has it open.
    InUse,
    /// No space.
    Full,
    /// The medium, or the container, cannot be written.
    ReadOnly,
    /// A size that cannot be.
    Size,
    /// The medium gave an error.
    Medium,
    /// The kernel cannot serve files from a process, or did not allow as many open files.
    Kernel,
    /// An order that cannot be, here or at all.
    Order,
}

/// Why a packet is no message.
#[derive(Debug, thiserror::Error)]
pub enum BadPacket {
    /// Longer than any message.
    #[error("a message has more than {MAX_PACKET} bytes")]
    TooLong,
    /// Something else.
    #[error("not a message between a container's server and its starter")]
    Malformed(#[from] serde_json::Error),
}

macro_rules! packets {
    ($message:ty) => {
        impl $message {
            /// The message as a packet.
            ///
            /// # Errors
            /// If it is too long for one.
            pub fn to_packet(&self) -> Result<Vec<u8>, BadPacket> {
                let bytes = serde_json::to_vec(self)?;
                match bytes.len() <= MAX_PACKET {
                    true => Ok(bytes),
                    false => Err(BadPacket::TooLong),
                }
            }

            /// The message in a packet.
            ///
            /// # Errors
            /// If there is none.
            pub fn from_packet(bytes: &[u8]) -> Result<Self, BadPacket> {
                match bytes.len() <= MAX_PACKET {
                    true => Ok(serde_json::from_slice(bytes)?),
                    false => Err(BadPacket::TooLong),
                }
            }
        }
    };
}

packets!(Order);
packets!(Answer);

impl Failure {
    /// A reason in words, cut to what a packet holds.
    pub fn new(kind: FailureKind, message: impl fmt::Display) -> Self {
        let mut message = message.to_string();
        // Any character is at most six bytes of JSON.
        message.truncate(message.floor_char_boundary(MAX_PACKET / 8));
        Self { kind, message }
    }
}

/// What the starter leaves in [`RECORD`] for whoever ends the system: the server has to be waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The number of the server's process.
    pub pid: u32,
    /// When it was started, in clock ticks since the kernel (proc(5), field 22 of `/proc/<pid>/stat`).
    pub start: u64,
    /// The number of the loop device on the disk.
    pub r#loop: u32,
    /// The session in the container.
    pub session: SessionId,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(base: &str) -> Place {
        let base = base.to_owned().try_into().unwrap();
        Place { base, mode: 0o600 }
    }

    #[test]
    fn messages_arrive_as_they_were_sent() {
        for order in [
            Order::Create {
                place: place("changes.dat"),
                split: SPLIT,
                size: Mib(1000),
            },
            Order::Open {
                place: place("a b\u{1f600}\"\\.dat"),
                access: Access::Rescue,
            },
            Order::Snapshot { mode: 0o600 },
            Order::Commit,
            Order::Grow { to: Mib(u64::MAX) },
            Order::Watch {
                session: SessionId::FIRST,
                name: "changes".to_owned(),
                device: 3,
                cap: None,
            },
            Order::Stop,
        ] {
            let packet = order.to_packet().unwrap();
            assert_eq!(Order::from_packet(&packet).unwrap(), order);
        }
        for answer in [
            Answer::Ready {
                size: Bytes(1 << 40),
            },
            Answer::Grown {
                size: Bytes(u64::MAX),
            },
            Answer::Committed,
            Answer::Failed(Failure::new(FailureKind::InUse, "\u{1}".repeat(5000))),
            Answer::Failed(Failure::new(FailureKind::Damaged, "\u{1f600}".repeat(5000))),
        ] {
            let packet = answer.to_packet().unwrap();
            assert_eq!(Answer::from_packet(&packet).unwrap(), answer);
        }
    }

    #[test]
    fn the_record_reads_as_its_readers_expect() {
        let record = Record {
            pid: 71,
            start: 4711,
            r#loop: 3,
            session: SessionId::FIRST,
        };
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(json, r#"{"pid":71,"start":4711,"loop":3,"session":"1"}"#);
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
        assert_eq!(BaseName::of_session().as_str(), SESSION_BASE);
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let create = |base: &str| {
            format!(
                r#"{{"create":{{"place":{{"base":"{base}","mode":384}},"split":4000,"size":1}}}}"#
            )
        };
        assert!(Order::from_packet(create("x").as_bytes()).is_ok());
        let long = "x".repeat(MAX_BASE + 1);
        for text in [
            "",
            "null",
            "{}",
            "\"commit",
            "\"destroy\"",
            "\u{0}",
            r#"{"grow":{"to":-1}}"#,
            r#"{"grow":{"to":1e30}}"#,
            r#"{"grow":{"to":1,"also":2}}"#,
            r#"{"open":{"place":{"base":"x","mode":70000},"access":"write"}}"#,
            r#"{"open":{"place":{"base":"x","mode":384},"access":"own"}}"#,
            &create(""),
            &create("."),
            &create(".."),
            &create("../x"),
            &create("/x"),
            &create("x\\u0000y"),
            &create(&long),
        ] {
            assert!(Order::from_packet(text.as_bytes()).is_err(), "{text}");
        }
        assert!(matches!(
            Order::from_packet(&[b' '; MAX_PACKET + 1]),
            Err(BadPacket::TooLong)
        ));
        assert!(Answer::from_packet(b"\xff\xfe").is_err());
        assert!(Answer::from_packet(r#"{"ready":{}}"#.as_bytes()).is_err());
        assert!(Answer::from_packet("[".repeat(MAX_PACKET).as_bytes()).is_err());
    }
}
