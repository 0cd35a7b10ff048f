//! The table of file systems a medium can have. A further one is an entry here and two functions in a file of its own.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{btrfs, exfat, ext4, f2fs, iso9660, ntfs, vfat, xfs};
use crate::host::{command, run};

/// How one kind of file system is made, read and checked, all on image files.
#[derive(Clone, Copy, Debug)]
pub struct Medium {
    /// The kernel's name of the file system.
    pub name: &'static str,
    /// The Debian packages its tools come from.
    pub packages: &'static [&'static str],
    /// Whether the kernel can mount it for writing.
    pub writable: bool,
    /// The size in MiB below which its tools refuse to make one, rounded up.
    pub smallest_mib: u64,
    /// Whether making and reading it takes root, because this machine has to mount it.
    pub mounted: bool,
    make: fn(&Content, &Path) -> Result<()>,
    /// Absent where no tool of this machine can read it.
    extract: Option<Extract>,
    /// The command that judges an image without changing it; the image is appended. Empty where nothing can be dirty.
    check: &'static [&'static str],
}

/// Copies a path of an image to a path of this machine.
type Extract = fn(&Path, &str, &Path) -> Result<()>;

/// What a new file system is to hold.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// The directory whose content becomes the root of the file system.
    pub tree: &'a Path,
    /// The volume label; empty for none.
    pub label: &'a str,
    /// The size in MiB; read-only formats are as large as their content.
    pub size_mib: u64,
}

/// ext4, as mke2fs makes it by default.
pub const EXT4: Medium = Medium {
    name: "ext4",
    packages: &["e2fsprogs"],
    writable: true,
    smallest_mib: 1,
    mounted: false,
    make: ext4::make,
    extract: Some(ext4::extract),
    check: &["e2fsck", "-fn"],
};

/// The empty partition that images bring along: ext2 of 128 KiB, whatever size is asked for.
pub const GROWABLE: Medium = Medium {
    name: "ext2",
    make: ext4::make_small,
    ..EXT4
};

/// FAT32, as sticks are sold.
pub const VFAT: Medium = Medium {
    name: "vfat",
    packages: &["dosfstools", "mtools"],
    writable: true,
    smallest_mib: 33,
    mounted: false,
    make: vfat::make,
    extract: Some(vfat::extract),
    check: &["fsck.vfat", "-n"],
};

/// ISO 9660 with Rock Ridge, as on a disc or written to a stick byte by byte.
pub const ISO9660: Medium = Medium {
    name: "iso9660",
    packages: &["xorriso"],
    writable: false,
    smallest_mib: 0,
    mounted: false,
    make: iso9660::make,
    extract: Some(iso9660::extract),
    check: &[],
};

/// XFS, as mkfs.xfs makes it by default.
pub const XFS: Medium = Medium {
    name: "xfs",
    packages: &["xfsprogs"],
    writable: true,
    smallest_mib: 300,
    mounted: true,
    make: xfs::make,
    extract: Some(xfs::extract),
    check: &["xfs_repair", "-n"],
};

/// Btrfs on one device.
pub const BTRFS: Medium = Medium {
    name: "btrfs",
    packages: &["btrfs-progs"],
    writable: true,
    smallest_mib: 128,
    mounted: false,
    make: btrfs::make,
    extract: Some(btrfs::extract),
    check: &["btrfs", "check", "--readonly"],
};

/// F2FS, as on sticks and cards.
pub const F2FS: Medium = Medium {
    name: "f2fs",
    packages: &["f2fs-tools"],
    writable: true,
    smallest_mib: 64,
    mounted: false,
    make: f2fs::make,
    extract: None,
    check: &["fsck.f2fs", "--dry-run"],
};

/// exFAT, as larger sticks are sold.
pub const EXFAT: Medium = Medium {
    name: "exfat",
    packages: &["exfat-fuse", "exfatprogs"],
    writable: true,
    smallest_mib: 8,
    mounted: true,
    make: exfat::make,
    extract: Some(exfat::extract),
    check: &["fsck.exfat", "-n"],
};

/// NTFS, as Windows formats disks.
pub const NTFS: Medium = Medium {
    name: "ntfs",
    packages: &["ntfs-3g"],
    writable: true,
    smallest_mib: 8,
    mounted: true,
    make: ntfs::make,
    extract: Some(ntfs::extract),
    check: &["ntfs-3g.probe", "--readwrite"],
};

