//! What is on a disk, a partition or an image: file system, label, UUID, and whether it is dirty.
//!
//! Bytes in, [`Superblock`] out; no `blkid`, no mount, nothing written. [`read`] takes one read of
//! 68 KiB, plus a few small ones where a label or a RAID's superblock lies further back. It knows
//! only what a live medium can be and what must not be mistaken for one, no partition tables.
//!
//! Whoever wrote the disk wrote these bytes, so nothing in them is trusted: every field is looked
//! up with its bounds, every walk has a limit, and labels lose what could upset a terminal.
//!
//! ```no_run
//! let disk = std::fs::File::open("/dev/sda1")?;
//! if let Some(found) = perch_sys::superblock::read(&disk)? {
//!     println!("{} {:?}", found.kind, found.label);
//! }
//! # Ok::<(), std::io::Error>(())
//! ```

use std::io;

use perch_core::fs::FsKind;

use source::Disk;
pub use source::ReadAt;

mod directory;
mod exfat;
mod ext;
mod f2fs;
mod fat;
mod iso9660;
mod members;
mod ntfs;
mod packed;
mod partitions;
pub(crate) mod source;
pub(crate) mod text;
mod tree;
mod udf;

/// What a superblock says. Where a kind of file system records no such thing, a text is `None`
/// and a flag `false`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superblock {
    /// The kind of file system, or of whatever else is there.
    pub kind: FsKind,
    /// The label without trailing blanks and control characters; never empty.
    pub label: Option<String>,
    /// The UUID or serial number, written as `blkid` writes it for this kind: with small letters
    /// and hyphens, `1A2B-3C4D` for FAT and exFAT, 16 large digits for NTFS, a date for ISO 9660.
    pub uuid: Option<String>,
    /// It was not unmounted: there is a journal to replay, or a flag says "dirty".
    ///
    /// Not known of XFS (the log itself tells) and F2FS (the checkpoint tells).
    pub needs_recovery: bool,
    /// The file system was marked as damaged by whoever used it last.
    pub errors: bool,
    /// Bytes from the start of the device that it lays claim to; a device that is shorter has
    /// been cut off. For squashfs that is the length of the image without padding.
    pub bytes: Option<u64>,
}

impl Superblock {
    /// One of which nothing but the kind is known yet.
    pub fn of(kind: FsKind) -> Self {
        Self {
            kind,
            label: None,
            uuid: None,
            needs_recovery: false,
            errors: false,
            bytes: None,
        }
    }
}

/// Asks whether one kind is there; `None` is "no", whatever the bytes are.
type Probe = fn(&Disk<'_>) -> Option<Superblock>;

/// In this order, and the first that answers is right.
///
/// Two signatures are on a disk when something was formatted anew and the old one not wiped.
/// First come those that are not to be mounted: a wrong refusal costs a message, a wrong mount
/// costs data. Of the others, a superblock at the start wins over one further back, since
/// formatting overwrites the start in any case; FAT, which has no true signature, comes after
/// those that have one. ISO 9660 is last, being what remains when a stick that once held an image
/// was formatted; hybrid images carry a partition table at the start but no other superblock.
/// UDF is before it: a bridge disc has both, and ISO 9660 cannot hold its long files.
const PROBES: [Probe; 15] = [
    members::luks,
    members::lvm,
    members::raid_at_start,
    members::swap,
    tree::xfs,
    packed::squashfs,
    ntfs::probe,
    exfat::probe,
    ext::probe,
    f2fs::probe,
    packed::erofs,
    fat::probe,
    tree::btrfs,
    udf::probe,
    iso9660::probe,
];

/// Reads what is on `source`; `None` if it is nothing we know, such as an empty disk or one that
/// only has a partition table.
///
/// # Errors
///
/// The source's own, if the first 68 KiB cannot be read. Further back lie only labels and flags:
/// one that cannot be read is absent.
pub fn read(source: &impl ReadAt) -> io::Result<Option<Superblock>> {
    let disk = Disk::open(source)?;
    let found = PROBES.iter().find_map(|probe| probe(&disk));
    Ok(members::raid_at_end(&disk, found.as_ref()).or(found))
}

#[cfg(test)]
mod tests;
