//! What a file system's own checker says of a state, without what every cut leaves.

use std::path::Path;

use anyhow::Result;
use perch_core::metadata::{BACKUP_FILE, CONF_FILE, JSON_FILE};

use crate::disk::Medium;
use crate::host::command;

/// What fsck.fat(8) says in any case, or since the file system was not unmounted. Linux sets the dirty bit in the boot
/// sector alone and, having found it set, never takes it back (fs/fat/inode.c, `fat_set_state`).
const SAID_ANYWAY: &[&str] = &[
    "fsck.fat ",
    "There are differences between boot sector and its backup.",
    "This is mostly harmless.",
    "  65:01/00",
    "  Not automatically fixing this.",
    "Dirty bit is set.",
    " Automatically removing dirty bit.",
    "Leaving filesystem unchanged.",
];

/// The damage that the checker of `medium` finds in `image`, a line each; nothing is repaired.
///
/// # Errors
/// If the checker cannot be started.
pub(super) fn damage(medium: &Medium, image: &Path) -> Result<Vec<String>> {
    if medium.name != "vfat" {
        let found = medium.check(image).err();
        return Ok(found.iter().map(|error| format!("{error:#}")).collect());
    }
    let output = command("fsck.vfat").arg("-n").arg(image).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let name = image.to_string_lossy();
    let said = |line: &&str| {
        !line.is_empty()
            && !line.starts_with(name.as_ref())
            && !SAID_ANYWAY.iter().any(|usual| line.starts_with(usual))
    };
    Ok(text.lines().filter(said).map(str::to_owned).collect())
}

/// The lines about a metadata file that is read at boot, not about a temporary one.
pub(super) fn about_metadata(damage: &[String]) -> impl Iterator<Item = &String> {
    let names = [JSON_FILE, CONF_FILE, BACKUP_FILE].map(|name| format!("/{name}"));
    damage
        .iter()
        .filter(move |line| names.iter().any(|name| line.ends_with(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{Content, VFAT};
    use crate::host::packages;

    #[test]
    fn a_dirty_fat_is_no_damage_and_a_file_on_free_clusters_is() {
        packages::ensure(VFAT.packages).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        std::fs::create_dir(&tree).unwrap();
        std::fs::write(tree.join("session.json"), "{}").unwrap();
        let image = dir.path().join("image");
        let content = Content {
            tree: &tree,
            label: "",
            size_mib: 40,
        };
        VFAT.make(&content, &image).unwrap();
        let mut bytes = std::fs::read(&image).unwrap();
        bytes[65] |= 1; // BS_Reserved1, the dirty bit
        std::fs::write(&image, &bytes).unwrap();
        assert_eq!(damage(&VFAT, &image).unwrap(), [""; 0]);
        // Microsoft FAT specification: reserved sectors at byte 14, sectors of one FAT at byte 36.
        let u16_at = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        let (reserved, fat) = (u16_at(14), u16_at(36));
        for start in [reserved * 512, (reserved + fat) * 512] {
            bytes[start + 3 * 4..start + 4 * 4].fill(0); // the first cluster behind the root's
        }
        std::fs::write(&image, &bytes).unwrap();
        let found = damage(&VFAT, &image).unwrap();
        assert!(about_metadata(&found).next().is_some(), "{found:?}");
    }
}
