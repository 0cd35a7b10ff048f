//! The lease of a file system on shared storage: one block that its machine rewrites while it has the
//! file system open for writing.
//!
//! No clock is compared between machines. A lease is alive if it changes while somebody watches it for
//! a while; one that does not was left by a power cut, and is taken over. Reading and writing the block
//! is `sys::in_use::lease`'s matter.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fs::FsKind;
use crate::in_use::InUse;
use crate::units::SessionId;

/// Its name in the root directory of the file system.
pub const FILE: &str = ".perch-lease";
/// Its length. A multiple of every block size that a disk has.
pub const BLOCK: usize = 4096;
/// The longest record: it fits into the smallest sector, which a disk writes whole or not at all.
const LONGEST: usize = 512;
/// The longest name of a machine, in characters.
const LONGEST_HOST: usize = 64;
/// How often it is renewed.
pub const INTERVAL: Duration = Duration::from_secs(5);

/// What the block says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// What the machine calls itself, for people.
    pub host: String,
    /// The kernel's random number of that boot (random(4), `boot_id`): who it is, for programs.
    pub boot: String,
    /// The session that it has open; absent in RAM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// Another number with each renewal.
    pub count: u64,
    /// How often it is renewed, in seconds.
    pub interval: u64,
    /// The machine has let go of the file system.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub released: bool,
}

impl Lease {
    /// The lease of a machine that begins now.
    pub fn new(host: &str, boot: &str, session: Option<SessionId>) -> Self {
        Self {
            host: plain(host),
            boot: plain(boot),
            session,
            count: 0,
            interval: INTERVAL.as_secs(),
            released: false,
        }
    }

    /// Reads a block. `None` if it says nothing that counts: no record, or one cut short or made up.
    pub fn parse(block: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(block.get(..LONGEST)?).ok()?;
        let mut lease: Self =
            serde_json::from_str(text.trim_end_matches([' ', '\n', '\0'])).ok()?;
        lease.host = plain(&lease.host);
        Some(lease)
    }

    /// The block that says this.
    pub fn to_block(&self) -> [u8; BLOCK] {
        let mut block = [b' '; BLOCK];
        if let Some(last) = block.last_mut() {
            *last = b'\n';
        }
        let text = serde_json::to_string(self).unwrap_or_default();
        for (to, from) in block.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        block
    }

    /// The same, renewed.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self {
            count: self.count.wrapping_add(1),
            ..self.clone()
        }
    }

    /// The same, let go of.
    #[must_use]
    pub fn released(&self) -> Self {
        Self {
            released: true,
            ..self.renewed()
        }
    }

    /// Whether the same boot of the same machine wrote both.
    pub fn is_of(&self, other: &Self) -> bool {
        self.boot == other.boot
    }

    /// How long to watch before it counts as left behind: two and a half renewals.
    pub fn patience(&self) -> Duration {
        // What a foreign disk says must not hold up the boot.
        Duration::from_secs(self.interval.clamp(1, 10)) * 5 / 2
    }

    /// Who uses the file system.
    pub fn user(&self) -> InUse {
        InUse::Lease {
            host: self.host.clone(),
            session: self.session,
        }
    }
}

/// Whether a file system overwrites a block where it is. One that writes elsewhere each time shows
/// nothing new to a machine that has found the block once.
pub fn stays_in_place(fs: FsKind) -> bool {
    !fs.read_only_by_nature() && !matches!(fs, FsKind::Btrfs | FsKind::F2fs)
}

/// What a look at a lease tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Nobody has the file system, or we do.
    Free,
    /// A machine had it; whether it still has it takes a while to see.
    Unclear(Lease),
    /// This machine has it.
    Alive(Lease),
}

/// What to make of the block as it was first seen (`None` without one that counts) and as it is now.
/// `boot` is our own.
pub fn judge(first: Option<&Lease>, now: Option<Lease>, boot: &str) -> Look {
    match now {
        None => Look::Free,
        Some(now) if now.released || now.boot == boot => Look::Free,
        Some(now) => match first {
            Some(first) if *first != now => Look::Alive(now),
            _ => Look::Unclear(now),
        },
    }
}

/// Fit for a terminal and for the room there is.
fn plain(text: &str) -> String {
    text.trim()
        .chars()
        .filter(|c| (' '..='~').contains(c) && *c != '"' && *c != '\\')
        .take(LONGEST_HOST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease() -> Lease {
        Lease::new("QEMU Standard PC", "6d2f", SessionId::new(3))
    }

    #[test]
    fn a_block_says_what_was_written_and_fits_into_a_sector() {
        let far = Lease {
            session: SessionId::new(SessionId::MAX),
            count: u64::MAX,
            interval: u64::MAX,
            ..Lease::new(&"w\u{fc}\x1b\\\"x".repeat(99), &"0".repeat(99), None)
        };
        for lease in [lease(), lease().released(), far.clone(), far.released()] {
            let block = lease.to_block();
            assert_eq!(block[LONGEST..BLOCK - 1].trim_ascii(), b"");
            assert_eq!(Lease::parse(&block), Some(lease));
        }
    }

    #[test]
    fn what_is_no_record_does_not_count() {
        let mut cut = lease().to_block();
        cut[20..].fill(0);
        for block in [&cut[..], &[0; BLOCK], &[b' '; BLOCK], b"{}", b""] {
            assert_eq!(Lease::parse(block), None);
        }
        let hostile = br#"{"host":"\u001b[2Jx","boot":"","count":0,"interval":99999999}"#;
        let mut block = [b' '; BLOCK];
        block[..hostile.len()].copy_from_slice(hostile);
        let read = Lease::parse(&block).unwrap();
        assert_eq!(read.host, "[2Jx");
        assert_eq!(read.patience(), Duration::from_secs(25));
    }

    #[test]
    fn only_a_change_proves_life() {
        let old = lease();
        let other = Lease::new("other", "77aa", None);
        for (first, now, want) in [
            (None, None, Look::Free),
            (None, Some(old.clone()), Look::Unclear(old.clone())),
            (Some(&old), Some(old.clone()), Look::Unclear(old.clone())),
            (Some(&old), Some(old.renewed()), Look::Alive(old.renewed())),
            (Some(&old), Some(other.clone()), Look::Alive(other)),
            (Some(&old), Some(old.released()), Look::Free),
            (None, Some(Lease::new("us", "0123", None)), Look::Free),
        ] {
            assert_eq!(judge(first, now.clone(), "0123"), want, "{first:?} {now:?}");
        }
        assert_eq!(old.patience(), Duration::from_millis(12_500));
    }
}
