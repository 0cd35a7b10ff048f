//! Needs recovery, has errors: bits set on real images, and a file system that is in use.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;

use super::images::{RECIPES, make, report, run};
use super::{Superblock, probe_file};
use crate::loopdev::{Config, attach};

/// The image that a recipe makes, and then the same with some bits set and others cleared:
/// recipe, offset of the byte, set, clear, dirty, errors.
type Row = (&'static str, u64, u8, u8, bool, bool);

#[rustfmt::skip]
const ROWS: [Row; 17] = [
    ("ext4", 1024 + 96, 0x04, 0, true, false), // INCOMPAT_RECOVER
    ("ext4", 1024 + 58, 0x02, 0, false, true), // s_state: errors
    ("ext2", 1024 + 58, 0, 0x01, true, false), // s_state: clean
    ("ext2", 1024 + 58, 0x02, 0x01, true, true),
    ("xfs", 216 + 3, 0x10, 0, false, true), // NEEDSREPAIR
    ("xfs-v4", 126, 0x01, 0, false, true), // sb_inprogress
    ("btrfs", 65536 + 96, 0x01, 0, true, false), // log_root
    ("btrfs", 65536 + 56, 0x04, 0, false, true), // BTRFS_SUPER_FLAG_ERROR
    ("fat12", 37, 0x01, 0, true, false), // the state that Linux keeps
    ("fat16", 37, 0x02, 0, false, true),
    ("fat16", 4 * 512 + 3, 0, 0x80, true, false), // the state that Windows keeps
    ("fat16", 4 * 512 + 3, 0, 0x40, false, true),
    ("fat32", 65, 0x01, 0, true, false),
    ("fat32", 32 * 512 + 7, 0, 0x08, true, false),
    ("fat32", 32 * 512 + 7, 0, 0x04, false, true),
    ("exfat", 106, 0x02, 0, true, false), // VolumeDirty
    ("exfat", 106, 0x04, 0, false, true), // MediaFailure
];

#[test]
fn each_flag_is_read_and_changes_nothing_else() {
    for (name, offset, set, clear, needs_recovery, errors) in ROWS {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let recipe = RECIPES.iter().find(|recipe| recipe.name == name);
        let Some(image) = make(recipe.expect("one of the recipes"), &dir) else {
            continue;
        };
        let clean = probe_file(&image).expect("what was just made");
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).open(&image).expect(name);
        let mut byte = [0];
        file.read_exact_at(&mut byte, offset).expect(name);
        assert_ne!(
            byte[0],
            byte[0] & !clear | set,
            "{name} at {offset}: no change"
        );
        file.write_all_at(&[byte[0] & !clear | set], offset)
            .expect(name);
        let want = Superblock {
            needs_recovery,
            errors,
            ..clean
        };
        assert_eq!(probe_file(&image), Some(want), "{name} at {offset}");
    }
}

#[test]
fn the_dirty_flag_of_ntfs_is_in_its_volume_record() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let recipe = RECIPES.iter().find(|recipe| recipe.name == "ntfs");
    let Some(image) = make(recipe.expect("one of the recipes"), &dir) else {
        return;
    };
    // ntfsfix resets the log and sets the flag, so that Windows checks the disk.
    let path = image.to_str().expect("a plain path");
    if run("dirty NTFS", &words(&["ntfsfix", path])).is_some() {
        let found = probe_file(&image).expect("what was just made");
        assert!(found.needs_recovery);
        assert_eq!(found.label.as_deref(), Some("Windows"));
    }
}

/// Unmounts at the end of the test, however that comes.
struct Mounted(String);

impl Drop for Mounted {
    fn drop(&mut self) {
        run("unmounting", &words(&["umount", &self.0]));
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// What a mounted file system looks like is what a power cut leaves behind.
#[test]
fn privileged_a_mounted_file_system_needs_recovery() {
    if !rustix::process::geteuid().is_root() {
        report("superblock: a mounted file system skipped, needs root\n");
        return;
    }
    for name in ["ext2", "ext3", "ext4"] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let recipe = RECIPES.iter().find(|recipe| recipe.name == name);
        let Some(image) = make(recipe.expect("one of the recipes"), &dir) else {
            continue;
        };
        let target = dir.path().join("mounted");
        std::fs::create_dir(&target).expect("a new directory");
        // Not by `mount -o loop`: other tests take loop devices at the same time, and ours tries again.
        let file = File::options().read(true).write(true).open(&image);
        let writable = Config {
            read_only: false,
            ..Config::default()
        };
        let device = attach(file.expect("the image"), name, &writable).expect("a loop device");
        let [path, target] =
            [&device.path, &target].map(|path| path.to_str().expect("a plain path"));
        run(name, &words(&["mount", "-t", "ext4", path, target]));
        let mounted = Mounted(target.to_owned());
        File::create(format!("{target}/file")).expect("a file on the mounted image");
        run(name, &words(&["sync", "-f", target]));
        assert!(
            probe_file(&image).expect(name).needs_recovery,
            "{name} in use"
        );
        drop(mounted);
        assert!(
            !probe_file(&image).expect(name).needs_recovery,
            "{name} unmounted"
        );
    }
}