/// Every medium there is.
pub const ALL: &[Medium] = &[EXT4, VFAT, ISO9660, XFS, BTRFS, F2FS, EXFAT, NTFS];

impl Medium {
    /// Makes the image file `image` with this file system in it.
    ///
    /// # Errors
    /// If the tools fail, for example because the content does not fit.
    pub fn make(&self, content: &Content, image: &Path) -> Result<()> {
        (self.make)(content, image).with_context(|| format!("cannot make a {} image", self.name))
    }

    /// Copies the file or directory `path` (absolute inside the file system) to `target`, which must not exist.
    /// Sockets, devices and owners are not carried over.
    ///
    /// # Errors
    /// If the path is missing in the image, or the tools fail, or none reads this file system.
    pub fn extract(&self, image: &Path, path: &str, target: &Path) -> Result<()> {
        let Some(extract) = self.extract else {
            bail!("no tool of this machine reads {} images", self.name);
        };
        extract(image, path, target).with_context(|| {
            format!(
                "cannot read {path} from the {} image {}",
                self.name,
                image.display()
            )
        })
    }

    /// Judges the file system without changing it.
    ///
    /// # Errors
    /// If it is damaged or was not left cleanly; the error holds the checker's words.
    pub fn check(&self, image: &Path) -> Result<()> {
        if let [program, arguments @ ..] = self.check {
            run(command(program).args(arguments).arg(image))?;
        }
        if self.name == EXT4.name {
            // e2fsck is content with a journal that has to be replayed.
            ext4::was_unmounted(image)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::packages;
    use std::fs::{self, File};
    use std::os::unix::fs::FileExt;

    #[test]
    fn every_medium_gives_back_what_was_put_in() {
        for medium in ALL.iter().filter(|medium| !medium.mounted) {
            gives_back_what_was_put_in(medium);
        }
    }

    #[test]
    fn privileged_every_mounted_medium_gives_back_what_was_put_in() {
        for medium in ALL.iter().filter(|medium| medium.mounted) {
            gives_back_what_was_put_in(medium);
        }
    }

    fn gives_back_what_was_put_in(medium: &Medium) {
        packages::ensure(medium.packages).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        fs::create_dir_all(tree.join("minios/changes/1")).unwrap();
        fs::write(tree.join("minios/changes/session.json"), "{}").unwrap();
        fs::write(tree.join("minios/changes/1/A long name.txt"), "kept").unwrap();
        let image = dir.path().join("image");
        let content = Content {
            tree: &tree,
            label: "STICK",
            size_mib: medium.smallest_mib.max(40),
        };
        medium.make(&content, &image).unwrap();
        medium.check(&image).unwrap();
        let name = medium.name;
        if medium.extract.is_none() {
            return;
        }

        let out = dir.path().join("out");
        medium.extract(&image, "/minios/changes", &out).unwrap();
        let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
        assert_eq!(read("session.json"), "{}", "{name}");
        assert_eq!(read("1/A long name.txt"), "kept", "{name}");

        let file = dir.path().join("file");
        medium
            .extract(&image, "/minios/changes/session.json", &file)
            .unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "{}", "{name}");

        let whole = dir.path().join("whole");
        medium.extract(&image, "/", &whole).unwrap();
        assert!(whole.join("minios/changes/session.json").exists(), "{name}");

        medium.check(&image).unwrap();
        let missing = medium.extract(&image, "/minios/none", &dir.path().join("none"));
        assert!(missing.is_err(), "{name}");
    }

    #[test]
    fn damage_is_reported() {
        for medium in ALL.iter().filter(|medium| !medium.mounted) {
            damage_is_found(medium);
        }
    }

    #[test]
    fn privileged_damage_of_mounted_media_is_reported() {
        for medium in ALL.iter().filter(|medium| medium.mounted) {
            damage_is_found(medium);
        }
    }

    /// Most of them keep a second superblock: nothing less than a wiped start is damage to all.
    fn damage_is_found(medium: &Medium) {
        if medium.check.is_empty() {
            return;
        }
        packages::ensure(medium.packages).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        fs::create_dir(&tree).unwrap();
        let image = dir.path().join("image");
        let content = Content {
            tree: &tree,
            label: "",
            size_mib: medium.smallest_mib.max(40),
        };
        medium.make(&content, &image).unwrap();
        let file = File::options().write(true).open(&image).unwrap();
        file.write_all_at(&[0; 8 << 20], 0).unwrap();
        assert!(medium.check(&image).is_err(), "{}", medium.name);
    }
}
