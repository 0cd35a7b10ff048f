//! FAT file systems inside of image files, through dosfstools and mtools. Nothing is mounted.

use std::path::Path;

use super::content::Source;
use super::error::ImageError;
use super::layout::SECTOR;
use super::tool::{Bench, MCOPY, MKFS_VFAT, MMD};
use super::{files::Files, identity::Uuid};

/// Where a file system is made, in bytes.
pub(super) struct Place<'a> {
    pub image: &'a Path,
    pub start: u64,
    pub length: u64,
}

/// Makes a file system with these files. FAT32 where there is room for one.
pub(super) fn make(
    place: &Place,
    label: &str,
    id: Uuid,
    files: &Files,
    bench: &mut Bench,
) -> Result<(), ImageError> {
    let mut format: Vec<String> = ["--invariant", "-n", label, "-i"].map(String::from).into();
    format.push(format!("{:08x}", id.short()));
    // dosfstools goes by the size of the file, not of the place in it.
    if let Some(cluster) = cluster(place.length) {
        format.extend(["-F", "32", "-s", cluster].map(String::from));
    }
    if place.start > 0 {
        let start = (place.start / SECTOR).to_string();
        format.extend(["--offset", &start, "-h", &start].map(String::from));
    }
    format.push(place.image.display().to_string());
    format.push((place.length / 1024).to_string());
    bench.run(MKFS_VFAT, &format, None)?;

    // mtools(1), "drive letters": the offset behind @@, in bytes.
    let drive = format!("{}@@{}", place.image.display(), place.start);
    let directories: Vec<String> = files
        .entries()
        .filter(|(_, source)| **source == Source::Directory)
        .map(|(path, _)| format!("::/{path}"))
        .collect();
    if !directories.is_empty() {
        let args = ["-i", &drive].map(String::from).into_iter();
        bench.run(MMD, args.chain(directories), None)?;
    }
    for (path, source) in files.files() {
        let to = format!("::/{path}");
        // A path with a colon would be a drive.
        let from = Path::new("./").join(source);
        bench.run(
            MCOPY,
            ["-i".as_ref(), drive.as_ref(), from.as_os_str(), to.as_ref()],
            None,
        )?;
    }
    Ok(())
}

/// The sectors of a cluster of FAT32, as all formatting programs choose them (Microsoft FAT specification, table
/// `DskTableFAT32`); `None` where there is only room for a smaller kind.
fn cluster(length: u64) -> Option<&'static str> {
    const MIB: u64 = 1 << 20;
    match length / MIB {
        0..33 => None,
        33..260 => Some("1"),
        260..8192 => Some("8"),
        8192..16_384 => Some("16"),
        16_384..32_768 => Some("32"),
        _ => Some("64"),
    }
}

/// Names that FAT cannot have, and those that differ in case only.
pub(super) fn check_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), ImageError> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        let bad = |part: &str| {
            part.contains(['<', '>', ':', '|', '?', '*']) || part.ends_with(['.', ' '])
        };
        if name.split('/').any(bad) {
            return Err(ImageError::Name {
                name: name.to_owned(),
                problem: "FAT has no such names; rename it, or use --fs ext4",
            });
        }
        if !seen.insert(name.to_lowercase()) {
            return Err(ImageError::Twice {
                name: name.to_owned(),
            });
        }
    }
    Ok(())
}

/// Microsoft FAT specification, "Volume Label": 11 characters; lower case is shown in capitals.
pub(super) fn check_label(label: &str) -> Result<(), ImageError> {
    let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "_- ".contains(c);
    let problem = if label.is_empty() || label.len() > 11 {
        "on FAT it has 1 to 11 characters"
    } else if !label.chars().all(fits) {
        "on FAT it is made of capitals, digits, _ and -"
    } else {
        return Ok(());
    };
    Err(ImageError::Label {
        label: label.to_owned(),
        problem,
    })
}
