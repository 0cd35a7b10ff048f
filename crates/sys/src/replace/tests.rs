use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use super::*;
use crate::dir::{open_beneath, open_dir};
use crate::mount::{Options, attach_path, set_mount_read_only, tmpfs};
use crate::test_namespace::isolated;

/// All names and contents in `dir`.
fn contents(dir: &Path) -> BTreeMap<String, String> {
    let entry = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap_or("?".into()))
    };
    fs::read_dir(dir).unwrap().map(entry).collect()
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, text): &(&str, &str)| (name.to_string(), text.to_string());
    pairs.iter().map(owned).collect()
}

#[test]
fn what_a_cut_left_is_removed_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "session.json",
        "session.json.new",
        "session.conf.new",
        "other.new",
    ] {
        fs::write(dir.path().join(name), name).unwrap();
    }
    let fd = crate::dir::open_dir(dir.path()).unwrap();
    let names = ["session.json", "session.json.bak", "session.conf"];
    let removed = remove_leftovers(&fd, &names).unwrap();
    assert_eq!(removed, ["session.json.new", "session.conf.new"]);
    let mut left: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["other.new", "session.json"]);
    assert!(remove_leftovers(&fd, &names).unwrap().is_empty());
}

#[test]
fn a_file_is_made_then_replaced_and_nothing_is_left_over() {
    let dir = tempfile::tempdir().unwrap();
    let readable = open_dir(dir.path()).unwrap();
    let path_only = open_beneath(&readable, ".", OFlags::PATH).unwrap();
    for (fd, text) in [(&readable, "one"), (&path_only, "two"), (&readable, "")] {
        replace_file(fd, "f", text.as_bytes(), 0o640).unwrap();
        assert_eq!(contents(dir.path()), map(&[("f", text)]));
    }
    assert_eq!(
        fs::metadata(dir.path().join("f")).unwrap().mode() & 0o777,
        0o640
    );
}

#[test]
fn left_overs_and_links_are_not_written_through() {
    let dir = tempfile::tempdir().unwrap();
    let fd = open_dir(dir.path()).unwrap();
    fs::write(dir.path().join("victim"), "old").unwrap();
    symlink("victim", dir.path().join("f.new")).unwrap();
    symlink("victim", dir.path().join("f")).unwrap();
    replace_file(&fd, "f", b"new", 0o644).unwrap();
    assert_eq!(
        contents(dir.path()),
        map(&[("f", "new"), ("victim", "old")])
    );
    assert!(!dir.path().join("f").is_symlink());
}

#[test]
fn the_previous_content_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let fd = open_dir(dir.path()).unwrap();
    for (text, want) in [
        ("1", map(&[("f", "1")])),
        ("2", map(&[("f", "2"), ("f.bak", "1")])),
        ("3", map(&[("f", "3"), ("f.bak", "2")])),
    ] {
        replace_with_backup(&fd, "f", "f.bak", text.as_bytes(), 0o644).unwrap();
        assert_eq!(contents(dir.path()), want);
    }
}

#[test]
fn a_crash_between_the_halves_is_made_good() {
    // State after the backup was made, before the file was replaced, with all left-overs.
    let dir = tempfile::tempdir().unwrap();
    let fd = open_dir(dir.path()).unwrap();
    fs::write(dir.path().join("f"), "1").unwrap();
    fs::hard_link(dir.path().join("f"), dir.path().join("f.bak")).unwrap();
    fs::hard_link(dir.path().join("f"), dir.path().join("f.bak.new")).unwrap();
    fs::write(dir.path().join("f.new"), "hal").unwrap();
    replace_with_backup(&fd, "f", "f.bak", b"2", 0o644).unwrap();
    assert_eq!(contents(dir.path()), map(&[("f", "2"), ("f.bak", "1")]));
}

