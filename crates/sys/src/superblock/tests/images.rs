//! Images made by the real tools, and `blkid` to compare with. Sparse files, no root.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// One way to make an image.
pub(super) struct Recipe {
    pub(super) name: &'static str,
    /// Size of the file before the tool runs; 0 if the tool makes it.
    pub(super) size: u64,
    /// Words of the command line; `@` stands for the image, `%` for a directory with two files.
    pub(super) command: &'static str,
    /// How far `bytes` may lie under the length of the file; `None` if it tells none.
    pub(super) slack: Option<u64>,
}

const MIB: u64 = 1 << 20;

const fn recipe(
    name: &'static str,
    size: u64,
    command: &'static str,
    slack: Option<u64>,
) -> Recipe {
    Recipe {
        name,
        size,
        command,
        slack,
    }
}

/// Each kind, and what varies its layout.
pub(super) const RECIPES: [Recipe; 34] = [
    recipe("ext2", 8 * MIB, "mke2fs -q -t ext2 -L two @", Some(0)),
    recipe("ext3", 8 * MIB, "mke2fs -q -t ext3 -L three @", Some(0)),
    recipe(
        "ext4",
        8 * MIB,
        "mke2fs -q -t ext4 -L persistence @",
        Some(0),
    ),
    recipe("ext4-4k", 64 * MIB, "mke2fs -q -t ext4 -b 4096 @", Some(0)),
    recipe(
        "ext4-nojournal",
        8 * MIB,
        "mke2fs -q -t ext4 -O ^has_journal @",
        Some(0),
    ),
    recipe(
        "ext4-16-letters",
        8 * MIB,
        "mke2fs -q -t ext4 -L sixteen-letters! @",
        Some(0),
    ),
    recipe("ext-rev0", 8 * MIB, "mke2fs -q -t ext2 -r 0 @", Some(0)),
    recipe("xfs", 320 * MIB, "mkfs.xfs -q -L twelve-chars @", Some(0)),
    recipe("xfs-v4", 320 * MIB, "mkfs.xfs -q -m crc=0 @", Some(0)),
    recipe("btrfs", 128 * MIB, "mkfs.btrfs -q -L tree @", Some(0)),
    recipe("f2fs", 128 * MIB, "mkfs.f2fs -q -l flash @", Some(2 * MIB)),
    recipe("fat12", 4 * MIB, "mkfs.vfat -F 12 -n TWELVE @", Some(0)),
    recipe("fat12-floppy", 1440 << 10, "mkfs.vfat -n FLOPPY @", Some(0)),
    recipe("fat16", 20 * MIB, "mkfs.vfat -F 16 -n SIXTEEN @", Some(0)),
    recipe(
        "fat32",
        64 * MIB,
        "mkfs.vfat -F 32 -s 1 -n THIRTY_TWO @",
        Some(0),
    ),
    recipe(
        "fat32-4k",
        300 * MIB,
        "mkfs.vfat -F 32 -s 1 -S 4096 -n BIGSECTOR @",
        Some(0),
    ),
    recipe("fat32-unnamed", 64 * MIB, "mkfs.vfat -F 32 -s 1 @", Some(0)),
    recipe(
        "fat32-mbr",
        64 * MIB,
        "mkfs.vfat -F 32 -s 1 --mbr=y -n FAKEMBR @",
        Some(0),
    ),
    recipe("exfat", 64 * MIB, "mkfs.exfat -L exlabel @", Some(0)),
    recipe("exfat-unnamed", 64 * MIB, "mkfs.exfat @", Some(0)),
    recipe(
        "ntfs",
        16 * MIB,
        "mkfs.ntfs -q -F -Q -L Windows @",
        Some(512),
    ),
    recipe(
        "squashfs",
        0,
        "mksquashfs % @ -quiet -no-progress",
        Some(4095),
    ),
    recipe("erofs", 0, "mkfs.erofs @ %", Some(0)),
    recipe(
        "iso",
        0,
        "xorriso -as mkisofs -quiet -V LIVE_2026 -o @ %",
        Some(0),
    ),
    recipe(
        "iso-joliet",
        0,
        "xorriso -as mkisofs -quiet -J -V A_LABEL_LONGER_THAN_16 -o @ %",
        Some(0),
    ),
    recipe(
        "iso-hybrid",
        0,
        "xorriso -as mkisofs -quiet -V HYBRID -append_partition 2 0xef %/one -appended_part_as_gpt -o @ %",
        Some(MIB),
    ),
    recipe(
        "iso-mbr",
        0,
        "xorriso -as mkisofs -quiet -V MBR -append_partition 2 0x83 %/one -o @ %",
        Some(MIB),
    ),
    recipe("udf", 32 * MIB, "mkudffs -l disc @", None),
    recipe(
        "udf-2k",
        32 * MIB,
        "mkudffs -b 2048 -m cdrw -l rewritable @",
        None,
    ),
    recipe("swap", 4 * MIB, "mkswap -L swapped @", Some(0)),
    recipe("swap-64k", 4 * MIB, "mkswap -p 65536 @", Some(0)),
    recipe(
        "luks1",
        32 * MIB,
        "cryptsetup luksFormat -q --type luks1 --pbkdf-force-iterations 1000 @ %/one",
        None,
    ),
    recipe(
        "luks2",
        32 * MIB,
        "cryptsetup luksFormat -q --type luks2 --label vault --pbkdf pbkdf2 --pbkdf-force-iterations 1000 @ %/one",
        None,
    ),
    recipe("empty", MIB, "truncate -c -s +0 @", None),
];

