//! Kinds of file systems, and what each means for a live medium and for the sessions on it.
//!
//! One table that boot code and session manager share. It says what a *kind* can do; whether a
//! certain disk can do it (mounted read-only, worn out, full) is found out elsewhere.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::units::Bytes;

/// What a disk, a partition or an image holds, by its superblock.
///
/// The words, here and in JSON, are those that `blkid` prints as `TYPE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FsKind {
    /// ext2: no journal, nothing that ext3 and ext4 added.
    Ext2,
    /// ext3: ext2 with a journal.
    Ext3,
    /// ext4: has at least one feature that ext3 lacks.
    Ext4,
    /// XFS.
    Xfs,
    /// Btrfs.
    Btrfs,
    /// F2FS.
    F2fs,
    /// FAT12, FAT16 or FAT32, with long names.
    Vfat,
    /// exFAT.
    Exfat,
    /// NTFS.
    Ntfs,
    /// ISO 9660, also with Rock Ridge or Joliet, also as a hybrid image on a disk.
    Iso9660,
    /// UDF, also as a bridge disc that carries ISO 9660 beside it.
    Udf,
    /// Squashfs 4.0, the format of the bundles.
    Squashfs,
    /// EROFS.
    Erofs,
    /// LUKS 1 or 2: contents unknown until it is opened.
    #[serde(rename = "crypto_LUKS")]
    Luks,
    /// Swap space, also one that holds the image of a hibernated system.
    Swap,
    /// A physical volume of LVM2.
    #[serde(rename = "LVM2_member")]
    Lvm,
    /// A member of a Linux software RAID.
    #[serde(rename = "linux_raid_member")]
    MdRaid,
}

impl FsKind {
    /// Every kind there is.
    pub const ALL: [Self; 17] = [
        Self::Ext2,
        Self::Ext3,
        Self::Ext4,
        Self::Xfs,
        Self::Btrfs,
        Self::F2fs,
        Self::Vfat,
        Self::Exfat,
        Self::Ntfs,
        Self::Iso9660,
        Self::Udf,
        Self::Squashfs,
        Self::Erofs,
        Self::Luks,
        Self::Swap,
        Self::Lvm,
        Self::MdRaid,
    ];

    /// The word that `blkid` prints as `TYPE`; the same as in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ext2 => "ext2",
            Self::Ext3 => "ext3",
            Self::Ext4 => "ext4",
            Self::Xfs => "xfs",
            Self::Btrfs => "btrfs",
            Self::F2fs => "f2fs",
            Self::Vfat => "vfat",
            Self::Exfat => "exfat",
            Self::Ntfs => "ntfs",
            Self::Iso9660 => "iso9660",
            Self::Udf => "udf",
            Self::Squashfs => "squashfs",
            Self::Erofs => "erofs",
            Self::Luks => "crypto_LUKS",
            Self::Swap => "swap",
            Self::Lvm => "LVM2_member",
            Self::MdRaid => "linux_raid_member",
        }
    }

    /// What it is good for; the one place that decides it.
    fn nature(self) -> Nature {
        match self {
            Self::Ext2 | Self::Ext3 | Self::Ext4 | Self::Xfs | Self::Btrfs | Self::F2fs => {
                Nature::Posix
            }
            Self::Vfat | Self::Exfat | Self::Ntfs => Nature::Plain,
            Self::Iso9660 | Self::Udf | Self::Squashfs | Self::Erofs => Nature::ReadOnly,
            Self::Luks => Nature::Refused("it is encrypted and has not been opened"),
            Self::Swap => Nature::Refused("it is swap space"),
            Self::Lvm => Nature::Refused("it is part of an LVM volume group"),
            Self::MdRaid => Nature::Refused("it is one disk of a RAID"),
        }
    }

    /// The kernel's names for the file system, in the order to try; empty where there is nothing
    /// to mount.
    ///
    /// The ext4 driver mounts all three of its family (`Documentation/filesystems/ext4`); asking
    /// for `ext2` may find a driver that does not know the journal. NTFS is `ntfs3`, the driver
    /// that writes (Linux 5.15); `ntfs-3g` is a program, for which the kernel has `fuse`.
    pub fn kernel_names(self) -> &'static [&'static str] {
        match self {
            Self::Ext2 | Self::Ext3 | Self::Ext4 => &["ext4"],
            Self::Xfs => &["xfs"],
            Self::Btrfs => &["btrfs"],
            Self::F2fs => &["f2fs"],
            Self::Vfat => &["vfat"],
            Self::Exfat => &["exfat"],
            Self::Ntfs => &["ntfs3"],
            Self::Iso9660 => &["iso9660"],
            Self::Udf => &["udf"],
            Self::Squashfs => &["squashfs"],
            Self::Erofs => &["erofs"],
            Self::Luks | Self::Swap | Self::Lvm | Self::MdRaid => &[],
        }
    }

    /// The kernel modules to load before mounting, where the kernel's own request for them may
    /// find no `modprobe` to run; dependencies and soft dependencies of each come on top.
    ///
    /// A module that the running kernel does not have is to be passed over: the driver may be
    /// built in, and of the character sets a kernel asks only for those it was configured with.
    ///
    /// vfat refuses to mount without the tables for its `codepage` and `iocharset`, and no module
    /// depends on them: 437 and `iso8859-1` are the kernel's defaults (`fs/fat/Kconfig`), Debian
    /// builds with `ascii`. The other drivers need no table for UTF-8, their usual setting.
    pub fn modules(self) -> &'static [&'static str] {
        match self {
            Self::Vfat => &["vfat", "nls_cp437", "nls_ascii", "nls_iso8859-1"],
            Self::Iso9660 => &["isofs"], // the one driver whose module has another name
            Self::Ntfs => &["ntfs3", "fuse"], // the latter for ntfs-3g, where there is no ntfs3
            other => other.kernel_names(),
        }
    }

    /// Whether a live medium or a session store may be of this kind.
    ///
    /// # Errors
    ///
    /// Says why not, as the end of a sentence such as "/dev/sda2 is passed over: …".
    pub fn mountable(self) -> Result<(), &'static str> {
        match self.nature() {
            Nature::Posix | Nature::Plain | Nature::ReadOnly => Ok(()),
            Nature::Refused(reason) => Err(reason),
        }
    }

    /// Whether it keeps owners, modes, links, device nodes and `trusted.*` attributes, so that a
    /// directory on it can be the upper layer of a union: a native session.
    ///
    /// overlayfs asks of its upper layer `trusted.*` or `user.*` attributes and `d_type`
    /// (`Documentation/filesystems/overlayfs.rst`). NTFS does not count: ntfs3 keeps
    /// owners in attributes of its own, but has no RENAME_WHITEOUT, by which overlayfs deletes.
    pub fn holds_native(self) -> bool {
        self.nature() == Nature::Posix
    }

    /// Whether nothing is ever written to it, so that no message need warn of it being read-only.
    ///
    /// UDF counts: the kernel writes to some of it, but a live medium in UDF is a mastered disc.
    pub fn read_only_by_nature(self) -> bool {
        self.nature() == Nature::ReadOnly
    }

    /// The longest file it can hold, in bytes; `None` where no container comes near the limit.
    ///
    /// FAT keeps a file's length in the 32 bits of `DIR_FileSize` (Microsoft FAT specification,
    /// "Directory Structure"): 4 GiB − 1. The next smallest limit is that of ext2 and ext3: 2 TiB
    /// with blocks of 4 KiB, 16 GiB with those of 1 KiB that `mke2fs` gives to disks under 512 MB.
    pub fn max_file_len(self) -> Option<Bytes> {
        (self == Self::Vfat).then_some(Bytes(u32::MAX as u64))
    }
}

