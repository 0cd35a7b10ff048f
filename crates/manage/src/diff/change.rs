//! One change of a session, and what all of them come to.

use serde::Serialize;

use crate::tree::Kind;

/// One entry that a session has otherwise than its bundles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where: names with `/` between them.
    pub path: Vec<u8>,
    /// What became of it.
    pub what: What,
    /// What it is now; absent where it is gone.
    pub kind: Option<&'static str>,
    /// What it was; absent where it was not there, or nobody knows.
    pub before: Option<&'static str>,
    /// Length of the file now, in bytes; 0 for anything else.
    pub size: u64,
    /// Length of the file that it was; 0 for anything else.
    pub size_before: u64,
    /// What of it is different, where it is the same kind of thing.
    pub aspects: Vec<Aspect>,
    /// A program that runs with the rights of another user, or with a capability, and did not before.
    pub raises_rights: bool,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// It was not there.
    Added,
    /// It is different.
    Changed,
    /// It is gone.
    Deleted,
    /// A directory that hides everything that was in it.
    Replaced,
    /// It was another kind of thing.
    Retyped,
    /// The session has it; nobody looked what was there before.
    Present,
}

impl What {
    /// Every one, in the order of a summary.
    pub const ALL: [Self; 6] = [
        Self::Added,
        Self::Changed,
        Self::Deleted,
        Self::Replaced,
        Self::Retyped,
        Self::Present,
    ];

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::Replaced => "replaced",
            Self::Retyped => "retyped",
            Self::Present => "present",
        }
    }
}

/// In what something is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// The bytes of a file, the target of a link, the number of a device.
    Content,
    /// Permissions.
    Mode,
    /// Owner or group.
    Owner,
    /// Extended attributes: ACLs and capabilities among them.
    Xattrs,
    /// When it was last written.
    Time,
    /// Its content lies in a bundle, under a name that the union recorded.
    Elsewhere,
}

impl Aspect {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Mode => "permissions",
            Self::Owner => "owner",
            Self::Xattrs => "attributes",
            Self::Time => "time",
            Self::Elsewhere => "content in a bundle",
        }
    }
}

impl Change {
    /// How much the content grew or, negative, shrank, in bytes.
    pub fn growth(&self) -> i128 {
        i128::from(self.size) - i128::from(self.size_before)
    }

    /// How much a person has to look at: what is there now, or what is gone.
    pub fn weight(&self) -> u64 {
        self.size.max(self.size_before)
    }
}

/// What all changes of one kind come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// How many entries.
    pub count: u64,
    /// Bytes of content that are there now.
    pub bytes: u64,
    /// Bytes of content that were there before.
    pub bytes_before: u64,
}

/// What all changes come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    sums: [Sum; What::ALL.len()],
    /// Programs that got more rights.
    pub raised: u64,
}

impl Summary {
    pub(super) fn add(&mut self, change: &Change) {
        self.raised += u64::from(change.raises_rights);
        let at = What::ALL.iter().position(|what| *what == change.what);
        if let Some(sum) = at.and_then(|at| self.sums.get_mut(at)) {
            sum.count += 1;
            sum.bytes += change.size;
            sum.bytes_before += change.size_before;
        }
    }

    /// Each kind of change with what it comes to.
    pub fn sums(&self) -> impl Iterator<Item = (What, Sum)> {
        What::ALL.into_iter().zip(self.sums)
    }

    /// How many changes there are.
    pub fn count(&self) -> u64 {
        self.sums.iter().map(|sum| sum.count).sum()
    }
}

pub(super) fn length(kind: &Kind) -> u64 {
    match kind {
        Kind::File { size } => *size,
        _ => 0,
    }
}