/// Labels that `blkid` shows garbled: one over the end of the first sector of an NTFS record,
/// which holds a sequence number there, and one with a letter outside ASCII.
pub(super) const GARBLED: [(Recipe, &str); 2] = [
    (
        recipe(
            "ntfs-long",
            16 * MIB,
            "mkfs.ntfs -q -F -Q -c 512 -L 0123456789-123456789-223456789-323456789-423456789-\
             523456789-623456789-723456789-823456789-923456789-02345678 @",
            Some(512),
        ),
        "0123456789-123456789-223456789-323456789-423456789-\
         523456789-623456789-723456789-823456789-923456789-02345678",
    ),
    (
        recipe("udf-wide", 32 * MIB, "mkudffs --utf8 -l länger @", None),
        "länger",
    ),
];

/// Makes one in `dir`; `None`, and a line on stderr, if the tool is not installed.
pub(super) fn make(recipe: &Recipe, dir: &TempDir) -> Option<PathBuf> {
    let image = dir.path().join(recipe.name);
    let tree = dir.path().join("tree");
    std::fs::create_dir_all(&tree).expect("a directory in a temporary directory");
    std::fs::write(tree.join("one"), [b'1'; 2048]).expect("a small file");
    std::fs::write(tree.join("two"), [b'2'; 9000]).expect("a small file");
    if recipe.size > 0 {
        let file = File::create(&image).expect("an empty file");
        file.set_len(recipe.size).expect("a sparse file");
    }
    let texts = [&image, &tree].map(|path| path.to_str().expect("a plain path"));
    let words = recipe.command.split(' ');
    let words: Vec<_> = words
        .map(|word| word.replace('@', texts[0]).replace('%', texts[1]))
        .collect();
    run(recipe.name, &words).map(|_| image)
}

/// Writes a line to stderr past the test harness, which swallows what `eprintln!` writes.
pub(super) fn report(line: &str) {
    io::stderr().write_all(line.as_bytes()).ok();
}

/// Runs a command to its end; its output, or `None` and a line if it is not installed.
pub(super) fn run(name: &str, words: &[String]) -> Option<String> {
    let (tool, arguments) = words.split_first().expect("a command");
    let search = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let output = Command::new(tool)
        .args(arguments)
        .env("PATH", search)
        .stdin(Stdio::null())
        .output();
    let output = match output {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            report(&format!(
                "superblock: {name} skipped, {tool} is not installed\n"
            ));
            return None;
        }
        other => other.unwrap_or_else(|error| panic!("{name}: {tool}: {error}")),
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    // blkid has 2 for "nothing found".
    let fine = output.status.success() || (tool == "blkid" && output.status.code() == Some(2));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(fine, "{name}: {words:?}: {said}{complaint}");
    Some(said)
}

/// What `blkid` finds, by key; `None` if it is not installed.
pub(super) fn blkid(image: &Path) -> Option<HashMap<String, String>> {
    let path = image.to_str().expect("a plain path").to_owned();
    let words = ["blkid", "-p", "-o", "export"].map(str::to_owned);
    let said = run("comparison", &[&words[..], &[path]].concat())?;
    let pairs = said.lines().filter_map(|line| line.split_once('='));
    Some(
        pairs
            .map(|(key, value)| (key.to_owned(), value.replace('\\', "")))
            .collect(),
    )
}