#[test]
fn only_regular_files_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let fd = open_dir(dir.path()).unwrap();
    fs::create_dir(dir.path().join("d")).unwrap();
    fs::write(dir.path().join("victim"), "x").unwrap();
    symlink("victim", dir.path().join("link")).unwrap();
    rustix::fs::mkfifoat(&fd, "fifo", Mode::from_raw_mode(0o644)).unwrap();
    for name in ["d", "link", "fifo"] {
        let error = replace_with_backup(&fd, name, "bak", b"new", 0o644).unwrap_err();
        assert!(
            matches!(error, ReplaceError::Backup { .. }),
            "{name}: {error:?}"
        );
        assert!(error.to_string().contains(name), "{error}");
    }
    assert!(!dir.path().join("bak").exists());
}

#[test]
fn a_name_that_is_a_directory_is_not_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let fd = open_dir(dir.path()).unwrap();
    fs::create_dir(dir.path().join("d")).unwrap();
    let error = replace_file(&fd, "d", b"x", 0o644).unwrap_err();
    assert!(matches!(error, ReplaceError::Rename { .. }), "{error:?}");
    assert_eq!(contents(dir.path()), map(&[("d", "?")]), "no left-over");
}

#[test]
fn damaged_files_are_set_aside_under_the_first_free_name() {
    let dir = tempfile::tempdir().unwrap();
    let fd = open_dir(dir.path()).unwrap();
    fs::write(dir.path().join("f.corrupt-2"), "kept").unwrap();
    for (text, want) in [("a", "f.corrupt-1"), ("b", "f.corrupt-3")] {
        fs::write(dir.path().join("f"), text).unwrap();
        assert_eq!(quarantine(&fd, "f").unwrap(), want);
        assert_eq!(fs::read_to_string(dir.path().join(want)).unwrap(), text);
    }
    assert!(!dir.path().join("f").exists());
    assert_eq!(
        fs::read_to_string(dir.path().join("f.corrupt-2")).unwrap(),
        "kept"
    );
    let error = quarantine(&fd, "f").unwrap_err();
    assert!(matches!(
        error,
        ReplaceError::Rename {
            source: Errno::NOENT,
            ..
        }
    ));
}

#[test]
fn privileged_a_full_disk_leaves_the_old_content_and_no_left_over() {
    isolated(|dir| {
        let mount = tmpfs("small", Some(64 * 1024), 0o755, &Options::default()).unwrap();
        attach_path(&mount, dir).unwrap();
        replace_with_backup(&mount, "f", "f.bak", b"old", 0o644).unwrap();
        let large = vec![0; 1 << 20];
        let error = replace_with_backup(&mount, "f", "f.bak", &large, 0o644).unwrap_err();
        assert!(error.to_string().contains("f.new"), "{error}");
        assert_eq!(contents(dir), map(&[("f", "old"), ("f.bak", "old")]));
        replace_file(&mount, "f", b"new", 0o644).unwrap();

        set_mount_read_only(&mount, true).unwrap();
        let error = replace_file(&mount, "f", b"x", 0o644).unwrap_err();
        assert!(matches!(error, ReplaceError::Write { .. }), "{error:?}");
        let error = quarantine(&mount, "f").unwrap_err();
        assert!(matches!(
            error,
            ReplaceError::Rename {
                source: Errno::ROFS,
                ..
            }
        ));
    });
}

#[test]
fn privileged_without_hard_links_the_previous_content_is_copied() {
    use rustix::fs::{IFlags, ioctl_setflags};
    // An immutable file refuses a second name with EPERM, as every file on FAT does.
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    let fd = open_dir(dir.path()).unwrap();
    fs::write(dir.path().join("f.bak"), "older").unwrap();
    fs::write(dir.path().join("f"), "old").unwrap();
    let file = File::open(dir.path().join("f")).unwrap();
    ioctl_setflags(&file, IFlags::IMMUTABLE).unwrap();
    let linked = fs::hard_link(dir.path().join("f"), dir.path().join("link"));
    let kept = keep(fd.as_fd(), "f", "f.bak");
    ioctl_setflags(&file, IFlags::empty()).unwrap();
    assert_eq!(
        Errno::from_io_error(&linked.unwrap_err()),
        Some(Errno::PERM)
    );
    kept.unwrap();
    assert_eq!(contents(dir.path()), map(&[("f", "old"), ("f.bak", "old")]));
}
