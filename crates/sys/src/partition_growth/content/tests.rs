use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::superblock;

/// An image by mke2fs with `files` in it; `None` and a line if that is not installed.
fn image(dir: &TempDir, options: &str, files: &[&str]) -> Option<File> {
    let tree = dir.path().join("tree");
    fs::create_dir_all(&tree).unwrap();
    for name in files {
        fs::write(tree.join(name), "mine").unwrap();
    }
    let image = dir.path().join("image");
    let search = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let status = Command::new("mke2fs")
        .args(["-q", "-F", "-L", "resizeme", "-d"])
        .arg(&tree)
        .args(options.split(' '))
        .arg(&image)
        .arg("2M")
        .env("PATH", search)
        .status();
    match status {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            io::Write::write_all(&mut io::stderr(), b"skipped, no mke2fs\n").ok();
            None
        }
        other => {
            assert!(other.unwrap().success());
            Some(File::open(&image).unwrap())
        }
    }
}

fn judged(file: &File) -> Content {
    let found = superblock::read(file).unwrap().expect("a file system");
    counted(file, &found).unwrap()
}

#[test]
fn one_file_is_enough_to_keep_it() {
    let empty = Content::Empty { claims: 2 << 20 };
    let files = Content::Not("holds files".into());
    for (options, names, want) in [
        ("-t ext2", &[][..], &empty),
        ("-t ext2 -r 0", &[], &empty),
        ("-t ext4 -O ^has_journal", &[], &empty),
        ("-t ext2", &["photo"], &files),
        ("-t ext2 -r 0", &["photo"], &files),
        ("-t ext4 -O ^has_journal", &["a", "b"], &files),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let Some(file) = image(&dir, options, names) else {
            return;
        };
        assert_eq!(&judged(&file), want, "{options} {names:?}");
    }
}

#[test]
fn what_is_not_clean_or_not_ext_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let Some(file) = image(&dir, "-t ext2", &[]) else {
        return;
    };
    let found = superblock::read(&file).unwrap().unwrap();
    for (superblock, want) in [
        (
            Superblock {
                needs_recovery: true,
                ..found.clone()
            },
            "was not left cleanly",
        ),
        (
            Superblock {
                errors: true,
                ..found.clone()
            },
            "was not left cleanly",
        ),
        (
            Superblock {
                kind: FsKind::Vfat,
                ..found.clone()
            },
            "holds vfat, not ext2",
        ),
        (
            Superblock {
                bytes: None,
                ..found
            },
            "is damaged",
        ),
    ] {
        let content = counted(&file, &superblock).unwrap();
        assert_eq!(content, Content::Not(want.into()));
    }
}

#[test]
fn a_look_finds_what_counters_hide() {
    let list = |path: &Path| first_file(&File::open(path).unwrap()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(list(dir.path()), None);
    fs::create_dir(dir.path().join(LOST_FOUND)).unwrap();
    assert_eq!(list(dir.path()), None);
    fs::write(dir.path().join(LOST_FOUND).join("#12"), "").unwrap();
    assert_eq!(list(dir.path()).as_deref(), Some("#12"));
    fs::write(dir.path().join("photo"), "").unwrap();
    assert_eq!(list(dir.path()).as_deref(), Some("photo"));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(LOST_FOUND), "a file of that name").unwrap();
    assert_eq!(list(dir.path()).as_deref(), Some(LOST_FOUND));
}
