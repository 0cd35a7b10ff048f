use std::fs;
use std::ops::ControlFlow;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use perch_sys::dir::open_dir;

use super::*;
use crate::tree::{Progress, compare, samples};

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn at(dir: BorrowedFd<'_>) -> PathBuf {
    format!("/proc/self/fd/{}", dir.as_raw_fd()).into()
}

fn raw(dir: &Path, union: UnionKind) -> Content {
    let session = open_dir(dir).unwrap();
    Content::make(session.as_fd(), Mode::Raw, Some(Mib(120)), union).unwrap()
}

fn read(dir: &Path, mode: Mode, union: Option<UnionKind>) -> Content {
    let session = open_dir(dir).unwrap();
    Content::of(session.as_fd(), mode, union, Access::Read).unwrap()
}

/// No loop device has a file in this directory.
fn assert_detached(dir: &Path) {
    for entry in fs::read_dir("/sys/block").unwrap() {
        let file = entry.unwrap().path().join("loop/backing_file");
        let file = fs::read_to_string(file).unwrap_or_default();
        assert!(!file.starts_with(dir.to_str().unwrap()), "{file}");
    }
}

#[test]
fn privileged_a_container_is_filled_and_read_where_no_path_leads() {
    let sample = tempfile::tempdir_in("/var/tmp").unwrap();
    samples::special(sample.path());
    let sample = open_dir(sample.path()).unwrap();
    for (union, layout) in [
        (UnionKind::Overlayfs, Layout::Overlayfs),
        (UnionKind::Aufs, Layout::Aufs),
    ] {
        let dir = tempfile::tempdir_in("/var/tmp").unwrap();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let content = raw(dir.path(), union);
        assert_eq!(content.layout(), layout);
        let report = content.fill_from(sample.as_fd(), &mut go_on).unwrap();
        assert!(report.losses.is_empty(), "{:?}", report.losses);
        content.close().unwrap();
        assert_detached(dir.path());
        let before = fs::read(dir.path().join("changes.img")).unwrap();
        let content = read(dir.path(), Mode::Raw, Some(union));
        assert_eq!(
            fs::read_to_string("/proc/self/mountinfo").unwrap().len(),
            mounts.len(),
            "nothing is mounted at a path"
        );
        let differences = compare(sample.as_fd(), content.tree(), &mut go_on).unwrap();
        assert_eq!(differences, []);
        assert!(fs::write(at(content.root()).join("new"), "").is_err());
        // A second reader is in nobody's way.
        let second = read(dir.path(), Mode::Raw, None);
        assert_eq!(
            second.measure(&mut go_on).unwrap(),
            content.measure(&mut go_on).unwrap()
        );
        second.close().unwrap();
        content.close().unwrap();
        assert_detached(dir.path());
        assert!(
            fs::read(dir.path().join("changes.img")).unwrap() == before,
            "reading writes nothing"
        );
    }
}

#[test]
fn privileged_what_was_never_opened_holds_nothing() {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    for union in [UnionKind::Overlayfs, UnionKind::Aufs] {
        let native = read(dir.path(), Mode::Native, Some(union));
        assert_eq!(native.measure(&mut go_on).unwrap().load.entries, 1);
        native.close().unwrap();
    }
    let session = open_dir(dir.path()).unwrap();
    perch_sys::container::Image::make(session.as_fd(), Mib(20)).unwrap();
    let content = read(dir.path(), Mode::Raw, Some(UnionKind::Aufs));
    assert_eq!(content.measure(&mut go_on).unwrap().load.entries, 1);
    content.close().unwrap();
}

#[test]
fn privileged_room_is_reckoned_without_holes_and_second_names() {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    let tree = dir.path().join("changes");
    fs::create_dir_all(tree.join("a")).unwrap();
    fs::create_dir(dir.path().join("workdir")).unwrap();
    fs::write(tree.join("one"), "x").unwrap();
    fs::write(tree.join("two"), vec![1; 5000]).unwrap();
    fs::hard_link(tree.join("two"), tree.join("a/three")).unwrap();
    let sparse = fs::File::create(tree.join("sparse")).unwrap();
    sparse.set_len(1 << 30).unwrap();
    let content = read(dir.path(), Mode::Native, None);
    let measure = content.measure(&mut go_on).unwrap();
    assert_eq!(measure.content.0, 5001);
    let blocks = measure.load.blocks.0;
    // Three of files, one for each directory and the second name, and the names.
    assert!((6 * 4096..7 * 4096).contains(&blocks), "{blocks}");
    assert_eq!(measure.load.entries, 6);
}