/// What a file system is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// Takes sessions of every mode.
    Posix,
    /// Writable, but without owners, modes and links: sessions in containers only.
    Plain,
    /// To boot from, nothing else.
    ReadOnly,
    /// Not to be mounted, and why.
    Refused(&'static str),
}

impl fmt::Display for FsKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_json_are_the_words_of_blkid() {
        for kind in FsKind::ALL {
            let json = serde_json::to_string(&kind).expect("a unit variant");
            assert_eq!(json, format!("\"{}\"", kind.word()));
            let back: FsKind = serde_json::from_str(&json).expect("what was just written");
            assert_eq!(back, kind);
        }
    }

    #[test]
    fn all_lists_each_kind_once() {
        let mut sorted = FsKind::ALL;
        sorted.sort();
        assert!(sorted.windows(2).all(|pair| pair[0] != pair[1]));
    }

    /// kind, kernel names, modules, mountable, native, read-only by nature
    #[test]
    fn the_table() {
        use FsKind::*;
        type Row = (
            FsKind,
            &'static [&'static str],
            &'static [&'static str],
            bool,
            bool,
            bool,
        );
        let vfat: &[&str] = &["vfat", "nls_cp437", "nls_ascii", "nls_iso8859-1"];
        let rows: [Row; FsKind::ALL.len()] = [
            (Ext2, &["ext4"], &["ext4"], true, true, false),
            (Ext3, &["ext4"], &["ext4"], true, true, false),
            (Ext4, &["ext4"], &["ext4"], true, true, false),
            (Xfs, &["xfs"], &["xfs"], true, true, false),
            (Btrfs, &["btrfs"], &["btrfs"], true, true, false),
            (F2fs, &["f2fs"], &["f2fs"], true, true, false),
            (Vfat, &["vfat"], vfat, true, false, false),
            (Exfat, &["exfat"], &["exfat"], true, false, false),
            (Ntfs, &["ntfs3"], &["ntfs3", "fuse"], true, false, false),
            (Iso9660, &["iso9660"], &["isofs"], true, false, true),
            (Udf, &["udf"], &["udf"], true, false, true),
            (Squashfs, &["squashfs"], &["squashfs"], true, false, true),
            (Erofs, &["erofs"], &["erofs"], true, false, true),
            (Luks, &[], &[], false, false, false),
            (Swap, &[], &[], false, false, false),
            (Lvm, &[], &[], false, false, false),
            (MdRaid, &[], &[], false, false, false),
        ];
        for (kind, names, modules, mountable, native, read_only) in rows {
            assert_eq!(kind.kernel_names(), names, "{kind}");
            assert_eq!(kind.modules(), modules, "{kind}");
            assert_eq!(kind.mountable().is_ok(), mountable, "{kind}");
            assert_eq!(kind.holds_native(), native, "{kind}");
            assert_eq!(kind.read_only_by_nature(), read_only, "{kind}");
        }
    }

    #[test]
    fn what_mounts_has_a_driver_and_what_does_not_says_why() {
        for kind in FsKind::ALL {
            match kind.mountable() {
                Ok(()) => assert!(!kind.kernel_names().is_empty(), "{kind}"),
                Err(reason) => {
                    assert!(kind.kernel_names().is_empty(), "{kind}");
                    assert!(reason.starts_with("it is "), "{kind}: {reason}");
                }
            }
        }
    }

    #[test]
    fn only_fat_cuts_files_at_four_gibibytes() {
        for kind in FsKind::ALL {
            let want = (kind == FsKind::Vfat).then_some(Bytes(4_294_967_295));
            assert_eq!(kind.max_file_len(), want, "{kind}");
        }
    }
}
