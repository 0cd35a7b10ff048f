use std::fs::{self, File};
use std::os::unix::fs::{FileExt, symlink};
use std::path::Path;

use perch_core::units::SessionId;

use super::*;

fn lease(boot: &str) -> Lease {
    Lease {
        // The shortest watch: two and a half seconds.
        interval: 1,
        ..Lease::new("a machine", boot, SessionId::new(3))
    }
}

/// A directory on a disk: O_DIRECT needs one.
fn root() -> (tempfile::TempDir, OwnedFd) {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    let fd = dir::open_dir(dir.path()).unwrap();
    (dir, fd)
}

fn put(dir: &Path, lease: &Lease) {
    let file = File::options().write(true).open(dir.join(FILE)).unwrap();
    file.write_all_at(&lease.to_block(), 0).unwrap();
    file.sync_all().unwrap();
}

#[test]
fn privileged_a_lease_is_overwritten_in_place() {
    let (dir, fd) = root();
    // As the descriptor of a mount is.
    let fd = dir::open_beneath(fd, ".", OFlags::PATH | OFlags::DIRECTORY).unwrap();
    assert_eq!(read(&fd).unwrap(), None);
    begin(&fd, &lease("a")).unwrap();
    let inode = fstat(open(fd.as_fd(), OFlags::RDONLY).unwrap())
        .unwrap()
        .st_ino;
    assert_eq!(read(&fd).unwrap(), Some(lease("a")));
    let next = lease("a").renewed();
    assert_eq!(renew(&fd, &next).unwrap(), Renewal::Done);
    assert_eq!(read(&fd).unwrap(), Some(next.clone()));
    begin(&fd, &lease("b")).unwrap();
    assert_eq!(renew(&fd, &next).unwrap(), Renewal::Lost(Some(lease("b"))));
    assert_eq!(
        read(&fd).unwrap(),
        Some(lease("b")),
        "a lost one is left alone"
    );
    let after = fstat(open(fd.as_fd(), OFlags::RDONLY).unwrap())
        .unwrap()
        .st_ino;
    assert_eq!(inode, after);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn privileged_what_is_no_lease_is_replaced_and_no_link_followed() {
    let (dir, fd) = root();
    fs::write(dir.path().join(FILE), "short").unwrap();
    assert!(matches!(read(&fd), Err(LeaseError::NotOurs)));
    begin(&fd, &lease("a")).unwrap();
    assert_eq!(read(&fd).unwrap(), Some(lease("a")));
    fs::remove_file(dir.path().join(FILE)).unwrap();
    fs::write(dir.path().join("target"), [b'x'; BLOCK]).unwrap();
    symlink("target", dir.path().join(FILE)).unwrap();
    assert!(read(&fd).is_err());
    assert!(begin(&fd, &lease("a")).is_err());
    assert_eq!(fs::read(dir.path().join("target")).unwrap(), [b'x'; BLOCK]);
}

#[test]
fn only_a_lease_that_changes_is_alive() {
    let (dir, fd) = root();
    let mut said = Vec::new();
    let mut look = |boot: &str, change: Option<Lease>| {
        watch(&fd, boot, &mut |seen, time| {
            said.push((seen.clone(), time));
            if let Some(change) = &change {
                put(dir.path(), change);
            }
        })
        .unwrap()
    };
    assert_eq!(look("us", None), Look::Free, "no file");
    fs::write(dir.path().join(FILE), lease("a").released().to_block()).unwrap();
    assert_eq!(look("us", None), Look::Free, "released");
    put(dir.path(), &lease("a"));
    assert_eq!(look("a", None), Look::Free, "our own");
    assert_eq!(look("us", None), Look::Unclear(lease("a")), "left behind");
    let next = lease("a").renewed();
    assert_eq!(look("us", Some(next.clone())), Look::Alive(next.clone()));
    assert_eq!(
        look("us", Some(next.released())),
        Look::Free,
        "let go of meanwhile"
    );
    let time = lease("a").patience();
    assert_eq!(said, [(lease("a"), time), (lease("a"), time), (next, time)]);
}
