//! The table of file systems a medium can have. A further one is an entry here and two functions in a file of its own.

use std::path::Path;

use anyhow::{Context, Result};

use super::{ext4, iso9660, vfat};
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
    make: fn(&Content, &Path) -> Result<()>,
    extract: fn(&Path, &str, &Path) -> Result<()>,
    /// The command that judges an image without changing it; the image is appended. Empty where nothing can be dirty.
    check: &'static [&'static str],
}

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
    make: ext4::make,
    extract: ext4::extract,
    check: &["e2fsck", "-fn"],
};

/// FAT32, as sticks are sold.
pub const VFAT: Medium = Medium {
    name: "vfat",
    packages: &["dosfstools", "mtools"],
    writable: true,
    make: vfat::make,
    extract: vfat::extract,
    check: &["fsck.vfat", "-n"],
};

/// ISO 9660 with Rock Ridge, as on a disc or written to a stick byte by byte.
pub const ISO9660: Medium = Medium {
    name: "iso9660",
    packages: &["xorriso"],
    writable: false,
    make: iso9660::make,
    extract: iso9660::extract,
    check: &[],
};

/// Every medium there is.
pub const ALL: &[Medium] = &[EXT4, VFAT, ISO9660];

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
    /// If the path is missing in the image, or the tools fail.
    pub fn extract(&self, image: &Path, path: &str, target: &Path) -> Result<()> {
        (self.extract)(image, path, target).with_context(|| {
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
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::packages;
    use std::fs;

    #[test]
    fn every_medium_gives_back_what_was_put_in() {
        for medium in ALL {
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
                size_mib: 40,
            };
            medium.make(&content, &image).unwrap();

            let out = dir.path().join("out");
            medium.extract(&image, "/minios/changes", &out).unwrap();
            let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
            assert_eq!(read("session.json"), "{}", "{}", medium.name);
            assert_eq!(read("1/A long name.txt"), "kept", "{}", medium.name);

            let file = dir.path().join("file");
            medium
                .extract(&image, "/minios/changes/session.json", &file)
                .unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), "{}", "{}", medium.name);

            let whole = dir.path().join("whole");
            medium.extract(&image, "/", &whole).unwrap();
            assert!(
                whole.join("minios/changes/session.json").exists(),
                "{}",
                medium.name
            );

            medium.check(&image).unwrap();
            let missing = medium.extract(&image, "/minios/none", &dir.path().join("none"));
            assert!(missing.is_err(), "{}", medium.name);
        }
    }

    #[test]
    fn damage_is_reported() {
        packages::ensure(EXT4.packages).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("image");
        let content = Content {
            tree: dir.path(),
            label: "",
            size_mib: 8,
        };
        EXT4.make(&content, &image).unwrap();
        let mut bytes = fs::read(&image).unwrap();
        bytes[1024 + 56] = 0; // the magic number of the superblock
        fs::write(&image, bytes).unwrap();
        assert!(EXT4.check(&image).is_err());
    }
}
