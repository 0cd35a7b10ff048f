//! ext4 file systems inside of image files, through e2fsprogs. Nothing is mounted: debugfs writes the files one by one, in the
//! order of their names, which `mke2fs -d` takes from the directory, and as root's, whoever does it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::content::Source;
use super::error::ImageError;
use super::fat::Place;
use super::files::Files;
use super::identity::Uuid;
use super::tool::{Bench, DEBUGFS, MKE2FS, unwritten};

/// All features are named: neither the version of mke2fs nor its configuration decides who can read it. GRUB 2.06 refuses
/// `metadata_csum_seed`, EXTLINUX `64bit`.
const FEATURES: &str = "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,flex_bg,sparse_super,\
large_file,huge_file,dir_nlink,extra_isize,metadata_csum";

/// Makes a file system with these files. All of it belongs to root, so nothing is kept back for root.
pub(super) fn make(
    place: &Place,
    label: &str,
    id: Uuid,
    files: &Files,
    bench: &mut Bench,
) -> Result<(), ImageError> {
    let image = place.image.display().to_string();
    // Nothing lazy: the kernel would write for minutes when it is mounted first.
    let extended = format!(
        "offset={},root_owner=0:0,hash_seed={},lazy_itable_init=0,lazy_journal_init=0",
        place.start,
        id.of_part("hash")
    );
    let blocks = (place.length / 4096).to_string();
    let id = id.to_string();
    let args = [
        "-q", "-F", "-t", "ext4", "-b", "4096", "-I", "256", "-m", "0", "-O", FEATURES, "-L",
        label, "-U", &id, "-E", &extended, &image, &blocks,
    ];
    bench.run(MKE2FS, args, None)?;
    fill(place, files, bench)
}

/// The partition that perch makes one for sessions of (`perch_core::growth`): ext2 of 128 KiB, without a file.
pub(super) fn make_growable(image: &Path, id: Uuid, bench: &mut Bench) -> Result<(), ImageError> {
    let extended = format!("root_owner=0:0,hash_seed={id}");
    let label = perch_core::partition_growth::GROWABLE;
    let image = image.display().to_string();
    let id = id.to_string();
    let args = [
        "-q", "-F", "-t", "ext2", "-b", "1024", "-L", label, "-U", &id, "-E", &extended, &image,
        "128K",
    ];
    bench.run(MKE2FS, args, None).map(drop)
}

/// Writes the files; debugfs ends with 0 whatever happens, so all it may say on the way is what it was told.
fn fill(place: &Place, files: &Files, bench: &mut Bench) -> Result<(), ImageError> {
    let mut script = String::new();
    for (path, source) in files.entries() {
        if *source == Source::Directory {
            let _ = writeln!(script, "mkdir \"{path}\""); // to a string nothing fails
        }
    }
    for (path, source) in files.files() {
        let _ = writeln!(script, "write \"{}\" \"{path}\"", source.display());
        for (field, value) in [("mode", "0100644"), ("uid", "0"), ("gid", "0")] {
            let _ = writeln!(script, "set_inode_field \"{path}\" {field} {value}");
        }
    }
    if script.is_empty() {
        return Ok(());
    }
    let file = bench.scratch.join("debugfs");
    fs::write(&file, script).map_err(|source| unwritten(&file, source))?;
    let name = format!("{}?offset={}", place.image.display(), place.start);
    let said = bench.run(
        DEBUGFS,
        [
            "-w".as_ref(),
            "-f".as_ref(),
            file.as_os_str(),
            name.as_ref(),
        ],
        None,
    )?;
    let complaint = said.lines().find(|line| {
        let expected = ["debugfs", "Allocated inode:"];
        !line.is_empty() && !expected.iter().any(|start| line.starts_with(start))
    });
    match complaint {
        None => Ok(()),
        Some(line) => Err(ImageError::Write {
            path: bench.image.clone(),
            source: std::io::Error::other(line.to_owned()),
        }),
    }
}

/// Linux, `Documentation/filesystems/ext4/super.rst`: 16 bytes.
pub(super) fn check_label(label: &str) -> Result<(), ImageError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-. ".contains(c);
    if !label.is_empty() && label.len() <= 16 && label.chars().all(fits) {
        return Ok(());
    }
    Err(ImageError::Label {
        label: label.to_owned(),
        problem: "on ext4 it is made of 1 to 16 letters, digits, _, - and .",
    })
}
