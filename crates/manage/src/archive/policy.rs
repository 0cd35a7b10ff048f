//! What is taken from a stranger's archive, and how much of it.

use std::fmt;

use perch_core::quoted::Quoted;

use crate::tree::marks::{Mark, mark};
use crate::tree::{Entry, Kind};

/// How many findings are told one by one.
const TOLD: usize = 200;

/// How large an archive may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of content; the free space of the place where it goes.
    pub bytes: u64,
    /// The most bytes that one byte of the archive may become, once more than a gibibyte came out of it. zstd packs
    /// zeros 32,000 to 1, and a session with an image full of them perhaps 100 to 1.
    pub ratio: u64,
    /// The most entries.
    pub entries: u64,
    /// The most names in a path.
    pub depth: usize,
    /// The most bytes of one extended header: names and attributes of one entry.
    pub header: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: u64::MAX,
            ratio: 1000,
            entries: 20_000_000,
            depth: 4096,
            header: 1 << 20,
        }
    }
}

/// What is done with what may be harmful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// Device nodes, other than the deletion marks of overlayfs: kept, where otherwise they are left out.
    pub devices: bool,
    /// Attributes by which overlayfs shows a file of a lower layer in place of this one: kept, where otherwise they are
    /// left out.
    pub detours: bool,
}

/// Something in an archive that its receiver should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A program that runs with its owner's or its group's rights. It is kept.
    SetId,
    /// A program with capabilities. It is kept.
    Capabilities,
    /// A device node that was kept.
    Device,
    /// A device node that was left out.
    DeviceLeftOut,
    /// An attribute of overlayfs that was left out.
    AttributeLeftOut(Vec<u8>),
    /// An ACL in words, which names users of another system; it was left out.
    AclLeftOut,
    /// A field of the metadata that says nothing that could be used; it counts as absent.
    Unreadable(&'static str),
}

/// A finding, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The entry in the session's tree; empty for its own directory, or for the metadata.
    pub path: Vec<u8>,
    /// What about it.
    pub finding: Finding,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |bytes: &[u8]| Quoted(&String::from_utf8_lossy(bytes)).to_string();
        let path = quoted(&self.path);
        match &self.finding {
            Finding::SetId => write!(f, "/{path} runs with the rights of its owner or group"),
            Finding::Capabilities => write!(f, "/{path} runs with special rights (capabilities)"),
            Finding::Device => write!(f, "/{path} is a device"),
            Finding::DeviceLeftOut => write!(f, "/{path} is a device: left out"),
            Finding::AttributeLeftOut(name) => write!(
                f,
                "/{path} would show another file of a lower layer ({}): left out",
                quoted(name)
            ),
            Finding::AclLeftOut => write!(f, "/{path} has an ACL with names of users: left out"),
            Finding::Unreadable(field) => write!(f, "the metadata has no usable {field}"),
        }
    }
}

/// All findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// How many there are.
    pub count: u64,
    /// The first two hundred.
    pub first: Vec<Found>,
    /// How many attributes were left out that overlayfs had only noted for itself; no loss.
    pub notes_dropped: u64,
}

impl Findings {
    pub(super) fn add(&mut self, path: &[u8], finding: Finding) {
        self.count += 1;
        if self.first.len() < TOLD {
            let path = path.into();
            self.first.push(Found { path, finding });
        }
    }
}

/// Takes from `entry` what `policy` does not let in; whether anything is left.
pub(super) fn admit(entry: &mut Entry, policy: Policy, findings: &mut Findings) -> bool {
    let path = &entry.path;
    let is_device = matches!(entry.kind, Kind::Character(_) | Kind::Block(_));
    if is_device && entry.kind != Kind::WHITEOUT {
        if !policy.devices {
            findings.add(path, Finding::DeviceLeftOut);
            return false;
        }
        findings.add(path, Finding::Device);
    }
    if matches!(entry.kind, Kind::HardLink { .. }) {
        return true;
    }
    if matches!(entry.kind, Kind::File { .. }) && entry.attributes.mode & 0o6000 != 0 {
        findings.add(path, Finding::SetId);
    }
    let Findings { notes_dropped, .. } = findings;
    let mut dropped = Vec::new();
    let mut able = false;
    entry.attributes.xattrs.retain(|xattr| {
        able |= xattr.name == b"security.capability";
        match mark(&xattr.name, &xattr.value) {
            None | Some(Mark::Content) => true,
            Some(Mark::Detour) if policy.detours => true,
            Some(Mark::Detour) => {
                dropped.push(xattr.name.clone());
                false
            }
            Some(Mark::Note) => {
                *notes_dropped += 1;
                false
            }
        }
    });
    if able {
        findings.add(path, Finding::Capabilities);
    }
    for name in dropped {
        findings.add(path, Finding::AttributeLeftOut(name));
    }
    true
}
