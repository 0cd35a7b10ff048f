use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use perch_sys::dir::open_dir;
use rustix::fs::{XattrFlags, removexattr, setxattr};
use rustix::io::Errno;

use super::compare::What;
use super::*;

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn copied(from: &Path, to: &Path) -> Report {
    let (from, to) = (open_dir(from).unwrap(), open_dir(to).unwrap());
    copy(from.as_fd(), to.as_fd(), &mut go_on).unwrap()
}

fn compared(a: &Path, b: &Path) -> Vec<String> {
    let (a, b) = (open_dir(a).unwrap(), open_dir(b).unwrap());
    let differences = compare(a.as_fd(), b.as_fd(), &mut go_on).unwrap();
    differences.iter().map(ToString::to_string).collect()
}

fn two_dirs(dir: &Path) -> (std::path::PathBuf, std::path::PathBuf) {
    let (a, b) = (dir.join("a"), dir.join("b"));
    fs::create_dir(&a).unwrap();
    fs::create_dir(&b).unwrap();
    (a, b)
}

#[test]
fn what_anybody_can_make_is_copied() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = two_dirs(dir.path());
    samples::plain(&a);
    samples::socket(&a);
    let report = copied(&a, &b);
    assert!(report.losses.is_empty(), "{:?}", report.losses);
    assert_eq!(compared(&a, &b), Vec::<String>::new());
    assert!(
        b.join("home/sparse").metadata().unwrap().blocks() < 1000,
        "holes"
    );
    assert_eq!(b.join("home/hole").metadata().unwrap().blocks(), 0);
}

#[test]
fn privileged_everything_is_copied() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = two_dirs(dir.path());
    samples::special(&a);
    // What new entries would get from where they are made must not show.
    setxattr(
        &b,
        "system.posix_acl_default",
        samples::ACL,
        XattrFlags::empty(),
    )
    .unwrap();
    let report = copied(&a, &b);
    assert!(report.losses.is_empty(), "{:?}", report.losses);
    assert_eq!(report.notes_dropped, 1);
    assert_eq!(compared(&a, &b), Vec::<String>::new());
    assert_eq!(b.join("large").metadata().unwrap().nlink(), 1);
    let nlink = |name: &str| b.join(name).symlink_metadata().unwrap().nlink();
    assert_eq!((nlink("etc/same"), nlink("etc/same link")), (2, 2));
}

#[test]
fn a_tree_may_be_deeper_than_files_can_be_open() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = two_dirs(dir.path());
    samples::deep(&a, 1200);
    let report = copied(&a, &b);
    assert_eq!(report.done.entries, 1202);
    assert_eq!(compared(&a, &b), Vec::<String>::new());
    // Nothing that goes by paths could remove them.
    for dir in [a, b] {
        let status = std::process::Command::new("rm")
            .arg("-rf")
            .arg(dir)
            .status();
        assert!(status.unwrap().success());
    }
}

#[test]
fn privileged_each_difference_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = two_dirs(dir.path());
    samples::special(&a);
    let report = copied(&a, &b);
    assert!(report.losses.is_empty());
    fs::remove_file(b.join("etc/same")).unwrap();
    fs::copy(b.join("n".repeat(255)), b.join("etc/same")).unwrap();
    fs::remove_file(b.join("etc/mtab")).unwrap();
    fs::write(b.join("new"), "").unwrap();
    rustix::fs::chmod(b.join("etc/empty"), 0o600.into()).unwrap();
    removexattr(b.join("shared/ping"), "security.capability").unwrap();
    let time = fs::metadata(a.join("large")).unwrap().modified().unwrap();
    let mut content = fs::read(b.join("large")).unwrap();
    content[5_000_000] ^= 1;
    fs::write(b.join("large"), content).unwrap();
    fs::File::open(b.join("large"))
        .unwrap()
        .set_modified(time)
        .unwrap();
    let (left, right) = (open_dir(&a).unwrap(), open_dir(&b).unwrap());
    let found = compare(left.as_fd(), right.as_fd(), &mut go_on).unwrap();
    let find = |path: &str| -> Vec<What> {
        let of = found
            .iter()
            .filter(|difference| difference.path == path.as_bytes());
        of.map(|difference| difference.what).collect()
    };
    assert_eq!(find("etc/empty"), [What::Mode]);
    assert_eq!(find("etc/mtab"), [What::Missing]);
    assert_eq!(find("new"), [What::Surplus]);
    assert_eq!(find("shared/ping"), [What::Xattrs]);
    assert_eq!(find("large"), [What::Content]);
    assert_eq!(
        find(&"n".repeat(255)),
        [What::Kind],
        "no hard link any more"
    );
    assert!(find("home").is_empty());
}

#[test]
fn nothing_is_written_over_or_through_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = two_dirs(dir.path());
    let root = open_dir(&a).unwrap();
    symlink(&b, a.join("out")).unwrap();
    fs::write(a.join("there"), "old").unwrap();
    let mut sink = Sink::new(root.as_fd()).unwrap();
    let attributes = Attributes {
        mode: 0o644,
        uid: 0,
        gid: 0,
        modified: Time::default(),
        xattrs: Vec::new(),
    };
    let mut add = |path: &str, kind: Kind| {
        let entry = Entry {
            path: path.into(),
            kind,
            attributes: attributes.clone(),
        };
        sink.add(&entry).unwrap_err().errno().unwrap()
    };
    let file = || Kind::File { size: 0 };
    assert_eq!(add("out/x", file()), Errno::NOTDIR);
    assert_eq!(add("out", file()), Errno::EXIST);
    assert_eq!(add("there", file()), Errno::EXIST);
    assert_eq!(add("there", Kind::Directory), Errno::EXIST);
    assert_eq!(add("../b/x", file()), Errno::XDEV);
    assert_eq!(
        add(
            "link",
            Kind::HardLink {
                to: b"out/x".into()
            }
        ),
        Errno::NOTDIR
    );
    assert_eq!(
        add("link", Kind::HardLink { to: b"../b".into() }),
        Errno::XDEV
    );
    assert_eq!(fs::read(a.join("there")).unwrap(), b"old");
    assert_eq!(fs::read_dir(&b).unwrap().count(), 0);
}

#[test]
fn a_copy_can_be_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = two_dirs(dir.path());
    samples::plain(&a);
    let (from, to) = (open_dir(&a).unwrap(), open_dir(&b).unwrap());
    let mut stop = |done: Progress| match done.bytes > 0 {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    let error = copy(from.as_fd(), to.as_fd(), &mut stop).unwrap_err();
    assert!(matches!(error, TreeError::Stopped), "{error}");
}
