//! Whether Windows still counts on an NTFS file system being as it left it.

use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;

use perch_core::fs::FsKind;
use rustix::fs::OFlags;

use crate::dir;
use crate::superblock::Superblock;

/// Where Windows keeps its memory while it is hibernated, also partly, by its "fast startup".
const HIBERNATION: &str = "hiberfil.sys";

/// Why nothing must be written to this file system, by its superblock; absent if that does not speak
/// against it.
pub fn unclean(superblock: &Superblock) -> Option<String> {
    (superblock.kind == FsKind::Ntfs && superblock.needs_recovery).then(|| {
        "Windows did not close it cleanly: start Windows and let it check the disk (chkdsk /f)"
            .to_owned()
    })
}

/// Why nothing must be written to the file system on `mount`; absent if Windows is not hibernated on it.
///
/// Windows keeps the file system's tables in the hibernated memory and goes on with them when it wakes:
/// what was written meanwhile is lost, and more with it.
pub fn hibernated(superblock: &Superblock, mount: impl AsFd) -> Option<String> {
    (superblock.kind == FsKind::Ntfs && is_hibernated(mount)).then(|| {
        let way_out = "start Windows and shut it down with the Shift key held";
        format!(
            "Windows is hibernated on it, as it is after a usual shutdown with fast startup: {way_out}"
        )
    })
}

/// As ntfs-3g judges (libntfs-3g/volume.c, `ntfs_volume_check_hiberfile`): by the first bytes, which
/// Windows changes when it has woken up.
fn is_hibernated(mount: impl AsFd) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let Ok(file) = dir::open_beneath(mount, HIBERNATION, flags) else {
        return false;
    };
    let mut start = [0; 4];
    let read = File::from(file).read_exact(&mut start);
    read.is_ok() && start.eq_ignore_ascii_case(b"hibr")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_windows_uses_can_be_left_unclean_by_it() {
        for (kind, needs_recovery, want) in [
            (FsKind::Ntfs, true, true),
            (FsKind::Ntfs, false, false),
            (FsKind::Ext4, true, false),
        ] {
            let superblock = Superblock {
                needs_recovery,
                ..Superblock::of(kind)
            };
            let why = unclean(&superblock);
            assert_eq!(why.is_some(), want, "{kind} {needs_recovery}");
        }
    }

    #[test]
    fn a_hibernated_windows_is_known_by_the_first_bytes_of_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir::open_dir(dir.path()).unwrap();
        let file = dir.path().join(HIBERNATION);
        let ntfs = Superblock::of(FsKind::Ntfs);
        assert_eq!(hibernated(&ntfs, &root), None);
        for (content, want) in [
            (&b"hibr\x01\x02"[..], true),
            (b"HIBR", true),
            (b"wake", false),
            (b"hib", false),
            (b"", false),
        ] {
            std::fs::write(&file, content).unwrap();
            assert_eq!(hibernated(&ntfs, &root).is_some(), want, "{content:?}");
        }
        std::fs::write(&file, "hibr").unwrap();
        assert_eq!(hibernated(&Superblock::of(FsKind::Exfat), &root), None);
    }
}
