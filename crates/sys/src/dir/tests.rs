use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, mkfifoat};

use super::*;

fn store() -> (tempfile::TempDir, OwnedFd) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("five"), "12345").unwrap();
    fs::write(dir.path().join("empty"), "").unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    fs::write(dir.path().join("sub/inner"), "x").unwrap();
    symlink("five", dir.path().join("link")).unwrap();
    symlink("sub", dir.path().join("sublink")).unwrap();
    symlink("/etc", dir.path().join("out")).unwrap();
    mkfifoat(CWD, dir.path().join("fifo"), Mode::from_raw_mode(0o600)).unwrap();
    UnixListener::bind(dir.path().join("socket")).unwrap();
    let fd = open_dir(dir.path()).unwrap();
    (dir, fd)
}

#[test]
fn what_is_read() {
    let (_dir, fd) = store();
    let bytes = |text: &str| Some(text.as_bytes().to_vec());
    for (rel, max, want) in [
        ("five", 5, Ok(bytes("12345"))),
        ("five", 4, Err(Content::TooLarge { len: 5 })),
        ("five", 0, Err(Content::TooLarge { len: 5 })),
        ("empty", 0, Ok(bytes(""))),
        ("sub/inner", 9, Ok(bytes("x"))),
        ("sub/../five", 9, Ok(bytes("12345"))),
        ("nothing", 9, Ok(None)),
        ("five/inner", 9, Ok(None)),
        ("sub", 9, Err(Content::NotAFile)),
        ("link", 9, Err(Content::NotAFile)),
        ("sublink/inner", 9, Err(Content::NotAFile)),
        ("out/passwd", 9999, Err(Content::NotAFile)),
        ("fifo", 9, Err(Content::NotAFile)),
        ("socket", 9, Err(Content::NotAFile)),
    ] {
        let got = match read_bounded(&fd, rel, max).unwrap() {
            Content::Absent => Ok(None),
            Content::Bytes { bytes, modified } => {
                assert!(modified.is_some(), "{rel}");
                Ok(Some(bytes))
            }
            other => Err(other),
        };
        assert_eq!(got, want, "{rel} up to {max}");
    }
}

#[test]
fn nothing_above_is_reached() {
    let (dir, _) = store();
    let fd = open_dir(dir.path().join("sub")).unwrap();
    for rel in ["../five", "..", "/etc/passwd", "/"] {
        let error = open_beneath(&fd, rel, OFlags::RDONLY).unwrap_err();
        assert_eq!(error.errno(), Some(Errno::XDEV), "{rel}");
    }
    open_beneath(&fd, ".", OFlags::RDONLY | OFlags::DIRECTORY).unwrap();
}

#[test]
fn an_endless_file_is_cut() {
    // Says it has no bytes, and gives them without end while it is read.
    let proc = open_dir("/proc/self").unwrap();
    assert!(matches!(
        read_bounded(&proc, "status", 16).unwrap(),
        Content::TooLarge { .. }
    ));
}

#[test]
fn directories_are_made_once() {
    let (dir, fd) = store();
    assert_eq!(make_dir(&fd, "new", 0o700).unwrap(), Made::Created);
    assert_eq!(make_dir(&fd, "new", 0o755).unwrap(), Made::Existed);
    assert!(dir.path().join("new").is_dir());
    for (name, want) in [
        ("five", Errno::NOTDIR),
        ("sublink", Errno::NOTDIR),
        ("nothing/below", Errno::NOENT),
    ] {
        let error = make_dir(&fd, name, 0o755).unwrap_err();
        assert_eq!(error.errno(), Some(want), "{name}");
    }
}

#[test]
fn entries_are_sorted_and_have_kinds() {
    let (_dir, fd) = store();
    let names = |fd: &OwnedFd| -> Vec<(String, Kind)> {
        let entries = list(fd).unwrap();
        let name = |e: Entry| (e.name.into_string().unwrap(), e.kind);
        entries.into_iter().map(name).collect()
    };
    let want = [
        ("empty", Kind::File),
        ("fifo", Kind::Special),
        ("five", Kind::File),
        ("link", Kind::Symlink),
        ("out", Kind::Symlink),
        ("socket", Kind::Special),
        ("sub", Kind::Directory),
        ("sublink", Kind::Symlink),
    ];
    let want: Vec<_> = want.iter().map(|(n, k)| (n.to_string(), *k)).collect();
    assert_eq!(names(&fd), want);
    assert_eq!(names(&fd), want, "a second time from the same descriptor");
    let path_only = open_beneath(&fd, ".", OFlags::PATH).unwrap();
    assert_eq!(names(&path_only), want, "from an O_PATH descriptor");
}

#[test]
fn too_many_entries_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..=MAX_ENTRIES {
        fs::write(dir.path().join(n.to_string()), "").unwrap();
    }
    let fd = open_dir(dir.path()).unwrap();
    assert!(matches!(list(&fd), Err(DirError::TooMany)));
}
