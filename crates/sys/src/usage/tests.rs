use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, symlink};

use super::*;

fn go_on() -> AtomicBool {
    AtomicBool::new(false)
}

fn blocks(path: &Path) -> u64 {
    fs::symlink_metadata(path).unwrap().blocks() * 512
}

#[test]
fn holes_count_for_nothing_links_once_and_nothing_outside() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir::open_dir(dir.path()).unwrap();
    let session = dir.path().join("1");
    let deep = session.join("changes/etc");
    fs::create_dir_all(&deep).unwrap();
    fs::write(dir.path().join("outside"), vec![7; 500_000]).unwrap();
    fs::write(deep.join("file"), vec![7; 100_000]).unwrap();
    fs::hard_link(deep.join("file"), session.join("same")).unwrap();
    symlink("../outside", session.join("link")).unwrap();
    symlink("..", session.join("up")).unwrap();
    let hole = fs::File::create(session.join("changes.dat")).unwrap();
    hole.set_len(1 << 40).unwrap();
    let want: u64 = [
        "",
        "changes",
        "changes/etc",
        "changes/etc/file",
        "link",
        "up",
        "changes.dat",
    ]
    .iter()
    .map(|name| blocks(&session.join(name)))
    .sum();
    let got = of(store.as_fd(), "1", &go_on()).unwrap();
    assert_eq!(got.allocated, Bytes(want));
    assert_eq!(got.apparent, Bytes(100_000 + (1 << 40)));
    assert!((100_000..400_000).contains(&got.allocated.0), "{got:?}");
}

#[test]
fn what_is_no_session_directory_has_no_size() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir::open_dir(dir.path()).unwrap();
    symlink("/", dir.path().join("1")).unwrap();
    fs::write(dir.path().join("2"), "").unwrap();
    for name in ["1", "2", "3"] {
        assert_eq!(of(store.as_fd(), name, &go_on()), None, "{name}");
    }
}

#[test]
fn a_bottomless_directory_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir::open_dir(dir.path()).unwrap();
    let mut path = dir.path().join("1");
    for _ in 0..=DEEPEST {
        path.push("d");
    }
    fs::create_dir_all(&path).unwrap();
    assert_eq!(of(store.as_fd(), "1", &go_on()), None);
}

#[test]
fn a_walk_that_is_stopped_says_nothing_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir::open_dir(dir.path()).unwrap();
    fs::create_dir_all(dir.path().join("1/changes")).unwrap();
    assert_eq!(of(store.as_fd(), "1", &AtomicBool::new(true)), None);
}

#[test]
fn many_are_walked_at_once_and_come_back_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let names: Vec<String> = (1..=40).map(|number| number.to_string()).collect();
    for (length, name) in names.iter().enumerate() {
        fs::create_dir_all(dir.path().join(name).join("changes")).unwrap();
        fs::write(dir.path().join(name).join("changes/file"), vec![7; length]).unwrap();
    }
    fs::remove_dir_all(dir.path().join("7")).unwrap();
    let store = dir::open_dir(dir.path()).unwrap();
    let found = of_all(store.as_fd(), &names, &go_on());
    let lengths: Vec<Option<u64>> = found
        .iter()
        .map(|usage| usage.map(|usage| usage.apparent.0))
        .collect();
    let want: Vec<Option<u64>> = (0..40).map(|at| (at != 6).then_some(at)).collect();
    assert_eq!(lengths, want);
    let stopped = of_all(store.as_fd(), &names, &AtomicBool::new(true));
    assert!(stopped.iter().all(Option::is_none));
    assert!(of_all(store.as_fd(), &[], &go_on()).is_empty());
}
