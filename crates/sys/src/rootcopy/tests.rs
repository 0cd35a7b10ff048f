use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use super::*;

const LIMITS: Limits = Limits {
    keeps_modes: false,
    lasting: false,
    bytes: 1 << 20,
    entries: 1000,
    depth: 8,
};

/// A source and a root, side by side.
struct Trees {
    dir: tempfile::TempDir,
}

impl Trees {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["source", "root", "outside"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        Self { dir }
    }

    fn source(&self, path: &str) -> PathBuf {
        self.dir.path().join("source").join(path)
    }

    fn root(&self, path: &str) -> PathBuf {
        self.dir.path().join("root").join(path)
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.source(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Makes a file look as if it was last written so many seconds from now.
    fn later(&self, path: &str, seconds: u64) {
        let time = std::time::SystemTime::now() + std::time::Duration::from_secs(seconds);
        let file = fs::File::options().write(true).open(self.source(path));
        file.unwrap().set_modified(time).unwrap();
    }

    fn copy(&self, limits: &Limits) -> Report {
        let open = |path: PathBuf| dir::open_dir(path).unwrap();
        copy(
            open(self.source("")).as_fd(),
            open(self.root("")).as_fd(),
            limits,
        )
    }
}

fn counts(report: &Report) -> (u64, u64, u64) {
    (report.copied, report.unchanged, report.failed)
}

fn mode(path: PathBuf) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_medium_without_modes_gets_sane_ones() {
    let trees = Trees::new();
    trees.file("etc/conf", "x");
    trees.file("usr/bin/script", "#!/bin/sh\n");
    trees.file("usr/bin/elf", "\u{7f}ELF\u{2}");
    for path in ["etc/conf", "usr/bin/script", "usr/bin/elf"] {
        fs::set_permissions(trees.source(path), PermissionsExt::from_mode(0o700)).unwrap();
    }
    fs::create_dir(trees.root("etc")).unwrap();
    fs::set_permissions(trees.root("etc"), PermissionsExt::from_mode(0o711)).unwrap();
    assert_eq!(counts(&trees.copy(&LIMITS)), (5, 1, 0));
    for (path, want) in [
        ("etc/conf", 0o644),
        ("usr/bin/script", 0o755),
        ("usr/bin/elf", 0o755),
        ("usr/bin", 0o755),
        // It was there.
        ("etc", 0o711),
    ] {
        assert_eq!(mode(trees.root(path)), want, "{path}");
    }
}

#[test]
fn the_second_boot_writes_nothing() {
    let trees = Trees::new();
    trees.file("etc/conf", "one");
    trees.file("etc/timeless", "one");
    symlink("conf", trees.source("etc/link")).unwrap();
    assert_eq!(counts(&trees.copy(&LIMITS)), (4, 0, 0));
    // The same content at another time: the old file stays.
    trees.later("etc/timeless", 100);
    let inode = |path: &str| fs::symlink_metadata(trees.root(path)).unwrap().ino();
    let before = ["etc/conf", "etc/timeless", "etc/link"].map(inode);
    assert_eq!(counts(&trees.copy(&LIMITS)), (0, 4, 0));
    assert_eq!(["etc/conf", "etc/timeless", "etc/link"].map(inode), before);
    trees.file("etc/conf", "two, longer");
    trees.file("etc/timeless", "two");
    trees.later("etc/timeless", 200);
    assert_eq!(counts(&trees.copy(&LIMITS)), (2, 2, 0));
    assert_eq!(
        fs::read_to_string(trees.root("etc/conf")).unwrap(),
        "two, longer"
    );
    assert_eq!(
        fs::read_to_string(trees.root("etc/timeless")).unwrap(),
        "two"
    );
}

#[test]
fn no_link_leads_out_of_the_root() {
    let trees = Trees::new();
    let outside = trees.dir.path().join("outside");
    trees.file("var/spool/a", "a");
    trees.file("up/b", "b");
    trees.file("direct/c", "c");
    trees.file("file", "d");
    fs::create_dir_all(trees.root("var")).unwrap();
    fs::create_dir(trees.root("spool")).unwrap();
    symlink("/spool", trees.root("var/spool")).unwrap();
    symlink("../../../outside", trees.root("up")).unwrap();
    symlink(&outside, trees.root("direct")).unwrap();
    fs::write(outside.join("victim"), "whole").unwrap();
    symlink(outside.join("victim"), trees.root("file")).unwrap();
    let report = trees.copy(&LIMITS);
    assert_eq!(fs::read_to_string(trees.root("spool/a")).unwrap(), "a");
    assert_eq!(fs::read_to_string(trees.root("file")).unwrap(), "d");
    assert!(
        !fs::symlink_metadata(trees.root("file"))
            .unwrap()
            .is_symlink()
    );
    // Nothing but the victim, which is whole.
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(outside.join("victim")).unwrap(), "whole");
    // `up` and `direct` lead nowhere in the root.
    assert_eq!(report.failed, 2, "{report:?}");
    assert!(
        report
            .failures
            .iter()
            .any(|text| text.starts_with("direct: "))
    );
}

#[test]
fn links_of_the_source_are_copied_not_followed() {
    let trees = Trees::new();
    symlink("/etc/passwd", trees.source("link")).unwrap();
    symlink(trees.dir.path().join("outside"), trees.source("dir")).unwrap();
    fs::write(trees.dir.path().join("outside/secret"), "x").unwrap();
    assert_eq!(counts(&trees.copy(&LIMITS)), (2, 0, 0));
    assert_eq!(
        fs::read_link(trees.root("link")).unwrap(),
        Path::new("/etc/passwd")
    );
    assert!(
        fs::symlink_metadata(trees.root("dir"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn what_cannot_be_copied_is_named_and_the_rest_is() {
    let trees = Trees::new();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        trees.source("a-fifo"),
        FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    trees.file("b-dir", "a file here, a directory there");
    fs::create_dir(trees.root("b-dir")).unwrap();
    trees.file("c-file/x", "a directory here, a file there");
    fs::write(trees.root("c-file"), "").unwrap();
    trees.file("d", "fine");
    let report = trees.copy(&LIMITS);
    assert_eq!(counts(&report), (1, 0, 3), "{report:?}");
    assert_eq!(report.failures[0], "a-fifo: is a device, fifo or socket");
    assert_eq!(report.failures[1], "b-dir: is a directory in the system");
    assert!(report.failures[2].starts_with("c-file: "), "{report:?}");
    assert!(trees.root("d").exists());
}

#[test]
fn limits_hold() {
    for (limits, want) in [
        (Limits { bytes: 5, ..LIMITS }, (2, 0, 1)),
        (
            Limits {
                entries: 2,
                ..LIMITS
            },
            (2, 0, 1),
        ),
        (LIMITS, (3, 0, 0)),
    ] {
        let trees = Trees::new();
        for name in ["a", "b", "c"] {
            trees.file(name, "xy");
        }
        let report = trees.copy(&limits);
        assert_eq!(counts(&report), want, "{report:?}");
    }
    let trees = Trees::new();
    trees.file("1/2/3/4", "x");
    let report = trees.copy(&Limits { depth: 2, ..LIMITS });
    assert_eq!(counts(&report), (2, 0, 1), "{report:?}");
    assert_eq!(report.failures, ["1/2/3: lies too deep"]);
}

#[test]
fn what_mounts_hide_is_left_out_at_the_top_only() {
    let trees = Trees::new();
    trees.file("run/preinit.sh", "x");
    trees.file("home/run/x", "x");
    assert_eq!(counts(&trees.copy(&LIMITS)), (3, 0, 0));
    assert!(!trees.root("run").exists());
}

#[test]
fn an_interrupted_copy_leaves_nothing_in_the_way() {
    let trees = Trees::new();
    trees.file("a", "new");
    fs::write(trees.root(TEMP), "half of an older one, and longer").unwrap();
    assert_eq!(counts(&trees.copy(&LIMITS)), (1, 0, 0));
    assert_eq!(fs::read_to_string(trees.root("a")).unwrap(), "new");
    assert!(!trees.root(TEMP).exists());
}

#[test]
fn privileged_modes_owners_times_and_attributes_are_kept() {
    let trees = Trees::new();
    let keeps = Limits {
        keeps_modes: true,
        lasting: true,
        ..LIMITS
    };
    trees.file("home/u/program", "#!");
    let path = trees.source("home/u/program");
    std::os::unix::fs::chown(&path, Some(1000), Some(1001)).unwrap();
    std::os::unix::fs::chown(trees.source("home/u"), Some(1000), Some(1001)).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o4750)).unwrap();
    fs::set_permissions(trees.source("home/u"), PermissionsExt::from_mode(0o2700)).unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(&path, "user.note", b"kept", flags).unwrap();
    rustix::fs::setxattr(&path, "trusted.overlay.opaque", b"y", flags).unwrap();
    assert_eq!(counts(&trees.copy(&keeps)), (3, 0, 0));
    let copy = trees.root("home/u/program");
    let (old, new) = (fs::metadata(&path).unwrap(), fs::metadata(&copy).unwrap());
    let seen = |found: &fs::Metadata| {
        let time = (found.mtime(), found.mtime_nsec());
        (found.mode(), found.uid(), found.gid(), time)
    };
    assert_eq!(seen(&new), seen(&old));
    assert_eq!(mode(trees.root("home/u")), 0o2700);
    let mut value = vec![0; 64];
    let len = rustix::fs::getxattr(&copy, "user.note", value.as_mut_slice()).unwrap();
    assert_eq!(&value[..len], b"kept");
    let trusted = rustix::fs::getxattr(&copy, "trusted.overlay.opaque", value.as_mut_slice());
    assert_eq!(trusted, Err(Errno::NODATA));
    // Another mode alone is a difference.
    fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
    assert_eq!(counts(&trees.copy(&keeps)), (1, 2, 0));
    assert_eq!(mode(copy), 0o700);
}

#[test]
fn a_difference_beyond_the_first_chunk_is_seen() {
    let trees = Trees::new();
    trees.file("big", &"x".repeat(200_000));
    trees.copy(&LIMITS);
    let big = fs::File::options()
        .write(true)
        .open(trees.source("big"))
        .unwrap();
    big.write_all_at(b"y", 150_000).unwrap();
    trees.later("big", 100);
    assert_eq!(counts(&trees.copy(&LIMITS)), (1, 0, 0));
}
