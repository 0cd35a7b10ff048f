//! How large a container has to be so that files fit into it.

use crate::sizing::{DEFAULT, SMALLEST};
use crate::units::{Bytes, Mib};

/// How many bytes of an ext4 there are to one of its inodes, as mke2fs makes it: mke2fs.conf(5), `inode_ratio`.
const PER_INODE: u64 = 16 << 10;
/// What a directory, a long link or a large set of attributes takes, counted for every fourth entry.
const PER_ENTRY: u64 = 1 << 10;
/// What of each hundred MiB is inodes, bitmaps and descriptors, of those below 512 MiB, which have four times as many inodes.
const TABLES_PERCENT: u64 = 7;
/// What stays free at the least: a file system that is full to the brim cannot be worked with.
const SPARE: Mib = Mib(8);
/// The journal that mke2fs makes for file systems below these sizes: `ext2fs_default_journal_size` of libext2fs,
/// with blocks of 4 KiB.
const JOURNALS: [(Mib, Mib); 7] = [
    (Mib(128), Mib(4)),
    (Mib(1 << 10), Mib(16)),
    (Mib(2 << 10), Mib(32)),
    (Mib(16 << 10), Mib(64)),
    (Mib(32 << 10), Mib(128)),
    (Mib(64 << 10), Mib(256)),
    (Mib(128 << 10), Mib(512)),
];
const LARGEST_JOURNAL: Mib = Mib(1 << 10);

/// What the files of a session take, wherever they lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Their content in whole blocks of 4 KiB; holes and second names not counted.
    pub blocks: Bytes,
    /// Files, directories and all others.
    pub entries: u64,
}

impl Load {
    /// What they take on a file system that keeps them as files.
    pub fn as_files(&self) -> Bytes {
        let entries = self.entries.saturating_mul(PER_ENTRY);
        Bytes(self.blocks.0.saturating_add(entries))
    }

    /// The smallest container that holds them.
    pub fn least(&self) -> Mib {
        let files = self.as_files().0;
        let with_tables = files.saturating_add(files / (100 - TABLES_PERCENT) * TABLES_PERCENT);
        let by_number = self.entries.saturating_mul(PER_INODE);
        let content = Mib(with_tables.max(by_number).div_ceil(1 << 20) + SPARE.0);
        let journal = |size: Mib| {
            let row = JOURNALS.iter().find(|(below, _)| size < *below);
            row.map_or(LARGEST_JOURNAL, |(_, journal)| *journal)
        };
        // A larger journal may need a larger container, with a larger journal: of twice the size at most.
        let once = Mib(content.0 + journal(content).0);
        Mib(content.0 + journal(once).0).max(SMALLEST)
    }

    /// A container in which one can go on working: a third more than they need, and the usual size at least.
    pub fn comfortable(&self) -> Mib {
        let least = self.least();
        Mib(least.0 + least.0 / 3 + 64).max(DEFAULT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_for_files() {
        for (mib, entries, least, comfortable) in [
            (0, 0, 16, 1000),
            (0, 1, 16, 1000),
            (100, 10, 120, 1000),
            (2, 30_000, 493, 1000),
            (960, 100, 1073, 1494),
            (4000, 100_000, 4479, 6036),
            (20_000, 100_000, 21_747, 29_060),
        ] {
            let load = Load {
                blocks: Mib(mib).bytes(),
                entries,
            };
            let got = (load.least().0, load.comfortable().0);
            assert_eq!(got, (least, comfortable), "{mib} MiB in {entries}");
        }
        let endless = Load {
            blocks: Bytes(u64::MAX),
            entries: u64::MAX,
        };
        assert!(endless.comfortable() > Mib(1 << 40));
    }
}
