//! What the file system of a store can hold, by the name that the mount table has for it (contract §4.4, `info`).

use crate::fs::FsKind;
use crate::session::Mode;
use crate::units::{Bytes, Mib};

/// What sessions there can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abilities {
    /// Owners, modes, links and attributes are kept: native sessions.
    pub is_posix: bool,
    /// `A` and `a` are one name.
    pub is_case_insensitive: bool,
    /// The longest file; `None` where no container comes near the limit.
    pub longest_file: Option<Bytes>,
}

/// Those in memory, which have no superblock that could tell their kind.
const IN_MEMORY: [&str; 2] = ["tmpfs", "ramfs"];
/// Kinds of no interest to a boot, as old tools take them for POSIX too.
const OTHER_POSIX: [&str; 4] = ["reiserfs", "jfs", "bcachefs", "zfs"];
/// What the kernel calls NTFS besides its superblock's name: of ntfs-3g, it only knows that it is FUSE on a disk.
const NTFS: [&str; 4] = ["ntfs", "ntfs3", "ntfs-3g", "fuseblk"];

impl Abilities {
    /// Those of a file system that is mounted as `fs_type`. One that is not known holds containers only.
    pub fn of(fs_type: &str) -> Self {
        let kind = kind(fs_type);
        let known_posix = IN_MEMORY.contains(&fs_type) || OTHER_POSIX.contains(&fs_type);
        Self {
            is_posix: known_posix || kind.is_some_and(FsKind::holds_native),
            is_case_insensitive: matches!(kind, Some(FsKind::Vfat | FsKind::Exfat | FsKind::Ntfs)),
            longest_file: kind.and_then(FsKind::max_file_len),
        }
    }

    /// The modes of new sessions, the best one first.
    pub fn modes(&self) -> Vec<Mode> {
        let containers = [Mode::Dynfilefs, Mode::Raw];
        let native = self.is_posix.then_some(Mode::Native);
        native.into_iter().chain(containers).collect()
    }

    /// The largest raw container that its file system can hold.
    pub fn longest_container(&self, mode: Mode) -> Option<Mib> {
        match mode {
            Mode::Raw => self.longest_file.map(Bytes::whole_mib),
            // In several files, none of which comes near the limit.
            Mode::Dynfilefs | Mode::Native => None,
        }
    }
}

fn kind(fs_type: &str) -> Option<FsKind> {
    match fs_type {
        "msdos" | "fat" | "fat32" => Some(FsKind::Vfat),
        "iso9660" | "udf" | "squashfs" | "erofs" => None,
        name if NTFS.contains(&name) => Some(FsKind::Ntfs),
        name => FsKind::ALL.into_iter().find(|kind| kind.word() == name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_modes_and_limits() {
        for (name, native, folds, longest) in [
            ("ext4", true, false, None),
            ("ext2", true, false, None),
            ("btrfs", true, false, None),
            ("xfs", true, false, None),
            ("f2fs", true, false, None),
            ("reiserfs", true, false, None),
            ("tmpfs", true, false, None),
            ("vfat", false, true, Some(4095)),
            ("msdos", false, true, Some(4095)),
            ("exfat", false, true, None),
            ("ntfs3", false, true, None),
            ("fuseblk", false, true, None),
            ("fuse.sshfs", false, false, None),
            ("nonsense", false, false, None),
        ] {
            let abilities = Abilities::of(name);
            assert_eq!(abilities.is_posix, native, "{name}");
            assert_eq!(abilities.is_case_insensitive, folds, "{name}");
            let raw = abilities.longest_container(Mode::Raw);
            assert_eq!(raw, longest.map(Mib), "{name}");
            assert_eq!(abilities.longest_container(Mode::Dynfilefs), None, "{name}");
            let modes = abilities.modes();
            assert_eq!(modes.contains(&Mode::Native), native, "{name}");
            assert!(modes.ends_with(&[Mode::Dynfilefs, Mode::Raw]), "{name}");
        }
    }
}
